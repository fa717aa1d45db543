import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { latin1 } from '../codec/der.ts';
import { type Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';

/** How each signature algorithm that we accept is checked (RFC 5758, RFC 4055 with SHA-2 and PKCS #1 v1.5, RFC 8410). SHA-1 and MD5 are not in it. */
const signatures: { readonly [oid: string]: { readonly hash: string | null; readonly key: 'ec' | 'rsa' | 'ed25519' } } = {
  '1.2.840.10045.4.3.2': { hash: 'sha256', key: 'ec' },
  '1.2.840.10045.4.3.3': { hash: 'sha384', key: 'ec' },
  '1.2.840.10045.4.3.4': { hash: 'sha512', key: 'ec' },
  '1.2.840.113549.1.1.11': { hash: 'sha256', key: 'rsa' },
  '1.2.840.113549.1.1.12': { hash: 'sha384', key: 'rsa' },
  '1.2.840.113549.1.1.13': { hash: 'sha512', key: 'rsa' },
  '1.3.101.112': { hash: null, key: 'ed25519' },
};
/** Names for people, of those we refuse by rule and not for want of knowing them. */
const refused: { readonly [oid: string]: string } = {
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
};
const minRsaBits = 2048;
const maxRsaBits = 8192;

/** KeyObjects of anchors and recent issuers, so that a known issuer's key is parsed once. At most `cap`; the one unused for longest goes first. */
export class KeyCache {
  readonly #cap: number;
  readonly #keys = new Map<string, KeyObject>();

  constructor(cap = 256) {
    this.#cap = cap;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The key of a SubjectPublicKeyInfo. Throws EvidenceError ALGORITHM_REFUSED when OpenSSL cannot use it. */
  get(spki: Uint8Array): KeyObject {
    const id = latin1(spki);
    const known = this.#keys.get(id);
    const key = known ?? publicKey(spki);
    if (known !== undefined) this.#keys.delete(id);
    this.#keys.set(id, key);
    if (this.#keys.size > this.#cap) for (const oldest of this.#keys.keys()) if (this.#keys.delete(oldest)) break;
    return key;
  }
}

function publicKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot use public key: ${error.message}`);
  }
}

/** Throws EvidenceError ALGORITHM_REFUSED unless the key is P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits. */
export function checkKey(certificate: Certificate): void {
  const { key } = certificate;
  const found = key.kind === 'other' ? key.found : key.kind === 'rsa' ? `RSA of ${key.bits} bits` : '';
  if (key.kind === 'ec' || key.kind === 'ed25519' || (key.kind === 'rsa' && key.bits >= minRsaBits && key.bits <= maxRsaBits)) return;
  throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept key of ${certificate.subject.text}: ${found}`, {
    expected: `P-256, P-384, P-521, Ed25519 or RSA of ${minRsaBits} to ${maxRsaBits} bits`,
    seen: found,
  });
}

/** Throws EvidenceError ALGORITHM_REFUSED unless the signature is made with SHA-2 or Ed25519 and its parameters are the registered ones. */
export function checkAlgorithm(certificate: Certificate): void {
  const { oid, parameters } = certificate.signatureAlgorithm;
  const known = signatures[oid];
  // RFC 4055 §5 wants NULL for RSA, RFC 5758 §3.2 and RFC 8410 §3 want none for the others.
  if (
    known !== undefined &&
    (parameters === undefined || (known.key === 'rsa' && parameters.whole.length === 2 && parameters.tag === 0x05))
  )
    return;
  const seen = refused[oid] ?? (known === undefined ? oid : `${oid} with parameters`);
  throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept signature of ${certificate.subject.text}: ${seen}`, {
    expected: 'ECDSA or RSA with SHA-256, SHA-384 or SHA-512, or Ed25519',
    seen,
  });
}

/** True iff `issuer` signed `certificate`. Call `checkAlgorithm` and `checkKey` first. */
export function isSignedBy(certificate: Certificate, issuer: Certificate, keys: KeyCache): boolean {
  const algorithm = signatures[certificate.signatureAlgorithm.oid];
  if (algorithm === undefined || algorithm.key !== issuer.key.kind) return false;
  return verify(algorithm.hash, certificate.tbs, keys.get(issuer.spki), certificate.signature);
}
