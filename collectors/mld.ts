import { ip6 } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, ipProtocol } from './collector.ts';
import { readRecords } from './igmp.ts';
import { isLinkLocal } from './on-link.ts';
import type { Packet } from './packet.ts';

const icmpv6 = 58;

/** ICMPv6 types, RFC 2710 §3.1, RFC 9777 §5. Queries and leaves tell nothing and are not read. */
export const types = { reportV1: 131, reportV2: 143 } as const;

/** Multicast Listener Discovery for IPv6, version 1 and 2. RFC 2710, RFC 9777. The checksum is not looked at. */
export function decode(bytes: Uint8Array): readonly Ip[] {
  const r = new Reader(bytes, 'MLD');
  const [type, code] = [r.u8(), r.u8()];
  if ((type !== types.reportV1 && type !== types.reportV2) || code !== 0) throw r.fault(`type ${type}, code ${code}`);
  r.skip(2); // checksum
  if (type === types.reportV2) return readRecords(r, 16, ip6);
  r.skip(4); // delay, reserved
  const group = ip6(r.take(16));
  return group.startsWith('ff') ? [group] : [];
}

/** A report comes from the link-local address of the host that listens (RFC 9777 §5.2.14), or from none while that is being tried. */
export function observe(groups: readonly Ip[], packet: Packet): readonly Fact[] {
  const ip = packet.sourceIp;
  const address: readonly Fact[] = ip !== undefined && isLinkLocal(ip) ? [{ kind: 'address', ip }] : [];
  return [...address, ...groups.map(group => ({ kind: 'member', group }) as const)];
}

const wants = (packet: Packet): boolean => {
  const type = packet.bytes[packet.payload];
  return packet.ipVersion === 6 && (type === types.reportV1 || type === types.reportV2);
};

export const mld = collector({ name: 'mld', spec: 'RFC 9777', matches: ipProtocol(icmpv6), wants, decode, observe });
