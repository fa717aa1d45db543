import type { AttestationResult, ChallengeOutcome, Check, Digest } from '../model/attestation.ts';
import type { Baseline } from '../model/reference.ts';

/**
 * A device of a class without reference values is held to what a person took as its baseline. It can only lower: measuring the same stays a warning, and
 * measuring something else fails. Another key is another device, for which no baseline was taken.
 */
export function withBaseline(outcome: ChallengeOutcome, baseline: Omit<Baseline, 'device'> | undefined): ChallengeOutcome {
  if (baseline === undefined || outcome.kind !== 'appraised' || outcome.result.reason !== 'REFERENCE_MISSING') return outcome;
  const { result } = outcome;
  if (result.identity?.deviceKey !== baseline.deviceKey) return outcome;
  const [seen, wanted] = [texts(result.digestsSeen), texts(baseline.digests)];
  const taken = `the baseline that ${baseline.by} took on ${new Date(baseline.at).toISOString().slice(0, 10)} (${baseline.reason})`;
  const same = seen.join() === wanted.join();
  const check: Check = same
    ? { check: 'reference', outcome: 'warned', code: 'BASELINE_ONLY', detail: `measures the same as ${taken}` }
    : {
        ...{ check: 'reference', outcome: 'failed', code: 'BASELINE_CHANGED', detail: `measures something else than ${taken}` },
        ...{ expected: wanted.join('; '), seen: seen.join('; ') },
      };
  return { ...outcome, result: judged(result, check, same) };
}

const texts = (digests: readonly Digest[]): readonly string[] => digests.map(d => `${d.alg}:${d.value}`).toSorted();

function judged(result: AttestationResult, check: Check, same: boolean): AttestationResult {
  const checks = result.checks.map(c => (c.check === check.check ? check : c));
  const base = { ...result, checks, digestsExpected: result.digestsExpected, reason: check.code ?? 'BASELINE_ONLY' };
  // AR4SI: executables contraindicated (draft-ietf-rats-ar4si §2.3.4).
  return same ? base : { ...base, status: 'contraindicated', vector: { ...result.vector, executables: 96 } };
}
