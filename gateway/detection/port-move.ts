import type { Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** A port with more devices leads to a switch or an access point: there devices come and go. */
const maxNeighbours = 2;
/** Who changed its port so often lately is carried about, and has no place to leave. */
const [carriedMoves, latelyMs] = [3, 7 * 24 * 3_600_000];

/** A device that stayed at its port is at another one now. */
export const portMove: DetectionRule = {
  name: 'port-move',
  spec: 'a known hardware address on another port, its old port being silent, where both ports have one or two devices',
  knownFalse: [
    'a scanner that roams between access points',
    'a virtual machine that moves between hosts',
    'a laptop that is carried from port to port',
    'the learning time',
    'a device that was at both ports in the learning time: a bond with a stand-by, a ring',
  ],
  about: ['seen'],
  create: () => ({
    observe(o, { arrival, now, learnsUntil, withMac, countOn }) {
      if (arrival !== 'moved' || now < learnsUntil) return nothing;
      const device = withMac(o.mac).find(({ port, vlan }) => port === o.port && vlan === o.vlan);
      const from = device?.bindings.findLast(({ port }) => port !== o.port)?.port;
      if (
        from === undefined ||
        isCarried(device, now) ||
        wasHere(device, learnsUntil) ||
        countOn(o.port) > maxNeighbours ||
        countOn(from) >= maxNeighbours
      )
        return nothing;
      return found(o, `moved from ${from} to ${o.port}`);
    },
  }),
};

/** It was at its port while the site was learnt. */
const wasHere = (device: Device | undefined, learnsUntil: Millis): boolean =>
  device?.bindings.some(({ ip, port, from }) => ip === undefined && port === device.port && from < learnsUntil) === true;

/** Its stays of the last days, the one before them and this one: each time the next one is at another port. */
function isCarried(device: Device | undefined, now: Millis): boolean {
  const stays = device?.bindings.filter(({ ip, until = now }) => ip === undefined && now - until <= latelyMs) ?? [];
  return stays.filter(({ port }, i) => i > 0 && port !== stays[i - 1]?.port).length >= carriedMoves;
}
