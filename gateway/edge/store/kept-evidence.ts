import type { EvidenceMediaType } from '../../model/attestation.ts';
import { maxCertificates, maxChainBytes } from '../../attestation/evidence.ts';
import { concat } from '../../codec/bytes.ts';
import { Reader } from '../../codec/reader.ts';

/** Evidence out of the store, all of it untrusted. `certificates` came beside a token; of a chain they are its bytes, and this is empty. */
export type KeptEvidence = { readonly mediaType: string; readonly bytes: Uint8Array; readonly certificates: readonly Uint8Array[] };

/**
 * Certificates for one column: each with its length before it, u32. They are not taken apart here, which is not for a process that holds keys. Undefined
 * where there is nothing to keep: a chain is its certificates already, and what is over the caps no judge takes.
 */
export function packCertificates(mediaType: EvidenceMediaType, certificates: readonly Uint8Array[]): Uint8Array | undefined {
  const bytes = certificates.reduce((sum, one) => sum + one.length, 0);
  const isKept = certificates.length > 0 && certificates.length <= maxCertificates && bytes <= maxChainBytes;
  if (mediaType === 'application/vnd.sallyport.x509-chain' || !isKept) return undefined;
  return concat(...certificates.flatMap(one => [lengthOf(one), one]));
}

const lengthOf = ({ length }: Uint8Array): Uint8Array => Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length);

/** Reads what `packCertificates` wrote. Throws DecodeError. */
export function unpackCertificates(packed: Uint8Array): readonly Uint8Array[] {
  const reader = new Reader(packed, 'kept certificates');
  const certificates: Uint8Array[] = [];
  while (reader.left > 0) certificates.push(reader.take(reader.u32()));
  return certificates;
}
