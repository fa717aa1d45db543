import { createHash } from 'node:crypto';
import type { Hex } from '../model/address.ts';
import type { Evidence, EvidenceMediaType } from '../model/attestation.ts';
import { concat } from '../codec/bytes.ts';
import { EvidenceError } from './evidence-error.ts';

/** Most certificates and bytes of one chain. More is a fault of the Attester, not a reason to work harder. */
export const maxCertificates = 10;
export const maxChainBytes = 65_536;

/** SHA-256 as lower-case hex. */
export const sha256 = (bytes: Uint8Array): Hex => createHash('sha256').update(bytes).digest('hex');

/** The name under which Evidence is kept: SHA-256 over its certificates in their order (DER delimits itself). */
export function evidenceId(certificates: readonly Uint8Array[]): Hex {
  const hash = createHash('sha256');
  for (const certificate of certificates) hash.update(certificate);
  return hash.digest('hex');
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
