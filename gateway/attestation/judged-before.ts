import type { ChallengeOutcome, Evidence } from '../model/attestation.ts';
import { EvidenceError } from './evidence-error.ts';
import { type Context, nonceBytes, type Scheme } from './scheme.ts';
import { checkSign1By } from './signature.ts';

/**
 * A scheme of tokens in which nothing but the nonce depends on the time, for devices that are asked again and again. A token of a listed key that affirmed, and says
 * the same with the nonce of now under a good signature, has the same result but for its times and its name, for as long as the listed keys and the reference sets are the same.
 * All else is judged from the start, as is what fails here, and what says when it ends.
 */
export const judgedBefore = (scheme: Scheme): Scheme => ({
  ...scheme,
  judge: (evidence, context) => {
    const again = judgeAgain(evidence, context);
    if (again !== undefined) return again;
    const outcome = scheme.judge(evidence, context);
    keep(outcome, evidence, context);
    return outcome;
  },
});

function judgeAgain(evidence: Evidence, { trust, keys, now, ttlSeconds, freshness, quote }: Context): ChallengeOutcome | undefined {
  if (freshness.kind !== 'nonce' || freshness.spent || now > freshness.expires || freshness.nonce.length < nonceBytes) return undefined;
  const known = keys.tokens.recall(evidence.bytes, freshness.nonce);
  const judged = known?.judged;
  if (known === undefined || judged === undefined || quote?.previous !== undefined) return undefined;
  if (judged.keys !== trust.keys || judged.referenceSets !== trust.referenceSets) return undefined;
  if (judged.channel !== freshness.channel || judged.certificates !== evidence.certificates.length) return undefined;
  try {
    checkSign1By(known.message, judged.key);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return undefined;
  }
  const result = { ...judged.result, at: now, expires: now + ttlSeconds * 1000, evidence: evidence.id };
  return { kind: 'appraised', result, evidence: [evidence.id] };
}

/** exp, and submodules, which may have one each (RFC 9711 §4.2.18). */
const maySayWhen: readonly number[] = [4, 266];

/** Keeps what affirmed by a listed key, which has no dates and no revocation. */
function keep(outcome: ChallengeOutcome, evidence: Evidence, { trust, keys, freshness }: Context): void {
  if (outcome.kind !== 'appraised' || outcome.result.status !== 'affirming' || freshness.kind !== 'nonce') return;
  const { result } = outcome;
  const listed = trust.keys.get(result.identity?.serial ?? '')?.find(one => one.voucher.keyHash === result.identity?.leafKey);
  if (listed === undefined || listed.voucher.name !== result.identity?.anchor) return;
  const { channel } = freshness;
  const known = keys.tokens.recall(evidence.bytes, freshness.nonce);
  if (known === undefined || maySayWhen.some(label => known.claims.has(label))) return;
  known.keep({
    keys: trust.keys,
    referenceSets: trust.referenceSets,
    channel,
    certificates: evidence.certificates.length,
    key: listed.key,
    result,
  });
}
