import type { KeyObject } from 'node:crypto';
import type { Hex, Millis } from '../../model/address.ts';
import type { AttestedIdentity } from '../../model/attestation.ts';
import { bitString, hasBit, openWhole, tags } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import { attribute, attributeTypes } from '../../codec/x509-name.ts';
import type { Certificate } from '../../codec/x509.ts';
import { extensionOids } from '../../codec/x509-extension.ts';
import { checkAttestPath } from '../attesting-key.ts';
import { toldBy } from '../chain.ts';
import type { ChainClaims } from '../claims.ts';
import { contentOf, hasLayers } from '../dice-content.ts';
import { sha256 } from '../evidence.ts';
import { EvidenceError } from '../evidence-error.ts';
import { checkPath, type Path } from '../path.ts';
import type { Context } from '../scheme.ts';
import { anchorsFor, type VouchedKey, type Voucher } from '../trust.ts';
import type { EnrolledAk } from './enrolled.ts';
import { platformIn } from './platform.ts';
import { checkAkAttributes, nameText, publicKeyOf, spkiOf } from './keys.ts';
import type { QuoteEvidence } from './quote-json.ts';

/** An attestation key that somebody we trust vouches for. */
export type TrustedAk = {
  readonly key: KeyObject;
  readonly identity: AttestedIdentity;
  readonly anchor: Voucher;
  /** For people: who vouches for it. */
  readonly how: string;
  /** What its certificates measure (DICE): a key below firmware is worth what that firmware is. */
  readonly chain?: Pick<ChainClaims, 'measured' | 'unappraised'>;
};

/** 9999-12-31T23:59:59Z: a listed key counts until somebody takes it away. */
const never: Millis = 253_402_300_799_000;

/** tcg-kp-AIKCertificate and tcg-kp-EKCertificate (TCG EK Credential Profile §3.2.16). */
const aikPurpose = '2.23.133.8.3';
const ekPurpose = '2.23.133.8.1';
/** tcg-cap-verifiedTPMRestricted (TCG TPM 2.0 Keys for Device Identity and Attestation): whoever certified the key saw that it signs only what the TPM made. */
const restricted = '2.23.133.11.1.3';

/** What Evidence shows of its attestation key. Untrusted. */
export type ClaimedAk = Pick<QuoteEvidence, 'akPublic' | 'akChain' | 'akListed' | 'ekChain'>;
type Judging = Omit<Context, 'freshness' | 'ttlSeconds'>;

/**
 * Trust in the attestation key: its certificate up to an anchor, that a person listed it, or that the TPM with this endorsement certificate has
 * activated it for us. Throws EvidenceError; DecodeError for what its certificates hold.
 */
export function trustAk(evidence: ClaimedAk, context: Judging): TrustedAk {
  const { akPublic } = evidence;
  if (akPublic !== undefined) checkAkAttributes(akPublic);
  if (evidence.akChain.length > 0) return certified(evidence, context);
  const listed = listedKey(evidence, context);
  if (listed !== undefined) return byList(listed, evidence.akListed, context);
  const enrolled = evidence.akListed === undefined ? undefined : context.trust.enrolled?.get(evidence.akListed);
  if (enrolled !== undefined) return byEnrolment(enrolled, context);
  if (akPublic === undefined || evidence.ekChain.length === 0)
    throw new EvidenceError(
      akPublic === undefined ? 'CHAIN_UNTRUSTED' : 'CHAIN_INCOMPLETE',
      'chain',
      'Cannot trust attestation key: it is not listed or enrolled, and has neither a certificate nor an endorsement key',
      {
        expected: 'a listed or enrolled key, a certificate up to an anchor, or an activated one',
        seen: evidence.akListed ?? 'none of them',
      },
    );
  return activated(evidence, publicKeyOf(akPublic), nameText(akPublic), context);
}

