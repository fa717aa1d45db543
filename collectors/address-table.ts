import type { Mac, Millis, Vlan } from '../gateway/model/address.ts';

/** Where an address was seen: hardware address as its upper 16 and lower 32 bits, number of the port, VLAN. */
export type Place = { readonly high: number; readonly low: number; readonly port: number; readonly vlan: Vlan };

export type AddressCaps = {
  /** Addresses in all, and of one port: about 100 bytes each, facts apart. */
  readonly maxAddresses: number;
  readonly maxAddressesPerPort: number;
  /** Silence after which an address may give way to a new one, milliseconds. */
  readonly idleMs: number;
};

/** Least time between two looks for idle addresses while the table is full, milliseconds of frame time. */
const sweepMs = 1000;

/**
 * The addresses that speak, with their counters: integers in typed arrays behind an open-addressing index. It never grows: when it or a
 * port is full, only addresses that were silent for `idleMs` give way, so a flood cannot push out who is active. Made-up addresses that
 * collide in the index can lengthen a search by at most their port's cap.
 */
export class AddressTable {
  readonly #caps: AddressCaps;
  readonly #onForget: (slot: number) => void;
  /** Slots, and 1: what is 0 is free, so that only places in use take memory. */
  readonly #index: Int32Array;
  readonly #low: Uint32Array;
  readonly #key: Uint32Array;
  readonly #port: Uint16Array;
  readonly #macs: (Mac | undefined)[] = [];
  /** Slots that were given back; behind `#fresh` all are unused still. */
  readonly #free: number[] = [];
  #fresh = 0;
  readonly #perPort: number[] = [];
  #size = 0;
  #nextSweep = -Infinity;
  /** Counters by slot. */
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly lastAt: Float64Array;
  readonly #firstAt: Float64Array;
  readonly #firstFrame: Float64Array;

  constructor(caps: AddressCaps, onForget: (slot: number) => void) {
    const { maxAddresses: n } = caps;
    this.#caps = caps;
    this.#onForget = onForget;
    this.#index = new Int32Array(2 ** Math.ceil(Math.log2(n * 4)));
    this.#low = new Uint32Array(n);
    this.#key = new Uint32Array(n);
    this.#port = new Uint16Array(n);
    this.packets = new Float64Array(n);
    this.bytes = new Float64Array(n);
    this.lastAt = new Float64Array(n);
    this.#firstAt = new Float64Array(n);
    this.#firstFrame = new Float64Array(n);
  }

  get size(): number {
    return this.#size;
  }

  /** The slot of an address, -1 when it is not here. */
  find(high: number, low: number, port: number, vlan: Vlan): number {
    const key = keyOf(high, vlan);
    const mask = this.#index.length - 1;
    for (let i = hash(low, key, port) & mask; ; i = (i + 1) & mask) {
      const slot = (this.#index[i] ?? 0) - 1;
      if (slot < 0 || (this.#low[slot] === low && this.#key[slot] === key && this.#port[slot] === port)) return slot;
    }
  }

  /** Takes in an address that is not here, seen in the frame of this number. -1 when there is no room. */
  add(place: Place, mac: Mac, now: Millis, frame: number): number {
    if (this.#isFull(place.port)) this.#sweep(now);
    if (this.#isFull(place.port)) return -1;
    const slot = this.#free.pop() ?? this.#fresh++;
    this.#low[slot] = place.low;
    this.#key[slot] = keyOf(place.high, place.vlan);
    this.#port[slot] = place.port;
    this.#macs[slot] = mac;
    this.packets[slot] = this.bytes[slot] = 0;
    this.lastAt[slot] = this.#firstAt[slot] = now;
    this.#firstFrame[slot] = frame;
    this.#perPort[place.port] = (this.#perPort[place.port] ?? 0) + 1;
    this.#size++;
    this.#enter(slot);
    return slot;
  }

  macOf(slot: number): Mac {
    return this.#macs[slot] ?? '';
  }

  /** When and in which frame the address was first seen. */
  first(slot: number): { readonly at: Millis; readonly frame: number } {
    return { at: this.#firstAt[slot] ?? 0, frame: this.#firstFrame[slot] ?? 0 };
  }

  portOf(slot: number): number {
    return this.#port[slot] ?? 0;
  }

  vlanOf(slot: number): Vlan {
    return (this.#key[slot] ?? 0) & 0xfff;
  }

  /** Slots in use, in the order of their numbers. */
  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#macs.length; slot++) if (this.#macs[slot] !== undefined) yield slot;
  }

  #isFull(port: number): boolean {
    return (
      (this.#free.length === 0 && this.#fresh >= this.#caps.maxAddresses) || (this.#perPort[port] ?? 0) >= this.#caps.maxAddressesPerPort
    );
  }

  /** Frees every idle address, at most once a second: a flood of new addresses pays one look over the table a second, not one each. */
  #sweep(now: Millis): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + sweepMs;
    const before = this.#size;
    for (const slot of this.slots()) if (now - (this.lastAt[slot] ?? 0) > this.#caps.idleMs) this.#forget(slot);
    if (this.#size === before) return;
    this.#index.fill(0);
    for (const slot of this.slots()) this.#enter(slot);
  }

  #forget(slot: number): void {
    const port = this.portOf(slot);
    this.#macs[slot] = undefined;
    this.#perPort[port] = (this.#perPort[port] ?? 0) - 1;
    this.#size--;
    this.#free.push(slot);
    this.#onForget(slot);
  }

  #enter(slot: number): void {
    const mask = this.#index.length - 1;
    let i = hash(this.#low[slot] ?? 0, this.#key[slot] ?? 0, this.portOf(slot)) & mask;
    while ((this.#index[i] ?? 0) > 0) i = (i + 1) & mask;
    this.#index[i] = slot + 1;
  }
}

/** Upper 16 bits of the address and 12 of the VLAN in one integer. */
const keyOf = (high: number, vlan: Vlan): number => (high << 12) | vlan;

const hash = (low: number, key: number, port: number): number =>
  Math.imul(low ^ Math.imul(key, 0x85ebca6b) ^ Math.imul(port, 0xc2b2ae35), 0x9e3779b1) >>> 12;

/**
 * The slot of an address on the port where it spoke last, -1 when it never did. `vlan` counts first, then `vlans`: where a
 * mirror port tags one direction only, the client speaks in another VLAN than the server that names it.
 */
export function findAnywhere(table: AddressTable, ports: number, mac: Mac, vlan: Vlan, vlans: Iterable<Vlan>): number {
  const high = digits(mac, 0, 5);
  const low = digits(mac, 6, mac.length);
  const here = findInVlan(table, ports, high, low, vlan, -1);
  if (here >= 0) return here;
  let best = -1;
  for (const other of vlans) best = findInVlan(table, ports, high, low, other, best);
  return best;
}

/** The one that spoke last: of those of this VLAN, and `best`, the one that was found before. */
function findInVlan(table: AddressTable, ports: number, high: number, low: number, vlan: Vlan, best: number): number {
  let found = best;
  for (let port = 0; port < ports; port++) {
    const slot = table.find(high, low, port, vlan);
    if (slot >= 0 && (found < 0 || (table.lastAt[slot] ?? 0) > (table.lastAt[found] ?? 0))) found = slot;
  }
  return found;
}

/** Hexadecimal digits of an address, colons passed over, as one number. */
function digits(mac: Mac, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const c = mac.charCodeAt(i);
    if (c !== 0x3a) value = (value << 4) | (c <= 0x39 ? c - 0x30 : c - 0x57);
  }
  return value >>> 0;
}
