import { type EvidenceMediaType, evidenceMediaTypes } from '../model/attestation.ts';

/** CoAP Content-Formats (RFC 9782, RFC 9783 §10.3, draft-ietf-rats-msg-wrap) and old names of the types that schemes take. */
const formats: ReadonlyMap<string | number, EvidenceMediaType> = new Map<string | number, EvidenceMediaType>([
  [263, 'application/eat+cwt'],
  [264, 'application/eat+jwt'],
  [265, 'application/eat-bun+cbor'],
  [266, 'application/eat-bun+json'],
  [273, 'application/cmw+cbor'],
  [274, 'application/cmw+json'],
  // A CWT whose profile is one of PSA's; the token says so itself.
  [10003, 'application/eat+cwt'],
  [10004, 'application/eat+cwt'],
  ['application/eat-cwt', 'application/eat+cwt'],
  ['application/eat-jwt', 'application/eat+jwt'],
]);

/**
 * What a media type or Content-Format stands for; undefined for one that nobody here knows. Media types compare without case and, here, without
 * parameters: the profile stands in the token, under its signature (RFC 9782 §2).
 */
export function evidenceTypeOf(type: string | number): EvidenceMediaType | undefined {
  const name = typeof type === 'number' ? type : (type.split(';')[0] ?? '').trim().toLowerCase();
  return formats.get(name) ?? evidenceMediaTypes.find(known => known === name);
}
