import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { DecodeError } from './reader.ts';

/** Hash algorithms of the IANA Named Information registry (RFC 6920 §9.4), by id. These are not COSE's numbers. */
const byId: { readonly [id: number]: string } = {
  1: 'sha-256',
  7: 'sha-384',
  8: 'sha-512',
  10: 'sha3-256',
  11: 'sha3-384',
  12: 'sha3-512',
};
const lengths: { readonly [alg: string]: number } = {
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
  'sha3-256': 32,
  'sha3-384': 48,
  'sha3-512': 64,
};

/** A digest under its registered id or name. Throws DecodeError for another length; an unknown or truncated algorithm keeps its name and so matches nothing. */
export function namedDigest(alg: number | string, value: Uint8Array): Digest {
  if (typeof alg === 'string' && !/^[a-z0-9-]{1,40}$/.test(alg)) throw new DecodeError('Cannot read digest: no name of an algorithm');
  const name = typeof alg === 'number' ? (byId[alg] ?? `unknown-${alg}`) : alg;
  const length = lengths[name];
  if (value.length === 0 || value.length > 64 || (length !== undefined && value.length !== length))
    throw new DecodeError(`Cannot read digest: ${value.length} octets of ${name}`);
  return { alg: name, value: hex(value) };
}
