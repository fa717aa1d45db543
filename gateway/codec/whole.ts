import { DecodeError } from './reader.ts';

/** Runs a decoder on bytes that are all there: where it runs out of them the format is broken, and no more will come. */
export function ofWhole<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError && error.isShort) throw new DecodeError(error.message);
    throw error;
  }
}
