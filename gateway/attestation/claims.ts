import type { Hex, Millis } from '../model/address.ts';
import type { AttestedIdentity } from '../model/attestation.ts';
import type { TcbInfo } from '../codec/dice.ts';
import type { Anchor } from './trust.ts';

declare const verified: unique symbol;
/** Claims out of authentic Evidence. Only `scheme()` makes them, so unverified claims do not compile into `appraise`. */
export type Verified<Claims> = Claims & { readonly [verified]: true };

/** Makes the brand. For `scheme()` alone. */
export const brandVerified = <Claims>(claims: Claims): Verified<Claims> => claims as Verified<Claims>;

/** Who says so: the key that signed the certificate in which the claim stands. */
export type Authority = { readonly key: Hex; readonly name: string };

/** One measured layer with who said it. */
export type MeasuredClaim = TcbInfo & { readonly by: Authority };

/** What a certificate chain claims, whatever the scheme. */
export type ChainClaims = {
  readonly identity: AttestedIdentity;
  readonly anchor: Anchor;
  readonly measured: readonly MeasuredClaim[];
  /** Measurements that are there, but that nothing can appraise: OIDs or names. They keep a result from being affirming. */
  readonly unappraised: readonly string[];
  /** Instant at which the first certificate of the path ends. */
  readonly pathEnds: Millis;
};
