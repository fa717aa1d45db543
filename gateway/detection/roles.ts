import type { Ip, Mac, Millis } from '../model/address.ts';
import { isVirtualRouterMac } from '../model/address-class.ts';
import type { Lookups } from '../model/alarm.ts';
import type { Device } from '../model/device.ts';
import { type Fact, isSameKey } from '../model/fact.ts';

/** How many foreign source addresses make a router: fewer may be a host that changes its address. As many as hidden-router tells of, so that nobody is excused who is not told of. */
export const routedAddresses = 3;

/** True iff it is seen to pass on what others sent. */
export const passesOn = (device: Device): boolean => device.facts.filter(({ fact }) => fact.kind === 'behind').length >= routedAddresses;

/** True iff it was seen to pass on what so many others sent while the site was learnt. */
export const passedOn = ({ facts }: Device, learnsUntil: Millis, least = routedAddresses): boolean =>
  facts.filter(({ fact, at, since = at }) => fact.kind === 'behind' && since < learnsUntil).length >= least;

/** True iff it takes part in a protocol of routers. Anybody can say so with one frame: enough to be a victim, never enough to be excused. */
export const saysItRoutes = (device: Device): boolean => device.facts.some(({ fact }) => fact.kind === 'router');

/** True iff it said that it routes while the site was learnt, by another protocol than `but`. */
export const isKnownRouter = (device: Device, learnsUntil: Millis, but?: 'ra'): boolean =>
  device.facts.some(({ fact, at, since = at }) => fact.kind === 'router' && fact.protocol !== but && since < learnsUntil);

/** True iff it is seen to pass on what others sent, or said that it routes while the site was learnt. */
export const isRouter = (device: Device, { learnsUntil }: { readonly learnsUntil: Millis }): boolean =>
  passesOn(device) || isKnownRouter(device, learnsUntil);

/** The virtual addresses that it says it stands in for, as `protocol address`. An address of its own that it announces by RA is none. */
const virtualAddresses = ({ facts }: Device): readonly string[] =>
  facts.flatMap(({ fact }) =>
    fact.kind === 'router' && fact.ip !== undefined && isGroupProtocol(fact.protocol) ? `${fact.protocol} ${fact.ip}` : [],
  );

const isGroupProtocol = (protocol: string): boolean => ['vrrp', 'hsrp', 'glbp', 'carp'].includes(protocol);

/**
 * True iff both say by the same protocol that they stand in for the same virtual address; for `ip`, when it is given. What one of them
 * says alone excuses nothing: the holder of a real address never says that it is a virtual one.
 */
export function standInTogether(a: Device, b: Device, ip?: Ip): boolean {
  const others = new Set(virtualAddresses(b));
  return virtualAddresses(a).some(one => others.has(one) && (ip === undefined || one.endsWith(` ${ip}`)));
}

type Group = Pick<Lookups, 'all' | 'learnsUntil'>;

/**
 * True iff that is the virtual address of a group of routers (VRRP, HSRP, GLBP, CARP) that stands in for `ip`, or for any: a router said so while the site
 * was learnt, or one that passes on frames does. Anybody may take such a hardware address, and it excuses nobody by itself.
 */
export function isOfGroup(mac: Mac, { all, learnsUntil }: Group, ip?: Ip): boolean {
  if (!isVirtualRouterMac(mac)) return false;
  for (const device of all())
    for (const { fact, at, since = at } of device.facts) {
      if (fact.kind !== 'router' || fact.mac === undefined || groupOf(fact.mac) !== groupOf(mac)) continue;
      if (ip !== undefined && fact.ip !== undefined && fact.ip !== ip) continue;
      if (since < learnsUntil || (device.mac !== mac && passesOn(device))) return true;
    }
  return false;
}

/** Of GLBP each forwarder of a group has an address of its own. */
const groupOf = (mac: Mac): string => (mac.startsWith('00:07:b4:') ? mac.slice(0, -3) : mac);

/** True iff it is one of the routers that stand in for the virtual address: it said so while the site was learnt, or says so and passes on frames. */
export const standsFor = (device: Device, ip: Ip, { learnsUntil }: { readonly learnsUntil: Millis }): boolean =>
  device.facts.some(
    ({ fact, at, since = at }) =>
      fact.kind === 'router' && fact.ip === ip && isGroupProtocol(fact.protocol) && (since < learnsUntil || passesOn(device)),
  );

/**
 * True iff `virtual` is the hardware address of a group, and who speaks from it says that he stands in for `ip` and is `device`, at the same port: a router that
 * speaks from both its addresses. RFC 9568 §7.3, §8.1.2.
 */
export const speaksFrom = (device: Device, virtual: Device, ip: Ip): boolean =>
  isVirtualRouterMac(virtual.mac) &&
  device.port === virtual.port &&
  device.vlan === virtual.vlan &&
  virtual.facts.some(({ fact }) => fact.kind === 'router' && fact.ip === ip && fact.owner !== undefined && device.ips.includes(fact.owner));

/** When it was first seen with the address. */
export const usedSince = ({ bindings }: Device, ip: Ip): Millis => bindings.find(binding => binding.ip === ip)?.from ?? Infinity;

/** True iff it did the same while the site was learnt. */
export const wasUsual = (device: Device, fact: Fact, { learnsUntil }: { readonly learnsUntil: Millis }): boolean =>
  device.facts.some(({ at, since = at, fact: old }) => since < learnsUntil && isSameKey(old, fact));
