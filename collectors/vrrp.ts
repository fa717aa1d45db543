import { ip4, ip6, isHostIp, mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { isCarp, vrrpProtocol } from './carp.ts';
import { collector, ipProtocol } from './collector.ts';
import { ownerOf } from './on-link.ts';
import type { Packet } from './packet.ts';

const advertisement = 1;
/** Bytes of authentication behind the addresses of version 2, RFC 3768 §5.3.10. */
const authentication = 8;
const maxAddresses = 8;

/** Virtual Router Redundancy Protocol, version 2 and 3. RFC 3768, RFC 9568. Passwords and checksum are not looked at. CARP, which has the same number, is not VRRP. */
export function decode(bytes: Uint8Array, packet: Pick<Packet, 'ipVersion'>) {
  const r = new Reader(bytes, 'VRRP');
  const first = r.u8();
  const [version, type] = [first >> 4, first & 15];
  if ((version !== 2 && version !== 3) || type !== advertisement) throw r.fault(`version ${version}, type ${type}`);
  const [group, priority, count] = [r.u8(), r.u8(), r.u8()];
  r.skip(4); // interval, checksum, authentication type
  if (group === 0 || count === 0) throw r.fault(`virtual router ${group}, ${count} addresses`);
  const isIpv6 = packet.ipVersion === 6;
  const ips = Array.from({ length: count }, (): Ip => (isIpv6 ? ip6(r.take(16)) : ip4(r.take(4))));
  if (version === 2) r.skip(authentication);
  return { version, group, priority, ips: ips.slice(0, maxAddresses), mac: mac(Uint8Array.of(0, 0, 0x5e, 0, isIpv6 ? 2 : 1, group)) };
}

/** The sender stands in for a virtual router. What has crossed a router counts for nothing (RFC 9568 §5.1.1.3). Priority 0 takes leave (§5.2.4). */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (packet.ttl !== 255 || m.priority === 0) return [];
  const detail = `group ${m.group}, priority ${m.priority}, version ${m.version}`;
  return m.ips.filter(isHostIp).map(ip => ({ kind: 'router', protocol: 'vrrp', detail, ip, mac: m.mac, ...ownerOf(packet) }));
}

export const vrrp = collector({
  name: 'vrrp',
  spec: 'RFC 9568',
  matches: ipProtocol(vrrpProtocol),
  wants: packet => !isCarp(packet),
  decode,
  observe,
});
