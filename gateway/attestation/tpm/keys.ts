import { constants, createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { Hex } from '../../model/address.ts';
import type { TpmSignature } from '../../codec/tpm.ts';
import { tpmAlgorithms } from '../../codec/tpm-algorithms.ts';
import { hasAttribute, type TpmAttribute, type TpmPublic } from '../../codec/tpm-public.ts';
import { EvidenceError } from '../evidence-error.ts';

/** Name of a key: nameAlg and digest of its public area (TPM 2.0 Library, Part 1, §16). No two keys share one. */
export function nameOf(key: TpmPublic): Uint8Array {
  const digest = createHash(key.nameAlgorithm.name).update(key.area).digest();
  return Uint8Array.of(...key.area.subarray(2, 4), ...digest);
}

/** The public key for node:crypto. Throws EvidenceError ALGORITHM_REFUSED when it is no point of its curve, or RSA too small or too large. */
export function publicKeyOf(key: TpmPublic): KeyObject {
  if (key.key.kind === 'rsa' && (key.key.bits < 2048 || key.key.bits > 8192 || key.key.exponent < 3 || key.key.exponent % 2 === 0))
    throw refused(`RSA of ${key.key.bits} bits`);
  try {
    return createPublicKey({ key: jwk(key.key), format: 'jwk' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw refused(error.message);
  }
}

const refused = (seen: string): EvidenceError =>
  new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot use TPM key: ${seen}`, {
    expected: 'P-256, P-384, P-521 or RSA of 2048 to 8192 bits',
    seen,
  });

function jwk(key: TpmPublic['key']): JsonWebKey {
  if (key.kind === 'rsa') {
    const exponent = Uint8Array.of(key.exponent >>> 24, key.exponent >>> 16, key.exponent >>> 8, key.exponent);
    return { kty: 'RSA', n: url(key.modulus), e: url(exponent.subarray(exponent.findIndex(byte => byte !== 0))) };
  }
  return { kty: 'EC', crv: key.curve.name, x: url(padded(key.x, key.curve.bytes)), y: url(padded(key.y, key.curve.bytes)) };
}

const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** TPMs may leave out leading zeros of a coordinate or scalar. The decoder has bounded the length. */
export function padded(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  all.set(bytes, length - bytes.length);
  return all;
}

/** DER of the SubjectPublicKeyInfo. */
export const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

/** What a key must be to sign nothing but what the TPM made itself: the magic is worth something by `restricted` alone. */
const akMust: readonly TpmAttribute[] = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'];
/** A storage key of the TPM itself: only it can open what is made for it. */
const ekMust: readonly TpmAttribute[] = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'decrypt'];

/** Throws EvidenceError PROFILE_VIOLATED unless the key is a restricted signing key of this one TPM. */
export function checkAkAttributes(key: TpmPublic): void {
  checkAttributes(key, 'attestation key', akMust, 'decrypt');
  if (!key.nameAlgorithm.isAccepted) throw refused(`a name in ${key.nameAlgorithm.name}`);
}

/** Throws EvidenceError PROFILE_VIOLATED unless the key is a restricted storage key of this one TPM. */
export const checkEkAttributes = (key: TpmPublic): void => checkAttributes(key, 'endorsement key', ekMust, 'sign');

function checkAttributes(key: TpmPublic, what: string, must: readonly TpmAttribute[], not: TpmAttribute): void {
  const missing = must.filter(attribute => !hasAttribute(key, attribute));
  if (missing.length === 0 && !hasAttribute(key, not)) return;
  throw new EvidenceError('PROFILE_VIOLATED', 'chain', `Cannot use key as ${what}: its attributes are others`, {
    expected: `${must.join(', ')}, without ${not}`,
    seen: missing.length === 0 ? not : `without ${missing.join(', ')}`,
  });
}

/** Throws EvidenceError ALGORITHM_REFUSED or SIGNATURE_INVALID unless the key signed these bytes, by a hash of SHA-2 and in its own scheme. */
export function checkQuoteSignature(attest: Uint8Array, signature: TpmSignature, key: KeyObject, area: TpmPublic | undefined): void {
  const { hash, kind } = signature;
  if (!hash.isAccepted || hash.name.startsWith('sha3-')) throw refused(`a signature over ${hash.name}`);
  const own = area?.scheme;
  if (own !== undefined && (own.algorithm !== tpmAlgorithms[kind] || own.hash !== hash)) throw refused('a scheme that is not its own');
  if (!isSigned(attest, signature, key))
    throw new EvidenceError('SIGNATURE_INVALID', 'chain', 'Cannot verify quote: its signature is not by the attestation key');
}

function isSigned(attest: Uint8Array, signature: TpmSignature, key: KeyObject): boolean {
  if (signature.kind === 'ecdsa') {
    const bytes = { prime256v1: 32, secp384r1: 48, secp521r1: 66 }[key.asymmetricKeyDetails?.namedCurve ?? ''];
    if (key.asymmetricKeyType !== 'ec' || bytes === undefined || signature.r.length > bytes || signature.s.length > bytes) return false;
    const pair = Uint8Array.of(...padded(signature.r, bytes), ...padded(signature.s, bytes));
    return verify(signature.hash.name, attest, { key, dsaEncoding: 'ieee-p1363' }, pair);
  }
  if (key.asymmetricKeyType !== 'rsa') return false;
  // TPMs take the longest salt that fits, or that of the hash (Part 1, §B.7).
  const padding =
    signature.kind === 'rsassa'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return verify(signature.hash.name, attest, { key, ...padding }, signature.signature);
}

/** Names as they stand in states and records. */
export const nameText = (key: TpmPublic): Hex => Buffer.from(nameOf(key)).toString('hex');
