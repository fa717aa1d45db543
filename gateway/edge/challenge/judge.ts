import type { Millis } from '../../model/address.ts';
import type { ChallengeOutcome } from '../../model/attestation.ts';
import { messageEvidence } from '../../attestation/evidence.ts';
import type { KeyCache } from '../../attestation/keys.ts';
import type { Freshness } from '../../attestation/scheme.ts';
import { schemeFor } from '../../attestation/schemes/index.ts';
import type { Trust } from '../../attestation/trust.ts';
import type { SentFreshness } from '../messages.ts';
import type { JudgeOrder } from './orders.ts';

/** Judges the Evidence of an order. What makes it fresh is the gateway's word: it drew the nonce and keeps who spent it. */
export function judge(
  { evidence, freshness, quote, ttlSeconds }: JudgeOrder,
  known: { readonly trust: Trust; readonly keys: KeyCache; readonly now: Millis },
): ChallengeOutcome {
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined)
    return { kind: 'transport-failure', failure: 'verifier', detail: `Cannot judge ${evidence.mediaType}: no scheme reads it` };
  const received = messageEvidence(evidence.mediaType, bytesOf(evidence.bytes), evidence.certificates.map(bytesOf));
  return scheme.judge(received, { ...known, freshness: freshnessOf(freshness), ttlSeconds, ...(quote === undefined ? {} : { quote }) });
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

const freshnessOf = (sent: SentFreshness): Freshness => (sent.kind === 'nonce' ? { ...sent, nonce: bytesOf(sent.nonce) } : sent);
