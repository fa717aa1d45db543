import type { Millis } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome, Check, Digest, Evidence } from '../model/attestation.ts';
import type { Assurance, AttestationStatus } from '../model/axes.ts';
import { DecodeError } from '../codec/reader.ts';
import { failedInstance, type Vector } from './ar4si.ts';
import { Checks } from './checks.ts';
import { brandVerified, type ChainClaims, type Verified } from './claims.ts';
import { EvidenceError } from './evidence-error.ts';
import type { KeyCache } from './keys.ts';
import type { Trust } from './trust.ts';

/** What made the Evidence fresh. `resumed` handshakes and those without a certificate prove no possession (RFC 8446 §4.4.3, RFC 5246 §7.4.3). */
export type Freshness = { readonly kind: 'handshake'; readonly protocol: string; readonly resumed: boolean };

/** What Evidence is judged with. Time is an input. */
export type Context = {
  readonly trust: Trust;
  readonly keys: KeyCache;
  readonly now: Millis;
  readonly freshness: Freshness;
  readonly ttlSeconds: number;
};

/** What appraisal made of verified claims. */
export type Appraisal = {
  readonly status: AttestationStatus;
  readonly assurance: Assurance;
  readonly vector: Vector;
  readonly digestsSeen: readonly Digest[];
  readonly digestsExpected: readonly Digest[];
  readonly referenceSets: readonly string[];
};

/** The parts of a scheme: the steps that `scheme()` puts in their order (RFC 9334 §8). */
export type SchemeParts<Claims extends ChainClaims> = {
  readonly name: string;
  readonly spec: string;
  readonly mediaTypes: readonly Evidence['mediaType'][];
  /** Whether it claims to be an Attester at all. Looks at unverified bytes; never throws. */
  readonly isEvidence: (evidence: Evidence, trust: Trust) => boolean;
  /** Without Evidence: key and name for continuity (A2). Never throws. */
  readonly unverifiedLeaf: (evidence: Evidence) => { readonly leafKey?: string; readonly subject?: string };
  /** Authenticates and normalises. Throws DecodeError or EvidenceError. */
  readonly verify: (evidence: Evidence, context: Context, checks: Checks) => Claims;
  /** Judges what is authentic. Each step may only lower. */
  readonly appraise: (claims: Verified<Claims>, trust: Trust, checks: Checks) => Appraisal;
};

/** One Evidence format, composed: bytes in, outcome out. Throws on our own defects only. */
export type Scheme = {
  readonly name: string;
  readonly spec: string;
  readonly mediaTypes: readonly Evidence['mediaType'][];
  readonly judge: (evidence: Evidence, context: Context) => ChallengeOutcome;
};

export function scheme<Claims extends ChainClaims>(parts: SchemeParts<Claims>): Scheme {
  const judge = (evidence: Evidence, context: Context): ChallengeOutcome => {
    const checks = new Checks();
    const judged = authenticate(parts, evidence, context, checks);
    if (judged === undefined) {
      // A printer's HTTPS page must not get it cut (DESIGN §7): what never claimed to attest has not failed to.
      if (!parts.isEvidence(evidence, context.trust))
        return { kind: 'no-evidence', ...parts.unverifiedLeaf(evidence), checks: checks.list().map(withoutFailure) };
      return appraised(parts.name, evidence, context, checks, failedAppraisal(checks));
    }
    return appraised(parts.name, evidence, context, checks, parts.appraise(judged, context.trust, checks), judged);
  };
  return { name: parts.name, spec: parts.spec, mediaTypes: parts.mediaTypes, judge };
}

/** Where nobody claimed to attest, nothing failed. */
const withoutFailure = (check: Check): Check => (check.outcome === 'failed' ? { ...check, outcome: 'warned', code: 'NO_EVIDENCE' } : check);

/** Freshness is a gate of its own, before any scheme: none can pass without it. */
function authenticate<Claims extends ChainClaims>(
  parts: SchemeParts<Claims>,
  evidence: Evidence,
  context: Context,
  checks: Checks,
): Verified<Claims> | undefined {
  const { freshness } = context;
  checks.pass('answered', `${freshness.protocol} with ${evidence.certificates.length} certificates`);
  if (freshness.resumed || evidence.certificates.length === 0) {
    const seen = freshness.resumed ? 'a resumed session' : 'no certificate';
    checks.fail('fresh', 'HANDSHAKE_NOT_FRESH', `Cannot take handshake as fresh: ${seen}`, { expected: 'a full handshake', seen });
    return undefined;
  }
  checks.pass('fresh', 'the handshake is signed by the leaf key over our random');
  try {
    return brandVerified(parts.verify(evidence, context, checks));
  } catch (error) {
    if (error instanceof DecodeError) checks.fail('readable', 'EVIDENCE_MALFORMED', error.message);
    else if (error instanceof EvidenceError)
      checks.fail(error.check, error.code, error.message, { expected: error.expected, seen: error.seen });
    else throw error;
    return undefined;
  }
}

const failedAppraisal = (checks: Checks): Appraisal => ({
  status: 'contraindicated',
  assurance: 0,
  vector: failedInstance(checks.reason ?? 'EVIDENCE_MALFORMED'),
  digestsSeen: [],
  digestsExpected: [],
  referenceSets: [],
});

function appraised(
  name: string,
  evidence: Evidence,
  { now, ttlSeconds }: Context,
  checks: Checks,
  appraisal: Appraisal,
  claims?: ChainClaims,
): ChallengeOutcome {
  const result: AttestationResult = {
    at: now,
    expires: Math.min(now + ttlSeconds * 1000, claims?.pathEnds ?? Number.MAX_SAFE_INTEGER),
    scheme: name,
    ...appraisal,
    ...(checks.reason === undefined ? {} : { reason: checks.reason }),
    checks: checks.list(),
    ...(claims === undefined ? {} : { identity: claims.identity }),
    evidence: evidence.id,
  };
  return { kind: 'appraised', result, evidence: [evidence.id] };
}
