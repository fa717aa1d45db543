import type { Mac, Millis, PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** New addresses that are registered to nobody, on one port within so long. */
export const [floodAt, floodMs] = [128, 60_000];
const [maxPorts, ageMs] = [2048, 3_600_000];

type Count = { readonly since: Millis; readonly count: number; readonly first: Mac };

/** Ever new hardware addresses that nobody registered, to fill the table of a switch or to hide. One alarm a port. */
export const macFlood: DetectionRule = {
  name: 'mac-flood',
  spec: `${floodAt} or more new addresses that are registered to nobody, on one port within a minute`,
  knownFalse: ['a switch with many devices is plugged in: their addresses are registered', 'a capture that begins: likewise'],
  about: ['seen'],
  create: () => {
    const counts = new CappedMap<PortName, Count>(maxPorts, ageMs);
    return {
      observe(o, { arrival, vendorOf }) {
        if (arrival !== 'found' || vendorOf(o.mac) !== undefined) return nothing;
        const old = counts.get(o.port, o.at);
        const isOver = old === undefined || o.at - old.since > floodMs;
        const now = isOver ? { since: o.at, count: 1, first: o.mac } : { ...old, count: old.count + 1 };
        counts.set(o.port, now, o.at);
        return now.count === floodAt
          ? found({ ...o, mac: now.first }, `${floodAt} strange addresses on ${o.port} within a minute`)
          : nothing;
      },
    };
  },
};
