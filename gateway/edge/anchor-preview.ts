import type { DeviceId, Hex, Millis } from '../model/address.ts';
import type { ChallengeOutcome } from '../model/attestation.ts';
import type { AnchorMaterial, AnchorPreview } from '../model/trust.ts';
import type { Gateway } from '../gateway.ts';
import { attestationIf } from '../inventory/bound.ts';
import type { DeviceRecord } from '../inventory/record.ts';
import type { Judgement } from './challenge/judging.ts';

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
  readonly evidence: (id: Hex) => { readonly mediaType: string; readonly bytes: Uint8Array } | undefined;
  readonly judge: (judgement: Judgement) => Promise<ChallengeOutcome>;
  readonly wouldAdmit: (device: DeviceId, outcome: ChallengeOutcome, now: Millis) => boolean;
  readonly ttlSecondsOf: (zone: string) => number;
  readonly now: () => Millis;
};

const chainType = 'application/vnd.sallyport.x509-chain';
/** Judged at once, and in all: a preview is for a person, who waits for it. */
const atOnce = 6;
const maxJudged = 2_000;

/**
 * Which devices an anchor would newly admit: the chains that devices showed last are judged anew by the trust in force and this anchor, as if they had come in a
 * handshake of now, and policy decides. Nothing is changed. What stands in no chain of ours (tokens and quotes answer a nonce of then) cannot be told.
 */
export async function previewAnchor(anchor: AnchorMaterial, parts: PreviewParts): Promise<AnchorPreview> {
  const outside = [...parts.records()].filter(({ decision }) => decision?.access !== 'admit');
  const [newlyAdmitted, chains]: [DeviceId[], (readonly [DeviceRecord, Uint8Array])[]] = [[], []];
  let untold = 0;
  for (const record of outside) {
    const { result, shown } = record.attestation;
    const id = shown ?? (result?.scheme === 'tls-x509' ? result.evidence : undefined);
    const kept = id === undefined || chains.length >= maxJudged ? undefined : parts.evidence(id);
    if (kept?.mediaType === chainType) chains.push([record, kept.bytes]);
    else if (id !== undefined || result !== undefined) untold += 1;
  }
  const judgeOne = async ([{ device }, bytes]: readonly [DeviceRecord, Uint8Array]): Promise<void> => {
    const outcome = await parts.judge({
      evidence: { mediaType: chainType, bytes, certificates: [] },
      freshness: { kind: 'handshake', protocol: 'as if asked now', resumed: false },
      ttlSeconds: parts.ttlSecondsOf(device.zone),
      zone: device.zone,
      anchor,
    });
    if (outcome.kind === 'transport-failure') untold += 1;
    else if (parts.wouldAdmit(device.id, outcome, parts.now())) newlyAdmitted.push(device.id);
  };
  for (let from = 0; from < chains.length; from += atOnce) await Promise.all(chains.slice(from, from + atOnce).map(judgeOne));
  return { newlyAdmitted: newlyAdmitted.toSorted(), judged: chains.length, untold };
}