/**
 * The CA says by the purpose or a policy that the key is restricted to what the TPM made; the public area, when it is there, must be of the same key. So an anchor for identity is
 * enough: a quote is the word of the TPM, not of whoever holds a key.
 */
function certified({ akChain, akPublic }: ClaimedAk, context: Judging): TrustedAk {
  const path = checkAttestPath(akChain, context);
  const leaf = leafOf(path);
  if (!isSaidRestricted(leaf)) checkPurpose(leaf, aikPurpose, 'attestation key');
  checkIssuers(path, 'attestation key');
  const key = context.keys.get(leaf.spki);
  if (akPublic !== undefined && !publicKeyOf(akPublic).equals(key))
    throw new EvidenceError('IDENTITY_MISMATCH', 'chain', 'Cannot trust attestation key: its certificate is of another key');
  return {
    key,
    anchor: path.anchor,
    identity: identityOf(path, leaf.spki, leaf.spki, context),
    how: `attestation key certified up to ${path.anchor.name}`,
    chain: toldBy(path),
  };
}

/** The key that somebody listed: for whom the device says that it is, or this very key. What it says only chooses; the signature must be the key's. */
function listedKey({ akListed, akPublic }: ClaimedAk, { trust }: Judging): VouchedKey | undefined {
  if (akListed !== undefined) return trust.keys.get(akListed)?.[0];
  const key = akPublic && publicKeyOf(akPublic);
  return key && [...trust.keys.values()].flat().find(one => one.key.key.equals(key));
}

/** Who listed it answers for it: that it is a restricted key of a TPM stands in no certificate. */
function byList({ voucher, key, model }: VouchedKey, instance: Hex | undefined, { quote }: Judging): TrustedAk {
  const { keyHash, name } = voucher;
  const vendor = quote?.enrolledAs?.vendor ?? voucher.vendor;
  const is = quote?.enrolledAs?.model ?? model;
  return {
    key: key.key,
    anchor: voucher,
    identity: {
      serial: instance ?? keyHash,
      subject: `attestation key ${keyHash}`,
      issuer: name,
      deviceKey: keyHash,
      leafKey: keyHash,
      anchor: name,
      ...(vendor === undefined ? {} : { vendor }),
      ...(is === undefined ? {} : { model: is }),
      notAfter: never,
    },
    how: `attestation key in ${name}`,
  };
}

/** It was enrolled under the anchors of then; what counts is whether its TPM is certified under those of now. */
function byEnrolment({ ak, ekChain }: EnrolledAk, context: Judging): TrustedAk {
  checkAkAttributes(ak);
  return ofTpm(checkEkChain(ekChain, context), publicKeyOf(ak), context);
}

function activated({ ekChain }: ClaimedAk, key: KeyObject, name: string, context: Judging): TrustedAk {
  const path = checkEkChain(ekChain, context);
  const leaf = leafOf(path);
  const ek = sha256(leaf.spki);
  if (!(context.quote?.activations ?? []).some(a => a.ak === name && a.ek === ek))
    throw new EvidenceError('CHAIN_UNTRUSTED', 'chain', 'Cannot trust attestation key: its TPM has not shown to us that it holds it', {
      expected: 'an activated credential',
      seen: name,
    });
  return ofTpm(path, key, context);
}

const ofTpm = (path: Path, key: KeyObject, context: Judging): TrustedAk => ({
  key,
  anchor: path.anchor,
  identity: identityOf(path, leafOf(path).spki, spkiOf(key), context),
  how: `attestation key activated by a TPM that is certified up to ${path.anchor.name}`,
  chain: toldBy(path),
});

