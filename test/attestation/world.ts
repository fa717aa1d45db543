import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { type Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import type { DiceSpec, Vendor } from '../vectors/pki.ts';

/** What the tests of this folder share: one model with one good firmware, and a Verifier that knows it. */
export const spec: DiceSpec = { serial: 'TS2-000123', model: 'TempSense-2', version: 'fw-1.0.0', svn: 5, digestHex: 'ab'.repeat(32) };
export const referenceSet: ReferenceSet = {
  id: 'acme.json#1 sha256:00',
  vendor: 'Acme Sensors',
  model: 'TempSense-2',
  minSvn: '4',
  components: [{ name: 'firmware', layer: 1, versions: [{ version: 'fw-1.0.0', alg: 'sha-256', digest: 'ab'.repeat(32) }] }],
};
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

type Options = { readonly sets?: readonly ReferenceSet[]; readonly now?: number; readonly freshness?: Freshness };
/** A Verifier that trusts these vendors. */
export function verifier(vendors: readonly Vendor[], { sets = [referenceSet], now, freshness }: Options = {}) {
  const material = { anchors: vendors.map(v => ({ name: v.name, certificate: base64(v.anchorDer) })), referenceSets: sets };
  const { trust, problems } = prepareTrust(material);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const keys = new KeyCache();
  return (chain: readonly Uint8Array[]): ChallengeOutcome => {
    const evidence = chainEvidence(chain);
    const scheme = schemeFor(evidence.mediaType);
    if (scheme === undefined) throw new Error('no scheme');
    const fresh = freshness ?? { kind: 'handshake', protocol: 'TLSv1.3', resumed: false };
    return scheme.judge(evidence, { trust, keys, now: now ?? Date.now(), freshness: fresh, ttlSeconds: 600 });
  };
}

type Answered = Extract<Freshness, { kind: 'nonce' }>;
/** Makes the freshness of what answers a nonce on this channel, a minute before that ends. */
export const inTime =
  (channel: string, now: number) =>
  (nonce: Uint8Array, more: Partial<Answered> = {}): Freshness => ({
    kind: 'nonce',
    nonce,
    expires: now + 60_000,
    spent: false,
    channel,
    ...more,
  });

export function result(outcome: ChallengeOutcome): AttestationResult {
  if (outcome.kind !== 'appraised') throw new Error(`not appraised: ${JSON.stringify(outcome)}`);
  return outcome.result;
}
/** Outcome of each check, in order: `answered passed`. */
export const checksOf = (r: AttestationResult): readonly string[] => r.checks.map(c => `${c.check} ${c.outcome}`);
