import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { bytesOf, type CborValue, decodeCbor, intOf, listOf } from './cbor.ts';
import { DecodeError } from './reader.ts';

/** SUIT_Digest (draft-ietf-suit-manifest §8.4.1). */
export type SuitDigest = { readonly alg: 'sha-256' | 'sha-384' | 'sha-512'; readonly value: Uint8Array };

/** COSE algorithms (RFC 9054 §2.1), with the length in octets. */
const algorithms: { readonly [id: number]: readonly [SuitDigest['alg'], number] } = {
  [-16]: ['sha-256', 32],
  [-43]: ['sha-384', 48],
  [-44]: ['sha-512', 64],
};

/** Throws DecodeError unless it is a digest of an algorithm that is accepted, of its length. */
export function suitDigest(value: CborValue): SuitDigest {
  const [alg, digest, ...more] = listOf(value, 'SUIT digest');
  const known = algorithms[intOf(alg, 'SUIT digest algorithm')];
  if (known === undefined || more.length > 0) throw new DecodeError('Cannot read SUIT digest: no SHA-256, SHA-384 or SHA-512');
  return { alg: known[0], value: bytesOf(digest, 'SUIT digest', known[1], known[1]) };
}

/** The digest of an image stands in a byte string. */
export function imageDigest(value: CborValue): Digest {
  const { alg, value: digest } = suitDigest(decodeCbor(bytesOf(value, 'SUIT image digest')));
  return { alg, value: hex(digest) };
}
