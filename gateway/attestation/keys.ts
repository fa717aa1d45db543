import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Element, tags } from '../codec/der.ts';
import { pssParameters } from '../codec/pss-parameters.ts';
import { DecodeError } from '../codec/reader.ts';
import { type Certificate, decodeCertificate } from '../codec/x509.ts';
import { type Algorithm, keyKind, type KeyKind } from '../codec/x509-key.ts';
import { EvidenceError } from './evidence-error.ts';
import { KnownTokens } from './known-tokens.ts';
import { bufferOf, nameOf, Recent } from './recent.ts';

/** What somebody signed: a certificate, a CRL, an OCSP response. */
export type Signed = { readonly tbs: Uint8Array; readonly signature: Uint8Array; readonly signatureAlgorithm: Algorithm };

type Signature = { readonly hash: string | null; readonly key: 'ec' | 'rsa' | 'ed25519'; readonly saltBytes?: number };
/** How each signature algorithm that we accept is checked (RFC 5758, RFC 4055 with SHA-2, RFC 8410). SHA-1 and MD5 are not in it. */
const signatures: { readonly [oid: string]: Signature } = {
  '1.2.840.10045.4.3.2': { hash: 'SHA256', key: 'ec' },
  '1.2.840.10045.4.3.3': { hash: 'SHA384', key: 'ec' },
  '1.2.840.10045.4.3.4': { hash: 'SHA512', key: 'ec' },
  '1.2.840.113549.1.1.11': { hash: 'SHA256', key: 'rsa' },
  '1.2.840.113549.1.1.12': { hash: 'SHA384', key: 'rsa' },
  '1.2.840.113549.1.1.13': { hash: 'SHA512', key: 'rsa' },
  '1.3.101.112': { hash: null, key: 'ed25519' },
};
const rsassaPss = '1.2.840.113549.1.1.10';
/** Hashes that RSASSA-PSS may be made with, and their lengths, octets. */
const pssHashes: { readonly [oid: string]: readonly [hash: string, bytes: number] } = {
  '2.16.840.1.101.3.4.2.1': ['SHA256', 32],
  '2.16.840.1.101.3.4.2.2': ['SHA384', 48],
  '2.16.840.1.101.3.4.2.3': ['SHA512', 64],
};
/** Names for people, of those we refuse by rule and not for want of knowing them. */
const refused: { readonly [oid: string]: string } = {
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  [rsassaPss]: 'RSASSA-PSS with such parameters',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
};
/** Longest certificate that is kept as decoded, bytes: so the memory of the cache is bounded by its cap. */
const maxKept = 4096;
const minRsaBits = 2048;
const maxRsaBits = 8192;

/** A public key that was met; what it is and its KeyObject are found when somebody asks. */
export class KnownKey {
  readonly #spki: Uint8Array;
  #kind: KeyKind | undefined;
  #key: KeyObject | undefined;
  #isUsed = false;

  constructor(spki: Uint8Array) {
    this.#spki = spki.slice();
  }

