import type { Ip, Mac, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';

/** Virtual addresses of routers that stand in for each other: VRRP and CARP (RFC 9568 §7.3), HSRP 1 and 2, GLBP. */
const virtualRouters: readonly string[] = [
  '00:00:5e:00:01:',
  '00:00:5e:00:02:',
  '00:00:0c:07:ac:',
  '00:00:0c:9f:f',
  '00:07:b4:00:',
  '00:05:73:a0:0',
];

export const isVirtualRouter = (mac: Mac): boolean => virtualRouters.some(prefix => mac.startsWith(prefix));

/** How many foreign source addresses make a router: one may be a host that has just changed its address. */
const routedAddresses = 2;

/** True iff it is seen to pass on what others sent. */
export const passesOn = (device: Device): boolean => device.facts.filter(({ fact }) => fact.kind === 'behind').length >= routedAddresses;

/** True iff it takes part in a protocol of routers. Anybody can say so with one frame: enough to be a victim, never enough to be excused. */
export const saysItRoutes = (device: Device): boolean => device.facts.some(({ fact }) => fact.kind === 'router');

/** True iff it said that it routes while the site was learnt, by another protocol than `but`. */
export const isKnownRouter = (device: Device, learnsUntil: Millis, but?: 'ra'): boolean =>
  device.facts.some(({ fact, at }) => fact.kind === 'router' && fact.protocol !== but && at < learnsUntil);

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

/** When it was first seen with the address. */
export const usedSince = ({ bindings }: Device, ip: Ip): Millis => bindings.find(binding => binding.ip === ip)?.from ?? Infinity;
