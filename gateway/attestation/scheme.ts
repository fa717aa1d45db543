import type { Millis, ZoneName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome, Check, Digest, Evidence } from '../model/attestation.ts';
import type { Assurance, AttestationStatus } from '../model/axes.ts';
import { hex } from '../codec/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { failedInstance, type Vector } from './ar4si.ts';
import { checkReach } from './anchor-limits.ts';
import { Checks } from './checks.ts';
import { brandVerified, type ChainClaims, type Verified } from './claims.ts';
import { EvidenceError, UnjudgedError } from './evidence-error.ts';
import type { KeyCache } from './keys.ts';
import { atOnce, type Slices } from './slices.ts';
import type { QuoteContext } from './tpm/context.ts';
import type { Trust } from './trust.ts';

/**
 * What makes the Evidence fresh. `handshake`: signed over our random; a resumed one, or one without a certificate, proves no possession (RFC 8446 §4.4.3,
 * RFC 5246 §7.4.3). `nonce`: the challenge that it must answer; `spent` when it was answered before. `kept`: out of our own store, and fresh when
 * it was judged first, at `at`; its result is of then and ends when that one did. `none`: judged offline, so nothing can be affirming.
 *
 * `isInside`: the Evidence stands inside a token that answers the challenge, whose signature binds it. Of when it is it says itself: without our nonce of its own it
 * is a warning, since it may be an older one of the same part.
 */
export type Freshness =
  | { readonly kind: 'handshake'; readonly protocol: string; readonly resumed: boolean }
  | {
      readonly kind: 'nonce';
      readonly nonce: Uint8Array;
      readonly expires: Millis;
      readonly spent: boolean;
      readonly channel: string;
      readonly isInside?: true;
    }
  | { readonly kind: 'kept'; readonly at: Millis; readonly expires: Millis }
  | { readonly kind: 'none' };

/** A nonce is at least so long: 256 bits of ours. Bytes. */
export const nonceBytes = 32;

/** What Evidence is judged with. Time is an input. */
export type Context = {
  readonly trust: Trust;
  readonly keys: KeyCache;
  readonly now: Millis;
  readonly freshness: Freshness;
  readonly ttlSeconds: number;
  /** Zone of the device; absent: nobody knows. */
  readonly zone?: ZoneName;
  /** What a TPM quote is judged with besides. */
  readonly quote?: QuoteContext;
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
  /** What makes Evidence of this kind fresh. */
  readonly freshBy: 'handshake' | 'nonce';
  /** Whether it claims to be an Attester at all. Looks at unverified bytes, and at what failed; never throws. Absent: nobody sends its like by mistake. */
  readonly isEvidence?: (evidence: Evidence, trust: Trust, checks: Checks) => boolean;
  /** Without Evidence: key and name for continuity (A2); absent: none. Never throws. */
  readonly unverifiedLeaf?: (evidence: Evidence) => { readonly leafKey?: string; readonly subject?: string };
  /** Judges what is authentic. Each step may only lower. */
  readonly appraise: (claims: Verified<Claims>, trust: Trust, checks: Checks) => Appraisal;
} & (
  | {
      /** Authenticates and normalises. Throws DecodeError or EvidenceError. */
      readonly verify: (evidence: Evidence, context: Context, checks: Checks) => Claims;
    }
  | {
      /** The same, for what may take longer than others should wait. */
      readonly verifyInSlices: (evidence: Evidence, context: Context, checks: Checks) => Slices<Claims>;
    }
);

/** One Evidence format, composed: bytes in, outcome out. Throws on our own defects only. */
export type Scheme = {
  readonly name: string;
  readonly spec: string;
  readonly mediaTypes: readonly Evidence['mediaType'][];
  readonly freshBy: 'handshake' | 'nonce';
  readonly judge: (evidence: Evidence, context: Context) => ChallengeOutcome;
  /** The same, where Evidence of this format may be long. */
  readonly judgeInSlices?: (evidence: Evidence, context: Context) => Slices<ChallengeOutcome>;
};

const never = Number.MAX_SAFE_INTEGER;
const after = (now: Millis, end: Millis | undefined): Millis => (end === undefined || end <= now ? never : end);

