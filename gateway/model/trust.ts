import type { Hex } from './address.ts';

/** The trust material in force; sent at start and whenever policy changes. Certificates are DER in base64. */
export type TrustMaterial = {
  readonly anchors: readonly { readonly name: string; readonly certificate: string }[];
  readonly referenceSets: readonly ReferenceSet[];
};

/** Signed reference values of one class of device, already checked against the key that signed their file. */
export type ReferenceSet = {
  /** `file#n sha256:…`, for people and for the result. */
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly minSvn?: string;
  /** SHA-256 of the public keys of the anchors whose devices this is about; absent: anchors whose O is `vendor`. One CA must not vouch for another's. */
  readonly anchors?: readonly Hex[];
  /** Every component must be measured, each by one of its digests. `layer` absent: the component without a layer. */
  readonly components: readonly {
    readonly name: string;
    readonly layer?: number;
    /** The component's own name in the Evidence, where its format has one (`BL`, `pcr7`); absent: the component without one. */
    readonly key?: string;
    /** `type` and `vendorInfo` of DiceTcbInfo, where the component is told by them; absent: any. */
    readonly type?: Hex;
    readonly vendorInfo?: Hex;
    /** Who must have signed the component, as the Evidence says; absent: anybody. */
    readonly signer?: Hex;
    /** Rollback floor of this component; absent: the set's. */
    readonly minSvn?: string;
    readonly versions: readonly { readonly version: string; readonly alg: string; readonly digest: Hex }[];
  }[];
};
