import { ip4 } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, ipProtocol } from './collector.ts';

const igmpProtocol = 2;

/** RFC 9776 §4; version 1 and 2: RFC 1112, RFC 2236. */
export const types = { query: 0x11, reportV1: 0x12, reportV2: 0x16, leave: 0x17, reportV3: 0x22 } as const;

/** Record types, RFC 9776 §4.2.12. */
export const records = { isInclude: 1, isExclude: 2, toInclude: 3, toExclude: 4, allow: 5, block: 6 } as const;

/** Groups of one report that are kept. */
export const maxGroups = 16;

/** Internet Group Management Protocol, versions 1 to 3: the groups that the sender listens to. RFC 9776. Other types (DVMRP, PIM, traces) are of routers and not read. */
export function decode(bytes: Uint8Array): readonly Ip[] {
  const r = new Reader(bytes, 'IGMP');
  const type = r.u8();
  r.skip(3); // response time or reserved, checksum
  if (type === types.reportV3) return readRecords(r, 4, ip4);
  const group = ip4(r.take(4));
  return (type === types.reportV1 || type === types.reportV2) && isGroup(group) ? [group] : [];
}

/** The groups of a report that are now listened to, of IGMPv3 and MLDv2, whose records differ in the size of an address only. */
export function readRecords(r: Reader, size: 4 | 16, text: (bytes: Uint8Array) => Ip): readonly Ip[] {
  r.skip(2); // reserved
  const count = r.u16();
  const groups: Ip[] = [];
  for (let i = 0; i < count; i++) {
    const [type, auxiliary, sources] = [r.u8(), r.u8(), r.u16()];
    const group = text(r.take(size));
    r.skip(sources * size + auxiliary * 4);
    if (groups.length < maxGroups && isJoined(type, sources) && isGroup(group)) groups.push(group);
  }
  return groups;
}

/** To include no source is to leave; to block some is nothing new. RFC 9776 §5.1. */
const isJoined = (type: number, sources: number): boolean =>
  type === records.isExclude ||
  type === records.toExclude ||
  (sources > 0 && (type === records.isInclude || type === records.toInclude || type === records.allow));

const isGroup = (ip: Ip): boolean => {
  if (ip.includes(':')) return ip.startsWith('ff');
  const first = Number.parseInt(ip, 10);
  return first >= 224 && first < 240;
};

/** A report is sent by the host that listens, and never routed. */
export const observe = (groups: readonly Ip[]): readonly Fact[] => groups.map(group => ({ kind: 'member', group }));

export const igmp = collector({ name: 'igmp', spec: 'RFC 9776', matches: ipProtocol(igmpProtocol), decode, observe });
