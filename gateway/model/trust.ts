import type { AttestationStatus } from './axes.ts';
import type { DeviceId, Hex, Millis, ZoneName } from './address.ts';

/**
 * What an anchor may vouch for. `identity`: devices by their chains, and what these measure. `attest`: attestation keys, which sign what their device says of itself: tokens, and
 * the measurements of SPDM. A key that is certified for something else would say of its device whatever it likes. `tpm-ek`: endorsement keys of TPMs, which show that an attestation key is in a genuine
 * one. `reference-signer`: reference values that come with the chain of their signer. `matter-paa`: Device Attestation Certificates. `cd-signer`: Matter
 * certification declarations; `cd-signer-test`: those of products in development, which no other signer's word makes acceptable.
 */
export const anchorUses = ['identity', 'attest', 'tpm-ek', 'reference-signer', 'matter-paa', 'cd-signer', 'cd-signer-test'] as const;
export type AnchorUse = (typeof anchorUses)[number];

/** The trust material in force; sent at start and whenever policy changes. */
export type TrustMaterial = {
  readonly anchors: readonly AnchorMaterial[];
  readonly referenceSets: readonly ReferenceSet[];
  readonly matter?: MatterLedger;
  /** Keys that single devices sign their tokens with; absent: none. */
  readonly keys?: readonly ListedKey[];
  /** Verifiers whose Attestation Results count here; absent: none. */
  readonly verifiers?: readonly ListedVerifier[];
  /** Which files devices of a class may run; absent: nobody listed any. They only take trust away, so they need no signature. */
  readonly fileLists?: readonly FileList[];
  /** CRLs that somebody put beside the anchors: signed by their issuers, so nobody need be believed for them. `der` is base64, absent where it was sent before. */
  readonly crls?: readonly { readonly name: string; readonly sha256: Hex; readonly der?: string }[];
};

/** One anchor: its certificate (DER in base64) and what a person limits it to. `uses` absent: `identity`. What is absent besides is not limited. */
export type AnchorMaterial = {
  readonly name: string;
  readonly certificate: string;
  readonly uses?: readonly AnchorUse[];
  /** The vendor that it speaks for, in place of the O of its subject. */
  readonly vendor?: string;
  /** The model of devices below it that attest with a TPM or by token, where their certificates name none; a token's own word counts for less. */
  readonly model?: string;
  /** From then on what it vouches for is shown, and admits nobody. */
  readonly expires?: Millis;
  /** Zones of the settings in which it vouches; elsewhere it admits nobody. */
  readonly zones?: readonly ZoneName[];
  readonly constraints?: AnchorConstraints;
  readonly revocation?: AnchorRevocation;
  readonly provenance?: Provenance;
};

/** What paths below an anchor are held to besides what their certificates say (RFC 5914 §2.5, RFC 5937). */
export type AnchorConstraints = {
  /** Most CA certificates between the anchor and the end of the chain. */
  readonly pathLength?: number;
  /** The end of the chain must be for one of these extended key usages (OIDs). */
  readonly purposes?: readonly string[];
  /** As nameConstraints (RFC 5280 §4.2.1.10). */
  readonly permitted?: readonly NameSubtree[];
  readonly excluded?: readonly NameSubtree[];
};
/** `ip` is a network in CIDR. `directory` are the outermost attributes of the subject, in their order, by type: `O`, `C` … */
export type NameSubtree =
  | { readonly dns: string }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly ip: string }
  | { readonly directory: readonly { readonly type: DirectoryType; readonly value: string }[] };
/** Attribute types of a subject that a subtree may name (RFC 4519). */
export const directoryTypes = ['C', 'ST', 'L', 'O', 'OU', 'CN', 'DC'] as const;
export type DirectoryType = (typeof directoryTypes)[number];

/**
 * How is known whether certificates below an anchor are revoked. `hosts` (`name` or `name:port`) are the only ones that CRLs and OCSP responses are fetched
 * from, by HTTP; none: nothing is fetched. `crl` are addresses of CRLs besides those that the certificates name.
 */
export type AnchorRevocation = {
  readonly whenUnknown: 'refuse' | 'tell';
  readonly hosts: readonly string[];
  readonly crl: readonly string[];
  readonly ocsp: boolean;
};

/** Where something that is trusted came from, in people's words. `file` is where it stands; absent: people brought it by the API, `by` and `approvedBy`. */
export type Provenance = {
  readonly source: string;
  readonly by: string;
  readonly when: string;
  readonly note?: string;
  readonly approvedBy?: string;
  readonly file?: string;
};

