import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { hasVectors, rowsOf, textOf } from './manifest.ts';
import { type Verdict, note, verdicts } from './verdicts.ts';

/**
 * One table over MANIFEST.tsv: the tests of the sets run here once more, note their verdicts, and then every row of the manifest must have one: judged, or
 * not judged for a reason that stands here or in its set. What nobody looked at fails.
 */
import './corim-vectors.test.ts';
import './dice-vectors.test.ts';
import './ear.test.ts';
import './matter-vectors.test.ts';
import './spdm-vectors.test.ts';
import './suit-vectors.test.ts';
import './token-vectors.test.ts';
import './tpm/vectors.test.ts';

const rows = rowsOf(/./);

/** Rows that no scheme judges, and why. */
const notCovered: readonly (readonly [RegExp, string])[] = [
  [/^fdo\//, 'FDO vouchers and credentials: a protocol of its own, and none of the schemes (issue: Evidence schemes)'],
  [/^matter\/.*-(?:Key|Public-Key)\.(?:pem|der)$|^matter\/.*key/i, 'key that belongs to a certificate of the set'],
  [/^matter\/test-attestation\/.*-(?:PAA|PAI)-/, 'anchor or intermediate: the chains below it are judged'],
  [/^matter\/revoked\/.*(?:PAA|PAI|Signer|CRL)/i, 'CRL, its signer, or an issuer: the chains below it are judged'],
  [/README\.md$/, 'text'],
  [/^matter\/revoked\/revocation-sets\//, 'the set that the revoked chains are judged by'],
  [/^matter\/certification-declaration\/.*(?:Cert|Key)/, 'signer of the declarations'],
  [/^veraison-services\/tpm-enacttrust\/(?:keys|evidence\/basic\.json)/, 'key of the token, or its content for people'],
  [/^veraison-services\/parsec-tpm\/evidence\/evidence\.cbor$/, 'the diagnostic notation beside it is read in its place'],
];

const certificates = (pem: string): readonly Uint8Array[] =>
  [...pem.matchAll(/BEGIN CERTIFICATE-----([^-]+)/g)].map(([, block]) => new Uint8Array(Buffer.from(block ?? '', 'base64')));

describe.skipIf(!hasVectors)('chains that stand in no set of their own', () => {
  it('of RIoT holds by its own root, but nothing of it is fresh', () => {
    for (const { file, expected } of rows.filter(r => r.file.endsWith('riot/evidence/evidence.pem'))) {
      const chain = certificates(textOf(file));
      const anchor = chain.at(-1) ?? new Uint8Array();
      const judged = (name: Uint8Array): string => {
        const { trust } = prepareTrust({
          anchors: [{ name: 'root', certificate: Buffer.from(name).toString('base64') }],
          referenceSets: [],
        });
        const evidence = chainEvidence(chain);
        const context = { trust, keys: new KeyCache(), now: Date.UTC(2026, 10, 22), freshness: { kind: 'none' }, ttlSeconds: 1 } as const;
        const outcome = schemeFor(evidence.mediaType)?.judge(evidence, context);
        return outcome?.kind === 'appraised' ? `${outcome.result.status} ${outcome.result.reason ?? ''}` : String(outcome?.kind);
      };
      const got = judged(anchor);
      expect(expected).toMatch(/^accept/);
      expect(got).toBe('none EVIDENCE_NOT_FRESH');
      note(file, 'as expected', got, 'at 2026-11-22, its last certificate as the anchor; a chain by itself is never fresh');
    }
  });
  it('the public key of the EnactTrust token is that of its private one', () => {
    const pem = (name: string) =>
      createPublicKey(textOf(`veraison-services/tpm-enacttrust/keys/${name}`)).export({ format: 'pem', type: 'spki' });
    expect(pem('basic.pem.pub')).toEqual(pem('basic.pem'));
  });
});

describe.skipIf(!hasVectors)('the table of the manifest', () => {
  const verdictsOf = (file: string): readonly Verdict[] => {
    const why = notCovered.find(([pattern]) => pattern.test(file))?.[1];
    return verdicts.get(file) ?? (why === undefined ? [] : [{ outcome: 'not judged', got: '-', taken: why }]);
  };

  it('accounts for every row: judged, or not judged for a reason', () => {
    expect(rows.length).toBeGreaterThan(650);
    expect(rows.filter(({ file }) => verdictsOf(file).length === 0).map(({ file }) => file)).toEqual([]);
    expect(rows.flatMap(({ file }) => verdictsOf(file).filter(v => v.taken.trim() === '').map(() => file))).toEqual([]); // biome-ignore format: one list
  });

  it('judges what it names: no note is of a file that the manifest has not', () => {
    const known = new Set(rows.map(({ file }) => file));
    expect([...verdicts.keys()].filter(file => !known.has(file))).toEqual([]);
  });

  it('accepts nothing that the manifest refuses', () => {
    const wrong = rows.filter(
      ({ file, expected }) => /^reject/i.test(expected) && verdictsOf(file).some(({ got }) => /^(?:affirming|accept(?:ed)?$)/.test(got)),
    );
    expect(wrong).toEqual([]);
  });

  it('is printed, by set', () => {
    const setOf = (file: string): string =>
      file
        .split('/')
        .slice(0, /^(?:tpm|matter|veraison-services|dice-tcg|open-dice|spdm|suit)\//.test(file) ? 2 : 1)
        .join('/');
    const lines: string[] = ['', 'set | rows | as expected | deviates | not judged'];
    const details: string[] = [];
    for (const [set, own = []] of Object.entries(Object.groupBy(rows, ({ file }) => setOf(file)))) {
      const has = (outcome: Verdict['outcome']): number => own.filter(({ file }) => worst(verdictsOf(file)) === outcome).length;
      lines.push([set, own.length, has('as expected'), has('deviates'), has('not judged')].join(' | '));
      for (const { file, expected } of own)
        for (const { outcome, got, taken } of verdictsOf(file))
          if (outcome === 'deviates') details.push(`deviates: ${file} | ${expected.slice(0, 60)} | ${got} | ${taken.slice(0, 240)}`);
    }
    process.stdout.write(`${[...lines, '', ...details].join('\n')}\n`);
    expect(details.length).toBeLessThan(60);
  });
});

/** Of several ways of judging one file: the one that says most against us. */
function worst(all: readonly Verdict[]): Verdict['outcome'] {
  const outcomes = all.map(({ outcome }) => outcome);
  return outcomes.includes('deviates') ? 'deviates' : outcomes.includes('as expected') ? 'as expected' : 'not judged';
}
