import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvidenceMediaType } from '../../gateway/model/attestation.ts';
import { base64url, claims, fromHex, makeJws, makeSign1 } from '../vectors/tokens.ts';
import { component, instance, judge, nonce, psaClaims, verdict } from './token-world.ts';
import { cost } from '../undisturbed.ts';

/** Whatever a stranger sends is judged, never thrown at us, never affirming, and in bounded time. fast-check prints its seed when one is not. */
const token = makeSign1(encode(psaClaims()));
const jwt = Uint8Array.from(
  makeJws(JSON.stringify({ eat_nonce: base64url(nonce), ueid: base64url(fromHex(instance)), dbgstat: 'disabled-permanently' })),
);
const samples: readonly (readonly [EvidenceMediaType, Uint8Array])[] = [
  ['application/psa-attestation-token', token],
  ['application/eat+cwt', makeSign1(encode(claims([10, nonce], [256, fromHex(instance)], [266, claims(['a', claims([263, 3])])])))],
  ['application/eat+jwt', jwt],
  ['application/cmw+cbor', encode(claims(['__cmwc_t', 'tag:x'], [0, [263, token]]))],
  ['application/cmw+json', Buffer.from(JSON.stringify({ a: ['application/eat+cwt', base64url(token)] }))],
];

describe('hostile tokens', () => {
  for (const [mediaType, good] of samples) {
    it(`${mediaType}: each truncation is judged, and none is affirming`, () => {
      for (let n = 0; n < good.length; n++)
        expect(verdict(judge(good.subarray(0, n), { mediaType })), `${n} bytes`).toMatch(/^contraindicated/);
    });

    it(`${mediaType}: any edits are judged, and none is affirming`, () => {
      const edit = fc.record({ at: fc.nat(good.length - 1), cut: fc.nat(4), put: fc.uint8Array({ maxLength: 4 }) });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), edits => {
          const bad = edits.reduce(
            (bytes, { at, cut, put }) => Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + cut)]),
            good,
          );
          if (Buffer.compare(bad, good) === 0) return;
          const said = verdict(judge(bad, { mediaType }));
          // The label of a collection and the name of its type stand outside every signature: another label is the same Evidence.
          if (!mediaType.startsWith('application/cmw')) expect(said).not.toMatch(/^affirming/);
          expect(said).toMatch(/^(affirming|warning|contraindicated|no-evidence)/);
        }),
        { numRuns: 400 },
      );
    });
  }

  it('what a token says of itself is never shown as it came: no line breaks, no change of direction', () => {
    const evil = 'a\n\u202e\u0000b';
    const tokens: readonly (readonly [EvidenceMediaType, Uint8Array])[] = [
      ['application/eat+jwt', makeJws(JSON.stringify({ ueid: base64url(fromHex(instance)) }), { header: JSON.stringify({ alg: evil }) })],
      [
        'application/eat+cwt',
        makeSign1(
          encode(
            claims(
              [10, nonce],
              [256, fromHex(instance)],
              [265, evil],
              [273, [[295, encode(claims([1, ['x']], [2, [evil, new Uint8Array(32)]]))]]],
            ),
          ),
        ),
      ],
      [
        'application/eat+cwt',
        makeSign1(
          encode(claims([10, nonce], [256, fromHex(instance)], [265, evil], [273, [[295, encode(claims([1, ['x']], [4, evil], [5, 0]))]]])),
        ),
      ],
      ['application/eat+cwt', makeSign1(encode(claims([10, nonce], [256, fromHex(instance)], [266, claims([evil, 'token'])])))],
      [
        'application/eat+cwt',
        makeSign1(encode(psaClaims()), {
          header: new Map<number | string, unknown>([
            [1, -7],
            [2, [evil]],
          ]),
        }),
      ],
      [
        'application/eat+cwt',
        makeSign1(encode(psaClaims()), {
          header: new Map<number | string, unknown>([
            [1, -7],
            [evil, 0],
          ]),
          unprotected: new Map([[evil, 0]]),
        }),
      ],
      ['application/eat+cwt', makeSign1(encode(psaClaims({ 2399: [new Map([...component('BL', 1), [1, evil], [4, evil]])] })))],
    ];
    for (const [mediaType, bytes] of tokens) {
      const outcome = judge(bytes, { mediaType });
      const checks = outcome.kind === 'appraised' ? outcome.result.checks : outcome.kind === 'no-evidence' ? outcome.checks : [];
      const shown = checks.map(c => `${c.detail}${c.expected ?? ''}${c.seen ?? ''}`).join('');
      expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  const bombs: readonly (readonly [string, EvidenceMediaType, Uint8Array])[] = [
    ['lists without end', 'application/eat+cwt', new Uint8Array(65_000).fill(0x9f)],
    ['tags on tags', 'application/eat+cwt', new Uint8Array(65_000).fill(0xd2)],
    ['a list that announces 2^32 items', 'application/eat+cwt', Uint8Array.of(0xd2, 0x9a, 0xff, 0xff, 0xff, 0xff)],
    ['braces without end', 'application/cmw+json', Buffer.from('{"a":'.repeat(13_000))],
    ['a payload of braces', 'application/eat+jwt', makeJws('['.repeat(40_000))],
    [
      'a payload of 20,000 names',
      'application/eat+jwt',
      makeJws(`{${Array.from({ length: 20_000 }, (_, i) => `"${i}":0`).join()}}`.slice(0, 60_000)),
    ],
    [
      '32 × 32 × 8 records',
      'application/cmw+cbor',
      encode(
        new Map(Array.from({ length: 32 }, (_, i) => [i, new Map(Array.from({ length: 32 }, (_, j) => [j, [263, new Uint8Array(1)]]))])),
      ),
    ],
    ['a megabyte', 'application/cmw+cbor', new Uint8Array(1_000_000)],
    [
      'certificates in place of claims',
      'application/eat+cwt',
      makeSign1(encode(psaClaims()), {
        header: new Map<number, unknown>([
          [1, -7],
          [33, Array.from({ length: 10 }, () => new Uint8Array(5000))],
        ]),
      }),
    ],
  ];
  for (const [name, mediaType, bytes] of bombs)
    it(`${name}: refused within 200 ms of CPU`, () => {
      verdict(judge(token, { mediaType }));
      const judged = (): void => expect(verdict(judge(bytes, { mediaType, keys: [] }))).toBe('contraindicated EVIDENCE_MALFORMED');
      expect(cost(judged)).toBeLessThan(200);
    });
});