/**
 * An anchor, or another Verifier, that people brought by CLI or API. One stages it; it counts when another has approved it, who was shown what it would let in. `sha256` is of its
 * certificate in DER, `subject` what the certificate says: text to show.
 */
export type BroughtAnchor = {
  readonly sha256: Hex;
  readonly subject: string;
  /** Exactly one of the two; a Verifier's `sha256` is of its key (SubjectPublicKeyInfo). */
  readonly anchor?: AnchorMaterial;
  readonly verifier?: ListedVerifier;
  readonly state: 'staged' | 'in-force';
  readonly by: string;
  readonly at: Millis;
  readonly reason: string;
  readonly approved?: { readonly by: string; readonly at: Millis; readonly reason: string };
};
/** How long one that is staged can be approved. Milliseconds. */
export const stagedMs: Millis = 14 * 86_400_000;

/** An anchor as people are shown it. `staged` and `approved` iff people brought it. */
export type ShownAnchor = Omit<AnchorMaterial, 'certificate' | 'uses'> & {
  readonly uses: readonly (AnchorUse | 'verifier')[];
  readonly sha256: Hex;
  readonly subject: string;
  readonly state: 'staged' | 'in-force';
  readonly from: 'file' | 'people';
  readonly staged?: { readonly by: string; readonly at: Millis; readonly reason: string };
  readonly approved?: { readonly by: string; readonly at: Millis; readonly reason: string };
};

/**
 * What an anchor would change: devices that are not admitted and would be, by what they showed last; `untold` have shown what cannot be judged again. `notLetAttest` lead
 * to it by tokens or measurements that would count only if it were for attestation keys; absent: none.
 */
export type AnchorPreview = {
  readonly newlyAdmitted: readonly DeviceId[];
  readonly judged: number;
  readonly untold: number;
  readonly notLetAttest?: number;
};

/** What a site knows from the Distributed Compliance Ledger of Matter, as data. It only ever takes trust away. */
export type MatterLedger = {
  /** Revoked certificates by issuer: its key identifier (hex), its Name in DER (base64), serial numbers (hex). Absent: nobody brought a set. */
  readonly revoked?: readonly { readonly issuerKeyId: Hex; readonly issuer: string; readonly serials: readonly Hex[] }[];
  /** Certification records of products; a declaration of a product that is listed must equal one of its records in each field given. */
  readonly certified?: readonly MatterRecord[];
};
export type MatterRecord = {
  readonly vendorId: number;
  readonly productId: number;
  readonly certificateId?: string;
  readonly deviceType?: number;
  readonly versionNumber?: number;
};

/**
 * An Endorsement of one device (RFC 9334 §4.1): the key of the Attester that names itself so. `instance` is the UEID (RFC 9711 §4.2.1), which a PSA token
 * calls instance-id, as hex, or the id of a Keylime agent without its dashes; `spki` is DER in base64. `vendor` and `model` choose the reference values; absent: the key's device is of no vendor, or of
 * the model that its token names.
 */
export type ListedKey = {
  readonly instance: Hex;
  readonly spki: string;
  readonly vendor?: string;
  readonly model?: string;
  /** The class as bytes, hex, that tokens by this key must name (PSA implementation id, EAT hwmodel); absent: any. */
  readonly classId?: Hex;
};

/**
 * Another Verifier (RFC 9334 §5.1): the key that signs its Attestation Results (EAR), and how far its word goes. `spki` is DER in base64. `most` is the best
 * status that it can give; `vendor` the only vendor that it speaks for, absent: devices of no vendor here.
 */
export type ListedVerifier = {
  readonly name: string;
  readonly spki: string;
  readonly most: 'warning' | 'affirming';
  readonly maxAgeSeconds: number;
  readonly vendor?: string;
  /** What a result must name as its audience, if it names one (RFC 7519 §4.1.3); absent: none that names one is taken. */
  readonly audience?: string;
  readonly expires?: Millis;
  readonly zones?: readonly ZoneName[];
  readonly provenance?: Provenance;
};

/**
 * An attestation key that a TPM showed to us that it holds (TPM2_ActivateCredential), and the certificates of that TPM. It counts while these lead to an anchor
 * for endorsement keys. `instance`: under what the device goes by itself; `ak`: TPM2B_PUBLIC and `ekCertificates`: DER, leaf first, all in base64; `ek`:
 * SHA-256 of the endorsement key's SubjectPublicKeyInfo.
 */
