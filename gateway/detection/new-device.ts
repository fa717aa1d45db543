import { isLocalMac, type PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { floodAt, floodMs } from './mac-flood.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxPorts, ageMs] = [2048, 3_600_000];

/** An address that was never seen before. While the site is still being learnt all are new, and none is told. */
export const newDevice: DetectionRule = {
  name: 'new-device',
  spec: 'a registered hardware address appears for the first time, after the learning time',
  knownFalse: [
    'a made-up address that changes: randomised-mac',
    'the same address on another VLAN or port',
    'addresses of a flood that nobody registered: mac-flood, once for all',
  ],
  about: ['seen'],
  create: () => {
    /** Addresses registered to nobody, by port: since when, and how many. */
    const strange = new CappedMap<PortName, { readonly since: number; readonly count: number }>(maxPorts, ageMs);
    return {
      observe(o, { arrival, now, learnsUntil, withMac, vendorOf }) {
        if (arrival !== 'found' || now < learnsUntil || isLocalMac(o.mac) || withMac(o.mac).length > 1) return nothing;
        const vendor = vendorOf(o.mac);
        if (vendor === undefined) {
          const old = strange.get(o.port, o.at);
          const count = old === undefined || o.at - old.since > floodMs ? { since: o.at, count: 1 } : { ...old, count: old.count + 1 };
          strange.set(o.port, count, o.at);
          if (count.count > floodAt) return nothing;
        }
        return found(o, `first seen on ${o.port}, address registered to ${vendor ?? 'nobody'}`);
      },
    };
  },
};
