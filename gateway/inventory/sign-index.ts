import type { DeviceId, Mac } from '../model/address.ts';
import type { DeviceRecord } from './record.ts';
import { type Sign, signsOf } from './signs.ts';

/** Values that are kept, and records of one value: beyond, the value is common to many and names nobody. */
export const maxSignValues = 65_536;
export const maxHolders = 128;

/** Where the records meet that say they stand behind one virtual router address. */
export const routerKey = (mac: Mac): string => `router ${mac}`;

const noSigns: readonly Sign[] = [];
const noKeys: ReadonlySet<string> = new Set();

/**
 * Which records show a sign: derived from the records, so a restart makes it anew. A full index takes in no new values, so whoever was
 * there first can still be found; a value leaves with its last holder.
 */
export class SignIndex {
  /** Nearly all values have one holder: it stands there alone, for a set takes ten times the memory. */
  readonly #holders = new Map<string, DeviceId | Set<DeviceId>>();
  readonly #signs = new Map<DeviceId, readonly Sign[]>();
  /** Of the few records that stand behind virtual routers, at most 96 addresses each. */
  readonly #behind = new Map<DeviceId, readonly string[]>();

  get size(): number {
    return this.#holders.size;
  }

  /** The record said something that tells devices apart, or is new. */
  update(record: DeviceRecord): void {
    const { id, facts } = record.device;
    const keys = new Set<string>();
    const signs = signsOf(record);
    for (const { weight, key } of signs) if (weight > 0) keys.add(key);
    const behind: string[] = [];
    for (const { fact } of facts) if (fact.kind === 'router' && fact.mac !== undefined) behind.push(routerKey(fact.mac));
    for (const key of behind) keys.add(key);
    this.#leaveAllBut(keys, id);
    for (const key of keys) this.#enter(key, id);
    if (signs.length > 0) this.#signs.set(id, signs);
    else this.#signs.delete(id);
    if (behind.length > 0) this.#behind.set(id, behind);
    else this.#behind.delete(id);
  }

  forget(id: DeviceId): void {
    this.#leaveAllBut(noKeys, id);
    this.#signs.delete(id);
    this.#behind.delete(id);
  }

  /** What a record shows. */
  of(id: DeviceId): readonly Sign[] {
    return this.#signs.get(id) ?? noSigns;
  }

  /** Records that show it, oldest entry first. */
  holders(key: string): readonly DeviceId[] {
    const holders = this.#holders.get(key);
    return holders === undefined ? [] : typeof holders === 'string' ? [holders] : [...holders];
  }

  /** True iff somebody else shows one of its signs. */
  isShared(id: DeviceId): boolean {
    for (const { weight, key } of this.of(id)) {
      const holders = weight > 0 ? this.#holders.get(key) : undefined;
      if (holders !== undefined && holders !== id) return true;
    }
    return false;
  }

  /** How many records show it. */
  count(key: string): number {
    const holders = this.#holders.get(key);
    return holders === undefined ? 0 : typeof holders === 'string' ? 1 : holders.size;
  }

  #leaveAllBut(keys: ReadonlySet<string>, id: DeviceId): void {
    for (const { weight, key } of this.of(id)) if (weight > 0 && !keys.has(key)) this.#leave(key, id);
    for (const key of this.#behind.get(id) ?? []) if (!keys.has(key)) this.#leave(key, id);
  }

  #enter(key: string, id: DeviceId): void {
    const holders = this.#holders.get(key);
    if (holders === undefined) {
      if (this.#holders.size < maxSignValues) this.#holders.set(key, id);
    } else if (typeof holders !== 'string') {
      if (holders.size < maxHolders) holders.add(id);
    } else if (holders !== id) this.#holders.set(key, new Set([holders, id]));
  }

  #leave(key: string, id: DeviceId): void {
    const holders = this.#holders.get(key);
    if (typeof holders === 'object') holders.delete(id);
    if (holders === id || (typeof holders === 'object' && holders.size === 0)) this.#holders.delete(key);
  }
}
