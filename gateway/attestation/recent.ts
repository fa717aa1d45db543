/** What was used of late, by its name: at most `cap`, the one unused for longest goes first. */
export class Recent<V> {
  readonly #cap: number;
  readonly #kept = new Map<string, V>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(name: string): V | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found;
  }

  set(name: string, value: V): void {
    this.#kept.delete(name);
    this.#kept.set(name, value);
    if (this.#kept.size > this.#cap) for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
  }
}

/** Bytes as a name: one character for one octet, so two are equal iff the bytes are. */
export const nameOf = (bytes: Uint8Array): string => bufferOf(bytes).toString('latin1');

/** A view, no copy. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
