import type { Evidence, EvidenceMediaType } from '../../model/attestation.ts';
import { chainEvidence, messageEvidence } from '../../attestation/evidence.ts';
import type { Freshness } from '../../attestation/scheme.ts';

const chainType = 'application/vnd.sallyport.x509-chain';

/** Evidence between processes: `bytes`, and DER `certificates` leaf first, in base64. Of a chain that is its certificates `bytes` may be empty. */
export type WireEvidence = { readonly mediaType: EvidenceMediaType; readonly bytes: string; readonly certificates: readonly string[] };

/** `Freshness` with its nonce in base64. */
export type SentFreshness =
  | Exclude<Freshness, { readonly kind: 'nonce' }>
  | (Omit<Extract<Freshness, { readonly kind: 'nonce' }>, 'nonce'> & { readonly nonce: string });

/** Most bytes of one piece of Evidence: room for a boot log and a long list of measured files, and as base64 it fits into a line. */
export const maxEvidenceBytes = 3 * 1024 * 1024;

export const wireEvidence = ({ mediaType, bytes, certificates }: Omit<Evidence, 'id'>): WireEvidence => ({
  mediaType,
  // A chain is nothing but its certificates: once is enough.
  bytes: mediaType === chainType && certificates.length > 0 ? '' : toBase64(bytes),
  certificates: certificates.map(toBase64),
});

/** The id is made from the bytes; what the sender calls them decides nothing. */
export const fromWire = ({ mediaType, bytes, certificates }: WireEvidence): Evidence =>
  mediaType === chainType && bytes === ''
    ? chainEvidence(certificates.map(bytesOf))
    : messageEvidence(mediaType, bytesOf(bytes), certificates.map(bytesOf));

export const wireFreshness = (freshness: Freshness): SentFreshness =>
  freshness.kind === 'nonce' ? { ...freshness, nonce: toBase64(freshness.nonce) } : freshness;

export const freshnessOf = (sent: SentFreshness): Freshness => (sent.kind === 'nonce' ? { ...sent, nonce: bytesOf(sent.nonce) } : sent);

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
