import type { AttestationResult, ChallengeOutcome, Evidence, EvidenceMediaType } from '../../model/attestation.ts';
import type { ReasonCode } from '../../model/reason.ts';
import { type CmwRecord, cmwIndicators, decodeCmw, recordsOf } from '../../codec/cmw.ts';
import { DecodeError } from '../../codec/reader.ts';
import { appraiseChain } from '../appraise.ts';
import { worse } from '../ar4si.ts';
import type { ChainClaims } from '../claims.ts';
import { isEar } from '../ear-read.ts';
import { evidenceTypeOf } from '../evidence-type.ts';
import { messageEvidence } from '../evidence.ts';
import { KeyCache } from '../keys.ts';
import { type Context, type Scheme, scheme } from '../scheme.ts';

/** Deepest nesting of wrappers as records in wrappers, and most pieces of Evidence that are judged. */
const maxDepth = 2;
const maxPieces = 8;

/**
 * What makes CMW a scheme: opens the wrapper and lets the scheme of each piece judge it. The worst of them stands, and beside one of which nothing can be said none is
 * affirming; nothing else in the wrapper is used.
 */
export function cmwOver(inner: readonly Scheme[]): Scheme {
  const judge = (evidence: Evidence, context: Context): ChallengeOutcome => {
    const pieces = tryOpen(evidence) ?? [];
    const judged = pieces.map(piece =>
      inner.find(s => s.mediaTypes.some(type => type === piece?.mediaType))?.judge(piece ?? evidence, context),
    );
    const results = judged.flatMap(outcome => (outcome?.kind === 'appraised' ? [outcome.result] : []));
    const worst = results.reduce<AttestationResult | undefined>(
      (a, b) => (a === undefined || worse(a.status, b.status) !== a.status ? b : a),
      undefined,
    );
    if (worst === undefined) return wrapper.judge(evidence, context);
    const others = new Set(results.map(r => r.identity?.deviceKey)).size > 1;
    const capped =
      results.filter(r => r.status !== 'none').length < pieces.length
        ? cap(worst, 'measured', 'NO_MEASUREMENTS', 'its wrapper holds Evidence that no scheme here can judge')
        : others
          ? cap(worst, 'identity', 'IDENTITY_MISMATCH', 'its wrapper holds Evidence of several devices')
          : worst;
    return { kind: 'appraised', result: { ...capped, evidence: evidence.id }, evidence: [evidence.id] };
  };
  return { ...wrapper, judge };
}

/** Judges wrappers in which nothing can be judged: a broken one has failed, one without Evidence of a known type is none. */
const wrapper = scheme<ChainClaims>({
  name: 'cmw',
  spec: 'draft-ietf-rats-msg-wrap-22 (CMW records, tags and collections)',
  mediaTypes: ['application/cmw+cbor', 'application/cmw+json'],
  freshBy: 'nonce',
  isEvidence: evidence => tryOpen(evidence) === undefined,
  verify: evidence => {
    open(evidence, 0);
    throw new DecodeError('Cannot read CMW: it holds no Evidence that a scheme here can judge');
  },
  appraise: appraiseChain,
});

/** The pieces of Evidence; undefined for one of a type that nobody knows. Throws DecodeError. */
function open(evidence: Evidence, depth: number): readonly (Evidence | undefined)[] {
  if (depth > maxDepth) throw new DecodeError(`Cannot read CMW: wrapped more than ${maxDepth} times`);
  const records = recordsOf(decodeCmw(evidence.bytes, evidence.mediaType === 'application/cmw+json' ? 'json' : 'cbor')).filter(isJudged);
  if (records.length > maxPieces) throw new DecodeError(`Cannot read CMW: ${records.length} pieces of Evidence`);
  const pieces = records.flatMap(({ type, value }): readonly (Evidence | undefined)[] => {
    const known = evidenceTypeOf(type);
    if (known === undefined) return [undefined];
    const piece = messageEvidence(known, value, evidence.certificates);
    return known === 'application/cmw+cbor' || known === 'application/cmw+json' ? open(piece, depth + 1) : [piece];
  });
  if (pieces.length > maxPieces) throw new DecodeError(`Cannot read CMW: ${pieces.length} pieces of Evidence`);
  return pieces;
}

function tryOpen(evidence: Evidence): readonly (Evidence | undefined)[] | undefined {
  try {
    return open(evidence, 0);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

/**
 * Reference values, Endorsements and policies that an Attester sends of itself are never looked at. What calls itself an Attestation Result is judged as one or
 * not at all: the token's own profile, which is signed, decides.
 */
function isJudged({ indicator, type, value }: CmwRecord): boolean {
  if (indicator === undefined || (indicator & cmwIndicators.evidence) !== 0) return true;
  const mediaType = evidenceTypeOf(type);
  const isResult = (indicator & cmwIndicators.attestationResults) !== 0;
  return isResult && mediaType !== undefined && isToken(mediaType) && isEar({ mediaType, bytes: value }, noKeys);
}
const isToken = (type: EvidenceMediaType): boolean => type === 'application/eat+jwt' || type === 'application/eat+cwt';
/** Nothing is verified in order to read a profile. */
const noKeys = new KeyCache(1);

/** Lowers a result to a warning with this finding; what is worse, or none, stays. */
function cap(result: AttestationResult, check: 'measured' | 'identity', code: ReasonCode, detail: string): AttestationResult {
  if (result.status === 'contraindicated' || result.status === 'none') return result;
  const checks = result.checks.map(c => (c.check === check ? { ...c, outcome: 'warned' as const, code, detail } : c));
  return {
    ...result,
    status: worse(result.status, 'warning'),
    assurance: result.assurance > 4 ? 4 : result.assurance,
    reason: result.reason ?? code,
    checks,
  };
}
