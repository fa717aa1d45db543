import type { Millis } from '../model/address.ts';

/** A map for what outsiders can grow: at most `max` entries, each forgotten `ageMs` after its last change; beyond the cap the oldest gives way. */
export class CappedMap<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly at: Millis }>();
  readonly #max: number;
  readonly #ageMs: number;

  constructor(max: number, ageMs: number) {
    this.#max = max;
    this.#ageMs = ageMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K, now: Millis): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || now - entry.at <= this.#ageMs) return entry?.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Entries that changed last come last. */
  set(key: K, value: V, now: Millis): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#max) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, at: now });
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Those that are not too old, and for which `is` holds: the map may be changed while they are looked at. */
  entries(now: Millis, is?: (value: V) => boolean): readonly (readonly [K, V])[] {
    const found: (readonly [K, V])[] = [];
    // Unlike the entries of an iterator, those of forEach are no objects to be made, and most are left out.
    this.#entries.forEach(({ value, at }, key) => {
      if (now - at <= this.#ageMs && is?.(value) !== false) found.push([key, value]);
    });
    return found;
  }
}
