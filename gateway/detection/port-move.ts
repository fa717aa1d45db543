import { type DetectionRule, found, nothing } from './rule.ts';

/** A port with more devices leads to a switch or an access point: there devices come and go. */
const maxNeighbours = 2;

/** A device that stayed at its port is at another one now. */
export const portMove: DetectionRule = {
  name: 'port-move',
  spec: 'a known hardware address on another port, its old port being silent, where both ports have one or two devices',
  knownFalse: ['a scanner that roams between access points', 'a virtual machine that moves between hosts', 'the learning time'],
  about: ['seen'],
  create: () => ({
    observe(o, { arrival, now, learnsUntil, withMac, countOn }) {
      if (arrival !== 'moved' || now < learnsUntil) return nothing;
      const device = withMac(o.mac).find(({ port, vlan }) => port === o.port && vlan === o.vlan);
      const from = device?.bindings.findLast(({ port }) => port !== o.port)?.port;
      if (from === undefined || countOn(o.port) > maxNeighbours || countOn(from) >= maxNeighbours) return nothing;
      return found(o, `moved from ${from} to ${o.port}`);
    },
  }),
};
