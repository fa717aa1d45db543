import { expect } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';

/** The lengths at which a message that was cut still decodes; at all others it must throw DecodeError, or say that more is to come. */
export function cutsThatDecode(message: Uint8Array, decode: (bytes: Uint8Array) => unknown): readonly number[] {
  const lengths: number[] = [];
  for (let length = 0; length < message.length; length++) {
    try {
      if (decode(message.subarray(0, length)) !== undefined) lengths.push(length);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
  return lengths;
}
