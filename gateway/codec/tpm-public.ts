import { Reader } from './reader.ts';
import { sized } from './tpm.ts';
import { type TpmCurve, type TpmHash, tpmAlgorithms, tpmCurve, tpmHash } from './tpm-algorithms.ts';
import { ofWhole } from './whole.ts';

/** TPMA_OBJECT (TPM 2.0 Library, Part 2, §8.3), the bits that say whether a key can be an attestation or an endorsement key. */
const tpmAttributes = {
  fixedTpm: 1 << 1,
  fixedParent: 1 << 4,
  sensitiveDataOrigin: 1 << 5,
  restricted: 1 << 16,
  decrypt: 1 << 17,
  sign: 1 << 18,
} as const;
export type TpmAttribute = keyof typeof tpmAttributes;

/** A hash-and-sign or encryption scheme; absent where the key leaves it to its user (TPM_ALG_NULL). */
export type TpmScheme = { readonly algorithm: number; readonly hash?: TpmHash };

/** The public area of a TPM key (TPMT_PUBLIC, §12.2.4). `area` is what its name is the digest of. Not trusted: anybody can write one. */
export type TpmPublic = {
  readonly area: Uint8Array;
  readonly nameAlgorithm: TpmHash;
  readonly attributes: number;
  readonly authPolicy: Uint8Array;
  /** Cipher with which a storage key protects its children: AES in CFB mode. Absent of a signing key. */
  readonly symmetric?: { readonly algorithm: number; readonly bits: number; readonly mode: number };
  readonly scheme?: TpmScheme;
  readonly key:
    | { readonly kind: 'rsa'; readonly bits: number; readonly exponent: number; readonly modulus: Uint8Array }
    | { readonly kind: 'ecc'; readonly curve: TpmCurve; readonly x: Uint8Array; readonly y: Uint8Array };
};

export const hasAttribute = (key: TpmPublic, attribute: TpmAttribute): boolean => (key.attributes & tpmAttributes[attribute]) !== 0;

const maxPublic = 2048;

/** Reads a TPM2B_PUBLIC: what `TPM2_CreatePrimary` and `TPM2_ReadPublic` give. Throws DecodeError. */
export function decodeTpmPublic(bytes: Uint8Array): TpmPublic {
  return ofWhole(() => {
    const outer = new Reader(bytes, 'TPM2B_PUBLIC');
    const area = sized(outer, maxPublic, 'public area');
    outer.end();
    const r = new Reader(area, 'TPMT_PUBLIC');
    const type = r.u16();
    if (type !== tpmAlgorithms.rsa && type !== tpmAlgorithms.ecc) throw r.fault(`key type 0x${type.toString(16)}`);
    const nameAlgorithm = hashOf(r, r.u16());
    const attributes = r.u32();
    const authPolicy = sized(r, 64, 'authPolicy');
    const symmetric = symmetricOf(r);
    const scheme = schemeOf(r);
    const key = type === tpmAlgorithms.rsa ? rsa(r) : ecc(r);
    r.end();
    return {
      area,
      nameAlgorithm,
      attributes,
      authPolicy,
      ...(symmetric === undefined ? {} : { symmetric }),
      ...(scheme === undefined ? {} : { scheme }),
      key,
    };
  });
}

function hashOf(r: Reader, id: number): TpmHash {
  const hash = tpmHash(id);
  if (hash === undefined) throw r.fault(`hash 0x${id.toString(16)}`);
  return hash;
}

/** TPMT_SYM_DEF_OBJECT. */
function symmetricOf(r: Reader): TpmPublic['symmetric'] {
  const algorithm = r.u16();
  return algorithm === tpmAlgorithms.null ? undefined : { algorithm, bits: r.u16(), mode: r.u16() };
}

/** TPMT_RSA_SCHEME and TPMT_ECC_SCHEME: all have a hash but TPM_ALG_NULL and RSAES; ECDAA has a count as well. */
function schemeOf(r: Reader): TpmScheme | undefined {
  const algorithm = r.u16();
  if (algorithm === tpmAlgorithms.null) return undefined;
  if (algorithm === tpmAlgorithms.rsaes) return { algorithm };
  const hash = hashOf(r, r.u16());
  if (algorithm === tpmAlgorithms.ecdaa) r.u16();
  return { algorithm, hash };
}

function rsa(r: Reader): TpmPublic['key'] {
  const [bits, exponent] = [r.u16(), r.u32()];
  const modulus = sized(r, 1024, 'modulus');
  // Else a short key could call itself a long one.
  if (modulus.length * 8 !== bits || (modulus[0] ?? 0) < 0x80) throw r.fault(`RSA key that has not ${bits} bits`);
  // 0 stands for the usual exponent (§12.2.3.5).
  return { kind: 'rsa', bits, exponent: exponent === 0 ? 65_537 : exponent, modulus };
}

function ecc(r: Reader): TpmPublic['key'] {
  const id = r.u16();
  const curve = tpmCurve(id);
  if (curve === undefined) throw r.fault(`curve 0x${id.toString(16)}`);
  // TPMT_KDF_SCHEME: a hash follows unless there is none.
  if (r.u16() !== tpmAlgorithms.null) hashOf(r, r.u16());
  return { kind: 'ecc', curve, x: sized(r, curve.bytes, 'x'), y: sized(r, curve.bytes, 'y') };
}
