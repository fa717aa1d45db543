import type { Millis, PortName } from '../model/address.ts';
import type { Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import type { Context } from './rule.ts';

/** New addresses of one port within so long are counted together. Milliseconds. */
const windowMs = 60_000;
const [maxPorts, ageMs] = [2048, 3_600_000];
/** So many that are registered to nobody, or so many of so many makers, are no devices. */
export const [maxStrange, maxRegistered, maxMakers] = [128, 256, 64];
/** A site or capture that begins has devices of many makers at once; for so long after it was learnt those are not counted. Milliseconds. */
const settledMs = 5 * 60_000;

export type Count = { readonly since: Millis; readonly strange: number; readonly registered: number; readonly makers: ReadonlySet<string> };
const none = { strange: 0, registered: 0, makers: new Set<string>() };

/** Counts the new addresses of each port, by whether somebody registered them. At most 2048 ports, each for an hour; of makers as many as make a flood. */
export class Newcomers {
  readonly #counts = new CappedMap<PortName, Count>(maxPorts, ageMs);

  /** How many there are on the port, this one included. */
  note(o: Observation, { vendorOf, now, learnsUntil }: Pick<Context, 'vendorOf' | 'now' | 'learnsUntil'>): Count {
    const old = this.#counts.get(o.port, o.at);
    const before = old === undefined || o.at - old.since > windowMs ? { ...none, since: o.at } : old;
    const maker = vendorOf(o.mac);
    const isCounted = maker !== undefined && now >= learnsUntil + settledMs;
    const count: Count = {
      since: before.since,
      strange: before.strange + (maker === undefined ? 1 : 0),
      registered: before.registered + (isCounted ? 1 : 0),
      makers:
        !isCounted || before.makers.has(maker) || before.makers.size >= maxMakers ? before.makers : new Set([...before.makers, maker]),
    };
    this.#counts.set(o.port, count, o.at);
    return count;
  }
}

/** True iff so many registered addresses of so many makers are no devices: one who makes addresses up needs no unregistered ones. */
export const isOfAllMakers = ({ registered, makers }: Count): boolean => registered >= maxRegistered && makers.size >= maxMakers;
