import { createHash } from 'node:crypto';
import type { Ip, Mac, Millis } from '../../model/address.ts';

/** A challenge's nonce, and when it ends by the gateway's clock. */
export type Nonce = { readonly bytes: Uint8Array; readonly expires: Millis };

/** Nobody may take longer to answer. */
const nonceMillis: Millis = 60_000;

/** What a nonce is good for: one device at one endpoint, over one connection. */
export type NonceUse = {
  /** 32 bytes or more that nobody has seen. */
  readonly random: Uint8Array;
  readonly mac: Mac;
  readonly ip: Ip;
  readonly remotePort: number;
  /** Keying material of the TLS connection by which it leaves, where it leaves by one. */
  readonly exporter?: Uint8Array;
};

/**
 * 64 bytes, SHA-512 over our randomness and all that the nonce is for, each with its length before it: so the nonce of one device, endpoint or
 * connection is never that of another, even if the randomness repeated. Where fewer are wanted, the first 32.
 */
export function makeNonce({ random, mac, ip, remotePort, exporter }: NonceUse, now: Millis): Nonce {
  if (random.length < 32) throw new Error(`Cannot make a nonce of ${random.length} bytes of randomness`);
  const hash = createHash('sha512');
  for (const part of [random, Buffer.from(mac), Buffer.from(ip), Buffer.from(String(remotePort)), exporter ?? Buffer.alloc(0)])
    hash.update(Buffer.from(`${part.length}:`)).update(part);
  return { bytes: new Uint8Array(hash.digest()), expires: now + nonceMillis };
}
