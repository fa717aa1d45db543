import { isLocalMac } from '../model/address.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** An address that was never seen before. While the site is still being learnt all are new, and none is told. */
export const newDevice: DetectionRule = {
  name: 'new-device',
  spec: 'a registered hardware address appears for the first time, after the learning time',
  knownFalse: ['a made-up address that changes: randomised-mac', 'the same address on another VLAN or port'],
  create: () => ({
    observe(o, { arrival, now, learnsUntil, withMac, vendorOf }) {
      if (arrival !== 'found' || now < learnsUntil || isLocalMac(o.mac) || withMac(o.mac).length > 1) return nothing;
      return found(o, `first seen on ${o.port}, address registered to ${vendorOf(o.mac) ?? 'nobody'}`);
    },
  }),
};
