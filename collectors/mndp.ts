import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const mndpPort = 5678;
/** Types of what RouterOS tells, as its makers and others who read it name them. Numbers are big-endian but the uptime, which is not read. */
const types = { identity: 5, version: 7, platform: 8, board: 12, ip6: 15, ip4: 17 } as const;
/** Entries of a message that are read. */
const maxEntries = 32;

/**
 * MikroTik Neighbor Discovery, which routers, switches and access points with RouterOS or SwOS send to everybody once a minute. No published standard: the maker's
 * manual tells what is in it (“Neighbor discovery”). Four bytes of header and sequence number, then types and lengths of two bytes.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'MNDP');
  r.skip(4);
  const text = { identity: '', version: '', platform: '', board: '' };
  const ips: Ip[] = [];
  for (let i = 0; i < maxEntries && r.left > 0; i++) {
    const type = r.u16();
    const value = r.part(r.u16(), 'MNDP');
    if (type === types.identity) text.identity = value.text(value.left);
    else if (type === types.version) text.version = value.text(value.left);
    else if (type === types.platform) text.platform = value.text(value.left);
    else if (type === types.board) text.board = value.text(value.left);
    else if (type === types.ip4) ips.push(value.ip4());
    else if (type === types.ip6) ips.push(value.ip6());
  }
  return { ...text, ips };
}

/** What the sender says of itself. Who asks for neighbours sends nothing but the header. `6.35.1 (stable)` is version and channel. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || packet.targetPort !== mndpPort) return [];
  const facts: Fact[] = m.ips.filter(ip => ip === packet.sourceIp && isHostIp(ip)).map(ip => ({ kind: 'address', ip }));
  if (m.identity !== '') facts.push({ kind: 'hostname', name: m.identity });
  if (m.platform !== '') facts.push({ kind: 'maker', text: m.platform });
  if (m.board !== '') facts.push({ kind: 'model', text: m.board });
  const [firmware = ''] = m.version.split(' ', 1);
  if (firmware !== '') facts.push({ kind: 'firmware', text: firmware });
  return facts;
}

export const mndp = collector({ name: 'mndp', spec: 'MikroTik Neighbor Discovery', matches: udpPorts(mndpPort), decode, observe });
