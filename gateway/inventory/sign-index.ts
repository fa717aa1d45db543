import type { DeviceId, Mac } from '../model/address.ts';
import type { DeviceRecord } from './record.ts';
import { type Sign, signKey, signsOf } from './signs.ts';

/** Values that are kept, and records of one value: beyond, the value is common to many and names nobody. */
export const maxSignValues = 65_536;
export const maxHolders = 128;

/** Where the records meet that say they stand behind one virtual router address. */
export const routerKey = (mac: Mac): string => `router ${mac}`;

/**
 * Which records show a sign: derived from the records, so a restart makes it anew. A full index takes in no new values, so whoever was
 * there first can still be found; a value leaves with its last holder.
 */
export class SignIndex {
  readonly #holders = new Map<string, Set<DeviceId>>();
  /** At most 32 signs and 96 router addresses a record. */
  readonly #keys = new Map<DeviceId, readonly string[]>();
  readonly #signs = new Map<DeviceId, readonly Sign[]>();

  get size(): number {
    return this.#holders.size;
  }

  /** The record said something that tells devices apart, or is new. */
  update(record: DeviceRecord): void {
    const { id } = record.device;
    const signs = signsOf(record);
    if (signs.length > 0) this.#signs.set(id, signs);
    else this.#signs.delete(id);
    const behind = record.device.facts.flatMap(({ fact }) => (fact.kind === 'router' && fact.mac !== undefined ? routerKey(fact.mac) : []));
    const keys = [...new Set([...signs.flatMap(sign => (sign.weight > 0 ? signKey(sign) : [])), ...behind])];
    const old = this.#keys.get(id) ?? [];
    for (const key of old) if (!keys.includes(key)) this.#leave(key, id);
    const kept = keys.filter(key => this.#enter(key, id));
    if (kept.length > 0) this.#keys.set(id, kept);
    else this.#keys.delete(id);
  }

  forget(id: DeviceId): void {
    for (const key of this.#keys.get(id) ?? []) this.#leave(key, id);
    this.#keys.delete(id);
    this.#signs.delete(id);
  }

  /** What a record shows. */
  of(id: DeviceId): readonly Sign[] {
    return this.#signs.get(id) ?? [];
  }

  /** Records that show it, oldest entry first. */
  holders(key: string): readonly DeviceId[] {
    return [...(this.#holders.get(key) ?? [])];
  }

  #enter(key: string, id: DeviceId): boolean {
    const holders = this.#holders.get(key);
    if (holders === undefined) {
      if (this.#holders.size >= maxSignValues) return false;
      this.#holders.set(key, new Set([id]));
      return true;
    }
    if (!holders.has(id) && holders.size >= maxHolders) return false;
    holders.add(id);
    return true;
  }

  #leave(key: string, id: DeviceId): void {
    const holders = this.#holders.get(key);
    holders?.delete(id);
    if (holders?.size === 0) this.#holders.delete(key);
  }
}
