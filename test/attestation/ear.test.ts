import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { createLocalJWKSet, exportJWK, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import { decodeCbor, mapOf } from '../../gateway/codec/cbor.ts';
import { decodeJson, jsonMapOf } from '../../gateway/codec/json.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { earClaims, earDialects, type EarDialect, EarStale, type EarSubject, signEar, subjectOf } from '../../gateway/attestation/ear.ts';
import { decodeEarClaims } from '../../gateway/attestation/ear-claims.ts';
import { type EarJudge, readEar } from '../../gateway/attestation/ear-read.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { jwksOf, readJwks } from '../../gateway/attestation/jwks.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { readVerifier, type TrustedVerifier } from '../../gateway/attestation/trust.ts';
import { readDiag } from '../vectors/diag.ts';
import { base64, claims as map, keyPairs, makeSign1, spkiOf } from '../vectors/tokens.ts';
import { note } from './verdicts.ts';
import { instance, judge as judgeToken, nonce, now, psaClaims, resultOf } from './token-world.ts';

/** Attestation Results as we issue them, judged by jose; and as others issue them, read by us. */
const { publicKey, privateKey } = keyPairs.ES256;
const spki = spkiOf(publicKey);
const signer = (key: KeyObject = privateKey) => ({
  keyId: 'box',
  sign: async (bytes: Uint8Array) => new Uint8Array(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })),
});
const good = (): AttestationResult => resultOf(judgeToken(makeSign1(encode(psaClaims()))));
const issue = (dialect: EarDialect, more: { readonly now?: number; readonly nonce?: Uint8Array } = {}) => ({
  now,
  build: '9.9',
  dialect,
  ...more,
});
const issued = (dialect: EarDialect, subject: EarSubject = subjectOf(good())): Promise<string> =>
  signEar(earClaims(subject, issue(dialect, { nonce })), signer());
const verifierBy = (key: Uint8Array, more: Partial<TrustedVerifier> = {}): TrustedVerifier => ({
  ...readVerifier({ name: 'box', spki: base64(key), most: 'affirming', maxAgeSeconds: 600 }),
  ...more,
});
const judge = (more: Partial<EarJudge> = {}): EarJudge => ({ verifiers: [verifierBy(spki)], keys: new KeyCache(), now, ...more });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const readJwt = (token: Uint8Array, more: Partial<EarJudge> = {}) =>
  readEar(messageEvidence('application/eat+jwt', token), judge(more)).ear;
const read = (token: string, more: Partial<EarJudge> = {}) => readJwt(bytes(token), more);
/** The code of the refusal; `unreadable` for what breaks its form. */
function refusal(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    if (error instanceof DecodeError) return 'unreadable';
    throw error;
  }
}
/** An EAR of somebody else, made and signed by jose. */
const foreign = (claims: Readonly<Record<string, unknown>>, header: { readonly kid?: string } = {}): Promise<string> =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', ...header }).sign(privateKey);
const draft = (changed: Readonly<Record<string, unknown>> = {}, appraisal: Readonly<Record<string, unknown>> = {}) => ({
  eat_profile: 'tag:ietf.org,2026:rats/ear#03',
  iat: now / 1000,
  ear_verifier_id: { developer: 'somebody', build: '1' },
  submods: { PSA: { ear_status: 'affirming', ear_trustworthiness_vector: { executables: 2 }, ...appraisal } },
  ...changed,
});

