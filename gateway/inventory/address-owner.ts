import { isLinkLocal6 } from '../codec/ip6.ts';
import type { Ip, Mac, Millis } from '../model/address.ts';
import { isBound } from './identify.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';
import { silentMs } from './view.ts';

/** What stands behind a claim: a proof or a person's word, at least an admission, nothing. */
const rankOf = (record: DeviceRecord): number => (isBound(record) ? 2 : record.decision?.access === 'admit' ? 1 : 0);

const usedSince = ({ device: { bindings } }: DeviceRecord, ip: Ip): Millis =>
  bindings.findLast(binding => binding.ip === ip && binding.until === undefined)?.from ?? Infinity;

const age = ({ device: { id } }: DeviceRecord): number => Number(id.slice(1));

/**
 * True iff `other` has the better claim to an address that both use. One ARP claims any address, so a word of somebody counts first; then that
 * the rival has fallen silent, as the drive has whose place and address another one takes; then who used it first.
 */
export function outranks(other: DeviceRecord, record: DeviceRecord, ip: Ip): boolean {
  const byRank = rankOf(other) - rankOf(record);
  if (byRank !== 0) return byRank > 0;
  const ahead = other.seen.lastAt - record.seen.lastAt;
  if (Math.abs(ahead) > silentMs) return ahead > 0;
  const [theirs, ours] = [usedSince(other, ip), usedSince(record, ip)];
  return theirs === ours ? age(other) < age(record) : theirs < ours;
}

/** The addresses of a device that no other one has a better claim to. */
export function ownIps(inventory: Inventory, record: DeviceRecord): readonly Ip[] {
  const { ips, mac } = record.device;
  const isAnothers = (ip: Ip): boolean => inventory.withIp(ip).some(other => other.device.mac !== mac && outranks(other, record, ip));
  return ips.some(isAnothers) ? ips.filter(ip => !isAnothers(ip)) : ips;
}

const kindOf = (ip: Ip): string => (ip.includes(':') ? (isLinkLocal6(ip) ? 'link-local' : 'IPv6') : 'IPv4');

/**
 * True iff a device that somebody let in, and that still speaks, lives at this address alone: then no host behind an uplink takes it by claiming it.
 * One that uses several addresses may have claimed this one of another, so it keeps none against the host.
 */
export function isKept(inventory: Inventory, ip: Ip, by: Mac, now: Millis): boolean {
  return inventory.withIp(ip).some(record => {
    const { mac, ips } = record.device;
    const isSole = ips.filter(one => kindOf(one) === kindOf(ip)).length === 1;
    return mac !== by && isSole && isBound(record) && now - record.seen.lastAt <= silentMs;
  });
}
