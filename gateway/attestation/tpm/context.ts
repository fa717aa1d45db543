import type { Hex } from '../../model/address.ts';
import type { QuoteState } from '../../model/attestation.ts';

/** That the TPM with this endorsement key has shown that it holds this attestation key (`activation.ts`). Kept by us, never taken from Evidence. */
export type Activated = {
  /** Name of the attestation key: nameAlg and digest of its public area. */
  readonly ak: Hex;
  /** SHA-256 of the endorsement key's SubjectPublicKeyInfo. */
  readonly ek: Hex;
};

/** What a quote is judged with beside trust and time: what we asked for, and what we know of this device. */
export type QuoteContext = {
  /** Where its TPM stood when we last took a quote of it. */
  readonly previous?: QuoteState;
  readonly activations?: readonly Activated[];
  /** What the device was enrolled as; its reference values are found by it. Absent: the vendor is its certificate's, and without a model it has no reference values. */
  readonly enrolledAs?: { readonly vendor: string; readonly model: string };
  /** PCRs that must be quoted, in a bank of SHA-2 or SHA-3. Absent: those that its reference values name. */
  readonly pcrs?: readonly number[];
  /** Keying material exported from the TLS connection (RFC 5705). When given, the quote must be bound to it. */
  readonly exporter?: Uint8Array;
};