describe('an EAR of ours', () => {
  it('is a JWT that jose verifies by our JWKS, and ends with the result', async () => {
    const jwks = z.custom<JSONWebKeySet>().parse(jwksOf([{ keyId: 'box', spki }]));
    const { payload, protectedHeader } = await jwtVerify(await issued('ietf'), createLocalJWKSet(jwks), { currentDate: new Date(now) });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'box' });
    expect(payload.iat).toBe(now / 1000);
    expect(payload.exp).toBe(good().expires / 1000);
    await expect(jwtVerify(await issued('ietf'), createLocalJWKSet(jwks), { currentDate: new Date(good().expires) })).rejects.toThrow(
      'exp',
    );
  });

  it('says status, vector, policies, reason and checks under the names of the draft, and names raw Evidence by its hash only', () => {
    const token = makeSign1(encode(psaClaims({ 2395: 0x4000 })));
    const result = resultOf(judgeToken(token));
    const claims = earClaims({ ...subjectOf(result), policies: ['urn:policy'] }, issue('ietf'));
    expect(claims).toMatchObject({
      eat_profile: 'tag:ietf.org,2026:rats/ear#03',
      ear_status: 'contraindicated',
      ear_verifier_id: { developer: 'Sallyport', build: '9.9' },
      submods: {
        psa: {
          ear_status: 'contraindicated',
          ear_trustworthiness_vector: { 'instance-identity': 2, configuration: 96 },
          ear_appraisal_policy_ids: ['urn:policy', ...result.referenceSets],
          ear_sallyport_appraisal: {
            assurance: 'A3',
            reason: 'DEBUG_ENABLED',
            'evidence-sha-256': createHash('sha256').update(token).digest('hex'),
            checks: result.checks,
          },
        },
      },
    });
    expect(JSON.stringify(claims)).not.toContain('raw');
  });

  it('has the older names and one policy in the dialect of Veraison', () => {
    expect(earClaims({ ...subjectOf(good()), policies: ['p'] }, issue('veraison'))).toMatchObject({
      eat_profile: 'tag:github.com,2023:veraison/ear',
      'ear.verifier-id': { developer: 'Sallyport' },
      submods: { psa: { 'ear.status': 'affirming', 'ear.appraisal-policy-id': `p ${good().referenceSets.join(' ')}` } },
    });
  });

  for (const dialect of earDialects)
    it(`is read back by ourselves in the ${dialect} dialect`, async () => {
      const ear = read(await issued(dialect));
      expect(ear).toMatchObject({
        dialect,
        nonce,
        status: 'affirming',
        issuedAt: now,
        expires: good().expires,
        appraisals: [{ name: 'psa', status: 'affirming', vector: good().vector }],
      });
    });

  it('is not issued of a result that has ended', () => {
    expect(() => earClaims(subjectOf(good()), issue('ietf', { now: good().expires }))).toThrow(EarStale);
  });

  it('tells what the machine found when that is worse than the result', () => {
    const subject = { ...subjectOf(good()), status: 'contraindicated', assurance: 0, reason: 'KEY_SEEN_ELSEWHERE' } as const;
    expect(earClaims(subject, issue('ietf'))).toMatchObject({
      ear_status: 'contraindicated',
      submods: { psa: { ear_status: 'contraindicated', ear_sallyport_appraisal: { assurance: 'A0', reason: 'KEY_SEEN_ELSEWHERE' } } },
    });
  });
});

