import type { Collector } from './collector.ts';

/** Which collectors' protocols each address has spoken: a bit for each, by slot of the address table. */
export class Spoken {
  /** Numbers of the collectors whose protocol is a fact. */
  readonly #numbers: ReadonlyMap<Collector, number>;
  /** 32 collectors a word. */
  readonly #words: number;
  readonly #bits: Uint32Array;

  constructor(collectors: readonly Collector[], slots: number) {
    this.#numbers = new Map(collectors.filter(c => c.isProtocol !== false).map((c, i) => [c, i]));
    this.#words = (this.#numbers.size + 31) >> 5;
    this.#bits = new Uint32Array(slots * this.#words);
  }

  /** True when that is known, or is no fact of its own. */
  has(slot: number, c: Collector): boolean {
    const number = this.#numbers.get(c);
    return number === undefined || ((this.#bits[slot * this.#words + (number >> 5)] ?? 0) & (1 << (number & 31))) !== 0;
  }

  /** True iff it is new. */
  note(slot: number, c: Collector): boolean {
    if (this.has(slot, c)) return false;
    const number = this.#numbers.get(c) ?? 0;
    const word = slot * this.#words + (number >> 5);
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (number & 31));
    return true;
  }

  forget(slot: number): void {
    this.#bits.fill(0, slot * this.#words, (slot + 1) * this.#words);
  }
}
