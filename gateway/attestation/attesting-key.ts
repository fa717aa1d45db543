import { diceArc, diceKeyPurposes } from '../codec/dice.ts';
import type { Certificate } from '../codec/x509.ts';
import type { Check } from '../model/attestation.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { Checks } from './checks.ts';
import { EvidenceError } from './evidence-error.ts';
import { type CheckedPath, checkPath } from './path.ts';
import type { Context } from './scheme.ts';
import { type Anchor, anchorsFor, type Trust } from './trust.ts';

/**
 * Attestation keys: those that sign what a device says of itself (tokens, measurements of SPDM). Below an anchor for `attest` they count; below one for `identity`
 * alone they prove who the device is, and what they say is its own word: any key that such a CA certified, that of a web page too, could say it.
 */

/** Anchors that such a key may lead to; those for `attest` first, so that a CA which stands here twice counts for what it may. */
export const attestAnchors = (trust: Trust): readonly Anchor[] => [
  ...anchorsFor(trust, 'attest'),
  ...anchorsFor(trust, 'identity').filter(({ uses }) => !uses.includes('attest')),
];

/** Where no path leads to the anchors that were tried; with others there may be one. */
const noPath: ReadonlySet<string> = new Set(['CHAIN_UNTRUSTED', 'CHAIN_INCOMPLETE', 'SIGNATURE_INVALID']);

/**
 * The path of such a key: to an anchor for `attest` wherever one leads there, though an anchor for `identity` alone stands further down; else to one of the latter. Throws
 * as `checkPath`.
 */
export function checkAttestPath(chain: readonly Certificate[], { trust, keys, now }: Pick<Context, 'trust' | 'keys' | 'now'>): CheckedPath {
  const attest = anchorsFor(trust, 'attest');
  const all = attestAnchors(trust);
  if (attest.length > 0 && attest.length < all.length)
    try {
      return checkPath(chain, attest, now, keys, trust.revocation);
    } catch (error) {
      if (!(error instanceof EvidenceError) || !noPath.has(error.code)) throw error;
    }
  return checkPath(chain, all, now, keys, trust.revocation);
}

/** Why what a key signed is only the word of its device. It is no failure of the device: what a person or a CA did not allow, they may allow. */
export type OwnWord = Pick<Check, 'detail' | 'expected' | 'seen'> & { readonly code: ReasonCode };
export const warnOwnWord = ({ code, detail, ...compared }: OwnWord, checks: Checks): void => checks.warn('chain', code, detail, compared);

/** Undefined where the anchor lets keys below it attest. */
export const notLetAttest = ({ name, uses }: Anchor): OwnWord | undefined =>
  uses.includes('attest')
    ? undefined
    : {
        code: 'ANCHOR_NOT_FOR_ATTESTATION',
        detail: `${name} vouches for its key, and is not trusted for keys that attest: what the device says of itself counts for nothing`,
        expected: 'an anchor with the use attest',
        seen: 'an anchor with the use identity',
      };

/** Purposes of keys that serve for something else: TLS and IPsec, the endorsement key of a TPM, and identity and CA keys of DICE. */
const otherPurposes: ReadonlySet<string> = new Set([
  ...[1, 2, 5, 6, 7, 17].map(n => `1.3.6.1.5.5.7.3.${n}`),
  '2.23.133.8.1',
  ...[6, 7, 12].map(n => `${diceArc}100.${n}`),
]);

/**
 * Where a certificate says what its key is for, and all of it is something else (RFC 5280 §4.2.1.12), undefined otherwise. The purposes of DICE count wherever they
 * stand: TCG puts them into certificatePolicies, others into extendedKeyUsage.
 */
export function otherwiseUsed({ extendedKeyUsage, policies, subject }: Certificate): OwnWord | undefined {
  const purposes = [...extendedKeyUsage, ...policies.filter(oid => oid.startsWith(diceArc))];
  if (purposes.length === 0 || purposes.some(purpose => !otherPurposes.has(purpose))) return undefined;
  return {
    code: 'KEY_USAGE_WRONG',
    detail: `${subject.text} is certified for something else than to attest: what its key says of the device counts for nothing`,
    expected: 'a purpose of attestation, or none',
    seen: purposes.map(oid => diceKeyPurposes[oid] ?? oid).join(', '),
  };
}
