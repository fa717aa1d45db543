/** The four bytes at `i` as one number; what is missing counts as 0. For a cheap look at the first bytes of a message. */
export const word = (b: Uint8Array, i: number): number =>
  (((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0)) >>> 0;

/** The first four bytes of each text, as `word` reads them. */
export const words = (...texts: readonly string[]): ReadonlySet<number> =>
  new Set(texts.map(text => word(new TextEncoder().encode(text), 0)));
