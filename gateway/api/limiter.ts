/**
 * Counts attempts per key in a sliding minute. Keys come from outsiders (addresses), so at most `maxKeys` are kept, the oldest is
 * dropped first, and all together have a limit of their own.
 */
export class Limiter {
  static readonly maxKeys = 1_024;
  readonly #perKey: number;
  readonly #overall: number;
  readonly #windowMillis: number;
  readonly #attempts = new Map<string, number[]>();
  readonly #all: number[] = [];

  constructor(perKey: number, overall: number, windowMillis = 60_000) {
    this.#perKey = perKey;
    this.#overall = overall;
    this.#windowMillis = windowMillis;
  }

  /** Takes one attempt of `key`. False when it has none left; then nothing is counted. */
  take(key: string, now: number): boolean {
    const since = now - this.#windowMillis;
    while (this.#all[0] !== undefined && this.#all[0] <= since) this.#all.shift();
    const own = (this.#attempts.get(key) ?? []).filter(at => at > since);
    if (own.length >= this.#perKey || this.#all.length >= this.#overall) return false;
    own.push(now);
    this.#all.push(now);
    this.#attempts.delete(key);
    this.#attempts.set(key, own);
    if (this.#attempts.size > Limiter.maxKeys) this.#dropOldest();
    return true;
  }

  /** How long until an attempt of `key` would be taken. Milliseconds; 0: now. */
  wait(key: string, now: number): number {
    const since = now - this.#windowMillis;
    const left = (attempts: readonly number[], most: number): number => Math.max(0, (attempts.at(-most) ?? since) - since);
    return Math.max(left(this.#attempts.get(key) ?? [], this.#perKey), left(this.#all, this.#overall));
  }

  /** Forgets the attempts of `key`, after a success. */
  clear(key: string): void {
    this.#attempts.delete(key);
  }

  get size(): number {
    return this.#attempts.size;
  }

  #dropOldest(): void {
    const oldest = this.#attempts.keys().next();
    if (oldest.done !== true) this.#attempts.delete(oldest.value);
  }
}
