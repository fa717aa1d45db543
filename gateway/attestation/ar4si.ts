import type { Ar4siClaim } from '../model/attestation.ts';
import type { AttestationStatus } from '../model/axes.ts';
import type { ReasonCode } from '../model/reason.ts';

/** Trustworthiness vector (draft-ietf-rats-ar4si §2.3): absent claims are not evaluated. */
export type Vector = { readonly [claim in Ar4siClaim]?: number };

/** Values that we give (draft-ietf-rats-ar4si §2.3.4). */
export const ar4si = {
  recognised: 2,
  approvedConfiguration: 2,
  approvedExecutables: 2,
  noClaim: 0,
  unsafeConfiguration: 32,
  unrecognisedExecutables: 33,
  untrustworthyInstance: 96,
  contraindicated: 96,
  unrecognisedInstance: 97,
  cryptoFailed: 99,
} as const;

/** Tier of one value (§2.3.2). Below 2, and negative reserved values, say nothing. */
export const tier = (value: number): AttestationStatus =>
  value >= 96 ? 'contraindicated' : value >= 32 ? 'warning' : value >= 2 ? 'affirming' : 'none';

const rank: { readonly [status in AttestationStatus]: number } = { none: 0, affirming: 1, warning: 2, contraindicated: 3 };

/** The worse of two. A status is only ever lowered. */
export const worse = (a: AttestationStatus, b: AttestationStatus): AttestationStatus => (rank[a] >= rank[b] ? a : b);

/** The worst claim's tier. */
export const statusOf = (vector: Vector): AttestationStatus =>
  Object.values(vector).reduce<AttestationStatus>((status, value) => worse(status, tier(value)), 'none');

/** What a broken rule of the chain says about the instance. */
export function failedInstance(code: ReasonCode): Vector {
  if (code === 'CHAIN_UNTRUSTED') return { 'instance-identity': ar4si.unrecognisedInstance };
  if (code === 'CERT_EXPIRED' || code === 'CERT_NOT_YET_VALID' || code === 'CERT_REVOKED')
    return { 'instance-identity': ar4si.untrustworthyInstance };
  return { 'instance-identity': ar4si.cryptoFailed };
}
