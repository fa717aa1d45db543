/**
 * What was read of octets that are met again and again, by the octets: direct-mapped, so whatever comes takes the place of what had the same hash, and nobody
 * can fill it. Holds `places` values at most, of at most `longest` octets each. What is read must follow from the octets alone, and not be changed by anyone.
 */
export class Met<T> {
  readonly #places: ({ readonly octets: Uint8Array; readonly value: T } | undefined)[];
  readonly #longest: number;

  /** `places` is a power of two. */
  constructor(places: number, longest: number) {
    this.#places = Array.from({ length: places }, () => undefined);
    this.#longest = longest;
  }

  /** What was read of the octets from `from` to before `end`, else what `read` makes of a copy of them. What it throws is not kept. */
  at(bytes: Uint8Array, from: number, end: number, read: (octets: Uint8Array) => T): T {
    if (end - from > this.#longest) return read(bytes.subarray(from, end));
    let hash = end - from;
    for (let i = from; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    const place = (hash ^ (hash >>> 16)) & (this.#places.length - 1);
    const met = this.#places[place];
    if (met !== undefined && isAt(met.octets, bytes, from, end)) return met.value;
    const octets = bytes.slice(from, end);
    const value = read(octets);
    this.#places[place] = { octets, value };
    return value;
  }
}

function isAt(octets: Uint8Array, bytes: Uint8Array, from: number, end: number): boolean {
  if (octets.length !== end - from) return false;
  for (let i = 0; i < octets.length; i++) if (octets[i] !== bytes[from + i]) return false;
  return true;
}
