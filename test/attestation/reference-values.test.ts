import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readReferenceFile, ReferenceFileError, readReferenceKey } from '../../gateway/attestation/reference-values.ts';
import { makeReferenceFile, makeSelfSigned } from '../vectors/pki.ts';

const models = [
  {
    model: 'TempSense-2',
    minSvn: '4',
    components: [{ name: 'firmware', layer: 1, versions: [{ version: 'fw-1.0.0', alg: 'sha-256', digest: 'ab'.repeat(32) }] }],
  },
];
const good = makeReferenceFile({ vendor: 'Acme Sensors', models });
const key = readReferenceKey('acme.refval.pem', good.publicKeyPem);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Reads the file with one thing changed, rightly signed. */
const readChanged = (change: (file: string) => string) => (): unknown => {
  const file = change(good.file);
  expect(file).not.toBe(good.file);
  const signature = sign(null, bytes(file), createPrivateKey(good.keyPem)).toString('base64');
  return readReferenceFile('acme.json', bytes(file), signature, [key]);
};

describe('reference values', () => {
  it('are read when their signature is good, Ed25519 or ECDSA P-256', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const other = makeReferenceFile({ vendor: 'Acme Sensors', models, keyPem: pem });
    for (const f of [good, other]) {
      const sets = readReferenceFile('acme.json', bytes(f.file), f.signature, [key, readReferenceKey('ec.refval.pem', other.publicKeyPem)]);
      expect(sets).toHaveLength(1);
      expect(sets[0]).toMatchObject({ vendor: 'Acme Sensors', ...models[0] });
      expect(sets[0]?.id).toMatch(/^acme\.json#1 sha256:[0-9a-f]{64}$/);
    }
  });

  it('are refused by name when a byte, the key or the signature is another', () => {
    const stranger = readReferenceKey('x.refval.pem', makeReferenceFile({ vendor: 'x', models: [] }).publicKeyPem);
    const read = (file: string, signature: string, keys = [key]) => readReferenceFile('acme.json', bytes(file), signature, keys);
    expect(() => read(`${good.file} `, good.signature)).toThrow('Cannot trust acme.json: its signature is by none of 1');
    expect(() => read(good.file, good.signature, [stranger])).toThrow(ReferenceFileError);
    expect(() => read(good.file, good.signature, [])).toThrow('by none of 0');
    expect(() => read(good.file, 'AAAA')).toThrow(ReferenceFileError);
    expect(() => read(good.file, '***')).toThrow('Cannot read acme.json.sig');
  });

  it('may tell a component by its key, type and vendorInfo', () => {
    const more = { key: 'ir-boot', type: '05', vendorInfo: '0102' };
    const read = readChanged(f => f.replace('"layer": 1', `"layer": 1, ${JSON.stringify(more).slice(1, -1)}`));
    expect(read()).toMatchObject([{ components: [{ layer: 1, ...more }] }]);
  });

  it('may demand an index, bits of vendorInfo, flags, a signer and one security version; a set its class, its time and its number', () => {
    const more = { index: 2, vendorInfo: '0102', vendorInfoMask: 'ff00', signer: 'ab'.repeat(32), svn: '7', flags: { debug: false } };
    const set = { classId: '00ff', notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z', sequence: 3 };
    const { classId, ...common } = set;
    const read = readChanged(f =>
      f
        .replace('"layer": 1', `"layer": 1, ${JSON.stringify(more).slice(1, -1)}`)
        .replace('"minSvn"', `"classId": "${classId}", "minSvn"`)
        .replace('"vendor"', `${JSON.stringify(common).slice(1, -1)}, "vendor"`),
    );
    const times = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2027, 0, 1) };
    expect(read()).toMatchObject([{ classId, sequence: 3, ...times, signedBy: 'acme.refval.pem', components: [more] }]);
  });

  const wrong: readonly (readonly [string, (file: string) => string, string])[] = [
    ['an unknown field', f => f.replace('"licence"', '"license"'), 'licence is missing'],
    ['a field more', f => f.replace('"minSvn"', '"maxSvn": "9", "minSvn"'), 'models[0]: unknown field "maxSvn"'],
    ['another format', f => f.replace('values/1', 'values/2'), 'format'],
    ['a short digest', f => f.replace('ab'.repeat(32), 'ab'.repeat(31)), 'models[0] components[0] versions[0] digest'],
    ['an upper-case digest', f => f.replace('ab'.repeat(32), 'AB'.repeat(32)), 'digest'],
    ['SHA-1', f => f.replace('sha-256', 'sha-1'), 'Cannot use acme.json models[0] components[0] versions[0] alg'],
    ['a layer as text', f => f.replace('"layer": 1', '"layer": "1"'), 'components[0] layer'],
    ['a type that is no hex', f => f.replace('"layer": 1', '"type": "0x05"'), 'components[0] type'],
    ['vendorInfo of half an octet', f => f.replace('"layer": 1', '"vendorInfo": "012"'), 'components[0] vendorInfo'],
    ['a key that is empty', f => f.replace('"layer": 1', '"key": ""'), 'components[0] key'],
    ['a mask of another length', f => f.replace('"layer": 1', '"vendorInfo": "0102", "vendorInfoMask": "ff"'), 'vendorInfoMask'],
    ['a mask for nothing', f => f.replace('"layer": 1', '"vendorInfoMask": "ff"'), 'vendorInfoMask'],
    ['a flag that is no flag', f => f.replace('"layer": 1', '"flags": { "tcb": true }'), 'unknown field "tcb"'],
    ['a flag as text', f => f.replace('"layer": 1', '"flags": { "debug": "no" }'), 'flags debug'],
    ['a time that is none', f => f.replace('"vendor"', '"notAfter": "2026-13-01T00:00:00Z", "vendor"'), 'notAfter'],
    ['no versions', f => f.replace(/"versions": \[[\s\S]*/, '"versions": []}]}]}'), 'there are none'],
    ['a number as SVN', f => f.replace('"minSvn": "4"', '"minSvn": 4'), 'models[0] minSvn'],
    ['no components', f => f.replace(/"components": \[[\s\S]*/, '"components": []}]}'), 'would match anything'],
    ['no JSON', f => f.slice(0, -3), 'Cannot read acme.json'],
  ];
  for (const [what, change, words] of wrong)
    it(`with ${what} are refused and say where`, () => {
      expect(readChanged(change)).toThrow(ReferenceFileError);
      expect(readChanged(change)).toThrow(words);
    });
});

describe('a key for reference values', () => {
  it('may come as the certificate of the signer, which is trusted for what it is', async () => {
    const { chainPem } = await makeSelfSigned({ cn: 'signer of firmware' });
    expect(readReferenceKey('s.refval.pem', chainPem).key.asymmetricKeyType).toBe('ec');
  });
  it('is Ed25519 or ECDSA on a named curve, and never a private one', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => readReferenceKey('r.refval.pem', rsa)).toThrow('Cannot use r.refval.pem: rsa key');
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => readReferenceKey('k.refval.pem', koblitz)).toThrow('Cannot use k.refval.pem: ec key');
    expect(() => readReferenceKey('p.refval.pem', good.keyPem)).toThrow('private key');
    expect(() => readReferenceKey('n.refval.pem', 'nonsense')).toThrow(ReferenceFileError);
  });
});
