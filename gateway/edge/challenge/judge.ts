import type { Millis } from '../../model/address.ts';
import type { ChallengeOutcome, Evidence } from '../../model/attestation.ts';
import { DerReader } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { KeyCache } from '../../attestation/keys.ts';
import { atOnce, type Slices } from '../../attestation/slices.ts';
import { schemeFor } from '../../attestation/schemes/index.ts';
import { prepareAnchor, readVerifier, type Trust } from '../../attestation/trust.ts';
import type { JudgeOrder } from './orders.ts';
import { freshnessOf, fromWire } from './wire.ts';

type Known = { readonly trust: Trust; readonly keys: KeyCache; readonly now: Millis };

/** Judges the Evidence of an order. What makes it fresh is the gateway's word: it drew the nonce and keeps who spent it. */
export const judge = (order: JudgeOrder, known: Known): ChallengeOutcome => atOnce(judgeInSlices(order, known));

/** The same, where others are to be served in between. */
export function* judgeInSlices(
  { evidence, freshness, quote, ttlSeconds, zone, anchor, verifier }: JudgeOrder,
  known: Known,
): Slices<ChallengeOutcome> {
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined)
    return { kind: 'transport-failure', failure: 'verifier', detail: `Cannot judge ${evidence.mediaType}: no scheme reads it` };
  const trust = {
    ...known.trust,
    ...(anchor === undefined ? {} : { anchors: [...known.trust.anchors, prepareAnchor(anchor)] }),
    ...(verifier === undefined ? {} : { verifiers: [...(known.trust.verifiers ?? []), readVerifier(verifier)] }),
  };
  const context = {
    ...known,
    trust,
    freshness: freshnessOf(freshness),
    ttlSeconds,
    ...(quote === undefined ? {} : { quote }),
    ...(zone === undefined ? {} : { zone }),
  };
  const sent = whole(fromWire(evidence));
  return scheme.judgeInSlices === undefined ? scheme.judge(sent, context) : yield* scheme.judgeInSlices(sent, context);
}

/** A chain out of the store is its certificates one after the other; DER delimits itself. What is no such thing is judged as it is. */
function whole(evidence: Evidence): Evidence {
  if (evidence.mediaType !== 'application/vnd.sallyport.x509-chain' || evidence.certificates.length > 0) return evidence;
  try {
    const reader = new DerReader(evidence.bytes);
    const certificates: Uint8Array[] = [];
    while (!reader.done) certificates.push(reader.next().whole);
    return { ...evidence, certificates };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return evidence;
  }
}
