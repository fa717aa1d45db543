type Kept<V> = { value: V; isUsed: boolean };

/**
 * What was used of late, by its name: at most `cap`. Who was used since its turn came last gets another one, as on a clock: to be used costs no more than to
 * be found, and what is never used again goes first.
 */
export class Recent<V> {
  readonly #cap: number;
  readonly #kept = new Map<string, Kept<V>>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(name: string): V | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    found.isUsed = true;
    return found.value;
  }

  set(name: string, value: V): void {
    const found = this.#kept.get(name);
    if (found !== undefined) found.value = value;
    else {
      if (this.#kept.size >= this.#cap) this.#makeRoom();
      this.#kept.set(name, { value, isUsed: false });
    }
  }

  /** Looks at each once at most: by then nobody is left who was used since. */
  #makeRoom(): void {
    for (const [name, kept] of this.#kept) {
      this.#kept.delete(name);
      if (!kept.isUsed) return;
      this.#kept.set(name, { value: kept.value, isUsed: false });
    }
  }
}

/** Bytes as a name: one character for one octet, so two are equal iff the bytes are. */
export const nameOf = (bytes: Uint8Array): string => bufferOf(bytes).toString('latin1');

/** A view, no copy. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
