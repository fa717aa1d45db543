import type { DeviceId, Hex, Millis } from '../model/address.ts';
import { type ChallengeOutcome, type Evidence, evidenceMediaTypes } from '../model/attestation.ts';
import type { AnchorPreview } from '../model/trust.ts';
import type { Gateway } from '../gateway.ts';
import { attestationIf } from '../inventory/bound.ts';
import type { DeviceRecord } from '../inventory/record.ts';
import type { Judgement } from './challenge/judging.ts';
import type { KeptEvidence } from './store/kept-evidence.ts';

/** Whether a device that is not admitted would be, were this the outcome of its challenge now. Changes nothing. */
export function wouldAdmit(gateway: Gateway, id: DeviceId, outcome: ChallengeOutcome, now: Millis): boolean {
  const record = gateway.inventory.get(id);
  if (record === undefined || record.decision?.access === 'admit') return false;
  const attestation = attestationIf(gateway.inventory, gateway.isPlaced, record, outcome, now);
  return gateway.decisionOf({ ...record, attestation }, now).access === 'admit';
}

/** What a preview needs of the running gateway. */
export type PreviewParts = {
  readonly records: () => Iterable<DeviceRecord>;
  readonly evidence: (id: Hex) => KeptEvidence | undefined;
  readonly judge: (judgement: Judgement) => Promise<ChallengeOutcome>;
  readonly wouldAdmit: (device: DeviceId, outcome: ChallengeOutcome, now: Millis) => boolean;
  readonly ttlSecondsOf: (zone: string) => number;
  readonly now: () => Millis;
};

/** What is trusted for once: an anchor or a Verifier. */
export type Tried = Pick<Judgement, 'anchor' | 'verifier'>;

const chainType = 'application/vnd.sallyport.x509-chain';
/** Judged at once, and in all: a preview is for a person, who waits for it. */
const atOnce = 6;
const maxJudged = 2_000;
/** What fails kept Evidence for what was not kept with it: a list of files, where its TPM stood. */
const untellable: ReadonlySet<string> = new Set(['LOG_MISMATCH', 'ROLLED_BACK']);

/**
 * Which devices an anchor, or another Verifier, would newly admit: the Evidence that devices showed last, chains, tokens and quotes, is judged anew by the trust in force and this
 * anchor, as if it had come now, and policy decides. Nothing is changed. Of a token it is not asked again whether it was fresh: a copied one counts here, and is
 * refused when it is shown. What was not kept, or only in part, cannot be told.
 */
export async function previewAnchor(more: Tried, parts: PreviewParts): Promise<AnchorPreview> {
  const newlyAdmitted: DeviceId[] = [];
  const kept: (readonly [DeviceRecord, Omit<Evidence, 'id'>])[] = [];
  let untold = 0;
  for (const record of parts.records()) {
    const { result, shown } = record.attestation;
    if (record.decision?.access === 'admit' || (result === undefined && shown === undefined)) continue;
    const found = kept.length < maxJudged ? keptOf(parts.evidence(shown ?? result?.evidence ?? '')) : undefined;
    if (found === undefined) untold += 1;
    else kept.push([record, found]);
  }
  let judged = 0;
  let notLetAttest = 0;
  const judgeOne = async ([{ device }, evidence]: readonly [DeviceRecord, Omit<Evidence, 'id'>]): Promise<void> => {
    const [now, ttlSeconds] = [parts.now(), parts.ttlSecondsOf(device.zone)];
    const freshness =
      evidence.mediaType === chainType
        ? ({ kind: 'handshake', protocol: 'as if asked now', resumed: false } as const)
        : ({ kind: 'kept', at: now, expires: now + ttlSeconds * 1000 } as const);
    const judgement = { evidence, freshness, ttlSeconds, zone: device.zone };
    const outcome = await parts.judge({ ...judgement, ...more });
    const isUntold = outcome.kind === 'transport-failure' || (outcome.kind === 'appraised' && untellable.has(outcome.result.reason ?? ''));
    if (isUntold) untold += 1;
    else judged += 1;
    if (isHeldBack(outcome, more)) notLetAttest += 1;
    if (isUntold || !parts.wouldAdmit(device.id, outcome, now)) return;
    // What would be let in without it too, were it only fresh, is not let in by it.
    if (!parts.wouldAdmit(device.id, await parts.judge(judgement), now)) newlyAdmitted.push(device.id);
  };
  for (let from = 0; from < kept.length; from += atOnce) await Promise.all(kept.slice(from, from + atOnce).map(judgeOne));
  return { newlyAdmitted: newlyAdmitted.toSorted(), judged, untold, ...(notLetAttest === 0 ? {} : { notLetAttest }) };
}

/** Whether it leads to the anchor, and counts for less because that is not for attestation keys. */
const isHeldBack = (outcome: ChallengeOutcome, { anchor }: Tried): boolean =>
  outcome.kind === 'appraised' &&
  outcome.result.reason === 'ANCHOR_NOT_FOR_ATTESTATION' &&
  outcome.result.identity?.anchor === anchor?.name;

/** As it may be judged; undefined for what is not kept any more, or is of no kind that is known. */
function keptOf(kept: KeptEvidence | undefined): Omit<Evidence, 'id'> | undefined {
  const mediaType = evidenceMediaTypes.find(known => known === kept?.mediaType);
  return kept === undefined || mediaType === undefined ? undefined : { ...kept, mediaType };
}
