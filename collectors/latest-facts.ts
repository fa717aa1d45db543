import type { Ip, Millis } from '../gateway/model/address.ts';
import { deedKinds, type Fact, type FactKind, isSameKey, type Said } from '../gateway/model/fact.ts';
import { FactRows } from './fact-rows.ts';

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
  inventory: 48,
};
/** Facts of deeds have room of their own, of one port and in all: a flood of names must not hide what somebody does, nor one port the others. */
const [maxDeedsOfPort, maxDeeds] = [4096, 16_384];
/** Facts kept of the addresses of one port, and in all, unless told otherwise: about 0.2 kB each. */
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
/** The same of each kind of deeds, counted apart. Of addresses few are kept, and that is the limit. */
const maxDeedChanges = 64;
const deedIndex: ReadonlyMap<FactKind, number> = new Map([...deedKinds].map((kind, i) => [kind, i]));

const noRivals: readonly Fact[] = [];
const noIps: readonly Ip[] = [];

/** The latest fact for each address, collector and factKey. `slot` numbers come from the address table; each has its caps, see above. */
export class LatestFacts {
  readonly #rows: FactRows;
  /** What stands in each row was said instead of another lately: that, newest first, at most `maxRivals`. Few facts have rivals. */
  readonly #rivals = new Map<number, readonly Fact[]>();
  /** By slot: addresses that are known to be its own; absent while there are none. */
  readonly #ips: (readonly Ip[] | undefined)[] = [];
  /** Which slot had an address first: at most as many as there are facts. */
  readonly #owners = new Map<Ip, number>();
  readonly #ports: Uint16Array;
  readonly #perPort: number[] = [];
  #size = 0;
  #deeds = 0;
  readonly #deedsPerPort: number[] = [];
  readonly #changes: Uint16Array;
  readonly #deedChanges: Uint8Array;
  readonly #window: Float64Array;
  readonly #idleMs: number;
  readonly #max: { readonly perPort: number; readonly inAll: number };

  /** After `idleMs` without being said, a fact may give way to a new one where a cap is reached. */
  constructor(slots: number, idleMs: number, max = { perPort: maxPerPort, inAll: maxInAll }) {
    this.#max = max;
    this.#rows = new FactRows(slots);
    this.#ports = new Uint16Array(slots);
    this.#changes = new Uint16Array(slots);
    this.#deedChanges = new Uint8Array(slots * deedKinds.size);
    this.#window = new Float64Array(slots);
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#size;
  }

  /** True when this is the latest that the collector said of the slot; then it was said again at this time. For every fact of every message. */
  knows(slot: number, collector: string, fact: Fact, at: Millis): boolean {
    const rows = this.#rows;
    const list = rows.listOf(slot, collector);
    if (list === 0) return false;
    const start = rows.expected(list);
    for (let row = start; ; ) {
      if (isSame(rows.fact(row), fact)) {
        rows.wasSaidInTurn(list, row, at);
        return true;
      }
      row = rows.after(row);
      if (row === start) return false;
    }
  }

