import { constants, type KeyObject, sign, verify } from 'node:crypto';
import type { KeyKind } from '../../codec/x509-key.ts';

/** `hash` is that of the PRF (RFC 5288 §3, RFC 7251 §2.2); `tagBytes` of the AEAD. */
export type DtlsSuite = {
  readonly id: number;
  readonly name: string;
  readonly key: 'ecdsa' | 'rsa';
  readonly hash: 'sha256' | 'sha384';
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-ccm' | 'aes-256-ccm';
  readonly keyBytes: 16 | 32;
  readonly tagBytes: 8 | 16;
};

const gcm128 = { hash: 'sha256', cipher: 'aes-128-gcm', keyBytes: 16, tagBytes: 16 } as const;
const gcm256 = { hash: 'sha384', cipher: 'aes-256-gcm', keyBytes: 32, tagBytes: 16 } as const;
const ccm128 = { hash: 'sha256', cipher: 'aes-128-ccm', keyBytes: 16 } as const;
const ccm256 = { hash: 'sha256', cipher: 'aes-256-ccm', keyBytes: 32 } as const;
/**
 * What we offer, best first: ephemeral keys, AEAD, a signature over our random; nothing else is spoken. CCM stands for devices whose hardware has no other
 * mode. CCM_8 is last, its tag is short, but it is the one that RFC 7252 §9.1.3.2 demands of devices.
 */
export const suites: readonly DtlsSuite[] = [
  { id: 0xc02b, name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', key: 'ecdsa', ...gcm128 },
  { id: 0xc02c, name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', key: 'ecdsa', ...gcm256 },
  { id: 0xc02f, name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', key: 'rsa', ...gcm128 },
  { id: 0xc030, name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', key: 'rsa', ...gcm256 },
  { id: 0xc0ac, name: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM', key: 'ecdsa', ...ccm128, tagBytes: 16 },
  { id: 0xc0ad, name: 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM', key: 'ecdsa', ...ccm256, tagBytes: 16 },
  { id: 0xc0ae, name: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', key: 'ecdsa', ...ccm128, tagBytes: 8 },
  { id: 0xc0af, name: 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', key: 'ecdsa', ...ccm256, tagBytes: 8 },
];

/** Which keys a suite's server may sign with. Ed25519 counts as ECDSA (RFC 8422 §5.10). */
export const fitsSuite = (suite: DtlsSuite, { kind }: KeyKind): boolean =>
  suite.key === 'rsa' ? kind === 'rsa' : kind === 'ec' || kind === 'ed25519';

type Scheme = { readonly id: number; readonly key: KeyKind['kind']; readonly hash: string | null; readonly isPss?: true };
/** Signature schemes (RFC 8446 §4.2.3, as TLS 1.2 uses them too), best first. No SHA-1, no MD5. */
export const schemes: readonly Scheme[] = [
  { id: 0x0403, key: 'ec', hash: 'sha256' },
  { id: 0x0503, key: 'ec', hash: 'sha384' },
  { id: 0x0603, key: 'ec', hash: 'sha512' },
  { id: 0x0807, key: 'ed25519', hash: null },
  { id: 0x0804, key: 'rsa', hash: 'sha256', isPss: true },
  { id: 0x0805, key: 'rsa', hash: 'sha384', isPss: true },
  { id: 0x0806, key: 'rsa', hash: 'sha512', isPss: true },
  { id: 0x0401, key: 'rsa', hash: 'sha256' },
  { id: 0x0501, key: 'rsa', hash: 'sha384' },
  { id: 0x0601, key: 'rsa', hash: 'sha512' },
];

const withPadding = (scheme: Scheme, key: KeyObject) =>
  scheme.isPss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : key;

/** Whether a key of that kind signed the data by the scheme. False for schemes that we did not offer, or that are for other keys. */
export function isSigned(scheme: number, kind: KeyKind, key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const known = schemes.find(one => one.id === scheme && one.key === kind.kind);
  return known !== undefined && verify(known.hash, data, withPadding(known, key), signature);
}

/** The first scheme of ours that the peer wishes and that the key can do, with the means to sign by it; undefined where there is none. */
export function signerFor(
  key: KeyObject,
  wished: readonly number[],
): { readonly id: number; readonly sign: (data: Uint8Array) => Uint8Array } | undefined {
  const known = schemes.find(one => one.key === key.asymmetricKeyType && wished.includes(one.id));
  if (known === undefined) return undefined;
  return { id: known.id, sign: data => new Uint8Array(sign(known.hash, data, withPadding(known, key))) };
}
