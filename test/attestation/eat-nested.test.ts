import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { base64url, claims, fromHex, makeMac0 } from '../vectors/tokens.ts';
import { answer, instance, listedKey, nonce, part, psaSet, resultOf, setOf, verdict } from './token-world.ts';
import {
  bundle,
  componentOf,
  ofCwt,
  outer,
  outerJwt,
  outerSet,
  psaOfRadio,
  radio,
  radioInstance,
  radioJwt,
  radioKey,
  radioSet,
  rogueKeys,
  sha256Of,
  submods,
} from './eat-world.ts';

const withRadio = (inner: unknown): Uint8Array => outer({ 266: submods(['radio', inner]) });
const selector = (type: string, value: unknown): string => JSON.stringify([type, value]);
const ofJwt = (bytes: Uint8Array): ReturnType<typeof ofCwt> => ofCwt(bytes, { mediaType: 'application/eat+jwt' });

describe('a token inside a token', () => {
  it('is judged by its own key and reference values, and each measurement says who signed it', () => {
    const result = resultOf(ofCwt(withRadio(radio())));
    expect(result).toMatchObject({ status: 'affirming', assurance: 5, identity: { serial: instance, model: 'TempSense-2' } });
    expect(result.digestsSeen.map(d => d.value)).toEqual(['ab'.repeat(32), 'cd'.repeat(32)]);
    expect(result.checks.find(c => c.check === 'measured')?.detail).toBe(
      `1 measured; submodule radio, signed by instance ${radioInstance}: no layer modem sha-256:${'cd'.repeat(32)}`,
    );
    expect(result.referenceSets).toEqual([outerSet.id, radioSet.id]);
  });

  it('is taken in every form that RFC 9711 §4.2.18 has', () => {
    for (const inner of [radio(), selector('JWT', radioJwt()), radioJwt(), selector('CBOR', base64url(radio()))])
      expect(verdict(ofCwt(withRadio(inner)))).toBe('affirming');
    for (const inner of [
      ['JWT', radioJwt()],
      ['CBOR', base64url(radio())],
    ])
      expect(verdict(ofJwt(outerJwt({ submods: { radio: inner } })))).toBe('affirming');
  });

  it('is measured with its path, wherever it stands', () => {
    const result = resultOf(ofCwt(outer({ 266: submods(['board', claims([266, submods(['radio', radio()])])]) })));
    expect(result.status).toBe('affirming');
    expect(result.checks.find(c => c.check === 'measured')?.detail).toContain('submodule board/radio, signed by');
    const deep = radio({ 266: submods(['sim', radio()]) });
    expect(verdict(ofCwt(withRadio(deep)))).toBe('affirming');
    expect(verdict(ofCwt(withRadio(radio({ 266: submods(['sim', radio({ 273: [[295, componentOf('modem', 1)]] })]) }))))).toBe(
      'contraindicated DIGEST_UNKNOWN',
    );
  });

  it('of a PSA root of trust is judged by its profile', () => {
    const sets = [outerSet, { ...psaSet, vendor: 'Radio Works', model: 'RW-9' }];
    const inner = psaOfRadio;
    expect(verdict(ofCwt(withRadio(inner()), { sets }))).toBe('affirming');
    expect(verdict(ofCwt(withRadio(inner({ 2395: 0x4000 })), { sets }))).toBe('contraindicated DEBUG_ENABLED');
  });

  const lowered: readonly (readonly [string, () => unknown, string])[] = [
    ['of other firmware', () => radio({ 273: [[295, componentOf('modem', 1)]] }), 'contraindicated DIGEST_UNKNOWN'],
    ['in debug', () => radio({ 263: 0 }), 'contraindicated DEBUG_ENABLED'],
    ['by a key that is not the one listed for it', () => radio({}, rogueKeys.privateKey), 'contraindicated SIGNATURE_INVALID'],
    ['by a key that nobody listed', () => radio({ 256: fromHex(`01${'ee'.repeat(32)}`) }), 'warning CHAIN_UNTRUSTED'],
    ['that has ended', () => radio({ 4: 1 }), 'contraindicated EVIDENCE_EXPIRED'],
    ['that measures nothing', () => radio({ 273: undefined }), 'warning NO_MEASUREMENTS'],
    ['without a nonce: its age is nobody’s word', () => radio({ 10: undefined }), 'warning EVIDENCE_NOT_FRESH'],
    ['with another nonce', () => radio({ 10: new Uint8Array(32) }), 'warning EVIDENCE_NOT_FRESH'],
    ['with two nonces', () => radio({ 10: [nonce, new Uint8Array(8)] }), 'warning EVIDENCE_NOT_FRESH'],
    [
      'with a MAC',
      () => makeMac0(encode(claims([10, nonce], [256, fromHex(radioInstance)])), new Uint8Array(32)),
      'contraindicated ALGORITHM_REFUSED',
    ],
    ['without a tag', () => radio().subarray(1), 'contraindicated EVIDENCE_MALFORMED'],
    ['that is no token', () => 'a.b.c', 'contraindicated EVIDENCE_MALFORMED'],
    ['of a selector nobody knows', () => selector('UCCS', ''), 'contraindicated EVIDENCE_MALFORMED'],
    ['that is a digest in the words of JSON', () => selector('DIGEST', ['SHA-256', '']), 'contraindicated EVIDENCE_MALFORMED'],
    ['that is a number', () => 1, 'contraindicated EVIDENCE_MALFORMED'],
    ['that is an Attestation Result', () => radio({ 265: 'tag:ietf.org,2026:rats/ear#03' }), 'warning NO_MEASUREMENTS'],
  ];
  for (const [what, inner, expected] of lowered)
    it(`${what}: ${expected}`, () => expect(verdict(ofCwt(withRadio(inner())))).toBe(expected));

  it('makes a result end when it does', () => {
    const ends = 1_780_272_000 + 5;
    expect(resultOf(ofCwt(withRadio(radio({ 4: ends })))).expires).toBe(ends * 1000);
  });

  it('is no more than two deep and eight in all', () => {
    const deep = [1, 2].reduce(inner => radio({ 266: submods(['x', inner]) }), radio());
    expect(verdict(ofCwt(withRadio(deep)))).toBe('contraindicated EVIDENCE_MALFORMED');
    const many = (count: number): Uint8Array =>
      outer({ 266: submods(...Array.from({ length: count }, (_, i) => [`r${i}`, radio()] as const)) });
    expect(verdict(ofCwt(many(8)))).toBe('affirming');
    expect(verdict(ofCwt(many(9)))).toBe('contraindicated EVIDENCE_MALFORMED');
    const spread = outer({
      266: submods(...[0, 1, 2].map(i => [`r${i}`, radio({ 266: submods(['a', radio()], ['b', radio()]) })] as const)),
    });
    expect(verdict(ofCwt(spread))).toBe('contraindicated EVIDENCE_MALFORMED');
  });
});

