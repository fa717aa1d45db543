import type { AttestationResult } from '../../gateway/model/attestation.ts';
import type { AnchorUse, MatterLedger, ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { base64 } from '../vectors/matter.ts';

/** What the Matter tests share: a Verifier with these anchors. */
export const now = Date.parse('2026-01-01T00:00:00Z');
export const nonce = new Uint8Array(32).fill(0x4e);
export const fresh: Freshness = { kind: 'nonce', nonce, expires: now + 60_000, spent: false, channel: 'Matter' };
export const offline: Freshness = { kind: 'none' };

export type Site = {
  readonly anchors: readonly { readonly name: string; readonly der: Uint8Array; readonly uses: readonly AnchorUse[] }[];
  readonly referenceSets?: readonly ReferenceSet[];
  readonly matter?: MatterLedger;
};
const mediaType = 'application/vnd.sallyport.matter+json';

export function judge(site: Site, { at = now, freshness = fresh }: { readonly at?: number; readonly freshness?: Freshness } = {}) {
  const { trust, problems } = prepareTrust({
    anchors: site.anchors.map(({ name, der, uses }) => ({ name, certificate: base64(der), uses })),
    referenceSets: site.referenceSets ?? [],
    ...(site.matter === undefined ? {} : { matter: site.matter }),
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
  const scheme = schemeFor(mediaType);
  if (scheme === undefined) throw new Error('no scheme');
  const keys = new KeyCache();
  return (bytes: Uint8Array): AttestationResult => {
    const outcome = scheme.judge(messageEvidence(mediaType, bytes), { trust, keys, now: at, freshness, ttlSeconds: 600 });
    if (outcome.kind !== 'appraised') throw new Error(`not appraised: ${outcome.kind}`);
    return outcome.result;
  };
}
export const verdict = (r: AttestationResult): string => `${r.status} ${r.reason ?? '-'}`;
/** The text of the check that failed or warned first. */
export const why = (r: AttestationResult): string => r.checks.find(c => c.code === r.reason)?.detail ?? '';
