import { isVirtualRouter, saysItRoutes } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Foreign addresses behind one device: fewer may be a host that changes its address. */
const manyBehind = 3;

/** Passes on frames of others without having said that it routes: a hot spot, a second gateway, a host with two networks. */
export const hiddenRouter: DetectionRule = {
  name: 'hidden-router',
  spec: `${manyBehind} or more source addresses with a hop counted, from a device that neither announces that it routes nor is the gateway`,
  knownFalse: [
    'the gateway of the site',
    'a device on an uplink',
    'a router that says so (RA, VRRP, HSRP)',
    'a router that stands in for another',
  ],
  create: () => ({
    observe(o, { now, learnsUntil, withMac, all, uplinks }) {
      if (o.fact.kind !== 'behind' || now < learnsUntil || uplinks.includes(o.port) || isVirtualRouter(o.mac)) return nothing;
      const devices = withMac(o.mac);
      if (devices.some(device => saysItRoutes(device) || device.fields.deviceKind?.value === 'router')) return nothing;
      const behind = new Set(devices.flatMap(({ facts }) => facts.flatMap(({ fact }) => (fact.kind === 'behind' ? fact.ip : []))));
      behind.add(o.fact.ip);
      if (behind.size !== manyBehind) return nothing;
      // The first one that passes on frames is the gateway; who does so besides it is hidden.
      for (const { mac, facts } of all())
        if (mac !== o.mac && facts.filter(({ fact }) => fact.kind === 'behind').length >= manyBehind)
          return found(o, `passes on frames of ${[...behind].join(', ')} beside the gateway ${mac}`, mac);
      return nothing;
    },
  }),
};