  /**
   * Takes in what was said and is not the latest (`knows`): `new` when it differs from what was said lately, `known` when not, `capped` when there is no room.
   * Who says two things in turn (two names, two models) is not new at each turn: a value said before comes back only after the present one was not repeated for `idleMs`.
   */
  learn(slot: number, port: number, said: Said): 'new' | 'known' | 'capped' {
    const { fact, collector, at } = said;
    const rows = this.#rows;
    const here = rows.ofList(rows.listOf(slot, collector));
    const old = here.find(row => isSameKey(rows.fact(row), fact));
    const rivals = old === undefined ? noRivals : (this.#rivals.get(old) ?? noRivals);
    if (old !== undefined && Math.abs(at - rows.saidAt(old)) <= this.#idleMs) {
      if (rivals.some(rival => isSame(rival, fact))) return 'known';
      if (rivals.length === maxRivals && restlessKinds.has(fact.kind)) {
        rows.wasSaid(old, at);
        return 'known';
      }
    }
    if (!this.#mayChange(slot, fact.kind, at) || (old === undefined && !this.#hasRoom(slot, port, said, here))) return 'capped';
    if (old === undefined) {
      this.#count(slot, port, fact, 1);
      rows.add(slot, said);
    } else {
      const others = rivals.filter(rival => !isSame(rival, fact));
      this.#rivals.set(old, [rows.fact(old), ...others].slice(0, maxRivals));
      rows.replace(old, said);
    }
    if (isOfAddress(fact)) this.#findIps(slot);
    return 'new';
  }

  /** Addresses that are known to be the slot's own. */
  ips(slot: number): readonly Ip[] {
    return this.#ips[slot] ?? noIps;
  }

  of(slot: number): readonly Said[] {
    return this.#rows.ofSlot(slot).flatMap(list => this.#rows.ofList(list).map(row => this.#rows.said(list, row)));
  }

  forget(slot: number): void {
    for (const row of this.#rowsOf(slot)) {
      this.#count(slot, this.#ports[slot] ?? 0, this.#rows.fact(row), -1);
      this.#rivals.delete(row);
    }
    this.#rows.forget(slot);
    this.#findIps(slot);
    this.#changeAnew(slot);
  }

  #changeAnew(slot: number): void {
    this.#changes[slot] = 0;
    this.#deedChanges.fill(0, slot * deedKinds.size, (slot + 1) * deedKinds.size);
  }

  #mayChange(slot: number, kind: FactKind, at: Millis): boolean {
    if (Math.abs(at - (this.#window[slot] ?? 0)) > changeWindowMs) {
      this.#window[slot] = at;
      this.#changeAnew(slot);
    }
    if (kind === 'address') return true;
    const deed = deedIndex.get(kind);
    const [counts, i, max] =
      deed === undefined ? [this.#changes, slot, maxChanges] : [this.#deedChanges, slot * deedKinds.size + deed, maxDeedChanges];
    const changes = (counts[i] ?? 0) + 1;
    if (changes > max) return false;
    counts[i] = changes;
    return true;
  }

  /**
   * `here`: the rows of its list. Where the kind's cap is reached, the fact that was not said for longest gives way if it is idle, or to an address that is
   * another's: who claims many addresses of nobody must not hide whose he takes.
   */
  #hasRoom(slot: number, port: number, { fact, collector, at }: Said, here: readonly number[]): boolean {
    const rows = this.#rows;
    const cap = maxOfKind[fact.kind];
    // As long as there are not so many of all kinds there is room: most have one or two.
    if (cap !== undefined && here.length >= cap) {
      const same = here.filter(row => rows.fact(row).kind === fact.kind);
      if (same.length >= cap) {
        const [oldest] = same.toSorted((a, b) => rows.saidAt(a) - rows.saidAt(b));
        if (oldest === undefined || (at - rows.saidAt(oldest) <= this.#idleMs && !this.#mayTake(slot, fact))) return false;
        rows.remove(rows.listOf(slot, collector), oldest);
        this.#rivals.delete(oldest);
        if (isOfAddress(fact)) this.#findIps(slot);
        this.#count(slot, port, fact, -1);
      }
    }
    if (deedKinds.has(fact.kind)) return this.#deeds < maxDeeds && (this.#deedsPerPort[port] ?? 0) < maxDeedsOfPort;
    return this.#size < this.#max.inAll && (this.#perPort[port] ?? 0) < this.#max.perPort;
  }

  /** Whether it is another's address, and one of not too many such within a minute. */
  #mayTake(slot: number, fact: Fact): boolean {
    if (!isOfAddress(fact) || (this.#owners.get(fact.ip) ?? slot) === slot) return false;
    const changes = (this.#changes[slot] ?? 0) + 1;
    if (changes > maxChanges) return false;
    this.#changes[slot] = changes;
    return true;
  }

  #findIps(slot: number): void {
    for (const ip of this.#ips[slot] ?? noIps) if (this.#owners.get(ip) === slot) this.#owners.delete(ip);
    const facts = this.#rowsOf(slot).map(row => this.#rows.fact(row));
    // Exactly as long as there are addresses: one list that grows would keep room for sixteen.
    const ips = facts.flatMap(fact => (isOfAddress(fact) ? fact.ip : [])).slice();
    this.#ips[slot] = ips.length === 0 ? undefined : ips;
    for (const ip of ips) if (!this.#owners.has(ip)) this.#owners.set(ip, slot);
  }

  #rowsOf(slot: number): readonly number[] {
    return this.#rows.ofSlot(slot).flatMap(list => this.#rows.ofList(list));
  }

  #count(slot: number, port: number, fact: Fact, change: number): void {
    this.#ports[slot] = port;
    if (deedKinds.has(fact.kind)) {
      this.#deedsPerPort[port] = (this.#deedsPerPort[port] ?? 0) + change;
      this.#deeds += change;
    } else {
      this.#perPort[port] = (this.#perPort[port] ?? 0) + change;
      this.#size += change;
    }
  }
}

const isOfAddress = (fact: Fact): fact is Extract<Fact, { readonly kind: 'address' | 'dhcp-lease' }> =>
  fact.kind === 'address' || fact.kind === 'dhcp-lease';

type Members = { readonly [name: string]: unknown };

/** True when both say the same; facts hold text, numbers and lists of numbers. Cheaper than to write them out as text. */
function isSame(a: Fact, b: Fact): boolean {
  if (a === b) return true;
  // What is said most often, each where it is compared at the least cost.
  switch (a.kind) {
    case 'address':
    case 'asks-address':
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
    case 'inventory':
      return b.kind === a.kind && a.text === b.text && a.of === b.of;
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
    case 'relay-agent':
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
