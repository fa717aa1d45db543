import type { Millis } from '../../model/address.ts';
import type { ChallengeOutcome } from '../../model/attestation.ts';
import type { KeyCache } from '../../attestation/keys.ts';
import { schemeFor } from '../../attestation/schemes/index.ts';
import type { Trust } from '../../attestation/trust.ts';
import type { JudgeOrder } from './orders.ts';
import { freshnessOf, fromWire } from './wire.ts';

/** Judges the Evidence of an order. What makes it fresh is the gateway's word: it drew the nonce and keeps who spent it. */
export function judge(
  { evidence, freshness, quote, ttlSeconds, zone }: JudgeOrder,
  known: { readonly trust: Trust; readonly keys: KeyCache; readonly now: Millis },
): ChallengeOutcome {
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined)
    return { kind: 'transport-failure', failure: 'verifier', detail: `Cannot judge ${evidence.mediaType}: no scheme reads it` };
  return scheme.judge(fromWire(evidence), {
    ...known,
    freshness: freshnessOf(freshness),
    ttlSeconds,
    ...(quote === undefined ? {} : { quote }),
    ...(zone === undefined ? {} : { zone }),
  });
}
