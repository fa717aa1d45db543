import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { Scheme } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { selfTest, type SelfTestDevice } from '../../gateway/attestation/self-test.ts';
import { spkiOf } from '../vectors/tokens.ts';

/** The self-test of a start, with Verifiers that are broken in the ways in which others were. */
function device(fill: number): SelfTestDevice {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    spki: spkiOf(publicKey),
    sign: bytes => new Uint8Array(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })),
    nonce: new Uint8Array(32).fill(fill),
  };
}
const real = schemeFor('application/eat+jwt');
if (real === undefined) throw new Error('no scheme');
/** The same scheme, whose word is changed on the way. */
const broken = (edit: (result: AttestationResult) => AttestationResult): Scheme => ({
  ...real,
  judge: (evidence, context): ChallengeOutcome => {
    const outcome = real.judge(evidence, context);
    return outcome.kind === 'appraised' ? { ...outcome, result: edit(outcome.result) } : outcome;
  },
});
function passed(result: AttestationResult): AttestationResult {
  const { reason: _reason, ...rest } = result;
  return { ...rest, status: 'affirming' };
}

it('passes with every key and nonce', () => {
  for (let i = 0; i < 40; i++) expect(selfTest(device(i))).toBe(undefined);
});
it('fails on a Verifier that ignores its reference values', () => {
  const deaf = broken(r => (r.reason === 'DIGEST_UNKNOWN' ? passed(r) : r));
  expect(selfTest(device(1), deaf)).toMatch(/a changed reference value is affirming and must be contraindicated DIGEST_UNKNOWN/);
});
it('fails on a Verifier that checks no signatures', () => {
  const deaf = broken(r => (r.reason === 'SIGNATURE_INVALID' ? passed(r) : r));
  expect(selfTest(device(1), deaf)).toMatch(/a changed signature is affirming/);
});
it('fails on a Verifier that refuses everything, or that is not there', () => {
  expect(
    selfTest(
      device(1),
      broken(r => ({ ...r, status: 'contraindicated' })),
    ),
  ).toMatch(/untouched Evidence is contraindicated/);
  expect(selfTest(device(1), { ...real, judge: () => ({ kind: 'no-evidence', checks: [] }) })).toMatch(/untouched Evidence is no-evidence/);
});
it('fails when its device signs with another key', () => {
  expect(selfTest({ ...device(1), sign: device(2).sign })).toMatch(/untouched Evidence is contraindicated SIGNATURE_INVALID/);
});
