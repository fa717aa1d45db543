import { encode, Tagged } from 'cborg';
import { describe, expect, it } from 'vitest';
import { decodeCmw, decodeCmwExtension, recordsOf } from '../../gateway/codec/cmw.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { base64url, claims, fromHex, keyPairs, makeSign1, spkiOf, base64 } from '../vectors/tokens.ts';
import { component, judge, listedKey, psaClaims, resultOf, verdict } from './token-world.ts';

const token = makeSign1(encode(psaClaims()));
const bad = makeSign1(encode(psaClaims({ 2395: 0x4000 })));
const psaType = 'application/eat+cwt; eat_profile="tag:psacertified.org,2023:psa#tfm"';
/** Tag of a Content-Format (RFC 9277 §4.3). */
const tagged = (format: number, value: Uint8Array): Tagged =>
  new Tagged(1_668_546_817 + Math.floor(format / 255) * 256 + (format % 255), value);
const cbor = (value: unknown) => judge(encode(value), { mediaType: 'application/cmw+cbor' });
const json = (value: unknown) => judge(Buffer.from(JSON.stringify(value)), { mediaType: 'application/cmw+json' });

describe('a wrapper', () => {
  const good: readonly (readonly [string, () => ReturnType<typeof judge>])[] = [
    ['a CBOR record with a media type', () => cbor([psaType, token])],
    ['a CBOR record with a Content-Format', () => cbor([263, token])],
    ['a CBOR record with the Content-Format of PSA tokens', () => cbor([10003, token])],
    ['a CBOR record with that of old PSA tokens', () => cbor([10004, token])],
    ['a tag of that of PSA tokens', () => cbor(tagged(10003, token))],
    ['a CBOR record that says it is Evidence', () => cbor([263, token, 4])],
    ['a tag', () => cbor(tagged(263, token))],
    ['a collection', () => cbor(claims(['__cmwc_t', 'tag:example.com,2026:x'], [0, [263, token]]))],
    ['a collection in a collection', () => cbor(claims(['a', claims([1, tagged(263, token)])]))],
    ['a wrapper in a wrapper', () => cbor([273, encode([263, token])])],
    ['a JSON record', () => json(['application/eat-cwt', base64url(token)])],
    ['a JSON record of the old PSA type', () => json(['Application/PSA-Attestation-Token', base64url(token), 4])],
    ['a JSON collection', () => json({ __cmwc_t: 'tag:x', a: [psaType, base64url(token)] })],
    ['CBOR in a JSON record', () => json(['application/cmw+cbor', base64url(encode([263, token]))])],
    [
      'Evidence beside reference values, which are not looked at',
      () => cbor(claims([0, [263, token]], [1, ['application/rim+cose', new Uint8Array(9), 1]])),
    ],
  ];
  for (const [name, outcome] of good)
    it(`as ${name} lets its Evidence be judged`, () => {
      const whole = outcome();
      expect(verdict(whole)).toBe('affirming');
      expect(resultOf(whole).scheme).toMatch(/^(eat|psa)$/);
    });

  it('is kept whole: the Evidence of the result is the wrapper', () => {
    const outcome = cbor([263, token]);
    expect(outcome.kind === 'appraised' ? outcome.evidence : []).toEqual([resultOf(outcome).evidence]);
    expect(resultOf(outcome).evidence).not.toBe(resultOf(judge(token)).evidence);
  });

  it('of several pieces is as bad as the worst, in whichever order', () => {
    expect(verdict(cbor(claims([0, [263, token]], [1, [263, bad]])))).toBe('contraindicated DEBUG_ENABLED');
    expect(verdict(cbor(claims([0, [263, bad]], [1, [263, token]])))).toBe('contraindicated DEBUG_ENABLED');
    expect(verdict(cbor(claims([0, [263, token]], [1, [263, new Uint8Array(3)]])))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('with Evidence of an unknown type beside a good one is a warning', () =>
    expect(verdict(cbor(claims([0, [263, token]], [1, ['application/vnd.example', new Uint8Array(3)]])))).toBe('warning NO_MEASUREMENTS'));

  it('with good Evidence of two devices is a warning: a device may not borrow its neighbour', () => {
    const instance = `01${'d6'.repeat(32)}`;
    const neighbour = makeSign1(encode(psaClaims({ 256: fromHex(instance) })), { algorithm: 'ES384' });
    const keys = [listedKey, { ...listedKey, instance, spki: base64(spkiOf(keyPairs.ES384.publicKey)) }];
    const both = encode(claims([0, [263, token]], [1, [263, neighbour]]));
    expect(verdict(judge(neighbour, { keys }))).toBe('affirming');
    expect(verdict(judge(both, { keys, mediaType: 'application/cmw+cbor' }))).toBe('warning IDENTITY_MISMATCH');
  });

  it('without Evidence of a known type is no Evidence; nor is one of Endorsements alone', () => {
    expect(cbor(['application/vnd.example', new Uint8Array(3)]).kind).toBe('no-evidence');
    expect(cbor([263, token, 2]).kind).toBe('no-evidence');
  });

  const broken: readonly (readonly [string, unknown])[] = [
    ['a record of one part', [263]],
    ['a record of four parts', [263, token, 4, 0]],
    ['a value that is no bytes', [263, 'x']],
    ['a type that is no media type', ['psa', token]],
    ['an indicator that is no number', [263, token, 'evidence']],
    ['a tag that is no Content-Format', new Tagged(18, token)],
    ['a tag whose last octet would be zero', new Tagged(1_668_546_816 + 256, token)],
    ['an empty collection', claims(['__cmwc_t', 'tag:x'])],
    ['33 entries', claims(...Array.from({ length: 33 }, (_, i) => [i, [263, token]] as const))],
    ['9 pieces of Evidence', claims(...Array.from({ length: 9 }, (_, i) => [i, [263, new Uint8Array(1)]] as const))],
    ['collections five deep', [1, 2, 3, 4, 5].reduce<unknown>(inner => claims([0, inner]), [263, token])],
    ['wrappers three deep', [1, 2, 3].reduce<unknown>(inner => [273, encode(inner)], [263, token])],
    ['text', 'x'],
  ];
  for (const [name, value] of broken)
    it(`with ${name} is malformed`, () => expect(verdict(cbor(value))).toBe('contraindicated EVIDENCE_MALFORMED'));
  it('in JSON with a repeated label is malformed', () => {
    const text = `{"a":["application/eat+cwt","${base64url(token)}"],"a":["application/eat+cwt","${base64url(token)}"]}`;
    expect(verdict(judge(Buffer.from(text), { mediaType: 'application/cmw+json' }))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('no flip of any byte of a bad one makes it better than no Evidence, which anybody can send', () => {
    const wrong = encode([263, makeSign1(encode(psaClaims({ 2399: [component('BL', 1)] })))]);
    for (let i = 0; i < wrong.length; i++) {
      const flipped = wrong.slice();
      flipped[i] = (flipped[i] ?? 0) ^ 0xff;
      expect(verdict(judge(flipped, { mediaType: 'application/cmw+cbor' })), `byte ${i}`).toMatch(/^contraindicated|^no-evidence/);
    }
  });
});

describe('CMW in a certificate', () => {
  it('is JSON in UTF8String or CBOR in OCTET STRING, and nothing else', () => {
    const text = Buffer.from('["application/eat+cwt","AA"]');
    expect(recordsOf(decodeCmwExtension(Uint8Array.of(0x0c, text.length, ...text)))).toEqual(recordsOf(decodeCmw(text, 'json')));
    const bytes = encode([263, Uint8Array.of(0)]);
    expect(recordsOf(decodeCmwExtension(Uint8Array.of(0x04, bytes.length, ...bytes)))).toEqual([
      { kind: 'record', type: 263, value: Uint8Array.of(0) },
    ]);
    expect(() => decodeCmwExtension(Uint8Array.of(0x13, text.length, ...text))).toThrow(DecodeError);
    expect(() => decodeCmwExtension(Uint8Array.of(0x04, bytes.length, ...bytes, 0))).toThrow(DecodeError);
  });
});