describe('a rogue that wraps the token of an honest device', () => {
  const honest = radio();
  it('with a key that nobody listed is untrusted', () => {
    const rogue = outer({ 256: fromHex(`01${'bb'.repeat(32)}`), 266: submods(['radio', honest]) }, rogueKeys.privateKey);
    expect(verdict(ofCwt(rogue))).toBe('contraindicated CHAIN_UNTRUSTED');
    expect(verdict(ofCwt(outer({ 256: undefined, 273: undefined, 266: submods(['radio', honest]) }, rogueKeys.privateKey)))).toBe(
      'contraindicated CHAIN_UNTRUSTED',
    );
  });

  it('in the name of another is refused', () => {
    for (const ueid of [instance, radioInstance])
      expect(verdict(ofCwt(outer({ 256: fromHex(ueid), 266: submods(['radio', honest]) }, rogueKeys.privateKey)))).toBe(
        'contraindicated SIGNATURE_INVALID',
      );
  });

  it('with a key that is listed must itself measure what is known: what the other measures is not its own', () => {
    const sets = [radioSet, { ...radioSet, id: 'x', vendor: 'Acme Sensors', model: 'TempSense-2' }];
    for (const [changed, expected] of [
      [{ 273: undefined }, 'warning NO_MEASUREMENTS'],
      [{ 273: [[295, componentOf('firmware', 1)]] }, 'contraindicated DIGEST_UNKNOWN'],
    ] as const) {
      const result = ofCwt(outer({ ...changed, 266: submods(['radio', honest]) }), { sets });
      expect(verdict(result)).toBe(expected);
      expect(resultOf(result).assurance).toBeLessThan(4);
    }
  });

  it('is never taken for it', () => expect(resultOf(ofCwt(withRadio(honest))).identity?.serial).toBe(instance));

  it('does not make it fresh: the nonce of the inner token is not the outer one’s', () =>
    expect(verdict(ofCwt(outer({ 10: undefined, 266: submods(['radio', honest]) })))).toBe('contraindicated NONCE_MISMATCH'));

  it('vouches with no certificate of the connection for the inner one', () =>
    expect(verdict(ofCwt(withRadio(honest), { keys: [listedKey] }))).toBe('warning CHAIN_UNTRUSTED'));

  it('does not get its vendor: firmware of one vendor that another’s key signs matches nothing', () => {
    const { vendor, ...nameless } = radioKey;
    expect(vendor).toBe('Radio Works');
    expect(verdict(ofCwt(withRadio(honest), { keys: [listedKey, { ...nameless, vendor: 'Acme Sensors' }] }))).toBe(
      'warning REFERENCE_MISSING',
    );
  });

  it('offline is none', () => expect(verdict(ofCwt(withRadio(honest), { freshness: { kind: 'none' } }))).toBe('none EVIDENCE_NOT_FRESH'));
  it('with a spent challenge is refused', () =>
    expect(answer.kind === 'nonce' && verdict(ofCwt(withRadio(honest), { freshness: { ...answer, spent: true } }))).toBe(
      'contraindicated NONCE_REUSED',
    ));
});

