import type { Mac, Millis, PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { isOfAllMakers, maxMakers, maxRegistered, maxStrange, Newcomers } from './newcomers.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxPorts, ageMs] = [2048, 3_600_000];

/** The first one of a flood, and when it was told of. */
type Flood = { readonly since: Millis; readonly first: Mac; readonly isTold: boolean };

/** Ever new hardware addresses, to fill the table of a switch or to hide. One alarm a port. */
export const macFlood: DetectionRule = {
  name: 'mac-flood',
  spec: `${maxStrange} or more new addresses that are registered to nobody, on one port within a minute; or ${maxRegistered} of ${maxMakers} makers and more, once the site is learnt`,
  knownFalse: [
    'a switch with many devices is plugged in: their addresses are registered, and of few makers',
    'a capture that begins: likewise, and of many makers',
  ],
  about: ['seen'],
  create: () => {
    const newcomers = new Newcomers();
    const floods = new CappedMap<PortName, Flood>(maxPorts, ageMs);
    return {
      observe(o, context) {
        if (context.arrival !== 'found') return nothing;
        const count = newcomers.note(o, context);
        const old = floods.get(o.port, o.at);
        const isCounted = context.vendorOf(o.mac) === undefined || count.registered > 0;
        if (!isCounted) return nothing;
        const flood = old?.since === count.since ? old : { since: count.since, first: o.mac, isTold: false };
        const isFlood = count.strange >= maxStrange || isOfAllMakers(count);
        floods.set(o.port, { ...flood, isTold: flood.isTold || isFlood }, o.at);
        return isFlood && !flood.isTold
          ? found({ ...o, mac: flood.first }, `${count.strange + count.registered} strange addresses on ${o.port} within a minute`)
          : nothing;
      },
    };
  },
};
