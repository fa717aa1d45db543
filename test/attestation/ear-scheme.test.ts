import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { encode } from 'cborg';
import { compactVerify, exportJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { earClaims, subjectOf } from '../../gateway/attestation/ear.ts';
import { sha256 } from '../../gateway/attestation/evidence.ts';
import { makeSelfSigned } from '../vectors/pki.ts';
import { base64url, claims as map, fromHex, keyPairs, makeJws, makeSign1, spkiOf } from '../vectors/tokens.ts';
import { asCwt, draft, type Json, judge, listed, type Options, signed, verifierKeys } from './ear-world.ts';
import { answer, instance, judge as judgeToken, listedKey, nonce, now, psaClaims, psaSet, resultOf, verdict } from './token-world.ts';

/** The Attestation Result of another Verifier that a device shows as its Evidence (RFC 9334 §5.1). `jose` signs, and judges beside us. */
const seconds = now / 1000;
const of = async (changed: Json, appraisal: Json = {}, options: Options = {}) => judge(await signed(draft(changed, appraisal)), options);

describe('the EAR of a listed Verifier', () => {
  it('that echoes our nonce, names its device and is affirming is affirming as far as the site lets it, and never A5', async () => {
    const token = await signed(draft());
    await expect(compactVerify(Buffer.from(token).toString(), verifierKeys.publicKey)).resolves.toBeDefined();
    const result = resultOf(judge(token));
    expect(result).toMatchObject({
      scheme: 'ear',
      status: 'affirming',
      assurance: 4,
      vector: { 'instance-identity': 2, executables: 2 },
      identity: { serial: instance, vendor: 'Acme Sensors', anchor: 'the Verifier plant', issuer: 'https://verifier.example 1' },
      referenceSets: [],
    });
    expect(result.reason).toBeUndefined();
    expect(result.identity?.deviceKey).not.toBe(sha256(spkiOf(verifierKeys.publicKey)));
  });
  it('lasts as long as it says, and no longer than it may be old', async () => {
    expect(resultOf(await of({})).expires).toBe(now + 300_000);
    expect(resultOf(await of({ exp: seconds + 9000, iat: seconds - 100 })).expires).toBe(now + 500_000);
  });
  it('counts for a warning at most where the site says no more of that Verifier', async () =>
    expect(resultOf(await of({}, {}, { verifiers: [{ ...listed, most: 'warning' }] }))).toMatchObject({
      status: 'warning',
      reason: 'EAR_CAPPED',
      assurance: 4,
    }));
  it('is judged the same as CWT, in the older dialect, and in a wrapper that calls it a result', async () => {
    expect(verdict(judge(asCwt(), { mediaType: 'application/eat+cwt' }))).toBe('affirming');
    const { submods: _, ear_verifier_id: verifierId, ...rest } = draft();
    const older = await signed({
      ...rest,
      eat_profile: 'tag:github.com,2023:veraison/ear',
      'ear.verifier-id': verifierId,
      submods: { PSA: { 'ear.status': 'affirming', 'ear.trustworthiness-vector': { executables: 2 } } },
    });
    expect(verdict(judge(older))).toBe('affirming');
    const type = 'application/eat+jwt; eat_profile="tag:ietf.org,2026:rats/ear#03"';
    const token = await signed(draft());
    for (const indicator of [[], [8], [12]]) {
      const cbor = encode([type, token, ...indicator]);
      expect(resultOf(judge(cbor, { mediaType: 'application/cmw+cbor' }))).toMatchObject({ scheme: 'ear', status: 'affirming' });
      const json = Buffer.from(JSON.stringify([type, base64url(token), ...indicator]));
      expect(verdict(judge(json, { mediaType: 'application/cmw+json' }))).toBe('affirming');
    }
  });
  it('is one device with the one whose key is listed, so that a wrapper may hold both', async () => {
    const keys = [listedKey];
    const result = resultOf(await of({}, {}, { keys }));
    expect(result.identity).toMatchObject({ model: 'TempSense-2', deviceKey: sha256(spkiOf(keyPairs.ES256.publicKey)) });
    const both = encode(map([0, ['application/eat+jwt', await signed(draft())]], [1, [263, makeSign1(encode(psaClaims()))]]));
    const judged = resultOf(judge(both, { keys, mediaType: 'application/cmw+cbor' }));
    expect(judged).toMatchObject({ scheme: 'eat', status: 'warning', reason: 'REFERENCE_MISSING' });
    expect(resultOf(judge(both, { mediaType: 'application/cmw+cbor' })).reason).toBe('CHAIN_UNTRUSTED');
  });
});

it('a passport of which nothing can be said, beside good Evidence in one wrapper, keeps that from affirming', async () => {
  const token = makeSign1(encode(psaClaims()));
  const both = async (changed: Json): Promise<string> => {
    const pieces = map([0, [263, token]], [1, ['application/eat+jwt', await signed(draft(changed))]]);
    return verdict(judge(encode(pieces), { keys: [listedKey], sets: [psaSet], mediaType: 'application/cmw+cbor' }));
  };
  expect(await both({})).toBe('affirming');
  expect(await both({ eat_nonce: undefined })).toBe('warning NO_MEASUREMENTS');
});

describe('an EAR is fresh', () => {
  const stale: readonly (readonly [string, Json, string])[] = [
    ['with the nonce of another challenge: a replay', { eat_nonce: base64url(new Uint8Array(32)) }, 'contraindicated NONCE_MISMATCH'],
    ['without a nonce proves nothing, and has not failed', { eat_nonce: undefined }, 'none EVIDENCE_NOT_FRESH'],
    ['that has ended', { exp: seconds }, 'contraindicated EAR_STALE'],
    ['that has ended, without a nonce', { exp: seconds, eat_nonce: undefined }, 'contraindicated EAR_STALE'],
    ['that is older than the site allows', { iat: seconds - 600, exp: seconds + 9000 }, 'contraindicated EAR_STALE'],
    ['without an end, too old', { iat: seconds - 600, exp: undefined }, 'contraindicated EAR_STALE'],
    ['without an end, not so old', { iat: seconds - 599, exp: undefined }, 'affirming'],
    ['of the future', { iat: seconds + 61 }, 'contraindicated EVIDENCE_NOT_FRESH'],
    ['for another audience', { aud: 'somebody' }, 'contraindicated EAR_NOT_FOR_US'],
  ];
  for (const [what, changed, wanted] of stale) it(`${what}: ${wanted}`, async () => expect(verdict(await of(changed))).toBe(wanted));
  it('once, and in time', async () => {
    expect(verdict(await of({}, {}, { freshness: { ...answer, spent: true } as typeof answer }))).toBe('contraindicated NONCE_REUSED');
    expect(verdict(await of({}, {}, { freshness: { kind: 'nonce', nonce, expires: now - 1, spent: false, channel: 't' } }))).toBe(
      'contraindicated NONCE_EXPIRED',
    );
  });
  it('never offline without the nonce, nor when a handshake is all that was fresh', async () => {
    const none = resultOf(await of({}, {}, { freshness: { kind: 'none' } }));
    expect(none).toMatchObject({ status: 'none', assurance: 0, reason: 'EVIDENCE_NOT_FRESH' });
    expect(verdict(await of({}, {}, { freshness: { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } }))).toBe(
      'contraindicated EVIDENCE_NOT_FRESH',
    );
    const kept = { kind: 'kept', at: now - 1000, expires: now + 1000 } as const;
    expect(verdict(await of({}, {}, { freshness: kept }))).toBe('affirming');
    expect(verdict(await of({ eat_nonce: undefined }, {}, { freshness: kept }))).toBe('none EVIDENCE_NOT_FRESH');
  });
});

describe('who signed an EAR', () => {
  it('is never said by the message: its own keys and addresses of keys choose nothing', async () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const { chain } = await makeSelfSigned({ cn: 'verifier' });
    const jwk = { ...(await exportJWK(own.publicKey)), kid: 'plant' };
    for (const header of [
      { jwk },
      { jku: 'https://verifier.example/jwks' },
      { x5c: chain.map(c => Buffer.from(c).toString('base64')) },
      { kid: 'plant' },
    ])
      expect(verdict(judge(await signed(draft(), header, own.privateKey)))).toBe('contraindicated SIGNATURE_INVALID');
    expect(verdict(judge(await signed(draft(), { jwk, kid: 'nobody' })))).toBe('affirming');
  });
  it('is a Verifier by its listed key: no algorithm none, no shared secret that is its public key', async () => {
    const body = JSON.stringify(draft());
    const none = Buffer.from(`${base64url(JSON.stringify({ alg: 'none' }))}.${base64url(body)}.`);
    expect(verdict(judge(none))).toBe('contraindicated EVIDENCE_MALFORMED');
    const forms = [spkiOf(verifierKeys.publicKey), verifierKeys.publicKey.export({ type: 'spki', format: 'pem' })];
    for (const secret of forms) {
      const input = `${base64url(JSON.stringify({ alg: 'HS256' }))}.${base64url(body)}`;
      const forged = Buffer.from(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
      expect(verdict(judge(forged))).toBe('contraindicated ALGORITHM_REFUSED');
    }
  });
  it('is no device: a key that is listed for one signs no EAR, and a Verifier signs nothing for a device', async () => {
    const byDevice = makeJws(JSON.stringify(draft()));
    expect(verdict(judge(byDevice, { keys: [listedKey] }))).toBe('contraindicated ALGORITHM_REFUSED');
    expect(verdict(judge(byDevice, { keys: [listedKey], verifiers: [] }))).toBe('contraindicated CHAIN_UNTRUSTED');
    const token = makeSign1(encode(psaClaims()), { algorithm: 'ES384', key: verifierKeys.privateKey });
    expect(verdict(judge(token, { mediaType: 'application/psa-attestation-token' }))).toBe('contraindicated CHAIN_UNTRUSTED');
  });
  it('counts no longer and nowhere else than the site says', async () => {
    const ended = { ...listed, expires: now };
    expect(verdict(await of({}, {}, { verifiers: [ended] }))).toBe('warning ANCHOR_EXPIRED');
    const elsewhere = { ...listed, zones: ['dock'] };
    expect(verdict(await of({}, {}, { verifiers: [elsewhere], zone: 'office' }))).toBe('warning ANCHOR_OUT_OF_ZONE');
    expect(verdict(await of({}, {}, { verifiers: [elsewhere], zone: 'dock' }))).toBe('affirming');
  });
  it('is the one that is listed, whichever stands first', async () => {
    const other = { ...listed, name: 'other', spki: Buffer.from(spkiOf(keyPairs.EdDSA.publicKey)).toString('base64') };
    expect(resultOf(await of({}, {}, { verifiers: [other, listed] })).identity?.anchor).toBe('the Verifier plant');
  });
});

describe('of whom an EAR speaks', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const akpub = base64url(spkiOf(key));
  const attested = { ear_veraison_key_attestation: { akpub } };
  it('is the device that it names by UEID or by an attested key, at the top or in an appraisal', async () => {
    const byKey = resultOf(await of({ ueid: undefined }, attested));
    expect(byKey).toMatchObject({ status: 'affirming', identity: { deviceKey: sha256(spkiOf(key)) } });
    expect(byKey.identity?.serial).toBeUndefined();
    const inside = resultOf(await of({ ueid: undefined }, { ueid: base64url(fromHex(instance)) }));
    expect(inside.identity?.serial).toBe(instance);
    expect(inside.identity?.deviceKey).toBe(resultOf(await of({})).identity?.deviceKey);
  });
  it('nobody: then it proves nothing, and nothing failed', async () =>
    expect(verdict(await of({ ueid: undefined }))).toBe('none IDENTITY_MISMATCH'));
  it('of two devices at once: it has failed', async () =>
    expect(verdict(await of({}, { ueid: base64url(fromHex(`01${'d6'.repeat(32)}`)) }))).toBe('contraindicated IDENTITY_MISMATCH'));
  it('of a device whose key is listed here otherwise, or as of another vendor: it has failed', async () => {
    expect(verdict(await of({}, attested, { keys: [listedKey] }))).toBe('contraindicated IDENTITY_MISMATCH');
    expect(verdict(await of({}, {}, { keys: [{ ...listedKey, vendor: 'Other' }] }))).toBe('contraindicated IDENTITY_MISMATCH');
  });
  it('says so when the attested key is the one of the connection', async () => {
    const { chain, keyPem } = await makeSelfSigned({ cn: 'device' });
    const own = base64url(spkiOf(createPublicKey(keyPem)));
    const told = await of({ ueid: undefined }, { ear_veraison_key_attestation: { akpub: own } }, { certificates: chain });
    expect(resultOf(told).checks.find(c => c.check === 'identity')?.detail).toContain('by the key of the connection');
  });
  it('is told by another Sallyport in its own words', async () => {
    const result = resultOf(judgeToken(makeSign1(encode(psaClaims()))));
    const claims = earClaims(subjectOf(result), { now, build: '9', dialect: 'ietf', nonce });
    const again = resultOf(judge(await signed(claims as Json)));
    expect(again).toMatchObject({
      status: 'affirming',
      assurance: 4,
      identity: { serial: instance, deviceKey: result.identity?.deviceKey, issuer: 'Sallyport 9' },
    });
  });
  const broken: readonly (readonly [string, Json, Json])[] = [
    ['a UEID that is too short', { ueid: 'AAAA' }, {}],
    ['a key that is none', {}, { ear_veraison_key_attestation: { akpub: 'MFkwEwYHKoZIzj0CAQYIKoZIz___' } }],
    ['a key that is no text', {}, { ear_veraison_key_attestation: { akpub: 7 } }],
    ['a device key that is no SHA-256', {}, { ear_sallyport_appraisal: { identity: { deviceKey: 'x' } } }],
  ];
  for (const [what, changed, appraisal] of broken)
    it(`by ${what} is malformed`, async () => expect(verdict(await of(changed, appraisal))).toBe('contraindicated EVIDENCE_MALFORMED'));
});

