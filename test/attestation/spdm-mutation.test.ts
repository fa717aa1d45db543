import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttestationStatus } from '../../gateway/model/axes.ts';
import type { SpdmPair } from '../../gateway/attestation/spdm/message.ts';
import { writeSpdmExchange } from '../../gateway/attestation/spdm/message.ts';
import { mode, blocks, deviceCa, exchange, good, judge, keys, leafDer, now, rootDer } from './spdm-world.ts';
import { usage } from '../vectors/path-pki.ts';
import type { ResponderSpec } from '../vectors/spdm-responder.ts';

/** Every byte, one bit of it: which, goes round. */
const flips = (whole: Uint8Array): readonly Uint8Array[] => Array.from(whole, (byte, at) => whole.with(at, byte ^ (1 << (at % 8))));
const flat = (pairs: readonly SpdmPair[]): readonly Uint8Array[] => pairs.flatMap(p => [p.request, p.response]);
const paired = (messages: readonly Uint8Array[]): readonly SpdmPair[] =>
  Array.from({ length: messages.length / 2 }, (_, i) => ({
    request: messages[2 * i] ?? rootDer,
    response: messages[2 * i + 1] ?? rootDer,
  }));
/** All exchanges with one bit turned, and where. */
function* mutants(pairs: readonly SpdmPair[]): Generator<readonly [string, readonly SpdmPair[]]> {
  const messages = flat(pairs);
  for (const [i, message] of messages.entries())
    for (const [at, changed] of flips(message).entries()) yield [`message ${i} byte ${at}`, paired(messages.with(i, changed))];
}
const rank: { readonly [status in AttestationStatus]: number } = { contraindicated: 0, none: 1, warning: 2, affirming: 3 };

describe('mutations of SPDM', () => {
  it.each([0x11, 0x12, 0x13])('each flip in any message of a good exchange of version %i loses affirming', version => {
    const pairs = exchange({ ...good, versions: [version], portion: 1000 });
    expect(judge(pairs).status).toBe('affirming');
    let count = 0;
    for (const [where, changed] of mutants(pairs)) {
      count += 1;
      expect(judge(changed).status, where).toBe('contraindicated');
    }
    expect(count).toBeGreaterThan(1500);
  });

  it('each flip in the text of a good exchange loses affirming', () => {
    const text = writeSpdmExchange(exchange(good));
    for (const [at, changed] of flips(text).entries()) expect(judge(changed).status, `byte ${at}`).not.toBe('affirming');
  });

  it('edits anywhere are judged, never thrown, and never affirm', () => {
    const messages = flat(exchange(good));
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 3 }), (which, at, gone, put) => {
        const whole = messages[which % messages.length] ?? rootDer;
        const i = at % whole.length;
        const changed = Uint8Array.of(...whole.subarray(0, i), ...put, ...whole.subarray(i + gone));
        if (Buffer.from(changed).equals(whole)) return;
        expect(judge(paired(messages.with(which % messages.length, changed))).status).toBe('contraindicated');
      }),
      { numRuns: 1000 },
    );
  });

  const other = blocks.map(b => (b.index === 2 ? { ...b, value: new Uint8Array(32) } : b));
  const bad: readonly (readonly [string, ResponderSpec])[] = [
    ['of unknown firmware', { ...good, blocks: other }],
    ['in debug', { ...good, blocks: blocks.map(b => (b.index === 0xfe ? { ...b, value: mode(4, 1) } : b)) }],
    ['signed by another key', { ...good, key: keys.other.privateKey }],
    ['with a key that signs nothing', { ...good, chain: [rootDer, deviceCa(), leafDer({ extensions: [usage(5)] })] }],
    ['with an ended certificate', { ...good, chain: [rootDer, deviceCa({ until: '20250101000000Z' }), leafDer()] }],
    ['of 1.1 without a challenge', { ...good, versions: [0x11], flags: 0x32 }],
    ['without reference values for all', { ...good, blocks: blocks.slice(1) }],
  ];
  it.each(bad)('no flip of an exchange %s makes it better', (_, spec) => {
    const pairs = exchange({ ...spec, portion: 1000 });
    const before = rank[judge(pairs).status];
    expect(before).toBeLessThan(rank.affirming);
    for (const [where, changed] of mutants(pairs)) {
      const r = judge(changed);
      expect(rank[r.status], where).toBeLessThanOrEqual(before);
    }
  });

  it('a stale good exchange gets no better either', () => {
    for (const [where, changed] of mutants(exchange(good)))
      expect(
        judge(changed, { freshness: { kind: 'nonce', nonce: new Uint8Array(32).fill(1), expires: now + 1, spent: false, channel: 'x' } })
          .status,
        where,
      ).toBe('contraindicated');
  });
});