const wifi = encode(claims([273, [[295, componentOf('boot', 0xef)]]]));
const withDigest = (digest: unknown = [-16, sha256Of(wifi)]): Uint8Array => outer({ 266: submods(['wifi', digest]) });
const sets = [setOf(part('firmware', 'ab'.repeat(32)), part('wifi/boot', 'ef'.repeat(32))), radioSet];
const ofBundle = (bytes: Uint8Array): ReturnType<typeof ofCwt> => ofCwt(bytes, { mediaType: 'application/eat-bun+cbor', sets });
const jsonSet = Buffer.from(
  JSON.stringify({
    measurements: [[296, JSON.stringify({ id: ['boot'], digest: ['sha-256', base64url(new Uint8Array(32).fill(0xef))] })]],
  }),
);
const jsonBundle = (digest: unknown = ['DIGEST', ['SHA-256', base64url(sha256Of(jsonSet))]]): string =>
  JSON.stringify([['JWT', Buffer.from(outerJwt({ submods: { wifi: digest } })).toString()], { wifi: base64url(jsonSet) }]);
const ofJsonBundle = (text: string): ReturnType<typeof ofCwt> => ofCwt(Buffer.from(text), { mediaType: 'application/eat-bun+json', sets });

describe('a detached EAT bundle', () => {
  it('is the word of the token that has the digests, of which each is checked', () => {
    const result = resultOf(ofBundle(bundle(withDigest(), { wifi })));
    expect(result).toMatchObject({ status: 'affirming', assurance: 5, identity: { serial: instance } });
    expect(result.checks.find(c => c.check === 'measured')?.seen).toContain('wifi/boot');
  });

  it('is taken with each hash that COSE names, with or without its tag, around a JWT, and in JSON', () => {
    for (const name of [-16, 'SHA-256']) expect(verdict(ofBundle(bundle(withDigest([name, sha256Of(wifi)]), { wifi })))).toBe('affirming');
    expect(verdict(ofBundle(bundle(withDigest(), { wifi }).subarray(3)))).toBe('affirming');
    expect(verdict(ofJsonBundle(jsonBundle()))).toBe('affirming');
  });

  it('inside a token is taken too', () => {
    const inner = bundle(radio({ 266: submods(['wifi', [-16, sha256Of(wifi)]]) }), { wifi });
    const known = [
      outerSet,
      { ...setOf(part('modem', 'cd'.repeat(32)), part('wifi/boot', 'ef'.repeat(32))), vendor: 'Radio Works', model: 'RW-9' },
    ];
    expect(verdict(ofCwt(withRadio(inner), { sets: known }))).toBe('affirming');
    expect(verdict(ofCwt(withRadio(bundle(radio({ 266: submods(['wifi', [-16, new Uint8Array(32)]]) }), { wifi })), { sets: known }))).toBe(
      'contraindicated SIGNATURE_INVALID',
    );
  });

  it('holds digests of claims sets within claims sets', () => {
    const board = encode(claims([266, submods(['wifi', [-16, sha256Of(wifi)]])]));
    const token = outer({ 266: submods(['board', [-16, sha256Of(board)]]) });
    const known = [setOf(part('firmware', 'ab'.repeat(32)), part('board/wifi/boot', 'ef'.repeat(32)))];
    const judged = ofCwt(bundle(token, { board, wifi }), { mediaType: 'application/eat-bun+cbor', sets: known });
    expect(verdict(judged)).toBe('affirming');
  });

  const wrong: readonly (readonly [string, () => Uint8Array, string])[] = [
    ['another claims set', () => bundle(withDigest(), { wifi: encode(claims([263, 3])) }), 'contraindicated SIGNATURE_INVALID'],
    ['a claims set without a digest', () => bundle(withDigest(), { wifi, more: wifi }), 'contraindicated EVIDENCE_MALFORMED'],
    [
      'no claims set for a digest',
      () => bundle(outer({ 266: submods(['wifi', [-16, sha256Of(wifi)]], ['b', [-16, sha256Of(wifi)]]) }), { wifi }),
      'warning NO_MEASUREMENTS',
    ],
    ['no claims sets', () => bundle(withDigest(), {}), 'contraindicated EVIDENCE_MALFORMED'],
    ['a token without digests', () => bundle(outer(), { wifi }), 'contraindicated EVIDENCE_MALFORMED'],
    ['a hash that nobody knows', () => bundle(withDigest([-18, new Uint8Array(32)]), { wifi }), 'contraindicated EVIDENCE_MALFORMED'],
    [
      'a hash by its number in another registry',
      () => bundle(withDigest([1, sha256Of(wifi)]), { wifi }),
      'contraindicated EVIDENCE_MALFORMED',
    ],
    [
      'a digest of another length',
      () => bundle(withDigest([-16, sha256Of(wifi).subarray(0, 16)]), { wifi }),
      'contraindicated EVIDENCE_MALFORMED',
    ],
    [
      'a digest over the byte string, not the claims',
      () => bundle(withDigest([-16, sha256Of(encode(wifi))]), { wifi }),
      'contraindicated SIGNATURE_INVALID',
    ],
    ['a bundle as its token', () => bundle(bundle(withDigest(), { wifi }), { wifi }), 'contraindicated EVIDENCE_MALFORMED'],
    [
      'claims in debug',
      () => {
        const set = encode(claims([263, 0], [273, [[295, componentOf('boot', 0xef)]]]));
        return bundle(outer({ 266: submods(['wifi', [-16, sha256Of(set)]]) }), { wifi: set });
      },
      'contraindicated DEBUG_ENABLED',
    ],
    [
      'a token of a rogue',
      () => bundle(outer({ 266: submods(['wifi', [-16, sha256Of(wifi)]]) }, rogueKeys.privateKey), { wifi }),
      'contraindicated SIGNATURE_INVALID',
    ],
    ['a PSA token, whose profile has no digests', () => bundle(psaOfRadio(), { wifi }), 'contraindicated EVIDENCE_MALFORMED'],
    ['another tag', () => bundle(withDigest(), { wifi }, 601), 'contraindicated EVIDENCE_MALFORMED'],
    [
      'an Attestation Result',
      () => bundle(outer({ 265: 'tag:ietf.org,2026:rats/ear#03', 266: submods(['wifi', [-16, sha256Of(wifi)]]) }), { wifi }),
      'contraindicated EVIDENCE_MALFORMED',
    ],
  ];
  for (const [what, make, expected] of wrong) it(`with ${what}: ${expected}`, () => expect(verdict(ofBundle(make()))).toBe(expected));

  it('in JSON with CBOR in it, or without a selector, is malformed', () => {
    expect(verdict(ofJsonBundle(JSON.stringify([Buffer.from(outerJwt()).toString(), { wifi: base64url(jsonSet) }])))).toBe(
      'contraindicated EVIDENCE_MALFORMED',
    );
    expect(
      verdict(ofJsonBundle(jsonBundle(['DIGEST', ['SHA-256', base64url(sha256Of(wifi))]]).replace(base64url(jsonSet), base64url(wifi)))),
    ).toBe('contraindicated EVIDENCE_MALFORMED');
  });
});

