import type { Hex } from '../model/address.ts';
import type {
  AnchorMaterial,
  AnchorRevocation,
  AnchorUse,
  ListedKey,
  ListedVerifier,
  ReferenceSet,
  TrustMaterial,
} from '../model/trust.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { attribute, attributeTypes } from '../codec/x509-name.ts';
import { type Crl, decodeCrl } from '../codec/x509-crl.ts';
import { type Certificate, decodeCertificate } from '../codec/x509.ts';
import { type Limits, prepareLimits, type Reach } from './anchor-limits.ts';
import { sha256 } from './evidence.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkKey, KnownKey } from './keys.ts';
import { unknownCritical } from './critical.ts';
import { emptyLedger, type Ledger, prepareLedger } from './matter/ledger.ts';
import { checkConstraints } from './path-rules.ts';
import type { RevocationSources } from './revocation.ts';
import type { EnrolledAk } from './tpm/enrolled.ts';
import { type FilePolicy, prepareFileList } from './tpm/file-list.ts';

/** What vouches for a device here: an anchor, or a key that is listed for it alone. `vendor` is the only vendor that it speaks for by itself. */
export type Voucher = Reach & { readonly name: string; readonly keyHash: Hex; readonly vendor?: string };
/**
 * A certificate that somebody here trusts, for these uses and within these limits. `vendor` is what a person says, else the O of its subject. `whenUnknown` says what becomes of a device below
 * it when nothing tells whether its certificates are revoked: refused, or accepted and told.
 */
export type Anchor = Voucher & {
  readonly certificate: Certificate;
  readonly uses: readonly AnchorUse[];
  /** Model of devices whose certificates name none, as a person says. */
  readonly model?: string;
  readonly limits?: Limits;
  readonly whenUnknown?: 'refuse' | 'tell';
  /** Where its certificates may be asked about. */
  readonly revocation?: AnchorRevocation;
};
/** The key that one device signs its tokens with, ready for use. */
export type VouchedKey = { readonly voucher: Voucher; readonly key: KnownKey; readonly model?: string; readonly classId?: Hex };
/** Another Verifier, and how far its word goes; of no device is it the key. */
export type TrustedVerifier = Voucher & Pick<ListedVerifier, 'most' | 'maxAgeSeconds' | 'audience'> & { readonly key: KnownKey };

/**
 * Trust material, read and ready: what Evidence is judged by. `keys` by the instance that they are listed for. Without `revocation` nobody asks whether a
 * certificate is revoked.
 */
export type Trust = {
  readonly anchors: readonly Anchor[];
  readonly referenceSets: readonly ReferenceSet[];
  readonly keys: ReadonlyMap<Hex, readonly VouchedKey[]>;
  readonly verifiers?: readonly TrustedVerifier[];
  readonly matter: Ledger;
  /** Which files devices may run, by class; absent: nobody listed any. */
  readonly fileLists?: readonly FilePolicy[];
  /** Keys that TPMs enrolled, by the instance that they go by; absent: none. */
  readonly enrolled?: ReadonlyMap<Hex, EnrolledAk>;
  readonly revocation?: RevocationSources;
};

/** The anchors that may be used so: a root of light bulbs does not name controllers. */
export const anchorsFor = (trust: Trust, use: AnchorUse): readonly Anchor[] => trust.anchors.filter(a => a.uses.includes(use));

/**
 * Reads one anchor certificate (DER). Throws DecodeError or EvidenceError when it is none: no CA, weak key, or constraints that cannot be
 * read. Its dates are not judged: an anchor counts until somebody takes it away (RFC 5280 §6.1.1 d), so no calendar cuts a whole plant.
 */
export function readAnchor(name: string, der: Uint8Array, uses: readonly AnchorUse[] = ['identity']): Anchor {
  const certificate = decodeCertificate(der);
  // Who signs declarations signs no certificates.
  const signsCertificates = uses.some(use => use !== 'cd-signer' && use !== 'cd-signer-test');
  if (signsCertificates && (certificate.basicConstraints?.ca !== true || certificate.keyUsage?.keyCertSign === false))
    throw new EvidenceError('CERT_NOT_CA', 'chain', `Cannot use anchor ${name}: ${certificate.subject.text} is no CA`);
  checkKey(certificate);
  const unknown = unknownCritical(certificate);
  if (unknown !== undefined)
    throw new EvidenceError('CRITICAL_EXTENSION_UNKNOWN', 'chain', `Cannot use anchor ${name}: it has the critical extension ${unknown}`);
  checkConstraints(certificate);
  const vendor = attribute(certificate.subject, attributeTypes.organization);
  return { name, certificate, keyHash: sha256(certificate.spki), uses, ...(vendor === undefined ? {} : { vendor }) };
}

