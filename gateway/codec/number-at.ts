/** Unsigned numbers at a place of bytes; what is beyond their end is zero. For what looks at frames in place; what reads a message takes it from a `Reader`. */

export const u16At = (b: Uint8Array, i: number): number => ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
export const u16leAt = (b: Uint8Array, i: number): number => ((b[i + 1] ?? 0) << 8) | (b[i] ?? 0);
export const u32At = (b: Uint8Array, i: number): number => ((u16At(b, i) << 16) | u16At(b, i + 2)) >>> 0;
export const u32leAt = (b: Uint8Array, i: number): number => ((u16leAt(b, i + 2) << 16) | u16leAt(b, i)) >>> 0;
