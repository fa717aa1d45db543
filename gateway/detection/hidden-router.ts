import type { Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { isKnownRouter, isVirtualRouter, standInTogether } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Foreign addresses behind one device: fewer may be a host that changes its address. */
const manyBehind = 3;

/** Passes on frames of others without having said that it routes: a hot spot, a second gateway, a host with two networks. */
export const hiddenRouter: DetectionRule = {
  name: 'hidden-router',
  spec: `${manyBehind} or more source addresses with a hop counted, from a device that neither said in the learning time that it routes, nor stands in for the gateway, nor is it, and that no DHCP server names`,
  knownFalse: [
    'the gateway of the site',
    'a device on an uplink',
    'a router that said so in the learning time (RA, VRRP, HSRP)',
    'a router that stands in for the gateway: both say so',
    'a router that the DHCP server of the site names to its clients',
  ],
  about: ['behind'],
  create: () => ({
    observe(o, { now, learnsUntil, withMac, all, uplinks }) {
      if (o.fact.kind !== 'behind' || now < learnsUntil || uplinks.includes(o.port) || isVirtualRouter(o.mac)) return nothing;
      const devices = withMac(o.mac);
      if (devices.some(device => isKnownRouter(device, learnsUntil) || saidKind(device, learnsUntil))) return nothing;
      const behind = new Set(devices.flatMap(({ facts }) => facts.flatMap(({ fact }) => (fact.kind === 'behind' ? fact.ip : []))));
      behind.add(o.fact.ip);
      if (behind.size !== manyBehind) return nothing;
      if (isNamed(devices, all())) return nothing;
      // The first one that passes on frames is the gateway; who does so besides it is hidden.
      const gateways = [...all()].filter(
        ({ mac, facts }) => mac !== o.mac && facts.filter(({ fact }) => fact.kind === 'behind').length >= manyBehind,
      );
      if (gateways.some(gateway => devices.some(device => standInTogether(device, gateway)))) return nothing;
      const [gateway] = gateways;
      return gateway === undefined
        ? nothing
        : found(o, `passes on frames of ${[...behind].join(', ')} beside the gateway ${gateway.mac}`, gateway.mac);
    },
  }),
};

/** It said so while the site was learnt; later anybody could. */
const saidKind = ({ fields: { deviceKind } }: Device, learnsUntil: Millis): boolean =>
  deviceKind?.value === 'router' && deviceKind.at < learnsUntil;

/** A DHCP server that it is not itself gave it to others as their router. RFC 2132 §3.5. */
function isNamed(devices: readonly Device[], all: Iterable<Device>): boolean {
  const own = new Set(devices.flatMap(({ ips }) => ips));
  return [...all].some(({ facts }) =>
    facts.some(({ fact }) => fact.kind === 'dhcp-lease' && fact.router !== undefined && own.has(fact.router) && !own.has(fact.server)),
  );
}
