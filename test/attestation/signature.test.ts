import { existsSync, readFileSync } from 'node:fs';
import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { compactVerify, CompactSign, importJWK, exportJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { coseToBeSigned, decodeCose } from '../../gateway/codec/cose.ts';
import { decodeJws } from '../../gateway/codec/jws.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { KeyCache, type KnownKey } from '../../gateway/attestation/keys.ts';
import { checkJws, checkSign1, isMac0By } from '../../gateway/attestation/signature.ts';
import { type AlgorithmName, fromHex, keyPairs, makeJws, makeMac0, makeSign1, spkiOf } from '../vectors/tokens.ts';

const keys = new KeyCache();
const payload = new Uint8Array(40).fill(7);
const names = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512'] as const satisfies readonly AlgorithmName[];
/** One RSA key serves all of these. */
const isPss = (name: AlgorithmName): boolean => name.startsWith('PS');
const spki = (name: AlgorithmName): Uint8Array => spkiOf(keyPairs[name].publicKey);
/** The reason code of what it throws; undefined when it is satisfied. */
function codeOf(check: () => void): string | undefined {
  try {
    check();
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    if (error instanceof DecodeError) return 'EVIDENCE_MALFORMED';
    throw error;
  }
  return undefined;
}

describe('COSE_Sign1', () => {
  for (const algorithm of names) {
    it(`${algorithm}: its own key verifies, any other is refused`, () => {
      const message = decodeCose(makeSign1(payload, { algorithm }));
      for (const other of names)
        expect(
          codeOf(() => checkSign1(message, spki(other), keys)),
          other,
        ).toBe(other === algorithm || (isPss(other) && isPss(algorithm)) ? undefined : 'ALGORITHM_REFUSED');
    });
    it(`${algorithm}: each flipped byte of header, payload and signature is refused`, () => {
      const good = makeSign1(payload, { algorithm });
      for (let i = 0; i < good.length; i++) {
        const bad = good.slice();
        bad[i] = (bad[i] ?? 0) ^ 1;
        expect(
          codeOf(() => checkSign1(decodeCose(bad), spki(algorithm), keys)),
          `byte ${i}`,
        ).toBeDefined();
      }
    });
  }

  it('the fully specified algorithms of RFC 9864 are the same ones', () => {
    for (const [algorithm, id] of [
      ['ES256', -9],
      ['ES384', -51],
      ['ES512', -52],
      ['EdDSA', -19],
    ] as const)
      expect(
        codeOf(() => checkSign1(decodeCose(makeSign1(payload, { algorithm, header: new Map([[1, id]]) })), spki(algorithm), keys)),
      ).toBeUndefined();
  });

  it('an algorithm that is not in the list is refused: SHA-1, HMAC, RSA of PKCS #1, text', () => {
    for (const id of [-65535, 5, -257, -47, 0, -259])
      expect(
        codeOf(() => checkSign1(decodeCose(makeSign1(payload, { header: new Map([[1, id]]) })), spki('ES256'), keys)),
        `${id}`,
      ).toBe('ALGORITHM_REFUSED');
    expect(codeOf(() => checkSign1(decodeCose(makeSign1(payload, { header: new Map([[1, 'ES256']]) })), spki('ES256'), keys))).toBe(
      'EVIDENCE_MALFORMED',
    );
  });

  it('a signature in DER is refused: there is one form', () => {
    const message = decodeCose(makeSign1(payload));
    const der = { ...message, proof: fromHex(`3044 0220 ${'11'.repeat(32)} 0220 ${'11'.repeat(32)}`) };
    expect(codeOf(() => checkSign1(der, spki('ES256'), keys))).toBe('SIGNATURE_INVALID');
  });

  it('RSA keys of less than 2048 bits are refused', () => {
    for (const modulusLength of [1024, 1536]) {
      const pair = generateKeyPairSync('rsa', { modulusLength });
      const message = decodeCose(makeSign1(payload, { algorithm: 'PS256', key: pair.privateKey }));
      expect(codeOf(() => checkSign1(message, spkiOf(pair.publicKey), keys))).toBe('ALGORITHM_REFUSED');
    }
  });

  it('a signature of RSASSA-PSS is taken with the salt of its hash only, and by that hash only', () => {
    const { privateKey: key } = keyPairs.PS384;
    const message = decodeCose(makeSign1(payload, { algorithm: 'PS384' }));
    const signedWith = (hash: string, saltLength: number): string | undefined =>
      codeOf(() =>
        checkSign1(
          { ...message, proof: sign(hash, coseToBeSigned(message), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }) },
          spki('PS384'),
          keys,
        ),
      );
    expect(signedWith('sha384', 48)).toBeUndefined();
    for (const [hash, salt] of [
      ['sha384', 32],
      ['sha384', 0],
      ['sha256', 48],
      ['sha512', 48],
      ['sha1', 48],
    ] as const)
      expect(signedWith(hash, salt), `${hash} ${salt}`).toBe('SIGNATURE_INVALID');
  });

  it('a detached payload and external_aad take part', () => {
    const externalAad = new Uint8Array([1, 2]);
    const message = decodeCose(makeSign1(payload, { detached: true, externalAad }));
    expect(codeOf(() => checkSign1(message, spki('ES256'), keys, { payload, externalAad }))).toBeUndefined();
    expect(codeOf(() => checkSign1(message, spki('ES256'), keys, { payload }))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => checkSign1(message, spki('ES256'), keys, { payload: payload.slice(1), externalAad }))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => checkSign1(message, spki('ES256'), keys, { externalAad }))).toBe('EVIDENCE_MALFORMED');
  });

  it('a COSE_Mac0 is never taken for a signature, nor the other way round', () => {
    const secret = new Uint8Array(32).fill(1);
    expect(codeOf(() => checkSign1(decodeCose(makeMac0(payload, secret)), spki('ES256'), keys))).toBe('ALGORITHM_REFUSED');
    expect(isMac0By(decodeCose(makeSign1(payload)), secret)).toBe(false);
  });
});

