import { createHash, createHmac } from 'node:crypto';

/** Key derivation of the TPM (TPM 2.0 Library, Part 1, §11.4.10). `hash` is a name of node:crypto; lengths in bits, whole octets. */

const counter = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
/** A label ends in a zero octet. */
const label = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

/** KDFa: HMAC in counter mode (SP 800-108), for what two sides agree on from a shared seed. */
export function kdfA(hash: string, key: Uint8Array, use: string, u: Uint8Array, v: Uint8Array, bits: number): Uint8Array {
  return blocks(bits, i => createHmac(hash, key).update(counter(i)).update(label(use)).update(u).update(v).update(counter(bits)).digest());
}

/** KDFe: concatenation (SP 800-56A), for a seed from an ECDH secret. `z`, `u` and `v` are x-coordinates, padded to the length of the field. */
export function kdfE(hash: string, z: Uint8Array, use: string, u: Uint8Array, v: Uint8Array, bits: number): Uint8Array {
  return blocks(bits, i => createHash(hash).update(counter(i)).update(z).update(label(use)).update(u).update(v).digest());
}

function blocks(bits: number, block: (i: number) => Uint8Array): Uint8Array {
  const all = new Uint8Array(bits / 8);
  for (let [i, at] = [1, 0]; at < all.length; i++) {
    const next = block(i).subarray(0, all.length - at);
    all.set(next, at);
    at += next.length;
  }
  return all;
}

/** OAEP padding (RFC 8017 §7.1.1) with a seed that is given, so that the result depends on inputs alone. */
export function oaep(hash: string, message: Uint8Array, use: string, seed: Uint8Array, length: number): Uint8Array {
  const lHash = createHash(hash).update(label(use)).digest();
  const db = new Uint8Array(length - seed.length - 1);
  db.set(lHash);
  db[db.length - message.length - 1] = 1;
  db.set(message, db.length - message.length);
  const maskedDb = xor(db, mgf1(hash, seed, db.length));
  return Uint8Array.of(0, ...xor(seed, mgf1(hash, maskedDb, seed.length)), ...maskedDb);
}

function mgf1(hash: string, seed: Uint8Array, length: number): Uint8Array {
  return blocks(length * 8, i =>
    createHash(hash)
      .update(seed)
      .update(counter(i - 1))
      .digest(),
  );
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0));
