import { isLocalMac } from '../model/address.ts';
import { isOfAllMakers, maxStrange, Newcomers } from './newcomers.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** An address that was never seen before. While the site is still being learnt all are new, and none is told. */
export const newDevice: DetectionRule = {
  name: 'new-device',
  spec: 'a registered hardware address appears for the first time, after the learning time',
  knownFalse: [
    'a made-up address that changes: randomised-mac',
    'the same address on another VLAN or port',
    'addresses of a flood: mac-flood, once for all',
  ],
  about: ['seen'],
  create: () => {
    const newcomers = new Newcomers();
    return {
      observe(o, context) {
        const { arrival, now, learnsUntil, withMac, vendorOf } = context;
        if (arrival !== 'found' || now < learnsUntil || isLocalMac(o.mac) || withMac(o.mac).length > 1) return nothing;
        const vendor = vendorOf(o.mac);
        const count = newcomers.note(o, context);
        if (isOfAllMakers(count) || (vendor === undefined && count.strange > maxStrange)) return nothing;
        return found(o, `first seen on ${o.port}, address registered to ${vendor ?? 'nobody'}`);
      },
    };
  },
};