describe('what another Verifier found', () => {
  const cases: readonly (readonly [string, Json, string])[] = [
    [
      'less than affirming is less',
      { ear_status: 'warning', ear_trustworthiness_vector: { executables: 33 } },
      'warning EAR_NOT_AFFIRMING 3',
    ],
    [
      'a bad device is contraindicated',
      { ear_status: 'contraindicated', ear_trustworthiness_vector: { executables: 96 } },
      'contraindicated EAR_NOT_AFFIRMING 3',
    ],
    ['nothing is nothing', { ear_status: 'none', ear_trustworthiness_vector: {} }, 'none EAR_NOT_AFFIRMING 0'],
    [
      'who it is, and not what runs there, is a warning',
      { ear_trustworthiness_vector: { 'instance-identity': 2 } },
      'warning NO_MEASUREMENTS 3',
    ],
    ['something that it leaves out is a warning', { ear_trustworthiness_vector: undefined }, 'warning NO_MEASUREMENTS 3'],
    [
      'a status above its own vector is not read at all',
      { ear_trustworthiness_vector: { executables: 33 } },
      'contraindicated EVIDENCE_MALFORMED 0',
    ],
  ];
  for (const [what, appraisal, wanted] of cases)
    it(what, async () => {
      const outcome = await of({}, appraisal);
      expect(`${verdict(outcome)} ${resultOf(outcome).assurance}`).toBe(wanted);
    });
  it('of several parts is as bad as the worst of each', async () => {
    const part = (ear_status: string, ear_trustworthiness_vector: Json) => ({ ear_status, ear_trustworthiness_vector });
    const submods = { A: part('affirming', { executables: 2, hardware: 2 }), B: part('warning', { executables: 33, 'file-system': -40 }) };
    expect(resultOf(await of({ submods }))).toMatchObject({
      status: 'warning',
      vector: { executables: 33, hardware: 2, 'file-system': 32 },
    });
  });
});