/** The path of an endorsement certificate: its key decrypts and never signs, so that rule of leaves is another. Throws as `checkPath`. */
export function checkEkChain(chain: readonly Certificate[], { trust, now, keys }: Pick<Context, 'trust' | 'now' | 'keys'>): Path {
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', 'Cannot follow chain: it is empty');
  const { keyUsage: _, ...withoutUsage } = leaf;
  const path = checkPath([withoutUsage, ...issuers], anchorsFor(trust, 'tpm-ek'), now, keys, trust.revocation);
  checkPurpose(leaf, ekPurpose, 'endorsement key');
  checkIssuers(path, 'endorsement key');
  const usage = leaf.extensions.find(e => e.oid === extensionOids.keyUsage);
  // keyEncipherment of RSA, keyAgreement of ECC (RFC 5280 §4.2.1.3).
  if (usage !== undefined && !hasBit(keyUsageBits(usage.value), leaf.key.kind === 'rsa' ? 2 : 4))
    throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${leaf.subject.text} as endorsement key: it may not decrypt`);
  return path;
}

function keyUsageBits(value: Uint8Array): { readonly octets: Uint8Array } {
  const reader = openWhole(Uint8Array.of(tags.sequence, value.length, ...value), tags.sequence, 'keyUsage');
  return bitString(reader.take(tags.bitString, 'keyUsage').content, 'keyUsage');
}

/** By a purpose, or by a policy of a certificate that names no purpose: makers of IAKs do either. */
const isSaidRestricted = ({ extendedKeyUsage, policies }: Certificate): boolean =>
  extendedKeyUsage.includes(restricted) || (extendedKeyUsage.length === 0 && policies.includes(restricted));

function checkPurpose(leaf: Certificate, purpose: string, what: string): void {
  if (leaf.extendedKeyUsage.includes(purpose)) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${leaf.subject.text} as ${what}: it is certified for something else`, {
    expected: purpose,
    seen: leaf.extendedKeyUsage.join(', ') || 'no extended key usage',
  });
}

/** That a key is of a TPM is for a CA to say that has seen to it. One inside a device, which DICE measured, would say so of a key in its memory. */
function checkIssuers({ certificates }: Path, what: string): void {
  const inside = certificates.slice(1).find(c => hasLayers(contentOf(c)));
  if (inside === undefined) return;
  throw new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot accept ${what}: the device itself certified it, as ${inside.subject.text}`, {
    expected: 'a certificate by a CA outside the device',
    seen: inside.subject.text,
  });
}

function leafOf(path: Path): Certificate {
  const [leaf] = path.certificates;
  if (leaf === undefined) throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', 'Cannot follow chain: it is empty');
  return leaf;
}

const maxSerial = 255;

/**
 * Who the device is: by a person's word on this very key, as the device's own certificate says, else as a person says of all below the anchor. The vendor of an
 * anchor is only the last resort, and whose reference values it may vouch for is looked at later.
 */
function identityOf(path: Path, device: Uint8Array, ak: Uint8Array, { quote, trust }: Judging): AttestedIdentity {
  const leaf = leafOf(path);
  const platform = platformIn(leaf);
  const serial = attribute(leaf.subject, attributeTypes.serialNumber) ?? leaf.hardwareModule?.serial ?? platform.serial;
  if (serial !== undefined && serial.length > maxSerial) throw new DecodeError(`Cannot read serial: ${serial.length} characters`);
  const hashes = [sha256(ak), sha256(device)];
  const listed = [...trust.keys.values()].flat().find(({ voucher }) => hashes.includes(voucher.keyHash));
  const model = quote?.enrolledAs?.model ?? listed?.model ?? platform.model ?? path.anchor.model;
  const named = quote?.enrolledAs?.vendor ?? listed?.voucher.vendor ?? platform.vendor;
  const vendor = named ?? attribute(leaf.subject, attributeTypes.organization) ?? path.anchor.vendor;
  return {
    ...(serial === undefined ? {} : { serial }),
    subject: leaf.subject.text,
    issuer: leaf.issuer.text,
    deviceKey: sha256(device),
    leafKey: sha256(ak),
    anchor: path.anchor.name,
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    notAfter: Math.min(...path.certificates.map(c => c.notAfter)),
  };
}
