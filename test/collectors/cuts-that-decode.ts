import { expect } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';

/** The lengths at which a message that was cut still decodes; all others must throw DecodeError. */
export function cutsThatDecode(message: Uint8Array, decode: (bytes: Uint8Array) => unknown): readonly number[] {
  const lengths: number[] = [];
  for (let length = 0; length < message.length; length++) {
    try {
      decode(message.subarray(0, length));
      lengths.push(length);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
  return lengths;
}
