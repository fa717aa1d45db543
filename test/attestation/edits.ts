import fc from 'fast-check';
import { DecodeError } from '../../gateway/codec/reader.ts';

/** One byte changed anywhere: it decodes, or throws DecodeError; whatever else is thrown fails the test. */
export function editsDecodeOrThrow(bytes: Uint8Array, decode: (edited: Uint8Array) => unknown): void {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const edited = Uint8Array.from(bytes);
      edited[at] = byte;
      try {
        decode(edited);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
}
