import { createPublicKey } from 'node:crypto';
import { basename } from 'node:path';
import { encode } from 'cborg';
import { z } from 'zod';
import { afterAll, describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { decodeCbor, mapOf } from '../../gateway/codec/cbor.ts';
import { decodeCmw, decodeCmwExtension, recordsOf } from '../../gateway/codec/cmw.ts';
import { decodeCose } from '../../gateway/codec/cose.ts';
import { decodePsaClaims } from '../../gateway/codec/psa-token.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { isMac0By } from '../../gateway/attestation/signature.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { readDiag } from '../vectors/diag.ts';
import { base64, keyPairs, makeSign1, spkiOf } from '../vectors/tokens.ts';
import { judge, now, part, verdict } from './token-world.ts';
import { bytesOf, hasVectors, rowsOf, textOf } from './manifest.ts';
import { note as noteVerdict } from './verdicts.ts';

/**
 * Published tokens and wrappers, each with the verdict of MANIFEST.tsv. Nothing there names a challenge, an anchor or reference values, so for each file
 * we take: its own nonce as the challenge, its published key as listed for its instance, and its own components as the reference values. "accept" then
 * must be affirming, and "reject" malformed. Claims sets without a signature are signed here with a key of our own.
 */
const jsonOf = (path: string): unknown => JSON.parse(textOf(path));
const sets = /^(rfc9783-psa-token|veraison-psatoken|veraison-cmw|ietf-cmw-draft|veraison-services\/psa-iot)\//;
const rows = rowsOf(sets).map(({ file, expected }) => ({ file, expected, set: sets.exec(file)?.[1] ?? '' }));

type Row = { readonly file: string; readonly wanted: string; readonly got: string; readonly note: string };
const table: Row[] = [];
const keep = (file: string, wanted: string, got: string, note = ''): void => {
  table.push({ file, wanted, got, note });
  noteVerdict(
    file.split(' ')[0] ?? file,
    note.startsWith('deviation') ? 'deviates' : 'as expected',
    got,
    note || 'its own nonce, key and components',
  );
};

/** Judges a signed token in the world that it brings along. */
function judgeToken(token: Uint8Array, spki: Uint8Array, edit: (set: ReferenceSet) => ReferenceSet = set => set): string {
  const keys = (instance: string) => [{ instance, spki: base64(spki), vendor: 'V', model: 'M' }];
  try {
    const psa = decodePsaClaims(mapOf(decodeCbor(decodeCose(token).payload ?? new Uint8Array(), { lenient: true }), 'claims'));
    const components = psa.components.map(({ type, signer, digest }) => {
      const { key, ...bare } = part(type ?? '', digest.value, { signer });
      return type === undefined ? bare : { ...bare, key: key ?? '' };
    });
    // Components that are the same in everything count once (appraise.ts).
    const distinct = [...new Map(components.map(c => [JSON.stringify(c), c])).values()];
    const set = edit({ id: 'own', vendor: 'V', model: 'M', components: distinct });
    const freshness = { kind: 'nonce', nonce: psa.nonce, expires: now, spent: false, channel: 'vector' } as const;
    return verdict(judge(token, { keys: keys(psa.instance), sets: distinct.length === 0 ? [] : [set], freshness }));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return verdict(judge(token, { keys: keys(`01${'00'.repeat(32)}`) }));
  }
}
const ownKey = spkiOf(keyPairs.ES256.publicKey);
const judgeClaims = (claims: unknown): string => judgeToken(makeSign1(encode(claims)), ownKey);
const pem = (path: string): Uint8Array => spkiOf(createPublicKey(bytesOf(path)));
const jwk = (path: string): Uint8Array => {
  const { kty, crv, x, y } = z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }).parse(jsonOf(path));
  return spkiOf(createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }));
};
const malformed = 'contraindicated EVIDENCE_MALFORMED';

