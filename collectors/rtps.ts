import { nameOf } from '../gateway/codec/industrial-vendors.ts';
import { u16At, u32At } from '../gateway/codec/number-at.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** Where participants of the domains 0 to 3 announce themselves to all: 7400 and 250 for each domain. DDSI-RTPS 2.5 §9.6.2.4. */
const ports = [7400, 7650, 7900, 8150] as const;
/** “RTPS”. §9.4.4. */
const magic = 0x52545053;
const majorVersion = 2;

/** OMG, “DDS vendor ids”. */
const vendors: { readonly [id: number]: string } = {
  0x0101: 'RTI Connext',
  0x0102: 'ADLINK OpenSplice',
  0x0103: 'OpenDDS',
  0x0106: 'Twin Oaks CoreDX',
  0x010f: 'eProsima Fast DDS',
  0x0110: 'Eclipse Cyclone DDS',
  0x0112: 'RustDDS',
};

/**
 * The header of what a participant of the Data Distribution Service announces to all: robots and vehicles with ROS 2 do. DDSI-RTPS 2.5 §9.4.4. Which participant it is does not
 * matter: each program of a host is one, and each says its name every few seconds.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'RTPS');
  if (r.u32() !== magic) throw r.fault('no RTPS');
  const major = r.u8();
  if (major !== majorVersion) throw r.fault(`version ${major}`);
  r.skip(1); // minor version
  const vendor = r.u16();
  r.skip(12); // who sends it
  return { vendor };
}

export function observe({ vendor }: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  return [{ kind: 'description', text: `DDS participant, ${nameOf(vendors, vendor)}`, of: 'rtps' }];
}

const wants = ({ bytes: b, payload: i, end }: Packet): boolean => end - i >= 4 && u32At(b, i) === magic;
const sameAs = ({ bytes: b, payload: i, end }: Packet): number => (end - i >= 20 && b[i + 4] === majorVersion ? u16At(b, i + 6) : 0);

export const rtps = collector({ name: 'rtps', spec: 'OMG DDSI-RTPS 2.5', matches: udpPorts(...ports), wants, sameAs, decode, observe });
