import type { Mac, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Fact, Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import type { Context } from './rule.ts';

type Turned = Extract<Fact, { readonly kind: 'turned' }>;
type Turn = { readonly at: Millis; readonly frame: number; readonly fact: Turned };

const [maxAddresses, ageMs, maxTurns] = [8192, 15 * 60_000, 6];
/** No machine starts another system, and the first one again, within so long. Milliseconds. */
const backMs = 30_000;
/** An address that was in use for so long was not given at the start that asks for a lease. Milliseconds. */
const upMs = 60_000;
/** Both addresses speak by turns so often: what an old connection still sends does so less. */
const sourceTurns = 4;
/** Names that are told to one host or to all, so that the packet shows whose time to live it has; not those told to a group. */
const tellers: ReadonlySet<string> = new Set(['nbns', 'browser', 'smb']);

/** What shows that a second device speaks: its frames, and the words for it. */
export type Voice = { readonly frames: readonly number[]; readonly text: string };

/**
 * Follows whether an address speaks by turns as two: with two times to live, or from two IP addresses. Either alone is no second device (a second
 * system on one machine, a second address), so what the other voice says of itself has to be there too. At most 8192 addresses, 15 minutes each.
 */
export class TwoVoices {
  readonly #turns = new CappedMap<Mac, readonly Turn[]>(maxAddresses, ageMs);
  /** The name that was said with the time to live that is not the first one. */
  readonly #named = new CappedMap<Mac, Turn & { readonly name: string }>(maxAddresses, ageMs);

  /** A second system behind the same addresses, which opens connections and has a name of its own while the first one goes on to speak. */
  stack(o: Observation, context: Context): Voice | undefined {
    const turns = this.#take(o, 'ttl');
    const last = turns.at(-1);
    if (last === undefined || !['turned', 'hostname', 'print'].includes(o.fact.kind)) return undefined;
    const first = turns[0]?.fact.from;
    if (o.fact.kind === 'hostname' && tellers.has(o.collector) && last.fact.to !== first) {
      const { name } = o.fact;
      const isNew = !context.withMac(o.mac).some(({ hostnames = [] }) => hostnames.some(({ value }) => isSameName(value, name)));
      if (isNew) this.#named.set(o.mac, { ...last, frame: o.frame, name }, o.at);
    }
    const named = this.#named.get(o.mac, o.at);
    const back = turns.find((turn, i) => turn.fact.to === first && turn.at - (turns[i - 1]?.at ?? -Infinity) <= backMs);
    if (named === undefined || back === undefined || named.fact.to === first) return undefined;
    const opens = context.withMac(o.mac).flatMap(({ facts }) => facts.filter(({ fact }) => isOpening(fact, named.fact.to)));
    const [opening] = opens;
    if (opening === undefined) return undefined;
    const text = `speaks by turns with times to live of ${first} and ${named.fact.to}; with the latter it calls itself ${named.name} and opens connections`;
    return { frames: [turns[0]?.frame ?? 0, opening.frame, named.frame], text };
  }

  /** Somebody asked for a lease as one that has no address, while the address that was in use goes on to be. RFC 2131 §4.4.1. */
  source(o: Observation, { withMac }: Context): Voice | undefined {
    const turns = this.#take(o, 'source');
    const last = turns.at(-1);
    if (last === undefined || last.fact.times < sourceTurns) return undefined;
    for (const device of withMac(o.mac)) {
      const leases = device.facts.filter(({ fact }) => fact.kind === 'dhcp-lease');
      const [lease] = leases;
      if (lease?.fact.kind !== 'dhcp-lease' || leases.length > 1) continue;
      const { ip } = lease.fact;
      const other = [last.fact.from, last.fact.to].find(one => one !== ip);
      if (other === undefined || ![last.fact.from, last.fact.to].includes(ip) || !wasUp(device, other, lease.at)) continue;
      if (device.facts.some(({ fact }) => fact.kind === 'dhcp-client-id' && fact.id !== `01${device.mac.replaceAll(':', '')}`)) continue;
      return { frames: [lease.frame, last.frame], text: `was leased ${ip}, while ${other}, which it used before, goes on to speak` };
    }
    return undefined;
  }

  #take(o: Observation, sign: Turned['sign']): readonly Turn[] {
    const before = this.#turns.get(o.mac, o.at) ?? [];
    if (o.fact.kind !== 'turned' || o.fact.sign !== sign) return before;
    // A third value: what was before says nothing of it.
    const turn = { at: o.at, frame: o.frame, fact: o.fact };
    const turns = o.fact.times === 1 ? [turn] : [...before, turn].slice(0, maxTurns);
    this.#turns.set(o.mac, turns, o.at);
    return turns;
  }
}

/** The print of a first segment of TCP begins with IP version and time to live. */
const isOpening = (fact: Fact, ttl: string): boolean =>
  fact.kind === 'print' && fact.scheme === 'tcp-syn' && fact.value.startsWith(`4:${ttl}:`);

const isSameName = (a: string, b: string): boolean => a.split('.', 1)[0]?.toLowerCase() === b.split('.', 1)[0]?.toLowerCase();

/** It was in the midst of its work: told by its traffic, not by what a start sends, or long before. */
function wasUp({ facts, bindings }: Device, ip: string, at: Millis): boolean {
  const since = bindings.find(binding => binding.ip === ip)?.from ?? Infinity;
  const isOfTraffic = facts.some(({ fact, collector }) => fact.kind === 'address' && fact.ip === ip && collector === 'header');
  return since < at && (isOfTraffic || at - since >= upMs);
}