export type EnrolledKey = {
  readonly instance: Hex;
  readonly ak: string;
  readonly ek: Hex;
  readonly ekCertificates: readonly string[];
  readonly device: DeviceId;
  readonly at: Millis;
};

/** An enrolled key as people are shown it. `ak` is the SHA-256 of its public area, `certificates` how many vouch for its TPM, `status` what the device proves now. */
export type ShownEnrolled = Pick<EnrolledKey, 'device' | 'instance' | 'ek' | 'at'> & {
  readonly ak: Hex;
  readonly certificates: number;
  readonly status: AttestationStatus;
};

/** A list of files as people are shown it: how many devices its judgement stands for now, and how many of them ran what it does not list. */
export type ShownFileList = Pick<FileList, 'name' | 'vendor' | 'model' | 'excludes'> & {
  readonly state: 'in-force';
  readonly files: number;
  readonly judged: number;
  readonly odd: number;
};

/** The files that devices of one class may have run, as a person listed them: what Linux measured (IMA) is compared with it. */
export type FileList = {
  /** Where it stands, for people: `policies.d/reference-values/edge.ima.yaml:1`. */
  readonly name: string;
  readonly vendor: string;
  readonly model: string;
  /** Each path with the digests that it may have, as the kernel writes them: `sha256:…`. */
  readonly files: readonly (readonly [path: string, digests: readonly string[]])[];
  /** What is not judged: paths, and folders with a slash at their end. */
  readonly excludes: readonly string[];
};

/** Signed reference values of one class of device, already checked against the key that signed their file. */
export type ReferenceSet = {
  /** `file#n sha256:…`, for people and for the result. */
  readonly id: string;
  /** Empty where the values name none, as those of PSA may: then it is for devices that are of no vendor here. */
  readonly vendor: string;
  readonly model: string;
  /** The class as bytes, hex, where the values name it so: the Evidence must say the same (PSA implementation id, EAT hwmodel, `type` of DiceTcbInfo). */
  readonly classId?: Hex;
  /** Where the values came from; absent: a JSON file. */
  readonly source?: 'corim' | 'suit';
  /** The file of the key that signed them, and who the signer says to be. */
  readonly signedBy?: string;
  /** What stands in the file besides, and is not used. */
  readonly notes?: readonly string[];
  /** What is listed is accepted no more, and why; absent: it is in force. */
  readonly standing?: 'revoked' | 'superseded' | 'ended';
  /** Sequence number of an update (SUIT): a newer set of the class has a higher one, and none goes back below. */
  readonly sequence?: number;
  /** Instants between which the signer stands by them; absent: without bound. */
  readonly notBefore?: Millis;
  readonly notAfter?: Millis;
  readonly minSvn?: string;
  /** SHA-256 of the public keys of the anchors whose devices this is about; absent: anchors whose O is `vendor`. One CA must not vouch for another's. */
  readonly anchors?: readonly Hex[];
  /** Every component must be measured, each by one of its digests. `layer` absent: the component without a layer. */
  readonly components: readonly {
    readonly name: string;
    readonly layer?: number;
    /** Set iff who wrote it left the layer open: at any layer, or at none. Then `layer` is absent. */
    readonly anyLayer?: true;
    /** Which of several such environments (`index` of DiceTcbInfo); absent: any. */
    readonly index?: number;
    /** The component's own name in the Evidence, where its format has one (`BL`, `pcr7`); absent: the component without one. */
    readonly key?: string;
    /** `type` and `vendorInfo` of DiceTcbInfo, where the component is told by them; absent: any. */
    readonly type?: Hex;
    readonly vendorInfo?: Hex;
    /** Only these bits of `vendorInfo` count; absent: all. Equally long. */
    readonly vendorInfoMask?: Hex;
    /** Mode flags that the Evidence must state just so; absent: what the appraisal makes of the mode. */
    readonly flags?: { readonly [flag in 'notConfigured' | 'notSecure' | 'recovery' | 'debug']?: boolean };
    /** Who must have signed the component, as the Evidence says; absent: anybody. */
    readonly signer?: Hex;
    /** Rollback floor of this component; absent: the set's. */
    readonly minSvn?: string;
    /** The one security version that is accepted; absent: any from the floor upwards. */
    readonly svn?: string;
    readonly versions: readonly { readonly version: string; readonly alg: string; readonly digest: Hex }[];
  }[];
};