export function scheme<Claims extends ChainClaims>(parts: SchemeParts<Claims>): Scheme {
  const judgeInSlices = function* (evidence: Evidence, context: Context): Slices<ChallengeOutcome> {
    const checks = new Checks();
    const judged = yield* authenticate(parts, evidence, context, checks);
    if (judged === 'failed' || judged === 'unjudged') {
      // A printer's HTTPS page must not get it cut (DESIGN §7): what never claimed to attest has not failed to.
      if (parts.isEvidence?.(evidence, context.trust, checks) === false)
        return { kind: 'no-evidence', ...parts.unverifiedLeaf?.(evidence), checks: checks.list().map(withoutFailure) };
      return appraised(parts.name, evidence, context, checks, judged === 'failed' ? failedAppraisal(checks) : unjudged);
    }
    return appraised(parts.name, evidence, context, checks, parts.appraise(judged, context.trust, checks), judged);
  };
  const { name, spec, mediaTypes, freshBy } = parts;
  const judge = (evidence: Evidence, context: Context): ChallengeOutcome => atOnce(judgeInSlices(evidence, context));
  return { name, spec, mediaTypes, freshBy, judge, ...('verify' in parts ? {} : { judgeInSlices }) };
}

/** Where nobody claimed to attest, nothing failed. */
const withoutFailure = (check: Check): Check => (check.outcome === 'failed' ? { ...check, outcome: 'warned', code: 'NO_EVIDENCE' } : check);

/** Freshness is a gate of its own, before any scheme: none can pass without it. */
function* authenticate<Claims extends ChainClaims>(
  parts: SchemeParts<Claims>,
  evidence: Evidence,
  context: Context,
  checks: Checks,
): Slices<Verified<Claims> | 'failed' | 'unjudged'> {
  checks.pass(
    'answered',
    `${describe(context.freshness)} with ${evidence.bytes.length} bytes, ${evidence.certificates.length} certificates`,
  );
  if (parts.freshBy === 'handshake' && !isFreshHandshake(evidence, context.freshness, checks)) return 'failed';
  try {
    const claims = 'verify' in parts ? parts.verify(evidence, context, checks) : yield* parts.verifyInSlices(evidence, context, checks);
    checkReach(claims.anchor, context, checks);
    if (parts.freshBy === 'nonce') checkNonce(claims.nonces ?? [], context, checks);
    return checks.failed ? 'failed' : brandVerified(claims);
  } catch (error) {
    if (error instanceof DecodeError) checks.fail('readable', 'EVIDENCE_MALFORMED', error.message);
    else if (error instanceof EvidenceError)
      checks.fail(error.check, error.code, error.message, { expected: error.expected, seen: error.seen });
    else throw error;
    return error instanceof UnjudgedError ? 'unjudged' : 'failed';
  }
}

function describe(freshness: Freshness): string {
  switch (freshness.kind) {
    case 'handshake':
      return freshness.protocol;
    case 'nonce':
      return freshness.channel;
    case 'kept':
      return 'kept since it was judged first';
    case 'none':
      return 'read from a file';
  }
}

