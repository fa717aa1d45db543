import { hash } from 'node:crypto';
import { decodeKeyExchangeInit, decodeSshStart, hostKey, sshMessages } from '../gateway/codec/ssh.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { isSsh } from './ssh.ts';

/**
 * The key exchange of SSH: what either side can do, and the host key of the server, which comes in the clear. RFC 4253 §7, §8, RFC 4419, RFC 5656.
 * Undefined until the exchange has come as far as the key or, of a client, its half. Apart from ssh.ts, so that an identification is told at once.
 */
export function decode(
  bytes: Uint8Array,
): { readonly isServer: boolean; readonly algorithms: readonly string[]; readonly hostKey?: Uint8Array } | undefined {
  const messages = decodeSshStart(bytes)?.messages ?? [];
  const init = messages.find(m => m.type === sshMessages.keyExchangeInit);
  const exchange = messages.find(m => m.type > sshMessages.newKeys && m.type <= 49); // the method's own numbers, RFC 4253 §7
  if (init === undefined || exchange === undefined) return undefined;
  return ofWhole(() => {
    const algorithms = decodeKeyExchangeInit(init.body);
    if (exchange.type !== sshMessages.exchangeReply) return { isServer: false, algorithms };
    const key = hostKey(exchange.body);
    if (key !== undefined) return { isServer: true, algorithms, hostKey: key };
    // A group was sent first (RFC 4419 §3); the key comes with the reply.
    const reply = messages.find(m => m.type === sshMessages.groupReply);
    const later = reply === undefined ? undefined : hostKey(reply.body);
    if (reply === undefined) return undefined;
    return later === undefined ? { isServer: true, algorithms } : { isServer: true, algorithms, hostKey: later };
  });
}

/** The key as `ssh-keygen -l` prints it (RFC 4255 has SHA-1 only). A server that does not hold it cannot finish, so it is a strong hint, unverified. */
export function observe(m: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const facts: Fact[] = [{ kind: 'print', scheme: 'hassh', value: hassh(m.algorithms, m.isServer) }];
  if (m.hostKey !== undefined) {
    const digest = hash('sha256', m.hostKey, 'base64').replace(/=+$/, '');
    facts.push({ kind: 'identifier', scheme: 'ssh-host-key', value: `SHA256:${digest}` });
  }
  return facts;
}

/** HASSH as published by Salesforce (BSD-3-Clause): MD5 of kex, encryption, MAC and compression as the sender will use them to send. */
function hassh(algorithms: readonly string[], isServer: boolean): string {
  const own = [0, 2, 4, 6].map((n, i) => algorithms[i === 0 || !isServer ? n : n + 1] ?? '');
  return hash('md5', own.join(';'), 'hex');
}

export const sshKex = collector({
  name: 'ssh-kex',
  spec: 'RFC 4253',
  isProtocol: false,
  matches: tcpStream(),
  wants: isSsh,
  decode,
  observe,
});
