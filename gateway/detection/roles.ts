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

/** True iff it says that it routes, or is seen to pass on what others sent. */
export const isRouter = (device: Device): boolean =>
  saysItRoutes(device) || device.facts.filter(({ fact }) => fact.kind === 'behind').length >= routedAddresses;

/** True iff it takes part in a protocol of routers. */
export const saysItRoutes = (device: Device): boolean => device.facts.some(({ fact }) => fact.kind === 'router');

/** When it was first seen with the address. */
export const usedSince = ({ bindings }: Device, ip: Ip): Millis => bindings.find(binding => binding.ip === ip)?.from ?? Infinity;
