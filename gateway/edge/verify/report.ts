import type { Millis } from '../../model/address.ts';
import type { ChallengeOutcome, Check, Evidence } from '../../model/attestation.ts';
import type { AttestationStatus } from '../../model/axes.ts';
import { checkLines } from '../../model/check-lines.ts';
import { type ReasonCode, reasons } from '../../model/reason.ts';
import { visibleText } from '../../model/visible-text.ts';
import { statusOf, worse } from '../../attestation/ar4si.ts';
import type { EarClaims } from '../../attestation/ear.ts';

/** DESIGN §8. */
export const exitOf: { readonly [status in AttestationStatus]: number } = { affirming: 0, warning: 2, contraindicated: 3, none: 4 };

/** What the verb found, as `--json` tells it. */
export type Verdict = {
  readonly kind: string;
  readonly at: string;
  readonly status: AttestationStatus;
  readonly assurance: string;
  readonly reason?: ReasonCode;
  /** What the status would be if nothing but freshness were missing; set iff nothing but that is. */
  readonly butForFreshness?: AttestationStatus;
  readonly checks: readonly Check[];
  readonly evidence: string;
  readonly ear?: EarClaims;
};

export function verdictOf(kind: string, evidence: Evidence, outcome: ChallengeOutcome, now: Millis, ear: EarClaims | undefined): Verdict {
  const common = { kind, at: new Date(now).toISOString(), evidence: evidence.id, ...(ear === undefined ? {} : { ear }) };
  switch (outcome.kind) {
    case 'appraised': {
      const { status, assurance, reason, checks, vector } = outcome.result;
      const rest = restOf(checks, statusOf(vector));
      return {
        ...common,
        status,
        assurance: `A${assurance}`,
        ...(reason === undefined ? {} : { reason }),
        ...(status === 'none' && rest !== 'none' ? { butForFreshness: rest } : {}),
        checks,
      };
    }
    case 'no-evidence':
      return { ...common, status: 'none', assurance: 'A0', reason: 'NO_EVIDENCE', checks: outcome.checks };
    case 'transport-failure':
      throw new Error(outcome.detail);
  }
}

/** What the other checks leave of the status, if the one of freshness was the only one that could not be made. */
function restOf(checks: readonly Check[], vector: AttestationStatus): AttestationStatus {
  if (!checks.some(({ check, code }) => check === 'fresh' && code === 'EVIDENCE_NOT_FRESH')) return 'none';
  return checks.some(({ check, outcome }) => check !== 'fresh' && outcome === 'warned') ? worse(vector, 'warning') : vector;
}

const lines = (all: readonly string[]): string => all.map(line => `${visibleText(line)}\n`).join('');

/** For people: the checks in their order, what is made of them, what to do, and the EAR. */
export function verdictText({ kind, at, status, assurance, reason, butForFreshness, checks, evidence, ear }: Verdict): string {
  const said = reason === undefined ? [] : [`reason ${reasons[reason].text} [${reason}]`, `next   ${reasons[reason].next}`];
  return lines([
    `${kind}, judged as of ${at}, Evidence sha-256:${evidence}`,
    '',
    ...checks.flatMap((check, i) => checkLines(check, i + 1)),
    '',
    `status ${status} ${assurance}${butForFreshness === undefined ? '' : `: nothing shows that it is fresh; but for that it would be ${butForFreshness}`}`,
    ...said,
    ...(ear === undefined ? [] : ['', 'EAR, not signed:', ...earLines(ear)]),
  ]);
}

/** Indented, but each check on a line of its own. */
const earLines = (ear: EarClaims): readonly string[] =>
  JSON.stringify(ear, undefined, 2)
    .replace(/\{\n\s+"check":[^{}]*\n\s+\}/g, check => check.replace(/\n\s+/g, ' '))
    .split('\n');
