import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import { Extension } from '@peculiar/x509';
import { encode } from 'cborg';
import { jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { octets, sequence } from '../vectors/der-encode.ts';
import { makeIdevid, makeSelfSigned, makeVendor, type Credential, type Vendor } from '../vectors/pki.ts';
import { base64, base64url, claims, type Claims, fromHex, keyPairs, makeJws, makeMac0, makeSign1 } from '../vectors/tokens.ts';
import { instance, judge, nonce, now, part, psaClaims, resultOf, setOf, verdict } from './token-world.ts';

const digest = 'ab'.repeat(32);
const componentOf = (name: string, byte = 0xab, more: readonly (readonly [number, unknown])[] = []): Uint8Array =>
  encode(claims([1, [name, ['2.1.0']]], [2, [1, new Uint8Array(32).fill(byte)]], ...more));
const good: Readonly<Record<number, unknown>> = {
  10: nonce,
  256: fromHex(instance),
  263: 3,
  271: ['2.1.0'],
  273: [[295, componentOf('firmware')]],
};
const setOfFirmware = setOf(part('firmware', digest));
const cwtClaims = (changed: Readonly<Record<number, unknown>> = {}): Claims =>
  claims(...Object.entries({ ...good, ...changed }).flatMap(([k, v]) => (v === undefined ? [] : [[Number(k), v] as const])));
const cwt = (changed: Readonly<Record<number, unknown>> = {}, options: Parameters<typeof makeSign1>[1] = {}): Uint8Array =>
  makeSign1(encode(cwtClaims(changed)), options);
const ofCwt = (bytes: Uint8Array, options: Parameters<typeof judge>[1] = {}): ReturnType<typeof judge> =>
  judge(bytes, { mediaType: 'application/eat+cwt', sets: [setOfFirmware], ...options });

const goodJson = {
  eat_nonce: base64url(nonce),
  ueid: base64url(fromHex(instance)),
  dbgstat: 'disabled-permanently',
  swversion: ['2.1.0'],
  measurements: [[296, JSON.stringify({ id: ['firmware', ['2.1.0']], digest: ['sha-256', base64url(fromHex(digest))] })]],
};
const ofJwt = (bytes: Uint8Array, options: Parameters<typeof judge>[1] = {}): ReturnType<typeof judge> =>
  judge(bytes, { mediaType: 'application/eat+jwt', sets: [setOfFirmware], ...options });

describe('an EAT', () => {
  it('as CWT that is fresh, by a listed key and equal to reference values is affirming', () => {
    const result = resultOf(ofCwt(cwt()));
    expect(result).toMatchObject({ status: 'affirming', assurance: 5, scheme: 'eat' });
    expect(result.identity).toMatchObject({ serial: instance, vendor: 'Acme Sensors', model: 'TempSense-2', version: '2.1.0' });
  });

  it('that says how long the device is up tells when it measured itself, a minute more or less', () => {
    expect(resultOf(ofCwt(cwt({ 261: 3600 }))).started).toEqual({ before: now - 3_600_000, after: now - 3_660_000 });
    expect(resultOf(ofCwt(cwt())).started).toBeUndefined();
    expect(resultOf(ofCwt(cwt({ 261: 3600, 10: new Uint8Array(32) }))).status).toBe('contraindicated');
    expect(verdict(ofCwt(cwt({ 261: -1 })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('as JWT says the same; jose agrees that it is good', async () => {
    const token = makeJws(JSON.stringify(goodJson));
    await expect(jwtVerify(Buffer.from(token).toString(), keyPairs.ES256.publicKey)).resolves.toBeDefined();
    const [fromJwt, fromCwt] = [resultOf(ofJwt(token)), resultOf(ofCwt(cwt()))];
    expect(fromJwt).toMatchObject({
      status: 'affirming',
      identity: fromCwt.identity,
      digestsSeen: fromCwt.digestsSeen,
      vector: fromCwt.vector,
    });
  });

  it('with a measured component of the other form is read too', () => {
    expect(verdict(ofCwt(cwt({ 273: [[296, goodJson.measurements[0]?.[1]]] })))).toBe('affirming');
    expect(verdict(ofJwt(makeJws(JSON.stringify({ ...goodJson, measurements: [[295, base64url(componentOf('firmware'))]] }))))).toBe(
      'affirming',
    );
  });

  it('as CWT needs no tag, since its media type says what it is, and is a signature all the same', () => {
    const payload = encode(cwtClaims());
    for (const tags of [[], [18], [61, 18], [55_799, 61, 18]])
      expect(verdict(ofCwt(makeSign1(payload, { tags }))), tags.join()).toBe('affirming');
    for (const tags of [[61], [17], [98], [61, 61, 18], [601]])
      expect(verdict(ofCwt(makeSign1(payload, { tags }))), tags.join()).toMatch(/^contraindicated (EVIDENCE_MALFORMED|ALGORITHM_REFUSED)$/);
    const mac = makeMac0(payload, new Uint8Array(32).fill(1));
    expect(verdict(ofCwt(mac))).toBe('contraindicated ALGORITHM_REFUSED');
    expect(verdict(ofCwt(mac.subarray(1)))).toBe('contraindicated ALGORITHM_REFUSED');
    expect(verdict(judge(makeSign1(encode(psaClaims()), { tags: [] })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('with a PSA profile is judged by its rules, not by those of any EAT', () => {
    expect(resultOf(ofCwt(makeSign1(encode(psaClaims())), { sets: [] }))).toMatchObject({ reason: 'REFERENCE_MISSING' });
    expect(verdict(ofCwt(makeSign1(encode(psaClaims({ 2395: undefined })))))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  const debug: readonly (readonly [number, string])[] = [
    [0, 'contraindicated DEBUG_ENABLED'],
    [1, 'warning DEBUG_ENABLED'],
    [2, 'affirming'],
    [4, 'affirming'],
    [5, 'contraindicated EVIDENCE_MALFORMED'],
  ];
  for (const [state, expected] of debug)
    it(`with dbgstat ${state} is ${expected}`, () => expect(verdict(ofCwt(cwt({ 263: state })))).toBe(expected));
  it('whose boot was not authorised by its maker is contraindicated', () =>
    expect(verdict(ofCwt(cwt({ 262: false })))).toBe('contraindicated DEBUG_ENABLED'));

  it('needs exactly our nonce', () => {
    expect(verdict(ofCwt(cwt({ 10: undefined })))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(ofCwt(cwt({ 10: new Uint8Array(32) })))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(ofCwt(cwt({ 10: [nonce, new Uint8Array(8)] })))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(ofCwt(cwt({ 10: new Uint8Array(7) })))).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(ofJwt(makeJws(JSON.stringify({ ...goodJson, eat_nonce: undefined, nonce: goodJson.eat_nonce }))))).toBe(
      'contraindicated NONCE_MISMATCH',
    );
  });

  it('as JWT may pad the nonce, of which up to 88 characters are allowed, and not otherwise lengthen it', () => {
    const withNonce = (text: string): string => verdict(ofJwt(makeJws(JSON.stringify({ ...goodJson, eat_nonce: text }))));
    expect(withNonce(`${base64url(nonce)}=`)).toBe('affirming');
    for (const odd of [`=${base64url(nonce)}`, `${base64url(nonce)}===`, `${base64url(nonce)} `, base64(nonce).replace('=', '/')])
      expect(withNonce(odd), odd).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('from who stands still has no heading: NaN is a number there, and nowhere a time (RFC 9711 §4.2.10)', () => {
    const location = claims([1, 48.5], [2, 9.25], [6, Number.NaN], [7, 0.5]);
    expect(verdict(ofCwt(cwt({ 264: location })))).toBe('affirming');
    for (const label of [4, 5, 261, 263]) expect(verdict(ofCwt(cwt({ [label]: Number.NaN })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  for (const [use, word, expected] of [
    [1, 'generic', 'affirming'],
    [2, 'registration', 'warning EVIDENCE_NOT_FOR_US'],
    [3, 'provisioning', 'warning EVIDENCE_NOT_FOR_US'],
    [4, 'csr', 'warning EVIDENCE_NOT_FOR_US'],
    [5, 'pop', 'warning EVIDENCE_NOT_FOR_US'],
    [0, 'admission', 'contraindicated EVIDENCE_MALFORMED'],
    [6, '', 'contraindicated EVIDENCE_MALFORMED'],
  ] as const)
    it(`made for use ${use}, ${word}, is ${expected}, in a submodule too (RFC 9711 §4.3.3)`, () => {
      expect(verdict(ofCwt(cwt({ 275: use })))).toBe(expected);
      expect(verdict(ofCwt(cwt({ 266: new Map([['a', claims([275, use])]]) })))).toBe(expected);
      expect(verdict(ofJwt(makeJws(JSON.stringify({ ...goodJson, intuse: word }))))).toBe(expected);
    });

  it('made for another Verifier is a warning: who asked it may have handed our nonce on (RFC 7519 §4.1.3)', () => {
    for (const aud of ['https://verifier.example', ['a', 'b']]) {
      expect(verdict(ofCwt(cwt({ 3: aud })))).toBe('warning EVIDENCE_NOT_FOR_US');
      expect(verdict(ofCwt(cwt({ 266: new Map([['a', claims([3, aud])]]) })))).toBe('warning EVIDENCE_NOT_FOR_US');
      expect(verdict(ofJwt(makeJws(JSON.stringify({ ...goodJson, aud }))))).toBe('warning EVIDENCE_NOT_FOR_US');
    }
    for (const aud of [1, [], [1], Array.from({ length: 17 }, () => 'a'), null])
      expect(verdict(ofCwt(cwt({ 3: aud })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('that has ended, or is not valid yet, is refused, and so is a result beyond its end', () => {
    expect(verdict(ofCwt(cwt({ 4: now / 1000 })))).toBe('contraindicated EVIDENCE_EXPIRED');
    expect(verdict(ofCwt(cwt({ 5: now / 1000 + 300 })))).toBe('affirming');
    expect(verdict(ofCwt(cwt({ 5: now / 1000 + 301 })))).toBe('contraindicated EVIDENCE_NOT_FRESH');
    expect(resultOf(ofCwt(cwt({ 4: now / 1000 + 5 }))).expires).toBe(now + 5000);
    expect(verdict(ofCwt(cwt({ 4: 'soon' })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('with measurements that nobody here can read is a warning', () => {
    for (const extra of [
      [258, new Uint8Array(4)],
      [60, encode({})],
    ])
      expect(verdict(ofCwt(cwt({ 273: [[295, componentOf('firmware')], extra] })))).toBe('warning NO_MEASUREMENTS');
    expect(verdict(ofCwt(cwt({ 272: [[258, new Uint8Array(4)]] })))).toBe('warning NO_MEASUREMENTS');
    expect(verdict(ofCwt(cwt({ 274: [['rim', [['kernel', 1]]]] })))).toBe('warning NO_MEASUREMENTS');
    const raw = encode(claims([1, ['firmware']], [5, new Uint8Array(4)]));
    expect(verdict(ofCwt(cwt({ 273: [[295, raw]] })))).toMatch(/^warning/);
  });

  it('whose components have signers or flags of an unknown profile is rejected (RFC 10013 §5)', () => {
    for (const more of [
      [3, [new Uint8Array(32)]],
      [4, new Uint8Array(8)],
    ] as const)
      expect(verdict(ofCwt(cwt({ 273: [[295, componentOf('firmware', 0xab, [more])]] })))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('with a digest under a number of COSE and not of Named Information matches nothing', () => {
    const cose = encode(claims([1, ['firmware']], [2, [-16, fromHex(digest)]]));
    expect(verdict(ofCwt(cwt({ 273: [[295, cose]] })))).toBe('contraindicated DIGEST_UNKNOWN');
  });

  const malformed: readonly (readonly [string, Readonly<Record<number, unknown>>])[] = [
    ['a UEID of 6 octets', { 256: new Uint8Array(6) }],
    ['a measurement without a body', { 273: [[295]] }],
    ['a measurement that is no map', { 273: [[295, encode(1)]] }],
    ['a component without a name', { 273: [[295, encode(claims([2, [1, fromHex(digest)]]))]] }],
    ['a component without a value', { 273: [[295, encode(claims([1, ['x']]))]] }],
    ['a digest of the wrong length', { 273: [[295, encode(claims([1, ['x']], [2, [1, new Uint8Array(31)]]))]] }],
    ['submodules that are a list', { 266: [] }],
    ['33 submodules', { 266: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`s${i}`, new Map()])) }],
    [
      'submodules nested five deep',
      {
        266: claims([
          'a',
          claims([266, claims(['b', claims([266, claims(['c', claims([266, claims(['d', claims([266, claims(['e', claims()])])])])])])])]),
        ]),
      },
    ],
  ];
  for (const [name, changed] of malformed)
    it(`with ${name} is malformed`, () => expect(verdict(ofCwt(cwt(changed)))).toBe('contraindicated EVIDENCE_MALFORMED'));

  it('as JWT with a repeated claim is malformed, whichever one is good', () => {
    const text = JSON.stringify(goodJson);
    expect(verdict(ofJwt(makeJws(text.replace('{', '{"dbgstat":"enabled",'))))).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(ofJwt(makeJws(text, { header: '{"alg":"none"}' })))).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(ofJwt(makeJws(text, { header: '{"alg":"HS256"}' })))).toBe('contraindicated ALGORITHM_REFUSED');
  });
});

describe('submodules of an EAT', () => {
  const radio = claims([273, [[295, componentOf('boot', 0xcd)]]]);
  it('are measured under their own name, and must match too', () => {
    const token = cwt({ 266: claims(['radio', radio]) });
    expect(verdict(ofCwt(token))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(ofCwt(token, { sets: [setOf(part('firmware', digest), part('radio/boot', 'cd'.repeat(32)))] }))).toBe('affirming');
  });
  it('in debug are in debug, however sound the rest is', () =>
    expect(verdict(ofCwt(cwt({ 266: claims(['radio', claims([263, 0])]) })))).toBe('contraindicated DEBUG_ENABLED'));
  it('that are digests of claims which did not come along keep it from affirming', () => {
    expect(verdict(ofCwt(cwt({ 266: claims(['radio', [-16, new Uint8Array(32)]]) })))).toBe('warning NO_MEASUREMENTS');
  });
});

describe('the chain of an EAT', () => {
  let [acme, other]: readonly (Vendor | undefined)[] = [];
  let device: Credential | undefined;
  beforeAll(async () => {
    [acme, other] = [await makeVendor({ name: 'Acme Sensors' }), await makeVendor({ name: 'Other' })];
    device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
  });
  const chain = (): readonly Uint8Array[] => device?.chain ?? [];
  const key = (): ReturnType<typeof createPrivateKey> => createPrivateKey(device?.keyPem ?? '');
  const anchors = (...vendors: readonly (Vendor | undefined)[]) =>
    vendors.flatMap(v => (v === undefined ? [] : [{ name: v.name, certificate: base64(v.anchorDer), uses: ['attest'] as const }]));
  const at = Date.now();
  const set = { ...setOfFirmware, model: '54' };
  const options = () => ({
    keys: [],
    sets: [set],
    anchors: anchors(acme),
    at,
    freshness: { kind: 'nonce', nonce, expires: at + 1000, spent: false, channel: 'test' } as const,
  });

  it('in x5chain up to an anchor vouches for it; the certificate names the device, not the token', () => {
    const [leaf] = chain();
    for (const header of [
      new Map<number, unknown>([
        [1, -7],
        [33, leaf],
      ]),
      new Map<number, unknown>([
        [1, -7],
        [33, chain()],
      ]),
    ]) {
      const result = resultOf(ofCwt(cwt({ 259: Uint8Array.of(0x54) }, { header, key: key() }), options()));
      expect(result).toMatchObject({
        status: 'affirming',
        identity: { serial: 'TS2-000123', vendor: 'Acme Sensors', model: '54', anchor: 'Acme Sensors' },
      });
    }
  });

  it('is checked once: who comes again with the same certificates costs no second signature of theirs', () => {
    const met = new KeyCache();
    const known = (): boolean => {
      const [leaf = new Uint8Array()] = chain();
      return met.hasSigned(met.known(acme === undefined ? leaf : decodeCertificate(acme.anchorDer).spki), met.certificate(leaf));
    };
    expect(known()).toBe(false);
    expect(verdict(ofCwt(cwt({ 259: Uint8Array.of(0x54) }, { key: key() }), { ...options(), certificates: chain(), met }))).toBe(
      'affirming',
    );
    expect(known()).toBe(true);
  });

  it('in x5c, or beside the token, does the same', () => {
    const json = JSON.stringify({ ...goodJson, hwmodel: base64url(Uint8Array.of(0x54)) });
    const header = JSON.stringify({ alg: 'ES256', x5c: chain().map(base64) });
    expect(verdict(ofJwt(makeJws(json, { header, key: key() }), options()))).toBe('affirming');
    expect(verdict(ofCwt(cwt({ 259: Uint8Array.of(0x54) }, { key: key() }), { ...options(), certificates: chain() }))).toBe('affirming');
  });

  it('of another vendor, of a key that did not sign, and self-signed are refused', async () => {
    const header = new Map<number, unknown>([
      [1, -7],
      [33, chain()],
    ]);
    expect(verdict(ofCwt(cwt({}, { header, key: key() }), { ...options(), anchors: anchors(other) }))).toMatch(/^contraindicated CHAIN_/);
    expect(verdict(ofCwt(cwt({}, { header }), options()))).toBe('contraindicated SIGNATURE_INVALID');
    const own = await makeSelfSigned({ cn: 'x' });
    const ownHeader = new Map<number, unknown>([
      [1, -7],
      [33, own.chain],
    ]);
    expect(verdict(ofCwt(cwt({}, { header: ownHeader, key: createPrivateKey(own.keyPem) }), options()))).toBe(
      'contraindicated CHAIN_UNTRUSTED',
    );
    const broken = new Map<number, unknown>([
      [1, -7],
      [33, new Uint8Array(40)],
    ]);
    expect(verdict(ofCwt(cwt({}, { header: broken, key: key() }), options()))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('does not help where the instance is listed with another key', () => {
    const header = new Map<number, unknown>([
      [1, -7],
      [33, chain()],
    ]);
    const both = cwt({}, { header, key: key() });
    const { keys: none, ...listed } = options();
    expect(none).toEqual([]);
    expect(verdict(ofCwt(both, listed))).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('that names a UEID is for tokens of that UEID alone', async () => {
    if (acme === undefined) throw new Error('no vendor');
    const ueid = (hex: string): Extension => new Extension('2.23.133.5.4.4', false, sequence(octets(fromHex(hex))));
    for (const [name, said] of [
      [instance, 'affirming'],
      [`01${'ee'.repeat(32)}`, 'contraindicated IDENTITY_MISMATCH'],
    ] as const) {
      const one = await makeIdevid(acme, {
        serial: 'X',
        purposes: [],
        edit: plan => ({ ...plan, extensions: [...plan.extensions, ueid(name)] }),
      });
      const header = new Map<number, unknown>([
        [1, -7],
        [33, one.chain],
      ]);
      expect(verdict(ofCwt(cwt({ 259: Uint8Array.of(0x54) }, { header, key: createPrivateKey(one.keyPem) }), options()))).toBe(said);
    }
  });

  it('of one vendor does not vouch for the firmware of another', () => {
    const header = new Map<number, unknown>([
      [1, -7],
      [33, chain()],
    ]);
    const foreign = { ...set, vendor: 'Other' };
    expect(verdict(ofCwt(cwt({ 259: Uint8Array.of(0x54) }, { header, key: key() }), { ...options(), sets: [foreign] }))).toBe(
      'warning REFERENCE_MISSING',
    );
  });
});

describe('flips of an EAT', () => {
  it('no flip of any bit of a good one is affirming', () => {
    const tokens = [
      [cwt(), ofCwt],
      [Uint8Array.from(makeJws(JSON.stringify(goodJson))), ofJwt],
    ] as const;
    for (const [token, judgeOne] of tokens)
      for (let i = 0; i < token.length * 8; i++) {
        const bad = token.slice();
        bad[i >> 3] = (bad[i >> 3] ?? 0) ^ (1 << (i & 7));
        expect(verdict(judgeOne(bad)), `bit ${i}`).not.toMatch(/^affirming/);
      }
  });
  it('no flip of any byte of a bad one makes it better', () => {
    for (const bad of [cwt({ 10: new Uint8Array(32) }), cwt({ 263: 0 }), cwt({ 273: [[295, componentOf('firmware', 1)]] })])
      for (let i = 0; i < bad.length; i++) {
        const flipped = bad.slice();
        flipped[i] = (flipped[i] ?? 0) ^ 0xff;
        expect(verdict(ofCwt(flipped)), `byte ${i}`).toMatch(/^contraindicated/);
      }
  });
});