describe('COSE_Mac0', () => {
  const secret = new Uint8Array(32).fill(1);
  it('is by its secret only, and whole', () => {
    expect(isMac0By(decodeCose(makeMac0(payload, secret)), secret)).toBe(true);
    expect(isMac0By(decodeCose(makeMac0(payload, secret)), new Uint8Array(32))).toBe(false);
    expect(isMac0By(decodeCose(makeMac0(payload, secret, 16)), secret)).toBe(false);
  });
});

const keyOf = (name: (typeof names)[number]): KnownKey => keys.known(spki(name));

describe('JWS, with jose as judge', () => {
  for (const algorithm of names) {
    it(`${algorithm}: jose and we accept what either signs`, async () => {
      const { privateKey, publicKey } = keyPairs[algorithm];
      const theirs = Buffer.from(await new CompactSign(payload).setProtectedHeader({ alg: algorithm }).sign(privateKey));
      for (const token of [theirs, makeJws('{}', { algorithm })]) {
        await expect(compactVerify(token, publicKey)).resolves.toBeDefined();
        expect(codeOf(() => checkJws(decodeJws(token), keyOf(algorithm)))).toBeUndefined();
      }
    });
    it(`${algorithm}: whatever jose refuses of flipped tokens, we refuse`, async () => {
      const jwk = await importJWK(await exportJWK(keyPairs[algorithm].publicKey), algorithm);
      const good = makeJws('{"a":1}', { algorithm });
      for (let i = 0; i < good.length; i += 3) {
        const bad = Buffer.from(good);
        bad[i] = (bad[i] ?? 0) ^ 2;
        const judged = await compactVerify(bad, jwk).then(
          () => 'good',
          () => 'bad',
        );
        const ours = codeOf(() => checkJws(decodeJws(bad), keyOf(algorithm)));
        if (judged === 'bad') expect(ours, `byte ${i}`).toBeDefined();
      }
    });
  }

  it('HMAC with the public key as secret, none, and PKCS #1 are refused', () => {
    for (const alg of ['HS256', 'RS256', 'ES256K', 'es256', 'ps384', 'RS384'])
      expect(
        codeOf(() => checkJws(decodeJws(makeJws('{}', { header: JSON.stringify({ alg }) })), keyOf('ES256'))),
        alg,
      ).toBe('ALGORITHM_REFUSED');
    expect(codeOf(() => checkJws(decodeJws(makeJws('{}', { header: '{"alg":"none"}' })), keyOf('ES256')))).toBe('EVIDENCE_MALFORMED');
  });

  it('a key inside the message is never used', () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const header = JSON.stringify({ alg: 'ES256', jwk: own.publicKey.export({ format: 'jwk' }) });
    expect(codeOf(() => checkJws(decodeJws(makeJws('{}', { header, key: own.privateKey })), keyOf('ES256')))).toBe('SIGNATURE_INVALID');
  });
});

const folder = join(import.meta.dirname, '../../../shared/vectors/rfc9783-psa-token/example');
const there = existsSync(folder);
if (!there) process.stderr.write('skip: ../shared/vectors/rfc9783-psa-token is absent\n');
describe.skipIf(!there)('the examples of RFC 9783 appendix A', () => {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  it('the signed one is by its key', () => {
    const key = spkiOf(createPublicKey(read('tfm-es-iak.pem')));
    expect(codeOf(() => checkSign1(decodeCose(read('psa-sign1.cbor')), key, keys))).toBeUndefined();
  });
  it('the one with a MAC is by its secret', () => {
    const secret = read('tfm-hs-iak.bin');
    expect(isMac0By(decodeCose(read('psa-mac0.cbor')), secret)).toBe(true);
    secret[0] = (secret[0] ?? 0) ^ 1;
    expect(isMac0By(decodeCose(read('psa-mac0.cbor')), secret)).toBe(false);
  });
});
