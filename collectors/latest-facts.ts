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

type Entry = { readonly key: string; readonly observation: Observation; saidAt: Millis; readonly rivals: readonly Fact[] };

/** What one collector read of one slot. `next`: where what was said last stands, and 1; mostly the next one is said next. */
type Told = { readonly collector: string; readonly entries: Entry[]; next: number };

/** The facts of one slot. Collectors are few, so they stand in a list: to find one there is quicker than in a map of each slot. */
type Held = { readonly told: Told[]; ips: readonly Ip[] };

const noRivals: readonly Fact[] = [];

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

  /** True when this is the latest that the collector said of the slot; then it was said again at this time. For every fact of every message. */
  knows(slot: number, collector: string, fact: Fact, at: Millis): boolean {
    const told = toldBy(this.#bySlot[slot], collector);
    if (told === undefined) return false;
    const { entries } = told;
    for (let n = entries.length, i = told.next; n > 0; n--, i++) {
      if (i >= entries.length) i = 0;
      const e = entries[i];
      if (e === undefined || !isSame(e.observation.fact, fact)) continue;
      e.saidAt = at;
      told.next = i + 1;
      return true;
    }
    return false;
  }

  /**
   * Takes in what was said and is not the latest (`knows`): `new` when it differs from what was said lately, `known` when not, `capped` when there is no room.
   * Who says two things in turn (two names, two models) is not new at each turn: a value said before comes back only after the present one was not repeated for `idleMs`.
   */
  learn(slot: number, port: number, observation: Observation): 'new' | 'known' | 'capped' {
    const { fact, collector, at } = observation;
    const held = this.#bySlot[slot] ?? { told: [], ips: [] };
    const before = toldBy(held, collector);
    const told = before ?? { collector, entries: [], next: 0 };
    const key = factKey(fact);
    const entry = told.entries.find(e => e.key === key);
    if (entry !== undefined && Math.abs(at - entry.saidAt) <= this.#idleMs) {
      if (entry.rivals.some(rival => isSame(rival, fact))) return 'known';
      if (entry.rivals.length === maxRivals && restlessKinds.has(fact.kind)) {
        entry.saidAt = at;
        return 'known';
      }
    }
    if (!this.#mayChange(slot, at) || (entry === undefined && !this.#hasRoom(held, told, slot, port, observation))) return 'capped';
    if (entry === undefined) {
      this.#count(slot, port, fact, 1);
      told.entries.push({ key, observation, saidAt: at, rivals: noRivals });
      if (before === undefined) held.told.push(told);
    } else {
      const others = entry.rivals.filter(rival => !isSame(rival, fact));
      const rivals = [entry.observation.fact, ...others].slice(0, maxRivals);
      told.entries[told.entries.indexOf(entry)] = { key, observation, saidAt: at, rivals };
    }
    if (fact.kind === 'address' || fact.kind === 'dhcp-lease') held.ips = ipsOf(held);
    this.#bySlot[slot] = held;
    return 'new';
  }

  /** Addresses that are known to be the slot's own. */
  ips(slot: number): readonly Ip[] {
    return this.#bySlot[slot]?.ips ?? [];
  }

  of(slot: number): readonly Observation[] {
    return (this.#bySlot[slot]?.told ?? []).flatMap(({ entries }) => entries.map(entry => entry.observation));
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
  #hasRoom(held: Held, told: Told, slot: number, port: number, { fact, at }: Observation): boolean {
    const cap = maxOfKind[fact.kind];
    // As long as there are not so many of all kinds there is room: most have one or two.
    if (cap !== undefined && told.entries.length >= cap) {
      const same = told.entries.filter(e => e.observation.fact.kind === fact.kind);
      if (same.length >= cap) {
        const [oldest] = same.toSorted((a, b) => a.saidAt - b.saidAt);
        if (oldest === undefined || at - oldest.saidAt <= this.#idleMs) return false;
        told.entries.splice(told.entries.indexOf(oldest), 1);
        if (fact.kind === 'address' || fact.kind === 'dhcp-lease') held.ips = ipsOf(held);
        this.#count(slot, port, fact, -1);
      }
    }
    if (fact.kind === 'acted') return this.#deeds < maxDeeds;
    return this.#size < this.#max.inAll && (this.#perPort[port] ?? 0) < this.#max.perPort;
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

function toldBy(held: Held | undefined, collector: string): Told | undefined {
  if (held === undefined) return undefined;
  for (let i = 0; i < held.told.length; i++) {
    const told = held.told[i];
    if (told !== undefined && told.collector === collector) return told;
  }
  return undefined;
}

function ipsOf({ told }: Held): readonly Ip[] {
  const ips: Ip[] = [];
  for (const { entries } of told)
    for (const { observation } of entries) {
      const { fact } = observation;
      if (fact.kind === 'address' || fact.kind === 'dhcp-lease') ips.push(fact.ip);
    }
  return ips;
}

type Members = { readonly [name: string]: unknown };

/** True when both say the same; facts hold text, numbers and lists of numbers. Cheaper than to write them out as text. */
function isSame(a: Fact, b: Fact): boolean {
  if (a === b) return true;
  // What is said most often, each where it is compared at the least cost.
  switch (a.kind) {
    case 'address':
    case 'dhcp-server':
      return b.kind === a.kind && a.ip === b.ip;
    case 'hostname':
    case 'protocol':
      return b.kind === a.kind && a.name === b.name;
    case 'vendor-class':
    case 'model':
    case 'maker':
    case 'firmware':
    case 'serial':
    case 'device-kind':
      return b.kind === a.kind && a.text === b.text;
    case 'description':
      return b.kind === 'description' && a.text === b.text && a.of === b.of;
    case 'identifier':
    case 'print':
      return b.kind === a.kind && a.value === b.value && a.scheme === b.scheme;
    case 'dhcp-client-id':
      return b.kind === 'dhcp-client-id' && a.id === b.id;
    case 'dhcp-parameters':
      return b.kind === 'dhcp-parameters' && isSameValue(a.options, b.options);
    case 'uses-server':
      return b.kind === 'uses-server' && a.ip === b.ip && a.service === b.service;
    case 'service':
      return b.kind === 'service' && a.port === b.port && a.name === b.name && a.protocol === b.protocol;
    case 'asks':
      return b.kind === 'asks' && a.name === b.name && a.protocol === b.protocol;
    case 'acted':
    case 'answers-for':
    case 'behind':
    case 'bridge':
    case 'certificate':
    case 'claimed-mac':
    case 'contested':
    case 'dhcp-lease':
    case 'management-address':
    case 'member':
    case 'mud-url':
    case 'neighbour':
    case 'reaches':
    case 'resolves':
    case 'router':
    case 'seen':
    case 'talks-to':
    case 'turned':
      return a.kind === b.kind && hasSameMembers(a, b);
  }
}

function hasSameMembers(one: Members, other: Members): boolean {
  for (const name in one) if (!isSameValue(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}

function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
