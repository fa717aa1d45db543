import { createHmac } from 'node:crypto';
import { concat } from '../../codec/bytes.ts';
import { uint } from '../../codec/dtls-record.ts';
import type { DtlsSuite } from './suites.ts';

type Hash = DtlsSuite['hash'];
const hmac = (hash: Hash, secret: Uint8Array, data: Uint8Array): Uint8Array => createHmac(hash, secret).update(data).digest();

/** The pseudorandom function of TLS 1.2 (RFC 5246 §5). */
export function prf(hash: Hash, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const labelled = concat(new TextEncoder().encode(label), seed);
  const blocks: Uint8Array[] = [];
  let a = labelled;
  for (let made = 0; made < length; made += blocks.at(-1)?.length ?? length) {
    a = hmac(hash, secret, a);
    blocks.push(hmac(hash, secret, concat(a, labelled)));
  }
  return concat(...blocks).subarray(0, length);
}

/** What a connection rests on. The randoms are public, the master secret is not. */
export type DtlsSecrets = { readonly hash: Hash; readonly master: Uint8Array; readonly client: Uint8Array; readonly server: Uint8Array };

/** The extended master secret: bound to the whole handshake so far, server's certificate included (RFC 7627 §4). */
export const masterSecret = (hash: Hash, premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array =>
  prf(hash, premaster, 'extended master secret', sessionHash, 48);

/** Keys and implicit nonces of both directions (RFC 5246 §6.3): an AEAD needs no MAC keys. */
export function keyBlock({ hash, master, client, server }: DtlsSecrets, keyBytes: number): Readonly<Record<'own' | 'peer', DirectionKeys>> {
  const block = prf(hash, master, 'key expansion', concat(server, client), 2 * (keyBytes + saltBytes));
  const [own, peer] = [0, keyBytes].map(at => block.slice(at, at + keyBytes));
  const salts = 2 * keyBytes;
  const [ownSalt, peerSalt] = [salts, salts + saltBytes].map(at => block.slice(at, at + saltBytes));
  const none = new Uint8Array();
  return { own: { key: own ?? none, salt: ownSalt ?? none }, peer: { key: peer ?? none, salt: peerSalt ?? none } };
}
const saltBytes = 4;
export type DirectionKeys = { readonly key: Uint8Array; readonly salt: Uint8Array };

/** What a Finished holds (RFC 5246 §7.4.9). */
export const verifyData = (secrets: DtlsSecrets, who: 'client' | 'server', transcriptHash: Uint8Array): Uint8Array =>
  prf(secrets.hash, secrets.master, `${who} finished`, transcriptHash, 12);

/** Keying material for what runs inside (RFC 5705 §4). A context of no bytes is not the same as none. */
export function exportKeyingMaterial({ hash, master, client, server }: DtlsSecrets, label: string, length: number, context?: Uint8Array) {
  const seed = context === undefined ? [] : [uint(context.length, 2), context];
  return prf(hash, master, label, concat(client, server, ...seed), length);
}