const wasFresh = (at: Millis): string =>
  `it was fresh when it was judged first, ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function isFreshHandshake(evidence: Evidence, freshness: Freshness, checks: Checks): boolean {
  if (freshness.kind === 'kept') {
    checks.pass('fresh', wasFresh(freshness.at));
    return true;
  }
  if (freshness.kind === 'none') {
    checks.warn('fresh', 'EVIDENCE_NOT_FRESH', 'nobody asked for it: a chain by itself proves no possession');
    return true;
  }
  const seen =
    freshness.kind === 'nonce'
      ? 'no handshake'
      : freshness.resumed
        ? 'a resumed session'
        : evidence.certificates.length === 0
          ? 'no certificate'
          : undefined;
  if (seen === undefined) checks.pass('fresh', 'the handshake is signed by the leaf key over our random');
  else checks.fail('fresh', 'HANDSHAKE_NOT_FRESH', `Cannot take handshake as fresh: ${seen}`, { expected: 'a full handshake', seen });
  return seen === undefined;
}

/** Single use, unexpired, and equal to the one nonce that the Evidence carries. Compared as a whole: nothing is learnt from how long it takes. */
function checkNonce(nonces: readonly Uint8Array[], { freshness, now }: Context, checks: Checks): void {
  if (freshness.kind === 'none') return checks.warn('fresh', 'EVIDENCE_NOT_FRESH', 'no challenge was given to compare its nonce with');
  if (freshness.kind === 'kept') return checks.pass('fresh', wasFresh(freshness.at));
  if (freshness.kind === 'handshake')
    return checks.fail('fresh', 'EVIDENCE_NOT_FRESH', 'Cannot take Evidence as fresh: it answers no challenge of ours');
  const [only] = nonces;
  if (freshness.nonce.length < nonceBytes)
    return checks.fail('fresh', 'EVIDENCE_NOT_FRESH', `Cannot take Evidence as fresh: the challenge has ${freshness.nonce.length} bytes`);
  if (freshness.spent) return checks.fail('fresh', 'NONCE_REUSED', 'Cannot take Evidence as fresh: its challenge was answered before');
  if (now > freshness.expires) return checks.fail('fresh', 'NONCE_EXPIRED', 'Cannot take Evidence as fresh: its challenge has ended');
  const isOurs = only !== undefined && nonces.length === 1 && sameBytes(only, freshness.nonce);
  if (!isOurs && freshness.isInside)
    return checks.warn('fresh', 'EVIDENCE_NOT_FRESH', 'only the token around it answers our challenge', {
      expected: hex(freshness.nonce),
      seen: nonces.map(hex).join(', ') || 'none',
    });
  if (!isOurs)
    return checks.fail('fresh', 'NONCE_MISMATCH', 'Cannot take Evidence as fresh: it answers another challenge', {
      expected: hex(freshness.nonce),
      seen: nonces.map(hex).join(', ') || 'none',
    });
  return checks.pass('fresh', 'it carries the nonce of our challenge');
}

const failedAppraisal = (checks: Checks): Appraisal => ({
  status: 'contraindicated',
  assurance: 0,
  vector: failedInstance(checks.reason ?? 'EVIDENCE_MALFORMED'),
  digestsSeen: [],
  digestsExpected: [],
  referenceSets: [],
});

/** What we cannot judge has proved nothing, and has not failed. */
const unjudged: Appraisal = { status: 'none', assurance: 0, vector: {}, digestsSeen: [], digestsExpected: [], referenceSets: [] };

/** Without freshness nothing is more than *none*, whatever a scheme says; what failed has failed all the same. */
const unlessStale = (appraisal: Appraisal, freshness: Freshness): Appraisal =>
  freshness.kind === 'none' && appraisal.status !== 'contraindicated' ? { ...appraisal, status: 'none', assurance: 0 } : appraisal;

function appraised(
  name: string,
  evidence: Evidence,
  { now, ttlSeconds, freshness, quote: before }: Context,
  checks: Checks,
  appraisal: Appraisal,
  claims?: ChainClaims,
): ChallengeOutcome {
  // A failed quote must not make us forget where the TPM stood: the next would pass as its first.
  const quote = claims?.quote ?? before?.previous;
  const ends = freshness.kind === 'kept' ? freshness.expires : now + ttlSeconds * 1000;
  const result: AttestationResult = {
    at: freshness.kind === 'kept' ? freshness.at : now,
    // What an anchor gave ends with it, on time; what it gives after that has ended already, and is told all the same.
    expires: Math.min(ends, claims?.pathEnds ?? never, after(now, claims?.anchor.expires)),
    scheme: name,
    ...unlessStale(appraisal, freshness),
    ...(checks.reason === undefined ? {} : { reason: checks.reason }),
    checks: checks.list(),
    ...(claims === undefined ? {} : { identity: claims.identity }),
    ...(claims?.started === undefined ? {} : { started: claims.started }),
    ...(quote === undefined ? {} : { quote }),
    evidence: evidence.id,
  };
  return { kind: 'appraised', result, evidence: [evidence.id] };
}
