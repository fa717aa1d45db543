import { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Message numbers that are sent in the clear. RFC 4253 §12, RFC 4419 §5, RFC 5656 §7.1: 31 and 33 begin with the host key, but for the group of RFC 4419. */
export const sshMessages = {
  keyExchangeInit: 20,
  newKeys: 21,
  exchangeInit: 30,
  exchangeReply: 31,
  groupInit: 32,
  groupReply: 33,
} as const;

/** Longest packet, RFC 4253 §6.1; longest identification, §4.2. */
const [maxPacket, maxIdentification] = [35_000, 255];
const lineFeed = 10;

export type SshStart = {
  /** `2.0`, or `1.99` of a server that speaks the old one too. */
  readonly version: string;
  /** Software and comments. */
  readonly software: string;
  readonly messages: readonly { readonly type: number; readonly body: Uint8Array }[];
};

/** The identification and the plain packets at the start of one direction. Undefined while the identification has not ended. Throws DecodeError. */
export function decodeSshStart(bytes: Uint8Array): SshStart | undefined {
  const end = bytes.subarray(0, maxIdentification).indexOf(lineFeed);
  const r = new Reader(bytes, 'SSH');
  if (end < 0 && bytes.length < maxIdentification) return undefined;
  const found = /^SSH-(\d\.\d{1,2})-(.*)$/.exec(decodeText(r.take(Math.max(end, 0))).replace(/\uFFFD$/, ''));
  if (found === null) throw r.fault('no identification');
  r.skip(1);
  const messages: { type: number; body: Uint8Array }[] = [];
  while (r.left >= 6 && messages.at(-1)?.type !== sshMessages.newKeys) {
    const [length, padding] = [r.u32(), r.u8()];
    if (length > maxPacket || padding + 2 > length) throw r.fault(`packet of ${length} bytes with ${padding} of padding`);
    if (length - 1 > r.left) break;
    const payload = new Reader(r.take(length - 1 - padding), 'SSH packet');
    r.skip(padding);
    messages.push({ type: payload.u8(), body: payload.rest() });
  }
  return { version: found[1] ?? '', software: (found[2] ?? '').trim(), messages };
}

/** The name-lists of a KEXINIT in their order (RFC 4253 §7.1): kex, host key, then encryption, MAC, compression, languages, each to the server and to the client. */
export function decodeKeyExchangeInit(body: Uint8Array): readonly string[] {
  const r = new Reader(body, 'SSH KEXINIT');
  r.skip(16); // cookie
  return Array.from({ length: 10 }, () => decodeText(r.take(r.u32()), maxPacket));
}

/** The host key blob at the front of a reply; undefined when what stands there is no key, as in the group of RFC 4419 §3. */
export function hostKey(body: Uint8Array): Uint8Array | undefined {
  const r = new Reader(body, 'SSH key exchange reply');
  const key = r.take(r.u32());
  const inner = new Reader(key, 'SSH host key');
  if (inner.left < 4) return undefined;
  const length = inner.u32();
  if (length > inner.left || length > 64) return undefined;
  return /^[a-z][a-z0-9@.-]+$/.test(decodeText(inner.take(length))) ? key : undefined;
}
