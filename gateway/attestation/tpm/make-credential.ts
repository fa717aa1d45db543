import { constants, createCipheriv, createECDH, createHmac, publicEncrypt } from 'node:crypto';
import type { TpmHash } from '../../codec/tpm-algorithms.ts';
import type { TpmPublic } from '../../codec/tpm-public.ts';
import { EvidenceError } from '../evidence-error.ts';
import { kdfA, kdfE, oaep } from './kdf.ts';
import { checkEkAttributes, padded, publicKeyOf } from './keys.ts';

/**
 * TPM2_MakeCredential without a TPM (TPM 2.0 Library, Part 1, §24): a secret that only the TPM with this endorsement key gives away, and only if
 * a key of this name is loaded in it. All that is random is an input.
 */

/** What `makeCredential` must not choose itself: seed and OAEP seed for RSA, private scalar of the ephemeral key for ECC. As long as the EK's name hash, resp. its field. */
export type Entropy = { readonly seed: Uint8Array; readonly oaepSeed: Uint8Array; readonly scalar: Uint8Array };

/** TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, as TPM2_ActivateCredential wants them. */
export type Credential = { readonly blob: Uint8Array; readonly secret: Uint8Array };

/** TPM_ALG_AES and TPM_ALG_CFB. */
const [aes, cfb] = [0x0006, 0x0043];

/** Throws EvidenceError when the key is no endorsement key, or protects by something else than AES-CFB. `credential` is at most as long as the EK's name hash. */
export function makeCredential(ek: TpmPublic, akName: Uint8Array, credential: Uint8Array, entropy: Entropy): Credential {
  checkEkAttributes(ek);
  const hash = ek.nameAlgorithm;
  const { symmetric } = ek;
  if (!hash.isAccepted || symmetric?.algorithm !== aes || symmetric.mode !== cfb || ![128, 256].includes(symmetric.bits))
    throw new EvidenceError('ALGORITHM_REFUSED', 'chain', 'Cannot use endorsement key: it protects by something else than AES in CFB mode');
  if (credential.length === 0 || credential.length > hash.bytes) throw new RangeError(`Cannot make credential: ${credential.length} bytes`);
  const { seed, secret } = ek.key.kind === 'rsa' ? byRsa(ek, hash, entropy) : byEcc(ek.key, hash, entropy);
  const none = new Uint8Array();
  const key = kdfA(hash.name, seed, 'STORAGE', akName, none, symmetric.bits);
  const cipher = createCipheriv(`aes-${symmetric.bits === 128 ? 128 : 256}-cfb`, key, new Uint8Array(16));
  const encrypted = joined(cipher.update(sized(credential)), cipher.final());
  const integrity = createHmac(hash.name, kdfA(hash.name, seed, 'INTEGRITY', none, none, hash.bytes * 8));
  const outer = new Uint8Array(integrity.update(encrypted).update(akName).digest());
  return { blob: sized(joined(sized(outer), encrypted)), secret: sized(secret) };
}

type Seed = { readonly seed: Uint8Array; readonly secret: Uint8Array };

/** Part 1, §B.10.3: the seed under RSAES_OAEP with the EK's name hash. */
function byRsa(ek: TpmPublic, hash: TpmHash, { seed, oaepSeed }: Entropy): Seed {
  const key = publicKeyOf(ek);
  const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const block = oaep(hash.name, seed, 'IDENTITY', oaepSeed, length);
  return { seed, secret: new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)) };
}

const ecdhNames: { readonly [curve: string]: string } = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };

/** Part 1, §C.6.3: the seed from the x of a one-pass ECDH. The EK's point was checked to lie on its curve by `publicKeyOf`. */
function byEcc(key: Extract<TpmPublic['key'], { kind: 'ecc' }>, hash: TpmHash, { scalar }: Entropy): Seed {
  const { name, bytes } = key.curve;
  const [x, y] = [padded(key.x, bytes), padded(key.y, bytes)];
  const ours = createECDH(ecdhNames[name] ?? '');
  ours.setPrivateKey(scalar);
  const point = ours.getPublicKey();
  const [ourX, ourY] = [new Uint8Array(point.subarray(1, 1 + bytes)), new Uint8Array(point.subarray(1 + bytes))];
  const z = new Uint8Array(ours.computeSecret(Uint8Array.of(4, ...x, ...y)));
  return { seed: kdfE(hash.name, z, 'IDENTITY', ourX, x, hash.bytes * 8), secret: joined(sized(ourX), sized(ourY)) };
}

/** TPM2B. */
const sized = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length >> 8, bytes.length, ...bytes);
const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.of(...a, ...b);
