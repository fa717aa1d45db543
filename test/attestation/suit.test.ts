import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { ReferenceFileError, readReferenceKey } from '../../gateway/attestation/reference-values.ts';
import { readSuit } from '../../gateway/attestation/suit.ts';
import { readSuitMap, type SuitMap } from '../../gateway/attestation/suit-map.ts';
import { decodeSuitEnvelope, decodeSuitManifest } from '../../gateway/codec/suit.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { claims, makeMac0, makeSign1 } from '../vectors/tokens.ts';
import { editsDecodeOrThrow } from './edits.ts';
import { bytes, detached, labels, refKey, refusal } from './corim-world.ts';
import { classId, digestOf, image, parameters, suitEnvelope, suitManifest, vendorId, wrapped } from './suit-world.ts';
import { answer, instance, judge, listedKey, nonce, verdict } from './token-world.ts';

const keys = [refKey('EdDSA'), refKey('ES256')];
const hexOf = (of: Uint8Array): string => Buffer.from(of).toString('hex');
const read = (file: Uint8Array, maps: readonly SuitMap[] = [], sig?: string): ReferenceSet => {
  const [set] = readSuit('fw.suit', file, keys, maps, sig).sets;
  if (set === undefined) throw new Error('no set');
  return set;
};
const good = suitEnvelope(suitManifest());

describe('who may sign a SUIT envelope', () => {
  it('a reference-value key of ours, tagged or not', () => {
    expect(read(good)).toMatchObject({ source: 'suit', signedBy: 'ES256.refval.pem', sequence: 7 });
    expect(hexOf(good.subarray(0, 2))).toBe('d86b');
    expect(read(good.subarray(2)).sequence).toBe(7);
    expect(read(suitEnvelope(suitManifest(), { name: 'EdDSA' })).sequence).toBe(7);
  });
  it('nobody else, no shared secret, and nobody at all', () => {
    expect(refusal(() => read(suitEnvelope(suitManifest(), { name: 'ES384' })))).toContain('by none of 2 reference-value keys');
    const digest = wrapped(digestOf(suitManifest()));
    expect(refusal(() => read(suitEnvelope(suitManifest(), { proofs: [makeMac0(digest, bytes(1))] })))).toContain('it has no COSE_Sign1');
    expect(refusal(() => read(suitEnvelope(suitManifest(), { proofs: [] })))).toContain('it has no COSE_Sign1');
  });
  it('an operator for one that no key of ours signed, but the digest must be right all the same', () => {
    const other = suitEnvelope(suitManifest(), { name: 'ES384' });
    expect(read(other, [], detached(other)).signedBy).toBe('EdDSA.refval.pem');
    const wrong = suitEnvelope(suitManifest(), { digest: wrapped(digestOf(suitManifest({ sequence: 8 }))) });
    expect(refusal(() => read(wrong, [], detached(wrong)))).toContain('the digest of the manifest is another');
  });
  it('the digest is over the manifest with its head, not over its bare bytes', () => {
    const manifest = suitManifest();
    const bare = wrapped([-16, createHash('sha256').update(manifest).digest()]);
    expect(refusal(() => read(suitEnvelope(manifest, { digest: bare })))).toContain('the digest of the manifest is another');
  });
  it('a payload that the signature carries must be the digest', () => {
    const signed = wrapped(digestOf(suitManifest()));
    expect(read(suitEnvelope(suitManifest(), { proofs: [makeSign1(signed)] })).sequence).toBe(7);
    expect(refusal(() => read(suitEnvelope(suitManifest(), { proofs: [makeSign1(bytes(1))] })))).toContain('by none of 2');
  });
  it('no flip of any bit of a signed one is accepted as other values', () => {
    const taken: string[] = [];
    const before = JSON.stringify({ ...read(good), id: '' });
    for (let i = 0; i < good.length * 8; i++) {
      const flipped = Uint8Array.from(good);
      flipped[i >> 3] = (flipped[i >> 3] ?? 0) ^ (1 << (i & 7));
      try {
        const set = JSON.stringify({ ...read(flipped), id: '' });
        taken.push(set === before ? 'same values' : `bit ${i}`);
      } catch (error) {
        if (!(error instanceof ReferenceFileError)) throw error;
      }
    }
    expect(taken).toEqual([]);
  });
});

