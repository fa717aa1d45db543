import type { Ip, Millis } from '../gateway/model/address.ts';
import { type Fact, type FactKind, factKey, type Observation } from '../gateway/model/fact.ts';

/** How many facts of one kind that stand side by side are kept for an address and collector. The other kinds have one. */
const maxOfKind: { readonly [kind in FactKind]?: number } = {
  address: 8,
  'dhcp-lease': 8,
  'dhcp-server': 8,
  'claimed-mac': 8,
  service: 64,
  identifier: 32,
  asks: 16,
  acted: 64,
  behind: 16,
  contested: 8,
  reaches: 16,
  'answers-for': 16,
  'uses-server': 32,
  member: 32,
  router: 16,
  'talks-to': 64,
  resolves: 64,
};
/** Facts of deeds that are kept when there is no more room for others: a flood of names must not hide what somebody does. */
const maxDeeds = 4096;
/** Facts kept of the addresses of one port, and in all, unless told otherwise: about 0.5 kB each. */
const [maxPerPort, maxInAll] = [16_384, 65_536];
/** Other values said lately for the same key. */
const maxRivals = 4;
/**
 * What has that many rivals of these kinds is restless: further values are not told until it was silent for `idleMs`. Browsers shuffle their TLS
 * extensions, so that each hello has another JA3, and a proxy shows the certificates of many.
 */
const restlessKinds: ReadonlySet<FactKind> = new Set<FactKind>(['print', 'description', 'certificate']);
/** New facts that an address may bring within a minute; what is beyond is not learnt, and so comes out when it is said again later. */
const [maxChanges, changeWindowMs] = [240, 60_000];

type Entry = { readonly observation: Observation; saidAt: Millis; readonly rivals: readonly Fact[] };

/** The facts of one slot. */
type Held = {
  readonly byKey: Map<string, Entry>;
  /** The same entries by collector, to see at little cost that what is said is known. */
  readonly byCollector: Map<string, Entry[]>;
  ips: readonly Ip[];
};

/** The latest fact for each address, collector and factKey. `slot` numbers come from the address table; each has its caps, see above. */
export class LatestFacts {
  readonly #bySlot: (Held | undefined)[] = [];
  readonly #ports: number[] = [];
  readonly #perPort: number[] = [];
  #size = 0;
  #deeds = 0;
  readonly #changes: Uint16Array;
  readonly #window: Float64Array;
  readonly #idleMs: number;
  readonly #max: { readonly perPort: number; readonly inAll: number };

