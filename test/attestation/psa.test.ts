import { generateKeyPairSync } from 'node:crypto';
import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { base64url, claims, coseIds, fromHex, keyPairs, makeJws, makeMac0, makeSign1, spkiOf, base64 } from '../vectors/tokens.ts';
import {
  answer,
  component,
  instance,
  judge,
  listedKey,
  nonce,
  now,
  part,
  psaClaims,
  psaSet,
  resultOf,
  setOf,
  signer,
  verdict,
} from './token-world.ts';

const token = (changed: Readonly<Record<number, unknown>> = {}, options: Parameters<typeof makeSign1>[1] = {}): Uint8Array =>
  makeSign1(encode(psaClaims(changed)), options);

/** Labels of RFC 9783 in the oldest dialect. */
const oldLabels: ReadonlyMap<number, number> = new Map([
  [10, -75008],
  [256, -75009],
  [2394, -75001],
  [2395, -75002],
  [2396, -75003],
  [2399, -75006],
]);

describe('a PSA token', () => {
  it('by a listed key, secured, fresh and equal to reference values is affirming, with all that it says', () => {
    const result = resultOf(judge(token({ 2398: '0604565272829-10010' })));
    expect(result).toMatchObject({ status: 'affirming', assurance: 5, scheme: 'psa' });
    expect(result.identity).toMatchObject({ serial: instance, vendor: 'Acme Sensors', model: 'TempSense-2', version: '1.0' });
    expect(result.identity?.deviceKey).toBe(result.identity?.leafKey);
    expect(result.checks.filter(c => c.outcome === 'passed').map(c => c.check)).toEqual([
      'answered',
      'fresh',
      'readable',
      'chain',
      'identity',
      'measured',
      'reference',
      'version',
      'mode',
    ]);
    expect(result.checks.find(c => c.check === 'identity')?.detail).toContain('0604565272829-10010');
    expect(result.digestsSeen).toContainEqual({ alg: 'sha-256', value: '11'.repeat(32) });
  });

  it('is the same under the media type of a CWT, in a CWT tag, with long heads and maps without a length', () => {
    expect(verdict(judge(token(), { mediaType: 'application/eat+cwt' }))).toBe('affirming');
    expect(verdict(judge(token({}, { tags: [61, 18] })))).toBe('affirming');
    // "This is CBOR" before them (RFC 8949 §3.4.6), once.
    for (const tags of [
      [55_799, 18],
      [55_799, 61, 18],
    ])
      expect(verdict(judge(token({}, { tags })))).toBe('affirming');
    for (const tags of [[61, 55_799, 18], [55_799, 55_799, 18], [55_799], [55_799, 61]])
      expect(verdict(judge(token({}, { tags })))).toBe('contraindicated EVIDENCE_MALFORMED');
    const body = encode(psaClaims());
    const sloppy = Uint8Array.from([0xbf, ...body.subarray(1), 0xff]);
    expect(verdict(judge(makeSign1(sloppy)))).toBe('affirming');
  });

  it('in each dialect is read by its own labels', () => {
    const middle = psaClaims({ 265: 'http://arm.com/psa/2.0.0', 2397: new Uint8Array(32) });
    expect(verdict(judge(makeSign1(encode(middle))))).toBe('affirming');
    const old = new Map<number, unknown>(
      [...psaClaims()].flatMap(([label, value]) => (oldLabels.has(Number(label)) ? [[oldLabels.get(Number(label)) ?? 0, value]] : [])),
    );
    old.set(-75004, new Uint8Array(32));
    expect(verdict(judge(makeSign1(encode(old))))).toBe('affirming');
    old.set(-75000, 'PSA_IOT_PROFILE_1');
    expect(verdict(judge(makeSign1(encode(old))))).toBe('affirming');
    old.set(-75000, 'PSA_IOT_PROFILE_2');
    expect(verdict(judge(makeSign1(encode(old))))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  const lifecycles: readonly (readonly [number, string])[] = [
    [0x0000, 'warning DEBUG_ENABLED'],
    [0x1000, 'contraindicated DEBUG_ENABLED'],
    [0x2000, 'contraindicated DEBUG_ENABLED'],
    [0x3000, 'affirming'],
    [0x30ff, 'affirming'],
    [0x4000, 'contraindicated DEBUG_ENABLED'],
    [0x5001, 'contraindicated DEBUG_ENABLED'],
    [0x6000, 'contraindicated DEBUG_ENABLED'],
    [0x3100, 'contraindicated EVIDENCE_MALFORMED'],
    [0x7000, 'contraindicated EVIDENCE_MALFORMED'],
    [2 ** 32 + 0x3000, 'contraindicated EVIDENCE_MALFORMED'],
    [-0x3000, 'contraindicated EVIDENCE_MALFORMED'],
  ];
  for (const [state, expected] of lifecycles)
    it(`in lifecycle 0x${state.toString(16)} is ${expected}`, () => expect(verdict(judge(token({ 2395: state })))).toBe(expected));

  it('that names no security version at all is denied where its reference values set a floor: who leaves it out could be any', () =>
    expect(verdict(judge(token(), { sets: [{ ...psaSet, minSvn: '1' }] }))).toBe('contraindicated VERSION_DENIED'));

  it('of an old dialect without measurements is a warning, never affirming', () => {
    const old = new Map<number, unknown>(
      [...psaClaims({ 2399: undefined })].flatMap(([l, v]) => (oldLabels.has(Number(l)) ? [[oldLabels.get(Number(l)) ?? 0, v]] : [])),
    );
    old.set(-75004, new Uint8Array(32)).set(-75007, 1);
    expect(verdict(judge(makeSign1(encode(old)), { sets: [] }))).toBe('warning NO_MEASUREMENTS');
  });

  const malformed: readonly (readonly [string, Readonly<Record<number, unknown>>])[] = [
    ['two nonces', { 10: [nonce, nonce] }],
    ['a nonce of 33 octets', { 10: new Uint8Array(33) }],
    ['no nonce', { 10: undefined }],
    ['an instance of another UEID type', { 256: fromHex(`02${'c5'.repeat(32)}`) }],
    ['an instance of 17 octets', { 256: fromHex(`01${'c5'.repeat(16)}`) }],
    ['a short implementation id', { 2396: new Uint8Array(8) }],
    ['no software components', { 2399: undefined }],
    ['an empty list of components', { 2399: [] }],
    [
      'a component without signer',
      {
        2399: [
          new Map<number, unknown>([
            [1, 'BL'],
            [2, new Uint8Array(32)],
          ]),
        ],
      },
    ],
    [
      'a component with a short measurement',
      {
        2399: [
          new Map<number, unknown>([
            [2, new Uint8Array(20)],
            [5, new Uint8Array(32)],
          ]),
        ],
      },
    ],
    ['65 components', { 2399: Array.from({ length: 65 }, () => component('BL', 1)) }],
    ['a profile that nobody knows', { 265: 'tag:psacertified.org,2030:psa#other' }],
    ['no profile', { 265: undefined }],
    ['a client id beyond 32 bits', { 2394: 2 ** 31 }],
    ['no client id', { 2394: undefined }],
    ['a boot seed of 7 octets', { 268: new Uint8Array(7) }],
    ['a certification reference without version', { 2398: '0604565272829' }],
    ['an empty verification service', { 2400: '' }],
  ];
  for (const [name, changed] of malformed)
    it(`with ${name} is malformed`, () => expect(verdict(judge(token(changed)))).toBe('contraindicated EVIDENCE_MALFORMED'));
});

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('trust in a PSA token', () => {
  it('a token whose instance nobody listed and that brings no chain is untrusted', () =>
    expect(verdict(judge(token(), { keys: [] }))).toBe('contraindicated CHAIN_UNTRUSTED'));

  it('a key of its own for a listed instance is refused', () =>
    expect(verdict(judge(token({}, { algorithm: 'ES384' })))).toBe('contraindicated ALGORITHM_REFUSED'));

  it('another key of the same kind is refused', () =>
    expect(verdict(judge(token(), { keys: [{ ...listedKey, spki: base64(spkiOf(otherKey.publicKey)) }] }))).toBe(
      'contraindicated SIGNATURE_INVALID',
    ));

  it('of two keys listed for one instance either will do', () => {
    const other = { ...listedKey, spki: base64(spkiOf(keyPairs.ES384.publicKey)) };
    for (const keys of [
      [listedKey, other],
      [other, listedKey],
    ]) {
      expect(verdict(judge(token(), { keys }))).toBe('affirming');
      expect(verdict(judge(token({}, { algorithm: 'ES384' }), { keys }))).toBe('affirming');
      expect(verdict(judge(token({}, { algorithm: 'EdDSA' }), { keys }))).toBe('contraindicated ALGORITHM_REFUSED');
    }
  });

  it('a key listed for another instance does not sign for this one', () => {
    const other = { ...listedKey, instance: `01${'c6'.repeat(32)}` };
    expect(verdict(judge(token(), { keys: [other] }))).toBe('contraindicated CHAIN_UNTRUSTED');
  });

  it('a MAC is refused: who could check it could make it', () =>
    expect(verdict(judge(makeMac0(encode(psaClaims()), new Uint8Array(32))))).toBe('contraindicated ALGORITHM_REFUSED'));

  it('an unsigned claims set is refused', () => expect(verdict(judge(encode(psaClaims())))).toBe('contraindicated EVIDENCE_MALFORMED'));

  it('an algorithm outside the signature is refused', () =>
    expect(verdict(judge(token({}, { header: new Map(), unprotected: new Map([[1, coseIds.ES256]]) })))).toBe(
      'contraindicated EVIDENCE_MALFORMED',
    ));

  it('a vendor that the list does not name has no reference values', () => {
    const { vendor, ...bare } = listedKey;
    expect(vendor).toBeDefined();
    expect(verdict(judge(token(), { keys: [bare] }))).toBe('warning REFERENCE_MISSING');
  });

  it('without a listed model the implementation id names the class', () => {
    const { model, ...bare } = listedKey;
    expect(model).toBeDefined();
    expect(verdict(judge(token(), { keys: [bare] }))).toBe('warning REFERENCE_MISSING');
    expect(verdict(judge(token(), { keys: [bare], sets: [{ ...psaSet, model: 'aa'.repeat(32) }] }))).toBe('affirming');
  });
});

describe('freshness and reference values of a PSA token', () => {
  it('another nonce, a spent one, an ended one and a short one are refused; without a challenge it is none', () => {
    if (answer.kind !== 'nonce') throw new Error('no nonce');
    expect(verdict(judge(token({ 10: new Uint8Array(32) })))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(judge(token(), { freshness: { ...answer, spent: true } }))).toBe('contraindicated NONCE_REUSED');
    expect(verdict(judge(token(), { freshness: { ...answer, expires: now - 1 } }))).toBe('contraindicated NONCE_EXPIRED');
    expect(verdict(judge(token(), { freshness: { kind: 'none' } }))).toBe('none EVIDENCE_NOT_FRESH');
    expect(verdict(judge(token(), { freshness: { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } }))).toBe(
      'contraindicated EVIDENCE_NOT_FRESH',
    );
  });

  const wrong: readonly (readonly [string, readonly unknown[]])[] = [
    ['one component fewer than there must be', [component('BL', 0x11)]],
    ['one more than anybody vouches for', [component('BL', 0x11), component('PRoT', 0x22), component('ARoT', 0x33)]],
    ['another digest', [component('BL', 0x12), component('PRoT', 0x22)]],
    ['digests swapped between components', [component('BL', 0x22), component('PRoT', 0x11)]],
    ['one component twice in place of another', [component('BL', 0x11), component('BL', 0x11)]],
    ['another signer', [new Map([...component('BL', 0x11), [5, new Uint8Array(32)]]), component('PRoT', 0x22)]],
    ['type and description swapped', [new Map([...component('BL', 0x11), [1, 'sha-256'], [6, 'BL']]), component('PRoT', 0x22)]],
    ['a digest of the same length and another algorithm', [new Map([...component('BL', 0x11), [6, 'SHA3-256']]), component('PRoT', 0x22)]],
  ];
  for (const [name, components] of wrong)
    it(`${name} matches nothing`, () => expect(verdict(judge(token({ 2399: components })))).toBe('contraindicated DIGEST_UNKNOWN'));

  it('a set that asks for no signer takes any', () => {
    const anybody = setOf(part('BL', '11'.repeat(32)), part('PRoT', '22'.repeat(32)));
    expect(verdict(judge(token(), { sets: [anybody] }))).toBe('affirming');
    expect(signer).toHaveLength(64);
  });

  it('no flip of any bit of a good token is affirming', () => {
    const good = token();
    for (let i = 0; i < good.length * 8; i++) {
      const bad = good.slice();
      bad[i >> 3] = (bad[i >> 3] ?? 0) ^ (1 << (i & 7));
      expect(verdict(judge(bad)), `bit ${i}`).not.toMatch(/^affirming/);
    }
  });

  it('no flip of any byte of a bad token makes it better', () => {
    const bads = [
      token({ 10: new Uint8Array(32) }),
      token({}, { key: otherKey.privateKey }),
      token({ 2395: 0x4000 }),
      token({ 2399: [component('BL', 1)] }),
    ];
    for (const bad of bads)
      for (let i = 0; i < bad.length; i++) {
        const flipped = bad.slice();
        flipped[i] = (flipped[i] ?? 0) ^ 0xff;
        expect(verdict(judge(flipped)), `byte ${i}`).toMatch(/^contraindicated/);
      }
  });
});

describe('a PSA token that says more in the words of any EAT', () => {
  const component = (name: string, byte: number) => encode(claims([1, [name, ['1']]], [2, [1, new Uint8Array(32).fill(byte)]]));
  const measured = [[295, component('modem', 0xee)]];
  for (const [what, changed, expected] of [
    ['that debugging is enabled', { 263: 0 }, 'contraindicated DEBUG_ENABLED'],
    ['that a submodule is in debug mode', { 266: new Map([['modem', new Map([[263, 0]])]]) }, 'contraindicated DEBUG_ENABLED'],
    ['that its boot was not authorised', { 262: false }, 'contraindicated DEBUG_ENABLED'],
    ['a measurement that nobody knows', { 273: measured }, 'contraindicated DIGEST_UNKNOWN'],
    ['manifests, which nobody here appraises', { 272: [[1, new Uint8Array(3)]] }, 'warning NO_MEASUREMENTS'],
    ['a token of its own in a submodule', { 266: new Map([['modem', makeSign1(encode(psaClaims()))]]) }, 'warning NO_MEASUREMENTS'],
    ['that it has ended', { 4: 1_000_000_000 }, 'contraindicated EVIDENCE_EXPIRED'],
    ['an end that is no time', { 4: 'soon' }, 'contraindicated EVIDENCE_MALFORMED'],
    ['that it is made for somebody else', { 3: 'https://verifier.example' }, 'warning EVIDENCE_NOT_FOR_US'],
    ['that it is made for a registrar', { 275: 2 }, 'warning EVIDENCE_NOT_FOR_US'],
    ['that all of that is well', { 4: 4_000_000_000, 262: true, 263: 3, 275: 1 }, 'affirming'],
  ] as const)
    it(`${what}: ${expected}`, () => expect(verdict(judge(token(changed)))).toBe(expected));

  it('ends when it says so', () => {
    const end = Math.floor(now / 1000) + 60;
    expect(resultOf(judge(token({ 4: end }))).expires).toBe(end * 1000);
  });

  it('without its profile is never affirming: nobody knows what its lifecycle means', () => {
    const eat = claims([10, nonce], [256, fromHex(instance)], [2395, 0x6000], [273, measured]);
    const sets = [{ ...psaSet, components: [part('modem', 'ee'.repeat(32))] }];
    const asEat = (of: ReadonlyMap<unknown, unknown>): string =>
      verdict(judge(makeSign1(encode(of)), { mediaType: 'application/eat+cwt', sets }));
    expect(asEat(eat)).toBe('warning NO_MEASUREMENTS');
    const without = [...eat].filter(([label]) => label !== 2395);
    expect(asEat(new Map(without))).toBe('affirming');
    expect(asEat(new Map([...without, [266, new Map([['secure', new Map([[2395, 0x6000]])]])]]))).toBe('warning NO_MEASUREMENTS');
    const json = { eat_nonce: base64url(nonce), ueid: base64url(fromHex(instance)), 'psa-security-lifecycle': 0x6000 };
    const inJson = { ...json, measurements: [[295, base64url(component('modem', 0xee))]] };
    expect(verdict(judge(makeJws(JSON.stringify(inJson)), { mediaType: 'application/eat+jwt', sets }))).toBe('warning NO_MEASUREMENTS');
  });
});
