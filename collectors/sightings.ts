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
  /** Slots that spoke, each once. */
  #changed: number[] = [];

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

  /** What each address sent since the last call. `where` says which address a slot has. */
  take(where: (slot: number) => Pick<Sighting, 'port' | 'vlan' | 'mac'>): readonly Sighting[] {
    const { packets, bytes, lastAt } = this.#addresses;
    const changed = this.#changed.filter(slot => this.#state[slot] === 1);
    for (const slot of this.#changed) this.#state[slot] = 0;
    this.#changed = [];
    return changed.map(slot => {
      const nowPackets = packets[slot] ?? 0;
      const nowBytes = bytes[slot] ?? 0;
      const newPackets = nowPackets - (this.#packets[slot] ?? 0);
      const newBytes = nowBytes - (this.#bytes[slot] ?? 0);
      this.#packets[slot] = nowPackets;
      this.#bytes[slot] = nowBytes;
      const unicast = this.#unicast[slot] ?? 0;
      this.#unicast[slot] = 0;
      const { port, vlan, mac } = where(slot);
      return {
        port,
        vlan,
        mac,
        packets: newPackets,
        bytes: newBytes,
        unicast,
        firstAt: this.#firstAt[slot] ?? 0,
        lastAt: lastAt[slot] ?? 0,
      };
    });
  }
}
