import type { Ip, Millis } from '../gateway/model/address.ts';
import { type FactKind, factKey, type Observation } from '../gateway/model/fact.ts';

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
  'uses-server': 16,
  member: 32,
  router: 16,
};
/** Facts kept of the addresses of one port, and in all, unless told otherwise: about 0.5 kB each. */
const [maxPerPort, maxInAll] = [16_384, 65_536];
/** Other values said lately for the same key. */
const maxRivals = 4;
/** New facts that an address may bring within a minute; what is beyond is not learnt, and so comes out when it is said again later. */
const [maxChanges, changeWindowMs] = [240, 60_000];

type Entry = { observation: Observation; text: string; saidAt: Millis; rivals: readonly string[] };

/** The latest fact for each address, collector and factKey. `slot` numbers come from the address table; each has its caps, see above. */
export class LatestFacts {
  readonly #bySlot: (Map<string, Entry> | undefined)[] = [];
  readonly #ports: number[] = [];
  readonly #perPort: number[] = [];
  #size = 0;
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
    const key = `${collector} ${factKey(fact)}`;
    const text = JSON.stringify(fact);
    const entries = this.#bySlot[slot] ?? new Map<string, Entry>();
    const entry = entries.get(key);
    if (entry?.text === text) {
      entry.saidAt = at;
      return 'known';
    }
    if (entry?.rivals.includes(text) && Math.abs(at - entry.saidAt) <= this.#idleMs) return 'known';
    if (!this.#mayChange(slot, at) || (entry === undefined && !this.#hasRoom(entries, slot, port, observation))) return 'capped';
    if (entry === undefined) this.#count(slot, port, 1);
    const rivals = entry === undefined ? [] : [entry.text, ...entry.rivals.filter(rival => rival !== text)].slice(0, maxRivals);
    entries.set(key, { observation, text, saidAt: at, rivals });
    this.#bySlot[slot] = entries;
    return 'new';
  }

  /** Addresses that are known to be the slot's own. */
  ips(slot: number): readonly Ip[] {
    return this.of(slot).flatMap(({ fact }) => (fact.kind === 'address' || fact.kind === 'dhcp-lease' ? [fact.ip] : []));
  }

  of(slot: number): readonly Observation[] {
    return [...(this.#bySlot[slot]?.values() ?? [])].map(entry => entry.observation);
  }

  forget(slot: number): void {
    this.#count(slot, this.#ports[slot] ?? 0, -(this.#bySlot[slot]?.size ?? 0));
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
  #hasRoom(entries: Map<string, Entry>, slot: number, port: number, { fact, collector, at }: Observation): boolean {
    const cap = maxOfKind[fact.kind];
    const same = [...entries].filter(([, e]) => e.observation.fact.kind === fact.kind && e.observation.collector === collector);
    if (cap !== undefined && same.length >= cap) {
      const [oldest] = same.toSorted(([, a], [, b]) => a.saidAt - b.saidAt);
      if (oldest === undefined || at - oldest[1].saidAt <= this.#idleMs) return false;
      entries.delete(oldest[0]);
      this.#count(slot, port, -1);
    }
    return this.#size < this.#max.inAll && (this.#perPort[port] ?? 0) < this.#max.perPort;
  }

  #count(slot: number, port: number, change: number): void {
    this.#ports[slot] = port;
    this.#perPort[port] = (this.#perPort[port] ?? 0) + change;
    this.#size += change;
  }
}
