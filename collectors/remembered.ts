/** Longest bytes that are remembered: what is longer is rare, and read each time. */
const maxBytes = 4096;

/**
 * What was made of bytes lately, so that the same bytes are not read again: only for what depends on nothing else. A fixed number of places, each with
 * at most `maxBytes`; new bytes take the place of older ones with the same hash. All bytes are compared, so the hash need not be trusted.
 */
export class Remembered<T> {
  readonly #places: ({ readonly bytes: Uint8Array; readonly made: T } | undefined)[];

  /** `places`: a power of two. */
  constructor(places: number) {
    this.#places = Array.from({ length: places }, () => undefined);
  }

  /** What was made of these bytes, else what `make` makes of them. What it throws is not remembered. */
  of(bytes: Uint8Array, make: () => T): T {
    if (bytes.length > maxBytes) return make();
    const place = hash(bytes) & (this.#places.length - 1);
    const known = this.#places[place];
    if (known !== undefined && isSame(known.bytes, bytes)) return known.made;
    const made = make();
    this.#places[place] = { bytes: bytes.slice(), made };
    return made;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** FNV-1a, of long bytes over a part of them: whoever collides only makes the other be read again. */
function hash(bytes: Uint8Array): number {
  const step = 1 + (bytes.length >> 7);
  let value = 0x811c9dc5;
  for (let i = bytes.length - 1; i >= 0; i -= step) value = Math.imul(value ^ (bytes[i] ?? 0), 0x01000193);
  return value ^ (value >>> 15);
}