/** Labels of the JSON names of Veraison's claims sets, in the two dialects that they are in. */
const names: Readonly<Record<string, readonly [current: number, old: number]>> = {
  'eat-profile': [265, 0],
  'psa-profile': [0, -75000],
  'psa-client-id': [2394, -75001],
  'psa-security-lifecycle': [2395, -75002],
  'psa-implementation-id': [2396, -75003],
  'psa-boot-seed': [2397, -75004],
  'psa-certification-reference': [2398, -75005],
  'psa-software-components': [2399, -75006],
  'psa-no-software-measurements': [0, -75007],
  'psa-nonce': [10, -75008],
  'psa-instance-id': [256, -75009],
  'psa-verification-service-indicator': [2400, -75010],
};
const parts: Readonly<Record<string, number>> = {
  'measurement-type': 1,
  'measurement-value': 2,
  version: 4,
  'signer-id': 5,
  'measurement-description': 6,
};
const binary = /^(psa-implementation-id|psa-boot-seed|psa-nonce|psa-instance-id|measurement-value|signer-id)$/;
const valueOf = (name: string, value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((one: object) => new Map(Object.entries(one).map(([k, v]) => [parts[k], valueOf(k, v)])))
    : binary.test(name) && typeof value === 'string'
      ? Uint8Array.from(Buffer.from(value, 'base64'))
      : value;
function claimsOf(json: object, dialect: 0 | 1): ReadonlyMap<number, unknown> {
  return new Map(
    Object.entries(json).flatMap(([name, value]) => {
      const label = names[name]?.[dialect] ?? 0;
      return label === 0 ? [] : [[label, valueOf(name, value)]];
    }),
  );
}

/** Claims sets of Veraison that are wrong, or right, in one dialect only. */
const dialectOf: Readonly<Record<string, readonly [0 | 1, string]>> = {
  'test-profile-invalid-missing.json': [
    0,
    'taken in the dialect of 2.0.0: PSA_IOT_PROFILE_1 may leave its name out, as test-profile-valid-missing does',
  ],
  'test-boot-seed-invalid-missing.json': [
    1,
    'taken as PSA_IOT_PROFILE_1, where it is mandatory; test-token-valid-minimalist-p2 has none either and is accepted',
  ],
};

/** What is not judged here, and why. */
const notJudged: readonly (readonly [RegExp, string])[] = [
  [/\.(pem|yaml|jwk)$|iak\.(json|bin)$|key\.pem$/, 'key or source'],
  [
    /psa-iot\/corim\/.*|psa-iot\/(extracted|endorsements|mult-endorsements|ta-endorsements|ta-integ-endorsements)\.json$/,
    'reference values and endorsements: judged with CoRIM',
  ],
];

describe.skipIf(!hasVectors)('published PSA tokens', () => {
  const example = 'rfc9783-psa-token/example/';
  const services = 'veraison-services/psa-iot/';
  const tokens: readonly (readonly [string, () => Uint8Array])[] = [
    [`${example}psa-sign1.cbor`, () => pem(`${example}tfm-es-iak.pem`)],
    ['veraison-psatoken/tf-m/psa-2_0_0_sign1.bin', () => pem('veraison-psatoken/tf-m/public.pem')],
    ['veraison-psatoken/tf-m/psa-iot-1_sign1.bin', () => pem('veraison-psatoken/tf-m/public.pem')],
    [`${services}psa-token.cbor`, () => pem(`${services}key.pem`)],
    [`${services}psaintegtoken.cbor`, () => jwk(`${services}token/ec.p256.jwk`)],
    [`${services}token/psa.good.cose`, () => jwk(`${services}token/ec.p256.jwk`)],
  ];
  for (const [file, key] of tokens)
    it(`${file} is affirming by its key, and by no other`, () => {
      const got = judgeToken(bytesOf(file), key());
      keep(file, 'affirming', got);
      expect(got).toBe('affirming');
      expect(judgeToken(bytesOf(file), ownKey)).toBe('contraindicated SIGNATURE_INVALID');
    });

  for (const name of ['psa-sign1', 'psa-mac0'])
    it(`${name}: the forms in hex and in diagnostic notation are the same token`, () => {
      const bytes = Uint8Array.from(bytesOf(`${example}${name}.cbor`));
      const same = [
        Uint8Array.from(Buffer.from(textOf(`${example}${name}.hex`).replace(/\s/g, ''), 'hex')),
        encode(readDiag(textOf(`${example}${name}.diag`))),
      ];
      for (const [i, one] of same.entries()) {
        const is = Buffer.compare(one, bytes) === 0;
        keep(`${example}${name}.${i === 0 ? 'hex' : 'diag'}`, 'same as .cbor', is ? 'same as .cbor' : 'another');
        expect(is).toBe(true);
      }
    });

  it('tokens with a MAC: the tag is right by its secret, and the scheme refuses all of them', () => {
    const note =
      'deviation: RFC 9783 lets an Attester choose a MAC, but who can check it can forge it; no secrets of devices are kept here';
    expect(isMac0By(decodeCose(bytesOf(`${example}psa-mac0.cbor`)), bytesOf(`${example}tfm-hs-iak.bin`))).toBe(true);
    for (const file of [
      `${example}psa-mac0.cbor`,
      'veraison-psatoken/tf-m/psa-2_0_0_mac0.bin',
      'veraison-psatoken/tf-m/psa-iot-1_mac0.bin',
    ]) {
      const got = judgeToken(bytesOf(file), ownKey);
      keep(file, 'contraindicated ALGORITHM_REFUSED', got, note);
      expect(got).toBe('contraindicated ALGORITHM_REFUSED');
    }
  });

  it('psa.good.cose does not match the CoRIM that it is published with: their signers differ (RFC 9783 §4.4.1)', () => {
    const file = `${services}token/psa.good.cose`;
    const key = jwk(`${services}token/ec.p256.jwk`);
    const signer = Buffer.from('U3h5YwdTXfPsjYsVouLcVkFBnD0wYM/jIjjA+pc/eqM=', 'base64').toString('hex');
    expect(textOf(`${services}corim/src/comid-psa-refval.json`)).toContain('U3h5YwdTXfPsjYsVouLcVkFBnD0wYM/jIjjA+pc/eqM=');
    const strict = judgeToken(bytesOf(file), key, set => ({ ...set, components: set.components.map(c => ({ ...c, signer })) }));
    const loose = judgeToken(bytesOf(file), key, set => ({
      ...set,
      components: set.components.map(({ name, key: k, versions }) => ({ name, versions, ...(k === undefined ? {} : { key: k }) })),
    }));
    keep(
      `${file} with its CoRIM`,
      'contraindicated DIGEST_UNKNOWN',
      strict,
      'accepted by who ignores signers, as Veraison does; a strict verifier must reject',
    );
    expect([strict, loose]).toEqual(['contraindicated DIGEST_UNKNOWN', 'affirming']);
  });

  for (const { file, expected } of rows.filter(r => /rfc9783.*\.diag$/.test(r.file) && !/psa-(sign1|mac0)\.diag/.test(r.file)))
    it(`${file}: ${expected}`, () => {
      const wanted = expected.startsWith('accept') ? 'affirming' : malformed;
      const got = judgeClaims(readDiag(textOf(file)));
      keep(file, wanted, got, 'signed here');
      expect(got).toBe(wanted);
    });

  it('the claims that TF-M publishes in diagnostic notation are those of its token', () => {
    const file = 'veraison-psatoken/tf-m/psa-2_0_0_claims.diag';
    const own = mapOf(decodeCbor(encode(readDiag(textOf(file)))), 'claims');
    const theirs = mapOf(
      decodeCbor(decodeCose(bytesOf('veraison-psatoken/tf-m/psa-2_0_0_sign1.bin')).payload ?? new Uint8Array(), { lenient: true }),
      'claims',
    );
    const [a, b] = [decodePsaClaims(own), decodePsaClaims(theirs)];
    keep(file, 'claims of the token', JSON.stringify(a.components) === JSON.stringify(b.components) ? 'claims of the token' : 'others');
    expect({ ...a, nonce: 0 }).toEqual({ ...b, nonce: 0 });
  });

  for (const { file, expected } of rows.filter(r => /veraison-psatoken\/json\/|psa-iot\/(psa-token|token\/psa\.good)\.json$/.test(r.file)))
    it(`${file}: ${expected}`, () => {
      const json = z.record(z.string(), z.unknown()).parse(jsonOf(file));
      const fixed = dialectOf[basename(file)];
      const dialects: readonly (0 | 1)[] =
        fixed === undefined ? ['eat-profile' in json ? 0 : 1, 'psa-profile' in json ? 1 : 0] : [fixed[0]];
      const isNone = 'psa-no-software-measurements' in json;
      const wanted = expected.startsWith('reject')
        ? malformed
        : isNone
          ? 'warning NO_MEASUREMENTS'
          : file.endsWith('psa-token.json')
            ? 'warning DEBUG_ENABLED'
            : 'affirming';
      for (const dialect of new Set(
        dialects.filter(d => fixed !== undefined || (d === 0) === 'eat-profile' in json || 'psa-profile' in json),
      )) {
        if (dialect === 0 && !('eat-profile' in json) && fixed === undefined) continue;
        const got = judgeClaims(claimsOf(json, dialect));
        const note =
          fixed?.[1] ??
          (isNone
            ? 'accepted, and without measurements never affirming'
            : file.endsWith('psa-token.json')
              ? 'lifecycle 3 is "unknown": a warning'
              : '');
        keep(file, wanted, got, `${note}${note === '' ? '' : '; '}${dialect === 0 ? '2.0.0' : 'PSA_IOT_PROFILE_1'}, signed here`);
        expect(got).toBe(wanted);
      }
    });

  for (const { file } of rows.filter(r => /psa-iot\/ta-bad-key/.test(r.file)))
    it(`${file}: cannot be listed`, () => {
      const { attributes } = z.object({ attributes: z.object({ 'iak-pub': z.string(), 'inst-id': z.string() }) }).parse(jsonOf(file));
      const text = attributes['iak-pub'];
      const isPublic = text.startsWith('-----BEGIN PUBLIC KEY-----\n');
      const spki = text.replace(/-----[^-]*-----/g, '').replace(/\s/g, '');
      const instance = Buffer.from(attributes['inst-id'], 'base64').toString('hex');
      const { problems } = prepareTrust({ anchors: [], referenceSets: [], keys: [{ instance, spki }] });
      const got = problems.length > 0 ? 'refused' : isPublic ? 'listed' : 'listed without its header';
      const wanted = isPublic ? 'refused' : 'listed without its header';
      keep(
        file,
        wanted,
        got,
        isPublic
          ? 'a private key in it'
          : 'deviation: the fault is in the PEM header alone; keys are listed in DER, and this DER is a good public key',
      );
      expect(got).toBe(wanted);
    });
});

describe.skipIf(!hasVectors)('published conceptual message wrappers', () => {
  const mixed =
    'deviation from the manifest: a label is an integer or text (draft-ietf-rats-msg-wrap §3.3), and collection-cbor-ok mixes them too';
  const outcome = (open: () => unknown): string => {
    try {
      open();
      return 'accepted';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return 'refused';
    }
  };
  for (const { file } of rows.filter(r => /-cmw(-draft)?\//.test(r.file)))
    it(`${file} is read`, () => {
      const bytes = bytesOf(file);
      const got = outcome(() => {
        if (file.endsWith('eat-example-1.json'))
          return recordsOf(decodeCmw(Buffer.from(JSON.stringify(z.object({ cmw: z.unknown() }).parse(jsonOf(file)).cmw)), 'json'));
        if (file.endsWith('.json')) return recordsOf(decodeCmw(bytes, 'json'));
        if (file.endsWith('.cbor')) return recordsOf(decodeCmw(bytes, 'cbor'));
        if (file.endsWith('.diag')) return recordsOf(decodeCmw(encode(readDiag(textOf(file))), 'cbor'));
        const extension = decodeCertificate(bytes).extensions.find(e => e.oid === '1.3.6.1.5.5.7.1.35');
        return recordsOf(decodeCmwExtension(extension?.value ?? new Uint8Array()));
      });
      keep(file, 'accepted', got, file.includes('mixed-keys') ? mixed : '');
      expect(got).toBe('accepted');
    });
});

describe.skipIf(!hasVectors)('the table', () => {
  it('has a row for every file of these sets, or says why not', () => {
    for (const { file } of rows) for (const [pattern, why] of notJudged) if (pattern.test(file)) noteVerdict(file, 'not judged', '-', why);
    const judged = new Set(table.map(r => r.file));
    const forgotten = rows.filter(({ file }) => !judged.has(file) && !notJudged.some(([pattern]) => pattern.test(file))).map(r => r.file);
    expect(forgotten).toEqual([]);
    expect(table.length).toBeGreaterThan(75);
  });
  afterAll(() => {
    for (const set of new Set(rows.map(r => r.set))) {
      const own = table.filter(r => r.file.startsWith(`${set}/`));
      process.stdout.write(`\n${set}: ${own.filter(r => r.got === r.wanted).length} of ${own.length} as expected\n`);
      for (const { file, got, note } of own)
        process.stdout.write(`  ${file.slice(set.length + 1).padEnd(62)} ${got}${note === '' ? '' : `  (${note})`}\n`);
    }
  });
});