  /** Throws DecodeError. */
  get kind(): KeyKind {
    return (this.#kind ??= keyKind(this.#spki));
  }

  /** Throws EvidenceError. */
  get key(): KeyObject {
    return (this.#key ??= usable(() => createPublicKey(pemOf(this.#spki))));
  }

  /** Makes its KeyObject now. Throws EvidenceError ALGORITHM_REFUSED when OpenSSL cannot use it. */
  prepare(): void {
    this.#key = this.key;
  }

  /**
   * True iff it made the signature. The first is checked with the key as text: most keys, those of devices, sign one certificate and no more, and OpenSSL
   * reads the text as fast as Node makes an object of it. Throws EvidenceError ALGORITHM_REFUSED when OpenSSL cannot use it.
   */
  hasMade(signature: Uint8Array, hash: string | null, signed: Uint8Array): boolean {
    if (this.#key !== undefined || this.#isUsed) return verify(hash, signed, this.key, signature);
    this.#isUsed = true;
    return usable(() => verify(hash, signed, pemOf(this.#spki), signature));
  }
}

/**
 * What was read and checked before, so that a known device costs no second reading: KeyObjects of anchors and recent issuers, certificates as decoded, and
 * which key signed which of them. Only what follows from the bytes alone is kept: dates, revocation, policy and trust are judged anew each time.
 */
export class KeyCache {
  /** At most `cap` of each. */
  readonly #keys: Recent<KnownKey>;
  readonly #certificates: Recent<Certificate>;
  readonly tokens: KnownTokens;
  /** By what was signed, for as long as that lives: the key that signed it. Only good signatures are noted. */
  readonly #signers = new WeakMap<Signed, KnownKey>();

  constructor(cap = 256) {
    this.#keys = new Recent(cap);
    this.#certificates = new Recent(cap);
    this.tokens = new KnownTokens(cap);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The key of a SubjectPublicKeyInfo. Throws EvidenceError ALGORITHM_REFUSED when OpenSSL cannot use it. */
  get(spki: Uint8Array): KeyObject {
    return this.known(spki).key;
  }

  /** The same with its kind, of which nothing is read before it is asked for. */
  known(spki: Uint8Array): KnownKey {
    return recall(this.#keys, spki, bytes => new KnownKey(bytes));
  }

  /**
   * As `decodeCertificate`; the same bytes give the same object. It is read from a copy, so that nobody who holds the message can change it. Long ones, which
   * no device needs, are read each time. Throws DecodeError.
   */
  certificate(der: Uint8Array): Certificate {
    if (der.length > maxKept) return decodeCertificate(der);
    return recall(this.#certificates, der, bytes => decodeCertificate(bytes.slice()));
  }

  /** Whether it was seen that this key signed this. */
  hasSigned(key: KnownKey, signed: Signed): boolean {
    return this.#signers.get(signed) === key;
  }

  noteSigned(key: KnownKey, signed: Signed): void {
    this.#signers.set(signed, key);
  }
}

function recall<T>(of: Recent<T>, bytes: Uint8Array, make: (bytes: Uint8Array) => T): T {
  const name = nameOf(bytes);
  const known = of.get(name);
  if (known !== undefined) return known;
  const made = make(bytes);
  of.set(name, made);
  return made;
}

/**
 * As PEM text, which Node hands to OpenSSL as it is: of DER in a Buffer it first asks, by an error that is thrown and caught with its stack, whether that is
 * a key already, which takes longer than reading the key.
 */
function pemOf(spki: Uint8Array): string {
  const text = bufferOf(spki).toString('base64');
  let lines = '';
  for (let at = 0; at < text.length; at += 64) lines += `${text.slice(at, at + 64)}\n`;
  return `-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`;
}

function usable<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    // What OpenSSL says of such a key is a bare Error, with or without a code. Its subclasses are faults of ours.
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
    throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot use public key: ${error.message}`);
  }
}

/** Whether the key is one that may sign anything here. */
export const isKeyAccepted = ({ key }: Certificate): boolean =>
  key.kind === 'ec' || key.kind === 'ed25519' || (key.kind === 'rsa' && key.bits >= minRsaBits && key.bits <= maxRsaBits);

/** Throws EvidenceError ALGORITHM_REFUSED unless the key is P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits. */
export function checkKey(certificate: Certificate): void {
  const { key } = certificate;
  if (isKeyAccepted(certificate)) return;
  const found = key.kind === 'other' ? key.found : key.kind === 'rsa' ? `RSA of ${key.bits} bits` : '';
  throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept key of ${certificate.subject.text}: ${found}`, {
    expected: `P-256, P-384, P-521, Ed25519 or RSA of ${minRsaBits} to ${maxRsaBits} bits`,
    seen: found,
  });
}

/**
 * Undefined unless the algorithm is one of ours and its parameters are the registered ones: NULL or none for RSA (RFC 4055 §5), none for Ed25519 (RFC 8410 §3). ECDSA has none
 * either (RFC 5758 §3.2); much that runs in devices writes NULL all the same, which says nothing: `checkParameters` is for who is stricter.
 */
function signatureOf({ oid, parameters }: Algorithm): Signature | undefined {
  if (oid === rsassaPss) return parameters === undefined ? undefined : pssSignature(parameters);
  const known = signatures[oid];
  const isNull = parameters?.tag === tags.null && parameters.content.length === 0;
  return parameters === undefined || (known?.key !== 'ed25519' && isNull) ? known : undefined;
}

/** Whether ECDSA has parameters, which it must not (RFC 5758 §3.2). */
export const hasParameters = ({ signatureAlgorithm: { oid, parameters } }: Certificate): boolean =>
  parameters !== undefined && signatures[oid]?.key === 'ec';

/** Throws EvidenceError ALGORITHM_REFUSED when ECDSA has parameters. */
export function checkParameters(certificate: Certificate): void {
  if (!hasParameters(certificate)) return;
  const { oid } = certificate.signatureAlgorithm;
  throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept signature of ${certificate.subject.text}: ${oid} with parameters`, {
    expected: 'no parameters',
    seen: 'NULL',
  });
}

/** RSASSA-PSS with one SHA-2 hash for the message and for MGF1, and a salt no shorter than it. All else, SHA-1 by default too, is refused. */
function pssSignature(parameters: Element): Signature | undefined {
  try {
    const { hashOid, maskHashOid, saltBytes } = pssParameters(parameters);
    const [hash, bytes] = pssHashes[hashOid] ?? [null, 0];
    return hash === null || maskHashOid !== hashOid || saltBytes < bytes ? undefined : { hash, key: 'rsa', saltBytes };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

/** Throws EvidenceError ALGORITHM_REFUSED unless the signature is made with SHA-2 or Ed25519 and its parameters are the registered ones. */
export function checkAlgorithm(certificate: Certificate): void {
  const { signatureAlgorithm } = certificate;
  if (signatureOf(signatureAlgorithm) !== undefined) return;
  const { oid } = signatureAlgorithm;
  const seen = refused[oid] ?? (oid in signatures ? `${oid} with parameters` : oid);
  throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept signature of ${certificate.subject.text}: ${seen}`, {
    expected: 'ECDSA or RSA with SHA-256, SHA-384 or SHA-512, or Ed25519',
    seen,
  });
}

/** True iff the key of `issuer` made the signature, with an algorithm of ours. Call `checkKey` for the issuer. */
export function isSignedBy(signed: Signed, issuer: Certificate, keys: KeyCache): boolean {
  const algorithm = signatureOf(signed.signatureAlgorithm);
  if (algorithm === undefined || algorithm.key !== issuer.key.kind) return false;
  const known = keys.known(issuer.spki);
  if (keys.hasSigned(known, signed)) return true;
  const { hash, saltBytes: saltLength } = algorithm;
  const isGood =
    saltLength === undefined
      ? known.hasMade(signed.signature, hash, signed.tbs)
      : verify(hash, signed.tbs, { key: known.key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signed.signature);
  if (isGood) keys.noteSigned(known, signed);
  return isGood;
}
