import { constants, createHmac, timingSafeEqual, verify } from 'node:crypto';
import { coseAlgorithm, type CoseMessage, type CoseOutside, coseToBeSigned } from '../codec/cose.ts';
import { derOfPair } from '../codec/ecdsa-signature.ts';
import { type Jws, jwsAlgorithm } from '../codec/jws.ts';
import { EvidenceError } from './evidence-error.ts';
import type { KeyCache, KnownKey } from './keys.ts';

/** One signature algorithm, bound to the only kind of key that may make it: a verifier that lets the message choose is how forgeries begin. */
type Algorithm = {
  readonly name: string;
  readonly key: 'P-256' | 'P-384' | 'P-521' | 'ed25519' | 'rsa';
  readonly hash: string | null;
  /** Octets of the signature; of RSA as long as the key. */
  readonly length?: number;
  /** Octets of the salt of RSASSA-PSS: as many as of the hash (RFC 7518 §3.5, RFC 8230 §2), no others. */
  readonly salt?: number;
};
const es256: Algorithm = { name: 'ES256', key: 'P-256', hash: 'SHA256', length: 64 };
const es384: Algorithm = { name: 'ES384', key: 'P-384', hash: 'SHA384', length: 96 };
const es512: Algorithm = { name: 'ES512', key: 'P-521', hash: 'SHA512', length: 132 };
const ed25519: Algorithm = { name: 'EdDSA', key: 'ed25519', hash: null, length: 64 };
const ps256: Algorithm = { name: 'PS256', key: 'rsa', hash: 'SHA256', salt: 32 };
const ps384: Algorithm = { name: 'PS384', key: 'rsa', hash: 'SHA384', salt: 48 };
const ps512: Algorithm = { name: 'PS512', key: 'rsa', hash: 'SHA512', salt: 64 };

/** RFC 9053 §2, RFC 8230 §2, and the fully specified ones of RFC 9864. */
const coseAlgorithms: ReadonlyMap<number, Algorithm> = new Map([
  [-7, es256],
  [-9, es256],
  [-35, es384],
  [-51, es384],
  [-36, es512],
  [-52, es512],
  [-8, ed25519],
  [-19, ed25519],
  [-37, ps256],
  [-38, ps384],
  [-39, ps512],
]);
/** RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864. No HMAC: a shared key would let a verifier forge, and no `none`. */
const jwsAlgorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['ES256', es256],
  ['ES384', es384],
  ['ES512', es512],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
  ['PS256', ps256],
  ['PS384', ps384],
  ['PS512', ps512],
]);
const minRsaBits = 2048;
const maxRsaBits = 8192;

/** Throws EvidenceError SIGNATURE_INVALID or ALGORITHM_REFUSED, or DecodeError, unless the key of `spki` signed the COSE_Sign1. */
export const checkSign1 = (message: CoseMessage, spki: Uint8Array, keys: KeyCache, outside: CoseOutside = {}): void =>
  checkSign1By(message, keys.known(spki), outside);

/** The same for a key that was met. */
export function checkSign1By(message: CoseMessage, key: KnownKey, outside: CoseOutside = {}): void {
  if (message.kind !== 'sign1') throw refused('a COSE_Mac0', 'a COSE_Sign1: nobody shares a secret with this Verifier');
  const id = coseAlgorithm(message);
  check(coseAlgorithms.get(id), `COSE algorithm ${id}`, coseToBeSigned(message, outside), message.proof, key);
}

/** The same for a JWS. */
export function checkJws(jws: Jws, key: KnownKey): void {
  const name = jwsAlgorithm(jws);
  check(jwsAlgorithms.get(name), name.slice(0, 40), jws.signingInput, jws.signature, key);
}

/** HMAC 256/64, 256/256, 384/384 and 512/512 of RFC 9053 §3.1, by hash and octets of the tag. */
const macs: ReadonlyMap<number, { readonly hash: string; readonly length: number }> = new Map([
  [5, { hash: 'sha256', length: 32 }],
  [6, { hash: 'sha384', length: 48 }],
  [7, { hash: 'sha512', length: 64 }],
]);

/** True iff the COSE_Mac0 was made with the shared secret. Truncated tags are refused. */
export function isMac0By(message: CoseMessage, secret: Uint8Array, outside: CoseOutside = {}): boolean {
  const mac = macs.get(coseAlgorithm(message));
  if (message.kind !== 'mac0' || mac === undefined || message.proof.length !== mac.length) return false;
  return timingSafeEqual(createHmac(mac.hash, secret).update(coseToBeSigned(message, outside)).digest(), message.proof);
}

function check(algorithm: Algorithm | undefined, seen: string, signed: Uint8Array, signature: Uint8Array, known: KnownKey): void {
  if (algorithm === undefined) throw refused(seen, [...jwsAlgorithms.keys()].join(', '));
  const { kind } = known;
  const found = kind.kind === 'ec' ? kind.curve : kind.kind;
  const bits = kind.kind === 'rsa' ? kind.bits : minRsaBits;
  if (found !== algorithm.key || bits < minRsaBits || bits > maxRsaBits)
    throw refused(`${algorithm.name} with a key of kind ${found}`, `a key for ${algorithm.name}`);
  const { key } = known;
  const isGood =
    (algorithm.length === undefined || signature.length === algorithm.length) &&
    (algorithm.salt !== undefined
      ? verify(algorithm.hash, signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.salt }, signature)
      : // A key beside options costs Node an error thrown and caught; by itself it costs nothing.
        verify(algorithm.hash, signed, key, algorithm.hash === null ? signature : derOfPair(signature)));
  if (!isGood)
    throw new EvidenceError('SIGNATURE_INVALID', 'chain', 'Cannot verify token: its signature is not by the key that is vouched for');
}

const refused = (seen: string, expected: string): EvidenceError =>
  new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept token: ${seen}`, { expected, seen });