describe('reference values of a manifest', () => {
  it('without a map: vendor and class by their ids, components by their own names, the number as version', () =>
    expect(read(good)).toMatchObject({
      vendor: hexOf(vendorId),
      model: hexOf(classId),
      classId: hexOf(classId),
      sequence: 7,
      components: [{ name: '00', key: '00', versions: [{ version: 'update 7', alg: 'sha-256', digest: '11'.repeat(32) }] }],
    }));
  it('each slot is an alternative', () => {
    const slot = (n: number, fill: number): Uint8Array => wrapped([20, labels({ 5: n }), 5, 5, 20, labels({ 3: image(fill) })]);
    const shared = [20, parameters({}), 15, [slot(0, 0x11), slot(1, 0x22)], 1, 15];
    expect(read(suitEnvelope(suitManifest({ shared }))).components[0]?.versions.map(v => v.digest.slice(0, 2))).toEqual(['11', '22']);
  });
  it('what is checked at boot counts; what is fetched on the way does not', () => {
    const components = [[bytes(0, 1)], [bytes(1, 1)], [Buffer.from('radio')]];
    const shared = [12, 0, 20, parameters({ 3: image(0x11) })];
    const members = {
      8: wrapped([12, 2, 20, labels({ 3: image(0x33) }), 3, 15]),
      16: wrapped([12, 1, 20, labels({ 3: image(0x22) }), 21, 2]),
    };
    expect(read(suitEnvelope(suitManifest({ components, shared, members }))).components.map(c => c.key)).toEqual(['00', 'radio']);
  });
  it('commands that are repeated, shared by all, given in a table or copied are followed', () => {
    const components = [[bytes(0, 1)], [bytes(1, 1)], [bytes(2, 1)]];
    const shared = [
      ...[20, parameters({}), 34, labels({ 0: labels({ 3: image(0x11) }) })],
      ...[12, 1, 35, labels({ 0: [3, 14] })],
      ...[12, [2], 32, wrapped([20, labels({ 3: image(0x33) })])],
    ];
    expect(read(suitEnvelope(suitManifest({ components, shared }))).components.map(c => c.versions[0]?.digest.slice(0, 2))).toEqual([
      '11',
      '11',
      '33',
    ]);
    const all = [12, true, 20, parameters({ 3: image(0x44) })];
    expect(read(suitEnvelope(suitManifest({ components, shared: all }))).components).toHaveLength(3);
  });
  it('a severed member that came along must be the one that the manifest names', () => {
    const install = wrapped([21, 2, 3, 15]);
    const manifest = suitManifest({ members: { 20: digestOf(install) } });
    expect(read(suitEnvelope(manifest)).sequence).toBe(7);
    expect(read(suitEnvelope(manifest, { more: { 20: install } })).sequence).toBe(7);
    expect(refusal(() => read(suitEnvelope(manifest, { more: { 20: wrapped([21, 3]) } })))).toContain('the severed member 20 is another');
    expect(refusal(() => read(suitEnvelope(suitManifest(), { more: { 20: install } })))).toContain('its manifest does not name');
  });
  it('an image that only the severed installation names is taken from there, where it came along', () => {
    const install = wrapped([20, parameters({ 3: image(0x66) }), 3, 15]);
    const manifest = suitManifest({ shared: [20, parameters({})], members: { 20: digestOf(install) } });
    expect(read(suitEnvelope(manifest, { more: { 20: install } })).components[0]?.versions).toMatchObject([{ digest: '66'.repeat(32) }]);
    expect(refusal(() => read(suitEnvelope(manifest)))).toContain('no image by a digest');
    const other = wrapped([20, parameters({ 3: image(0x67) }), 3, 15]);
    expect(refusal(() => read(suitEnvelope(manifest, { more: { 20: other } })))).toContain('the severed member 20 is another');
  });

  const refused: readonly (readonly [string, Uint8Array, string])[] = [
    ['no class', suitManifest({ shared: [20, labels({ 3: image(1) })] }), 'for 0 vendors and 0 classes'],
    ['two classes', suitManifest({ shared: [20, parameters({ 3: image(1) }), 20, labels({ 2: bytes(2, 16) })] }), 'and 2 classes'],
    ['single devices', suitManifest({ shared: [20, parameters({ 3: image(1), 24: bytes(1, 16) })] }), 'for single devices'],
    ['dependencies', suitManifest({ common: { 1: labels({}) } }), 'depends on other manifests'],
    ['no image', suitManifest({ shared: [20, parameters({})] }), 'no image by a digest'],
    ['a command that is not known', suitManifest({ shared: [20, parameters({ 3: image(1) }), 99, 1] }), 'command 99'],
    ['a command without argument', suitManifest({ shared: [20] }), 'without argument'],
    ['SHA-1', suitManifest({ shared: [20, parameters({ 3: wrapped([-14, bytes(1, 20)]) })] }), 'no SHA-256'],
    ['another version', suitManifest({ members: { 1: 2 } }), 'its version is not 1'],
  ];
  it.each(refused)('with %s is refused', (_, manifest, why) => {
    expect(refusal(() => read(suitEnvelope(manifest)))).toContain(why);
  });

  it('sequences that call each other without end cost nothing', () => {
    let inner = wrapped([20, parameters({ 3: image(1) })]);
    for (let i = 0; i < 12; i++) inner = wrapped([32, inner, 32, inner]);
    expect(refusal(() => read(suitEnvelope(suitManifest({ shared: [32, inner] }))))).toMatch(/nested deeper|more than|bytes/);
  });
  it('each truncation throws, and edits decode or throw DecodeError', () => {
    const manifest = suitManifest();
    for (let i = 0; i < good.length; i++) expect(() => decodeSuitEnvelope(good.subarray(0, i)), `${i}`).toThrow(DecodeError);
    for (let i = 0; i < manifest.length; i++) expect(() => decodeSuitManifest(manifest.subarray(0, i)), `${i}`).toThrow(DecodeError);
    editsDecodeOrThrow(manifest, decodeSuitManifest);
  });
});