describe('flips of bits', () => {
  const flipped = (bytes: Uint8Array, i: number): Uint8Array => bytes.with(i >> 3, (bytes[i >> 3] ?? 0) ^ (1 << (i & 7)));
  const rank = ['affirming', 'warning', 'none', 'contraindicated'];
  const standing = (text: string): number => rank.indexOf(text.split(' ')[0] ?? '');

  const goods: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => string])[] = [
    ['a token with one inside', withRadio(radio()), bytes => verdict(ofCwt(bytes))],
    ['a bundle', bundle(withDigest(), { wifi }), bytes => verdict(ofBundle(bytes))],
    ['a bundle in JSON', Buffer.from(jsonBundle()), bytes => verdict(ofJsonBundle(Buffer.from(bytes).toString('latin1')))],
  ];
  for (const [what, good, judged] of goods)
    it(`in any byte of ${what} lose affirming`, () => {
      expect(judged(good)).toBe('affirming');
      for (let i = 0; i < good.length * 8; i += good.length > 900 ? 3 : 1)
        expect(judged(flipped(good, i)), `bit ${i}`).not.toMatch(/^affirming/);
    });

  const bads: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => string])[] = [
    ['with bad firmware inside', withRadio(radio({ 273: [[295, componentOf('modem', 1)]] })), bytes => verdict(ofCwt(bytes))],
    ['with an old nonce inside', withRadio(radio({ 10: new Uint8Array(32) })), bytes => verdict(ofCwt(bytes))],
    ['a bundle with another claims set', bundle(withDigest(), { wifi: encode(claims([263, 3])) }), bytes => verdict(ofBundle(bytes))],
    ['a bundle with one claims set too many', bundle(withDigest(), { wifi, more: wifi }), bytes => verdict(ofBundle(bytes))],
  ];
  for (const [what, bad, judged] of bads)
    it(`make nothing better that is bad: ${what}`, () => {
      const before = standing(judged(bad));
      for (let i = 0; i < bad.length * 8; i += 5) expect(standing(judged(flipped(bad, i))), `bit ${i}`).toBeGreaterThanOrEqual(before);
    });
});
