import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, etherType, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const powerlinkType = 0x88ab;
/** Asynchronous frames of hosts outside the cycle. EPSG DS 301 §6.3.2. */
const powerlinkPort = 3819;

/** Message types that name somebody; SoC, PReq and PRes come every cycle. EPSG DS 301 §4.6.1.1. */
const messages = { asnd: 6 } as const;
/** Services of ASnd, §7.3.3. */
const services = { identResponse: 1, sdo: 5 } as const;

/** Commands of the SDO command layer that change the object dictionary, §6.3.2.4.2. */
const writes: { readonly [command: number]: string } = {
  1: 'WriteByIndex',
  3: 'WriteAllByIndex',
  6: 'WriteMultipleByIndex',
  49: 'WriteMultipleParamByIndex',
};

/** Kinds by CiA device profile, the lower half of NMT_DeviceType_U32. */
const profiles: { readonly [profile: number]: string } = {
  401: 'io',
  402: 'drive',
  403: 'hmi',
  404: 'sensor',
  405: 'plc',
  406: 'sensor',
  408: 'drive',
};
const managingNode = 240;

/** Ethernet POWERLINK ASnd: IdentResponse and SDO. EPSG DS 301. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'POWERLINK');
  const [type, target, node, service] = [r.u8() & 0x7f, r.u8(), r.u8(), r.u8()];
  if (type !== messages.asnd) throw r.fault(`message type ${type}`);
  if (service === services.identResponse) return { kind: 'ident', target, node, ident: identResponse(r) } as const;
  if (service === services.sdo) return { kind: 'sdo', target, node, ...sdo(r) } as const;
  return { kind: 'other', target, node, service } as const;
}

/** IdentResponse, §7.3.3.2.1. All numbers are little-endian, the IP addresses too. */
function identResponse(r: Reader) {
  r.skip(4); // flags, state
  const version = r.u8();
  r.skip(1 + 4 + 2 + 2 + 2 + 4 + 2); // reserved, features, MTU, poll sizes, response time, reserved
  const [deviceType, vendor, product, revision, serial] = [r.u32le(), r.u32le(), r.u32le(), r.u32le(), r.u32le()];
  r.skip(8 + 8 + 8); // vendor specific, dates of configuration and application
  const ip = ip4(r.take(4).toReversed());
  r.skip(8); // mask, gateway
  return { version, deviceType, vendor, product, revision, serial, ip, hostName: decodeText(r.take(32)).trim() };
}

/** Sequence layer of 4 bytes, then the command layer: its command, and bit 7 of the flags for a response. A bare sequence layer has none. */
function sdo(r: Reader) {
  r.skip(4);
  if (r.left < 8) return { command: 0, isResponse: false };
  r.skip(2); // reserved, transaction id
  const flags = r.u8();
  return { command: r.u8(), isResponse: (flags & 0x80) !== 0 };
}

/** Of frames of the cycle only the type is looked at. */
export const wants = (packet: Packet): boolean => ((packet.bytes[packet.payload] ?? 0) & 0x7f) === messages.asnd;

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  const said: Said[] = m.node === managingNode ? [{ kind: 'device-kind', text: 'plc' }] : [];
  if (m.kind === 'sdo') {
    const name = m.isResponse ? undefined : writes[m.command];
    if (name !== undefined)
      said.push({
        kind: 'acted',
        action: 'write',
        target: packet.target,
        detail: `POWERLINK ${name}${m.target === 0 ? '' : ` to node ${m.target}`}`,
      });
  }
  if (m.kind !== 'ident') return said;
  const { deviceType, vendor, product, revision, serial, ip, hostName } = m.ident;
  const kind = profiles[deviceType & 0xffff];
  if (m.node !== managingNode && kind !== undefined) said.push({ kind: 'device-kind', text: kind });
  if (hostName !== '') said.push({ kind: 'hostname', name: hostName });
  if (isHostIp(ip)) said.push({ kind: 'address', ip });
  if (serial !== 0) said.push({ kind: 'serial', text: String(serial) });
  if (revision !== 0) said.push({ kind: 'firmware', text: `${revision >>> 16}.${revision & 0xffff}` });
  said.push({ kind: 'description', text: `POWERLINK node ${m.node}, vendor 0x${hex8(vendor)}, product 0x${hex8(product)}` });
  return said;
}

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

export const powerlink = collector({
  name: 'powerlink',
  spec: 'EPSG DS 301',
  matches: [etherType(powerlinkType), udpPorts(powerlinkPort)],
  wants,
  decode,
  observe,
});
