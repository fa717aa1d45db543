import type { AttestationResult, ChallengeOutcome, EvidenceMediaType } from '../../gateway/model/attestation.ts';
import type { AnchorMaterial, ListedKey, ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { base64, claims, type Claims, fromHex, keyPairs, spkiOf } from '../vectors/tokens.ts';

/** What the tests of tokens share: one device of one model with one good firmware, whose key a person listed. */
export const nonce = new Uint8Array(32).fill(0x5a);
export const instance = `01${'c5'.repeat(32)}`;
export const listedKey: ListedKey = {
  instance,
  spki: base64(spkiOf(keyPairs.ES256.publicKey)),
  vendor: 'Acme Sensors',
  model: 'TempSense-2',
};
export const now = Date.UTC(2026, 5, 1);
export const answer: Freshness = { kind: 'nonce', nonce, expires: now + 60_000, spent: false, channel: 'test' };

export type Component = ReferenceSet['components'][number];
export const part = (key: string, digest: string, more: Partial<Component> = {}): Component => ({
  name: key,
  key,
  versions: [{ version: '1', alg: 'sha-256', digest }],
  ...more,
});
export const setOf = (...components: readonly Component[]): ReferenceSet => ({
  id: 'acme.json#1 sha256:00',
  vendor: 'Acme Sensors',
  model: 'TempSense-2',
  components,
});

/** Claims of a good token of RFC 9783, with these changed; undefined takes one away. */
export function psaClaims(changed: Readonly<Record<number, unknown>> = {}): Claims {
  const good: Record<number, unknown> = {
    10: nonce,
    256: fromHex(instance),
    265: 'tag:psacertified.org,2023:psa#tfm',
    2394: -1,
    2395: 0x3000,
    2396: new Uint8Array(32).fill(0xaa),
    2399: [component('BL', 0x11), component('PRoT', 0x22)],
    ...changed,
  };
  return claims(...Object.entries(good).flatMap(([label, value]) => (value === undefined ? [] : [[Number(label), value] as const])));
}
export const component = (type: string, byte: number): Claims =>
  claims([1, type], [2, new Uint8Array(32).fill(byte)], [4, '1.0'], [5, new Uint8Array(32).fill(0x99)]);
export const signer = '99'.repeat(32);
export const psaSet = setOf(part('BL', '11'.repeat(32), { signer }), part('PRoT', '22'.repeat(32), { signer }));

type Options = {
  readonly mediaType?: EvidenceMediaType;
  readonly keys?: readonly ListedKey[];
  readonly sets?: readonly ReferenceSet[];
  readonly anchors?: readonly AnchorMaterial[];
  readonly certificates?: readonly Uint8Array[];
  readonly freshness?: Freshness;
  readonly at?: number;
  /** What the Verifier has met; absent: what all of these tests met. */
  readonly met?: KeyCache;
};
const cache = new KeyCache();
/** A Verifier that trusts this and nothing else. */
export function judge(bytes: Uint8Array, options: Options = {}): ChallengeOutcome {
  const { trust, problems } = prepareTrust({
    anchors: options.anchors ?? [],
    referenceSets: options.sets ?? [psaSet],
    keys: options.keys ?? [listedKey],
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
  const evidence = messageEvidence(options.mediaType ?? 'application/psa-attestation-token', bytes, options.certificates);
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined) throw new Error('no scheme');
  return scheme.judge(evidence, {
    trust,
    keys: options.met ?? cache,
    now: options.at ?? now,
    freshness: options.freshness ?? answer,
    ttlSeconds: 600,
  });
}
export function resultOf(outcome: ChallengeOutcome): AttestationResult {
  if (outcome.kind !== 'appraised') throw new Error(`not appraised: ${JSON.stringify(outcome)}`);
  return outcome.result;
}
/** Status and reason, as `contraindicated NONCE_MISMATCH`. */
export const verdict = (outcome: ChallengeOutcome): string =>
  outcome.kind === 'appraised' ? `${outcome.result.status} ${outcome.result.reason ?? ''}`.trim() : outcome.kind;
