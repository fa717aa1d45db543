import { createHash, hash } from 'node:crypto';
import type { Hex } from '../model/address.ts';
import type { Evidence, EvidenceMediaType } from '../model/attestation.ts';
import { concat } from '../codec/bytes.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';

/** Most certificates and bytes of one chain. More is a fault of the Attester, not a reason to work harder. */
export const maxCertificates = 10;
export const maxChainBytes = 65_536;

/** SHA-256 as lower-case hex. */
export const sha256 = (bytes: Uint8Array): Hex => hash('sha256', bytes);

/** Hashes of keys, for as long as their certificates live: that of a key that signed and that of a key that was signed are often the same one. */
const keyHashes = new WeakMap<Certificate, Hex>();

/** SHA-256 of the SubjectPublicKeyInfo, as lower-case hex. */
export function keyHash(certificate: Certificate): Hex {
  const known = keyHashes.get(certificate);
  if (known !== undefined) return known;
  const found = sha256(certificate.spki);
  keyHashes.set(certificate, found);
  return found;
}

/** The name under which Evidence is kept: SHA-256 over its certificates in their order (DER delimits itself). */
export function evidenceId(certificates: readonly Uint8Array[]): Hex {
  const all = createHash('sha256');
  for (const certificate of certificates) all.update(certificate);
  return all.digest('hex');
}

/** The chain exactly as sent, leaf first, as Evidence. Untrusted. */
export const chainEvidence = (certificates: readonly Uint8Array[]): Evidence => ({
  id: evidenceId(certificates),
  mediaType: 'application/vnd.sallyport.x509-chain',
  bytes: concat(...certificates),
  certificates,
});

/** Evidence that is one message, with the certificates that came beside it. Untrusted. */
export const messageEvidence = (mediaType: EvidenceMediaType, bytes: Uint8Array, certificates: readonly Uint8Array[] = []): Evidence => ({
  id: sha256(bytes),
  mediaType,
  bytes,
  certificates,
});

/** Throws EvidenceError when the chain is empty or over a cap. */
export function checkSize(certificates: readonly Uint8Array[]): void {
  const bytes = certificates.reduce((sum, c) => sum + c.length, 0);
  if (certificates.length === 0 || certificates.length > maxCertificates || bytes > maxChainBytes)
    throw new EvidenceError('EVIDENCE_MALFORMED', 'readable', `Cannot read chain: ${certificates.length} certificates, ${bytes} bytes`, {
      expected: `1 to ${maxCertificates} certificates, at most ${maxChainBytes} bytes`,
      seen: `${certificates.length} certificates, ${bytes} bytes`,
    });
}