  /** After `idleMs` without being said, a fact may give way to a new one where a cap is reached. */
  constructor(slots: number, idleMs: number, max = { perPort: maxPerPort, inAll: maxInAll }) {
    this.#max = max;
    this.#changes = new Uint16Array(slots);
    this.#window = new Float64Array(slots);
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes in what was said: `new` when it differs from the latest of its kind, `known` when not, `capped` when there is no room.
   * Who says two things in turn (two names, two models) is not new at each turn: a value said before comes back only after the present one was not repeated for `idleMs`.
   */
  learn(slot: number, port: number, observation: Observation): 'new' | 'known' | 'capped' {
    const { fact, collector, at } = observation;
    const held = this.#bySlot[slot] ?? { byKey: new Map<string, Entry>(), byCollector: new Map<string, Entry[]>(), ips: [] };
    const list = held.byCollector.get(collector) ?? [];
    for (const e of list)
      if (isSame(e.observation.fact, fact)) {
        e.saidAt = at;
        return 'known';
      }
    const key = `${collector} ${factKey(fact)}`;
    const entry = held.byKey.get(key);
    if (entry !== undefined && Math.abs(at - entry.saidAt) <= this.#idleMs) {
      if (entry.rivals.some(rival => isSame(rival, fact))) return 'known';
      if (entry.rivals.length === maxRivals && restlessKinds.has(fact.kind)) {
        entry.saidAt = at;
        return 'known';
      }
    }
    if (!this.#mayChange(slot, at) || (entry === undefined && !this.#hasRoom(held, slot, port, observation))) return 'capped';
    if (entry === undefined) this.#count(slot, port, fact, 1);
    const others = entry?.rivals.filter(rival => !isSame(rival, fact)) ?? [];
    const rivals = entry === undefined ? others : [entry.observation.fact, ...others].slice(0, maxRivals);
    const latest = { observation, saidAt: at, rivals };
    held.byKey.set(key, latest);
    const those = held.byCollector.get(collector);
    if (those === undefined) held.byCollector.set(collector, [latest]);
    else if (entry === undefined) those.push(latest);
    else those[those.indexOf(entry)] = latest;
    if (fact.kind === 'address' || fact.kind === 'dhcp-lease') held.ips = ipsOf(held);
    this.#bySlot[slot] = held;
    return 'new';
  }

  /** Addresses that are known to be the slot's own. */
  ips(slot: number): readonly Ip[] {
    return this.#bySlot[slot]?.ips ?? [];
  }

  of(slot: number): readonly Observation[] {
    return [...(this.#bySlot[slot]?.byKey.values() ?? [])].map(entry => entry.observation);
  }

  forget(slot: number): void {
    for (const { fact } of this.of(slot)) this.#count(slot, this.#ports[slot] ?? 0, fact, -1);
    this.#bySlot[slot] = undefined;
    this.#changes[slot] = 0;
  }

  #mayChange(slot: number, at: Millis): boolean {
    if (Math.abs(at - (this.#window[slot] ?? 0)) > changeWindowMs) {
      this.#window[slot] = at;
      this.#changes[slot] = 0;
    }
    const changes = (this.#changes[slot] ?? 0) + 1;
    if (changes > maxChanges) return false;
    this.#changes[slot] = changes;
    return true;
  }

  /** Where the kind's cap is reached, the fact that was not said for longest gives way if it is idle. */
  #hasRoom(held: Held, slot: number, port: number, { fact, collector, at }: Observation): boolean {
    const cap = maxOfKind[fact.kind];
    const same = (held.byCollector.get(collector) ?? []).filter(e => e.observation.fact.kind === fact.kind);
    if (cap !== undefined && same.length >= cap) {
      const [oldest] = same.toSorted((a, b) => a.saidAt - b.saidAt);
      if (oldest === undefined || at - oldest.saidAt <= this.#idleMs) return false;
      this.#remove(held, oldest);
      this.#count(slot, port, fact, -1);
    }
    if (fact.kind === 'acted') return this.#deeds < maxDeeds;
    return this.#size < this.#max.inAll && (this.#perPort[port] ?? 0) < this.#max.perPort;
  }

  #remove(held: Held, entry: Entry): void {
    const { collector, fact } = entry.observation;
    held.byKey.delete(`${collector} ${factKey(fact)}`);
    held.byCollector.set(
      collector,
      (held.byCollector.get(collector) ?? []).filter(e => e !== entry),
    );
    if (fact.kind === 'address' || fact.kind === 'dhcp-lease') held.ips = ipsOf(held);
  }

  #count(slot: number, port: number, fact: Fact, change: number): void {
    this.#ports[slot] = port;
    if (fact.kind === 'acted') this.#deeds += change;
    else {
      this.#perPort[port] = (this.#perPort[port] ?? 0) + change;
      this.#size += change;
    }
  }
}

const ipsOf = ({ byKey }: Held): readonly Ip[] =>
  [...byKey.values()].flatMap(({ observation: { fact } }) => (fact.kind === 'address' || fact.kind === 'dhcp-lease' ? [fact.ip] : []));

/** True when both say the same; facts hold text, numbers and lists of numbers. Cheaper than to write them out as text. */
function isSame(a: Fact, b: Fact): boolean {
  // What is said most often, each where it is compared at the least cost.
  if (a.kind === 'address') return b.kind === 'address' && a.ip === b.ip;
  if (a.kind === 'hostname') return b.kind === 'hostname' && a.name === b.name;
  if (a.kind === 'uses-server') return b.kind === 'uses-server' && a.ip === b.ip && a.service === b.service;
  if (a.kind === 'print') return b.kind === 'print' && a.value === b.value && a.scheme === b.scheme;
  if (a.kind === 'service') return b.kind === 'service' && a.port === b.port && a.name === b.name && a.protocol === b.protocol;
  if (a.kind !== b.kind) return false;
  const [one, other]: readonly { readonly [name: string]: unknown }[] = [a, b];
  if (one === undefined || other === undefined) return false;
  for (const name in one) if (!isSameValue(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}

const isSameValue = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => item === b[i]));