describe('a map of a class', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const site = readReferenceKey('site.refval.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const plan = {
    format: 'sallyport-suit-map/1',
    vendorId: hexOf(vendorId),
    classId: hexOf(classId),
    vendor: 'Acme Sensors',
    model: 'TempSense-2',
    components: [{ component: '00', name: 'firmware', key: 'fw' }],
    measured: [{ image: '11'.repeat(32), alg: 'sha-384', digest: 'ee'.repeat(48) }],
  };
  const mapOf = (edit: object = {}): SuitMap => {
    const file = Buffer.from(JSON.stringify({ ...plan, ...edit }));
    const signature = sign(null, file, createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()));
    return readSuitMap('m.suit-map.json', file, signature.toString('base64'), [site]);
  };
  it('says whose the class is, under which names its components are measured, and what stands for an image', () =>
    expect(read(good, [mapOf()])).toMatchObject({
      vendor: 'Acme Sensors',
      model: 'TempSense-2',
      components: [{ name: 'firmware', key: 'fw', versions: [{ alg: 'sha-384', digest: 'ee'.repeat(48) }] }],
    }));
  it('of another class is not used', () => expect(read(good, [mapOf({ classId: '00' })]).vendor).toBe(hexOf(vendorId)));
  it('asks for a component that the manifest must have', () =>
    expect(refusal(() => read(good, [mapOf({ components: [{ component: '07', name: 'x' }] })]))).toContain(
      'no image of the component "07"',
    ));
  it('is refused unsigned, or with a field that is not foreseen', () => {
    expect(() => readSuitMap('m', Buffer.from(JSON.stringify(plan)), '', [site])).toThrow('by none of 1');
    expect(() => mapOf({ note: 'x' })).toThrow('unknown field "note"');
    expect(() => mapOf({ components: [] })).toThrow('there are none');
  });
  it('judges an EAT: the image of the update is affirming, another is not', () => {
    const set = read(good, [mapOf({ measured: [] })]);
    const measured = (fill: number): Uint8Array => {
      const component = encode(labels({ 1: ['fw'], 2: [1, bytes(fill)] }));
      return makeSign1(encode(claims([10, nonce], [256, Buffer.from(instance, 'hex')], [273, [[295, component]]])));
    };
    const verdictOf = (token: Uint8Array): string =>
      verdict(judge(token, { mediaType: 'application/eat+cwt', sets: [set], keys: [listedKey], freshness: answer }));
    expect(verdictOf(measured(0x11))).toBe('affirming');
    expect(verdictOf(measured(0x12))).toBe('contraindicated DIGEST_UNKNOWN');
  });
  it('an EAT that names the class by its hwmodel needs no map', () => {
    const token = makeSign1(
      encode(
        claims(
          [10, nonce],
          [256, Buffer.from(instance, 'hex')],
          [259, classId],
          [273, [[295, encode(labels({ 1: ['00'], 2: [1, bytes(0x11)] }))]]],
        ),
      ),
    );
    const { model: _, ...bare } = listedKey;
    const key = { ...bare, vendor: hexOf(vendorId) };
    expect(verdict(judge(token, { mediaType: 'application/eat+cwt', sets: [read(good)], keys: [key] }))).toBe('affirming');
  });
});

describe('a SUIT manifest with a long text for people', () => {
  const text = encode(new Map([['en', new Map([[1, 'x'.repeat(200_000)]])]]));
  it('is read, whether the text stands in it or was taken out and came along', () => {
    expect(read(suitEnvelope(suitManifest({ members: { 23: text } })))).toMatchObject({ sequence: 7 });
    const taken = suitManifest({ members: { 23: digestOf(text) } });
    expect(read(suitEnvelope(taken, { more: { 23: text } }))).toMatchObject({ sequence: 7 });
    const other = text.with(100, 0x79);
    expect(refusal(() => read(suitEnvelope(taken, { more: { 23: other } })))).toContain('the digest of the severed member 23 is another');
  });
  it('has an end all the same', () =>
    expect(refusal(() => read(suitEnvelope(suitManifest({ members: { 23: bytes(0, 1_048_576) } }))))).toContain('bytes'));
});