describe('an EAR of somebody else', () => {
  it('is accepted when jose signed it with a key that we hold, whatever it calls the key', async () => {
    expect(read(await foreign(draft())).status).toBe('affirming');
    expect(read(await foreign(draft(), { kid: 'box' })).status).toBe('affirming');
    expect(refusal(() => read('')) + refusal(() => read('a.b.c'))).toBe('unreadableunreadable');
  });
  it('is refused under another key, however it names that, and where no Verifier is listed', async () => {
    const other = verifierBy(spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey));
    const rsa = verifierBy(spkiOf(keyPairs.PS256.publicKey));
    const token = await foreign(draft(), { kid: 'box' });
    expect(refusal(() => read(token, { verifiers: [other] }))).toBe('SIGNATURE_INVALID');
    expect(refusal(() => read(token, { verifiers: [other, rsa] }))).toBe('SIGNATURE_INVALID');
    expect(refusal(() => read(token, { verifiers: [rsa] }))).toBe('ALGORITHM_REFUSED');
    expect(refusal(() => read(token, { verifiers: [] }))).toBe('CHAIN_UNTRUSTED');
    expect(read(token, { verifiers: [rsa, other, verifierBy(spki)] }).status).toBe('affirming');
  });
  it('is refused with a bit flipped in any byte of header, claims and signature', async () => {
    const token = bytes(await foreign(draft({ exp: now / 1000 + 60 })));
    let flips = 0;
    for (let i = 0; i < token.length; i += 1)
      for (const bit of [1, 2, 8, 32]) {
        const changed = Uint8Array.from(token, (byte, at) => (at === i ? byte ^ bit : byte));
        expect(refusal(() => readJwt(changed))).not.toBe('accepted');
        flips += 1;
      }
    expect(flips).toBeGreaterThan(1000);
  });
  const stale: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['that has ended', { exp: now / 1000 }, 'EAR_STALE'],
    ['without an end, older than is allowed', { iat: now / 1000 - 600 }, 'EAR_STALE'],
    ['without an end, not so old', { iat: now / 1000 - 599 }, 'accepted'],
    ['with an end far off, older than is allowed', { iat: now / 1000 - 600, exp: now / 1000 + 9000 }, 'EAR_STALE'],
    ['that is not valid yet', { nbf: now / 1000 + 61 }, 'EVIDENCE_NOT_FRESH'],
    ['of the future', { iat: now / 1000 + 61 }, 'EVIDENCE_NOT_FRESH'],
    ['of a clock that is a minute ahead', { iat: now / 1000 + 60 }, 'accepted'],
    ['without iat', { iat: undefined }, 'unreadable'],
    ['with a fraction in iat', { iat: now / 1000 + 0.5 }, 'unreadable'],
    ['with a fraction in exp', { exp: now / 1000 + 60.5 }, 'unreadable'],
  ];
  for (const [what, changed, wanted] of stale)
    it(`${what} is ${wanted}`, async () => {
      const token = await foreign(draft(changed));
      expect(refusal(() => read(token))).toBe(wanted);
    });
  it('that names an audience is for us only if it names ours', async () => {
    const ours = { verifiers: [verifierBy(spki, { audience: 'dock-3' })] };
    for (const [aud, more, wanted] of [
      ['dock-3', ours, 'accepted'],
      [['else', 'dock-3'], ours, 'accepted'],
      ['else', ours, 'EAR_NOT_FOR_US'],
      [['else'], ours, 'EAR_NOT_FOR_US'],
      ['dock-3', {}, 'EAR_NOT_FOR_US'],
      [undefined, ours, 'accepted'],
      [7, ours, 'unreadable'],
      [[], ours, 'unreadable'],
    ] as const) {
      const token = await foreign(draft({ aud }));
      expect(refusal(() => read(token, more))).toBe(wanted);
    }
  });

  const broken: readonly (readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>?])[] = [
    ['of no profile', { eat_profile: undefined }],
    ['of another profile', { eat_profile: 'tag:ietf.org,2026:rats/ear#02' }],
    ['with names of the other dialect', { eat_profile: 'tag:github.com,2023:veraison/ear' }],
    ['without submods', { submods: {} }],
    ['without a verifier', { ear_verifier_id: undefined }],
    ['without status', {}, { ear_status: undefined }],
    ['with an unknown status', {}, { ear_status: 'fine' }],
    ['with a claim of no name', {}, { ear_trustworthiness_vector: { luck: 2 } }],
    ['with a claim of no value', {}, { ear_trustworthiness_vector: { executables: 200 } }],
    ['that is more affirming than its vector', {}, { ear_trustworthiness_vector: { executables: 33 } }],
    ['that is affirming on a vector that says nothing', {}, { ear_trustworthiness_vector: { executables: 0 } }],
    ['that is more affirming than its worst part', { ear_status: 'affirming' }, { ear_status: 'warning' }],
    ['with an empty list of policies', {}, { ear_appraisal_policy_ids: [] }],
    ['with a nonce that is too short', { eat_nonce: 'AAAA' }],
  ];
  for (const [what, changed, appraisal] of broken)
    it(`${what} is refused`, async () => {
      const token = await foreign(draft(changed, appraisal));
      expect(refusal(() => read(token))).toBe('unreadable');
    });

  it('is as bad as its worst part, and no more than nothing where a part says nothing', async () => {
    const parts = (status: string) => ({
      A: { ear_status: 'affirming', ear_trustworthiness_vector: { hardware: 2 } },
      B: { ear_status: status, ear_trustworthiness_vector: {} },
    });
    for (const status of ['none', 'warning', 'contraindicated'])
      expect(read(await foreign(draft({ submods: parts(status) }))).status).toBe(status);
  });

  it('of Trustee and of Veraison is read, statuses as numbers too', async () => {
    for (const eat_profile of ['tag:github.com,2024:confidential-containers/Trustee', 'tag:github.com,2023:veraison/ear']) {
      const token = await foreign({
        eat_profile,
        iat: now / 1000,
        'ear.verifier-id': { developer: 'd', build: 'b' },
        submods: {
          cpu0: { 'ear.status': 32, 'ear.trustworthiness-vector': { executables: 33, hardware: 2 }, 'ear.appraisal-policy-id': 'default' },
        },
      });
      expect(read(token)).toMatchObject({ dialect: 'veraison', status: 'warning', appraisals: [{ policies: ['default'] }] });
    }
  });

  it('as CWT is read by its labels, and refused under another key', () => {
    const claims = map(
      [265, 'tag:ietf.org,2026:rats/ear#03'],
      [6, now / 1000],
      [1004, map([0, 'somebody'], [1, '1'])],
      [266, new Map([['PSA', map([1000, 96], [1001, map([0, 2], [2, 96])])]])],
    );
    const token = makeSign1(encode(claims));
    const readCwt = (more: Partial<EarJudge> = {}) => readEar(messageEvidence('application/eat+cwt', token), judge(more)).ear;
    expect(readCwt()).toMatchObject({
      status: 'contraindicated',
      appraisals: [{ vector: { 'instance-identity': 2, executables: 96 } }],
    });
    const other = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    expect(refusal(() => readCwt({ verifiers: [verifierBy(other)] }))).toBe('SIGNATURE_INVALID');
  });
});

