import { expect } from 'vitest';
import type { Collector } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import type { Fact, Malformed } from '../../gateway/model/fact.ts';
import { frame } from '../vectors/frames/build.ts';
import { client, host } from '../vectors/frames/stream.ts';

/** What one collector says of the two hosts of these frames, and what it found malformed. */
export function told(
  c: Collector,
  frames: readonly Uint8Array[],
): { readonly client: readonly Fact[]; readonly host: readonly Fact[]; readonly malformed: readonly Malformed[] } {
  const dissector = new Dissector({ collectors: [c] });
  frames.forEach((f, i) => dissector.frame(frame(f, { number: i + 1, at: 1_700_000_000_000 + i })));
  const { observations, malformed } = dissector.drain(true);
  const of = (mac: string): readonly Fact[] =>
    observations.filter(o => o.mac === mac && o.collector !== 'header' && o.fact.kind !== 'protocol').map(o => o.fact);
  return { client: of(client.mac), host: of(host.mac), malformed };
}

/** The start of a stream cut anywhere waits for more, throws DecodeError, or says as much as the whole. */
export function cutsWaitOrThrow<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): void {
  const whole = decode(bytes);
  expect(whole).toBeDefined();
  for (let length = 0; length < bytes.length; length++) {
    try {
      const got = decode(bytes.subarray(0, length));
      if (got !== undefined) expect(got, `${length} bytes`).toEqual(whole);
    } catch (error) {
      expect(error, `${length} bytes`).toBeInstanceOf(DecodeError);
    }
  }
}
