import { expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { udpVectors } from '../vectors/frames/udp.ts';

/** Ethernet, IPv4 and UDP headers of the vectors. */
const headers = 42;

export const vector = (name: string): Uint8Array => udpVectors[name] ?? new Uint8Array(0);
/** What UDP carries in a vector. */
export const bodyOf = (name: string): Uint8Array => vector(name).subarray(headers);

/** Each truncation of the messages throws DecodeError; `mayDecode` tells the lengths of the exceptions. */
export function cannotBeCut(
  decode: (bytes: Uint8Array) => unknown,
  names: readonly string[],
  mayDecode?: (length: number, whole: number) => boolean,
): void {
  it.each(names)('does not decode when cut anywhere, but for what the test says: %s', name => {
    const body = bodyOf(name);
    expect(body.length).toBeGreaterThan(0);
    decode(body);
    for (let length = 0; length < body.length; length++) {
      const part = body.subarray(0, length);
      if (mayDecode?.(length, body.length) === true) expect(() => orDecodeError(decode, part)).not.toThrow();
      else expect(() => decode(part), `${length} bytes`).toThrow(DecodeError);
    }
  });
}

function orDecodeError(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}