describe('an EAT or other record', () => {
  it('that a wrapper calls an Attestation Result is not judged as Evidence', () => {
    const token = makeSign1(encode(psaClaims()));
    const judged = (indicator: number) => judge(encode([263, token, indicator]), { keys: [listedKey], mediaType: 'application/cmw+cbor' });
    expect(verdict(judged(4))).toBe('warning REFERENCE_MISSING');
    expect(judged(8).kind).toBe('no-evidence');
  });
});

describe('a flip of one bit', () => {
  const forms = async () =>
    [
      ['JWT', await signed(draft()), 'application/eat+jwt'],
      ['CWT', asCwt(), 'application/eat+cwt'],
    ] as const;
  it('in any byte of a good EAR loses affirming', async () => {
    for (const [form, token, mediaType] of await forms()) {
      expect(verdict(judge(token, { mediaType }))).toBe('affirming');
      for (let at = 0; at < token.length; at += 1)
        for (const bit of [0, 3, 7]) {
          const changed = token.with(at, (token[at] ?? 0) ^ (1 << bit));
          expect(verdict(judge(changed, { mediaType })), `${form} byte ${at}`).not.toBe('affirming');
        }
    }
  });
  it('in a bad EAR makes it no better', async () => {
    const bad = [{ exp: seconds }, { eat_nonce: base64url(new Uint8Array(32)) }, { aud: 'x' }];
    for (const changed of bad) {
      const token = await signed(draft(changed));
      for (let at = 0; at < token.length; at += 3)
        expect(verdict(judge(token.with(at, (token[at] ?? 0) ^ (1 << (at % 8))))), `byte ${at}`).toMatch(/^contraindicated/);
    }
  });
});