/** One anchor with what a person limits it to. Throws DecodeError or EvidenceError. */
export function prepareAnchor(material: AnchorMaterial): Anchor {
  const { name, certificate, uses, vendor, model, expires, zones, constraints, revocation } = material;
  return {
    ...readAnchor(name, fromBase64(certificate), uses),
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(expires === undefined ? {} : { expires }),
    ...(zones === undefined ? {} : { zones }),
    ...(constraints === undefined ? {} : { limits: prepareLimits(constraints) }),
    ...(revocation === undefined ? {} : { whenUnknown: revocation.whenUnknown, revocation }),
  };
}

/** Prepares trust material that `readTrust` has checked. What cannot be read is left out and named in `problems`. */
export function prepareTrust(material: TrustMaterial): { readonly trust: Trust; readonly problems: readonly string[] } {
  const anchors: Anchor[] = [];
  const problems: string[] = [];
  for (const one of material.anchors)
    try {
      anchors.push(prepareAnchor(one));
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
      problems.push(error.message);
    }
  const keys = new Map<Hex, VouchedKey[]>();
  for (const listed of material.keys ?? [])
    try {
      keys.set(listed.instance, [...(keys.get(listed.instance) ?? []), readListedKey(listed)]);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      problems.push(error.message);
    }
  const verifiers: TrustedVerifier[] = [];
  for (const listed of material.verifiers ?? [])
    try {
      verifiers.push(readVerifier(listed));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      problems.push(error.message);
    }
  const revocation = revocationOf(material, problems);
  const lists = (material.fileLists ?? []).map(prepareFileList);
  const base = { anchors, referenceSets: material.referenceSets, keys, verifiers, matter: ledgerOf(material, problems) };
  const trust = lists.length === 0 ? base : { ...base, fileLists: lists };
  return { trust: revocation === undefined ? trust : { ...trust, revocation }, problems };
}

/** Nobody asks about revocation where there is nothing to ask and no anchor that wants to know. */
function revocationOf({ anchors, crls = [] }: TrustMaterial, problems: string[]): RevocationSources | undefined {
  if (crls.length === 0 && anchors.every(a => a.revocation === undefined)) return undefined;
  const read = crls.flatMap(({ name, der = '' }): readonly Crl[] => {
    try {
      return [decodeCrl(fromBase64(der))];
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      problems.push(`Cannot use CRL ${name}: ${error.message}`);
      return [];
    }
  });
  return { crls: read, signers: [], ocsp: [], whenUnknown: 'tell' };
}

function ledgerOf({ matter }: TrustMaterial, problems: string[]): Ledger {
  try {
    return prepareLedger(matter ?? {});
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    problems.push(`Cannot use the Matter ledger: ${error.message}`);
    return emptyLedger;
  }
}

/** Throws DecodeError unless the instance is a UEID and the key is one that signs tokens. */
export function readListedKey({ instance, spki, vendor, model, classId }: ListedKey): VouchedKey {
  if (!/^(?:[0-9a-f]{2}){7,33}$/.test(instance))
    throw new DecodeError(`Cannot use key: ${JSON.stringify(instance.slice(0, 80))} is no UEID in hex`);
  const der = fromBase64(spki);
  const key = readyKey(der, `key of ${instance}`);
  const voucher = { name: `the list of keys, for ${instance}`, keyHash: sha256(der), ...(vendor === undefined ? {} : { vendor }) };
  return { voucher, key, ...(model === undefined ? {} : { model }), ...(classId === undefined ? {} : { classId }) };
}

/** The key of a SubjectPublicKeyInfo, read before anybody signs with it: OpenSSL takes longer to read one than to check half a signature. Throws DecodeError. */
function readyKey(spki: Uint8Array, what: string): KnownKey {
  const known = new KnownKey(spki);
  if (known.kind.kind === 'other') throw new DecodeError(`Cannot use ${what}: ${known.kind.found}`);
  try {
    known.prepare();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new DecodeError(`Cannot use ${what}: ${error.message}`);
  }
  return known;
}

/** Throws DecodeError unless the key is one that signs tokens. */
export function readVerifier({ name, spki, provenance: _who, ...limits }: ListedVerifier): TrustedVerifier {
  const der = fromBase64(spki);
  const key = readyKey(der, `key of Verifier ${name}`);
  return { name: `the Verifier ${name}`, keyHash: sha256(der), key, ...limits };
}
