import { DecodeError } from './reader.ts';
import { bitString, DerReader, type Element, integer, openWhole, tags } from './der.ts';
import { Met } from './met.ts';

/** What kind of public key a SubjectPublicKeyInfo holds. `other` includes curves given by explicit parameters. */
export type KeyKind =
  | { readonly kind: 'ec'; readonly curve: 'P-256' | 'P-384' | 'P-521' }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'other'; readonly found: string };

/** An AlgorithmIdentifier. `parameters` is the whole element, absent if there is none. */
export type Algorithm = { readonly oid: string; readonly parameters?: Element; readonly der: Uint8Array };

const curves: { readonly [oid: string]: 'P-256' | 'P-384' | 'P-521' } = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

const coordinateOctets = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const;

/** Whether it has the form of a point (SEC 1 §2.3.3), with y or without; whether it lies on the curve is found when it is used. */
const isPoint = (octets: Uint8Array, size: number): boolean =>
  octets[0] === 4 ? octets.length === 1 + 2 * size : (octets[0] === 2 || octets[0] === 3) && octets.length === 1 + size;

/** Few are met, each in every certificate of its vendor. */
const algorithms = new Met<Algorithm>(64, 64);

/** The same bytes may give the same object. Throws DecodeError. */
export const algorithm = (reader: DerReader, what: string): Algorithm =>
  reader.take(tags.sequence, what).met(algorithms, der => read(der, what));

function read(der: Uint8Array, what: string): Algorithm {
  const parts = openWhole(der, tags.sequence, what);
  const oid = parts.oid(what);
  if (parts.done) return { oid, der };
  const parameters = parts.next();
  parts.end(what);
  return { oid, parameters, der };
}

/** Classifies a SubjectPublicKeyInfo (RFC 3279 §2.3, RFC 5480, RFC 8410). Throws DecodeError when it is no such structure. */
export function keyKind(spki: Uint8Array): KeyKind {
  const parts = openWhole(spki, tags.sequence, 'SubjectPublicKeyInfo');
  const { oid, parameters } = algorithm(parts, 'public key algorithm');
  const key = bitString(parts.take(tags.bitString, 'public key').content, 'public key');
  parts.end('SubjectPublicKeyInfo');
  switch (oid) {
    case '1.2.840.10045.2.1': {
      if (parameters?.tag !== tags.oid) return { kind: 'other', found: 'elliptic curve with explicit parameters' };
      const curve = parameters.oid();
      const known = curves[curve];
      if (known === undefined) return { kind: 'other', found: `elliptic curve ${curve}` };
      return isPoint(key.octets, coordinateOctets[known]) ? { kind: 'ec', curve: known } : { kind: 'other', found: `no point of ${known}` };
    }
    case '1.3.101.112':
      return key.octets.length === 32 ? { kind: 'ed25519' } : { kind: 'other', found: `Ed25519 of ${key.octets.length} octets` };
    case '1.2.840.113549.1.1.1':
      return rsaKey(key.octets);
    default:
      return { kind: 'other', found: `key algorithm ${oid}` };
  }
}

/** The octets of subjectPublicKey, without its BIT STRING: what key hashes are made over (RFC 6960 §4.1.1). Throws DecodeError. */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  const parts = openWhole(spki, tags.sequence, 'SubjectPublicKeyInfo');
  parts.next();
  return bitString(parts.take(tags.bitString, 'public key').content, 'public key').octets;
}

/** Bits of the longest public exponent: everybody uses 17, and a long one makes a check as dear as a signature. */
const maxExponentBits = 64;

function rsaKey(octets: Uint8Array): KeyKind {
  const parts = openWhole(octets, tags.sequence, 'RSA key');
  const modulus = integer(parts.take(tags.integer, 'RSA modulus').content, 'RSA modulus', 2049);
  const exponent = integer(parts.take(tags.integer, 'RSA exponent').content, 'RSA exponent', 2049);
  parts.end('RSA key');
  if (modulus <= 0n || exponent < 3n || exponent % 2n === 0n)
    throw new DecodeError('Cannot read RSA key: modulus or exponent out of range');
  const bits = exponent.toString(2).length;
  return bits > maxExponentBits
    ? { kind: 'other', found: `RSA with an exponent of ${bits} bits` }
    : { kind: 'rsa', bits: modulus.toString(2).length };
}
