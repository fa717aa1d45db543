import type { Sighting } from '../gateway/model/fact.ts';
import type { Millis } from '../gateway/model/address.ts';
import type { AddressTable } from './address-table.ts';

/** Which addresses spoke since it was last asked, and what their counters were then. As many entries as the address table has slots. */
export class Sightings {
  readonly #addresses: AddressTable;
  /** By slot: 0 silent since, 1 spoke, 2 spoke but was forgotten (and is still in the list). */
  readonly #state: Uint8Array;
  readonly #firstAt: Float64Array;
  readonly #packets: Float64Array;
  readonly #bytes: Float64Array;
  /** By slot: packets to one receiver since the last call of `take`. */
  readonly #unicast: Uint32Array;
  /** Slots that spoke, each once; how many of them were taken already. */
  #changed: number[] = [];
  #taken = 0;

  constructor(addresses: AddressTable, slots: number) {
    this.#addresses = addresses;
    this.#state = new Uint8Array(slots);
    this.#firstAt = new Float64Array(slots);
    this.#packets = new Float64Array(slots);
    this.#bytes = new Float64Array(slots);
    this.#unicast = new Uint32Array(slots);
  }

  /** The address of a slot spoke, to one receiver or to a group (`group` is 1). Called for every frame. */
  note(slot: number, at: Millis, group: number): void {
    this.#unicast[slot] = (this.#unicast[slot] ?? 0) + 1 - group;
    const state = this.#state[slot];
    if (state === 1) return;
    this.#state[slot] = 1;
    this.#firstAt[slot] = at;
    if (state === 0) this.#changed.push(slot);
  }

  /** The slot has another address now, or none. */
  forget(slot: number): void {
    if (this.#state[slot] === 1) this.#state[slot] = 2;
    this.#packets[slot] = this.#bytes[slot] = this.#unicast[slot] = 0;
  }

  /** What addresses sent since they were asked for last: at most so many of them, the others with the next call. `where` says which address a slot has. */
  take(where: (slot: number) => Pick<Sighting, 'port' | 'vlan' | 'mac'>, most: number): readonly Sighting[] {
    const out: Sighting[] = [];
    while (out.length < most && this.#taken < this.#changed.length) {
      const slot = this.#changed[this.#taken++] ?? 0;
      if (this.#state[slot] === 1) out.push(this.#since(slot, where(slot)));
      this.#state[slot] = 0;
    }
    if (this.#taken === this.#changed.length) {
      this.#changed = [];
      this.#taken = 0;
    }
    return out;
  }

  /** What a slot sent since this was last asked. */
  #since(slot: number, { port, vlan, mac }: Pick<Sighting, 'port' | 'vlan' | 'mac'>): Sighting {
    const packets = this.#addresses.packets[slot] ?? 0;
    const bytes = this.#addresses.bytes[slot] ?? 0;
    const since = {
      port,
      vlan,
      mac,
      packets: packets - (this.#packets[slot] ?? 0),
      bytes: bytes - (this.#bytes[slot] ?? 0),
      unicast: this.#unicast[slot] ?? 0,
      firstAt: this.#firstAt[slot] ?? 0,
      lastAt: this.#addresses.lastAt[slot] ?? 0,
    };
    this.#packets[slot] = packets;
    this.#bytes[slot] = bytes;
    this.#unicast[slot] = 0;
    return since;
  }
}
