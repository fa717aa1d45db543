import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { concat } from '../../codec/bytes.ts';
import { alerts, DtlsFault } from './fault.ts';

/**
 * Named groups (RFC 8422 §5.1.1), best first. `pointBytes` as sent: uncompressed, or the u-coordinate. `top`: bits of the first octet of a scalar, where not
 * all may be set. A server shows a certificate on a curve only if that is among them.
 */
export const groups = [
  { id: 29, name: 'x25519', pointBytes: 32, scalarBytes: 32 },
  { id: 23, name: 'prime256v1', pointBytes: 65, scalarBytes: 32 },
  { id: 24, name: 'secp384r1', pointBytes: 97, scalarBytes: 48 },
  { id: 25, name: 'secp521r1', pointBytes: 133, scalarBytes: 66, top: 0x01 },
] as const;

/** Our half of a key agreement, used once. */
export type KeyShare = { readonly point: Uint8Array; readonly premaster: Uint8Array };

/** PKCS #8 and SubjectPublicKeyInfo of X25519 up to the key itself (RFC 8410 §7). */
const x25519Private = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);
const x25519Public = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0);
/** Scalars at or above the order are drawn anew: one in 2³² of P-256. */
const maxDraws = 8;

/** Agrees with the server's point over fresh randomness. Throws DtlsFault for another group, a point that is none, and one of small order. */
export function agree(group: number, theirs: Uint8Array, random: (length: number) => Uint8Array): KeyShare {
  const known = groups.find(one => one.id === group);
  if (known === undefined) throw new DtlsFault(alerts.illegalParameter, `Cannot agree on a key: group ${group} was not offered`);
  if (theirs.length !== known.pointBytes) throw badPoint(`${theirs.length} bytes`);
  return known.name === 'x25519' ? agreeX25519(theirs, random(known.scalarBytes)) : agreeOn(known, theirs, random);
}

function agreeOn(
  { name, scalarBytes, top = 0xff }: { readonly name: string; readonly scalarBytes: number; readonly top?: number },
  theirs: Uint8Array,
  random: (length: number) => Uint8Array,
): KeyShare {
  if (theirs[0] !== 4) throw badPoint(`form ${theirs[0]}`); // uncompressed, the only form that RFC 8422 §5.4.1 leaves
  const own = createECDH(name);
  for (let draws = 1; ; draws++)
    try {
      const scalar = Uint8Array.from(random(scalarBytes));
      scalar[0] = (scalar[0] ?? 0) & top;
      own.setPrivateKey(scalar);
      break;
    } catch (error) {
      if (!isCode(error, 'ERR_CRYPTO_INVALID_KEYPAIR') || draws === maxDraws) throw error;
    }
  try {
    return { point: new Uint8Array(own.getPublicKey()), premaster: new Uint8Array(own.computeSecret(theirs)) };
  } catch (error) {
    if (!isCode(error, 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY')) throw error;
    throw badPoint('not on the curve');
  }
}

function agreeX25519(theirs: Uint8Array, scalar: Uint8Array): KeyShare {
  const privateKey = createPrivateKey({ key: Buffer.from(concat(x25519Private, scalar)), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: Buffer.from(concat(x25519Public, theirs)), format: 'der', type: 'spki' });
  const point = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(x25519Public.length);
  try {
    return { point: new Uint8Array(point), premaster: new Uint8Array(diffieHellman({ privateKey, publicKey })) };
  } catch (error) {
    // OpenSSL refuses points of small order: their secret is all zero (RFC 7748 §6.1).
    if (!isCode(error, 'ERR_OSSL_FAILED_DURING_DERIVATION')) throw error;
    throw badPoint('small order');
  }
}

const badPoint = (found: string): DtlsFault => new DtlsFault(alerts.illegalParameter, `Cannot use the server's point: ${found}`);
const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;
