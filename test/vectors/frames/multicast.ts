import * as b from './build.ts';
import { gateway, groupMac, host, hostIp, hostIp6, toGroup } from './infrastructure.ts';

/** Group membership. Composed from RFC 1112, RFC 2236 §2, RFC 9776 §4 (IGMP), RFC 2710 §3, RFC 9777 §5 (MLD). */
export const igmp = (type: number, group: string): Uint8Array => b.bytes(type, 0, b.u16(0), b.ip4(group));
export type Record = readonly [type: number, group: string, ...sources: readonly string[]];
const record = ([type, group, ...sources]: Record): b.Part => {
  const address = (ip: string): readonly number[] => (ip.includes(':') ? b.ip6(ip) : b.ip4(ip));
  return [type, 0, b.u16(sources.length), address(group), sources.map(address)];
};
export const report = (type: 0x22 | 143, ...records: readonly Record[]): Uint8Array =>
  b.bytes(type, 0, b.u16(0), b.u16(0), b.u16(records.length), records.map(record));

export const igmpFrame = (body: Uint8Array, group: string, source = host): Uint8Array =>
  b.ethernet(source, groupMac(group), 0x0800, b.ipv4(hostIp, group, 2, body, { ttl: 1, options: [0x94, 4, 0, 0] }));
const routerAlert = [[0, [58, 0, 5, 2, 0, 0, 1, 0]]] as const;
export const mldFrame = (body: Uint8Array, ip = hostIp6): Uint8Array =>
  b.ethernet(host, groupMac('ff02:0:0:0:0:0:0:16'), 0x86dd, b.ipv6(ip, 'ff02:0:0:0:0:0:0:16', 58, body, routerAlert, 1));

export const multicastVectors = {
  'igmp-query': igmpFrame(b.bytes(0x11, 100, b.u16(0), b.ip4('0.0.0.0'), 2, 125, b.u16(0)), '224.0.0.1', gateway),
  'igmp-version-1': toGroup(host, hostIp, '239.192.0.7', 2, igmp(0x12, '239.192.0.7')),
  'igmp-version-2': igmpFrame(igmp(0x16, '239.192.0.7'), '239.192.0.7'),
  'igmp-leave': igmpFrame(igmp(0x17, '239.192.0.7'), '224.0.0.2'),
  'igmp-version-3': igmpFrame(
    report(
      0x22,
      [4, '239.192.0.7'],
      [3, '239.192.0.8'],
      [1, '232.1.1.1', '192.0.2.9'],
      [5, '232.1.1.2', '192.0.2.9'],
      [6, '232.1.1.3', '192.0.2.9'],
    ),
    '224.0.0.22',
  ),
  'mld-version-1': mldFrame(b.bytes(131, 0, b.u16(0), b.u32(0), b.ip6('ff02:0:0:0:0:0:0:fb'))),
  'mld-version-2': mldFrame(report(143, [4, 'ff02:0:0:0:0:0:0:fb'], [3, 'ff02:0:0:0:0:0:0:c'], [2, 'ff02:0:0:0:0:1:ff00:5321'])),
};
