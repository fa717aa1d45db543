import type { Hex, Millis } from '../model/address.ts';
import type { AttestedIdentity, Digest, QuoteState, StartTime } from '../model/attestation.ts';
import type { Flags } from '../codec/dice.ts';
import type { Voucher } from './trust.ts';

declare const verified: unique symbol;
/** Claims out of authentic Evidence. Only `scheme()` makes them, so unverified claims do not compile into `appraise`. */
export type Verified<Claims> = Claims & { readonly [verified]: true };

/** Makes the brand. For `scheme()` alone. */
export const brandVerified = <Claims>(claims: Claims): Verified<Claims> => claims as Verified<Claims>;

/** Who says so: the key that signed the certificate in which the claim stands. */
export type Authority = { readonly key: Hex; readonly name: string };

/**
 * One measured component with who said it, whatever the scheme: a DICE layer, a PSA software component, a bank of PCRs, an SPDM block. `layer` and `key`
 * tell components of one class apart; reference values name them in the same way.
 */
export type MeasuredClaim = {
  readonly vendor?: string;
  readonly model?: string;
  readonly version?: string;
  readonly svn?: bigint;
  readonly layer?: number;
  readonly index?: number;
  /** Identity parts of DiceTcbInfo beyond vendor and model, where it has them. */
  readonly type?: Hex;
  readonly vendorInfo?: Hex;
  /** The class as the token itself names it, hex: PSA implementation id, EAT hwmodel. */
  readonly classId?: Hex;
  /** Set iff no layer named the class, but who certified or listed the device (SPDM, TPM). */
  readonly isClassCertified?: true;
  /** Name of the component where the format has one: `BL` of a PSA token, `pcr7`, `spdm-1`. */
  readonly key?: string;
  /** Who signed the component, as the Attester's root of trust says: SHA-256 of the key, PSA `signer-id`. */
  readonly signer?: Hex;
  readonly digests: readonly Digest[];
  readonly flags?: Flags;
  readonly by: Authority;
};

/** The files that it ran since it started, by the list of its class: how many, and the first that may not be. `seen` is text of the device. */
export type FilesRun = {
  readonly list: string;
  readonly count: number;
  readonly odd?: {
    readonly code: 'FILE_NOT_LISTED' | 'FILE_VIOLATION';
    /** Which entry of the list, from 1. */
    readonly at: number;
    readonly expected: string;
    readonly seen: string;
  };
};

/** What verified Evidence claims, whatever the scheme. */
export type ChainClaims = {
  readonly identity: AttestedIdentity;
  /** The anchor, or the listed key, that vouches for the device. */
  readonly anchor: Voucher;
  readonly measured: readonly MeasuredClaim[];
  /** Measurements that are there, but that nothing can appraise: OIDs or names. They keep a result from being affirming. */
  readonly unappraised: readonly string[];
  /** Set iff it is said by a key that nobody here trusts to attest: it may lower, and raises nothing. */
  readonly isOwnWord?: true;
  /** Instant at which the first certificate of the path ends. */
  readonly pathEnds: Millis;
  /** The nonces that the Evidence carries under its signature; `scheme()` compares. Absent where the handshake is what is fresh. */
  readonly nonces?: readonly Uint8Array[];
  /** When the device started and measured itself, where its format tells. */
  readonly started?: StartTime;
  /** Where the TPM stands, for the next quote to be compared with. */
  readonly quote?: QuoteState;
  /** Set iff its files were judged. */
  readonly files?: FilesRun;
};