describe('a JWK Set', () => {
  it('is read as jose writes it, for each kind of key that signs tokens', async () => {
    for (const pair of Object.values(keyPairs)) {
      const [key] = readJwks(bytes(JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k' }] })));
      expect(Buffer.from(key?.spki ?? [])).toEqual(Buffer.from(spkiOf(pair.publicKey)));
      expect(key?.keyId).toBe('k');
    }
  });
  it('that holds a private key, a point off its curve, a shared secret or no list is refused', async () => {
    const jwk = await exportJWK(publicKey);
    for (const wrong of [
      await exportJWK(privateKey),
      { ...jwk, x: jwk.y },
      { kty: 'oct', k: 'AAAA' },
      { ...jwk, crv: 'secp256k2' },
      { ...jwk, x: 5 },
      { keys: 5 },
      { keys: Array.from({ length: 65 }, () => jwk) },
    ])
      expect(refusal(() => readJwks(bytes(JSON.stringify(wrong))))).toBe('unreadable');
  });
});

const folder = join(import.meta.dirname, '../../../shared/vectors/ietf-ear-draft');
const there = existsSync(folder);
if (!there) process.stderr.write('skip: ../shared/vectors/ietf-ear-draft is absent\n');
describe.skipIf(!there)('the examples of draft-ietf-rats-ear', () => {
  for (const file of there ? readdirSync(folder) : [])
    it(`${file} is read`, () => {
      const text = readFileSync(join(folder, file), 'utf8');
      const ear = file.includes('-cbor-')
        ? decodeEarClaims(mapOf(decodeCbor(encode(readDiag(text))), 'EAR'), 'cbor')
        : decodeEarClaims(jsonMapOf(decodeJson(bytes(text)), 'EAR'), 'json');
      expect(ear.dialect).toBe('ietf');
      note(`ietf-ear-draft/${file}`, 'as expected', `read: ${ear.status}`, 'claims set by itself: its examples are not signed');
      expect(ear.verifier).toEqual({ developer: 'https://veraison-project.org', build: 'vts 0.0.1' });
      expect(ear.appraisals[0]?.policies).toEqual(['https://veraison.example/policy/1/60a0068d']);
    });
});

it('the instance of the token stands in what an EAR tells of its identity', () => {
  expect(JSON.stringify(earClaims(subjectOf(good()), issue('ietf')))).toContain(instance);
});
