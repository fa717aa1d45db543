import { DecodeError } from '../gateway/codec/reader.ts';
import { decodeReply, type Reply } from '../gateway/codec/reply.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { word, words } from '../gateway/codec/words.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

/** Relay (RFC 5321) and submission (RFC 6409). */
const [relay, submission] = [25, 587];
/** Replies to a new connection, RFC 5321 §4.3.2. */
const greetings: ReadonlySet<number> = new Set([220, 421, 554]);

/** By what a client begins, and the longest line of it. RFC 5321 §4.1.1.1, §4.5.3.1.4. */
const [hellos, maxLine] = [words('EHLO', 'HELO', 'ehlo', 'helo'), 512];
/** A name of its own: an address says no more than the IP header, and these are everybody's. */
const ownName = /^(?=.*[a-z])(?!localhost)[a-z0-9][a-z0-9._-]{0,252}$/i;

/** The greeting of an SMTP server, or by what name its client says hello: printers and cameras send mail. RFC 5321 §4.2, §4.1.1.1. Undefined while it is not whole. */
export function decode(bytes: Uint8Array): Reply | { readonly client: string } | undefined {
  if (!hellos.has(word(bytes, 0))) return decodeReply(bytes);
  const end = bytes.subarray(0, maxLine).indexOf(0x0a);
  if (end >= 0) return { client: decodeText(bytes.subarray(4, bytes[end - 1] === 0x0d ? end - 1 : end)).trim() };
  if (bytes.length >= maxLine) throw new DecodeError('Cannot read SMTP: a line that does not end');
  return undefined;
}

export function observe(m: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if ('client' in m) return ownName.test(m.client) ? [{ kind: 'hostname', name: m.client }] : [];
  const { code, text } = m;
  if (!packet.isOwnAddress || !greetings.has(code)) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'smtp' } as const;
  return text === '' ? [service] : [service, { kind: 'description', text, of: 'smtp' }];
}

const wants = ({ bytes, payload, sourcePort, targetPort }: Packet): boolean =>
  sourcePort === relay ||
  sourcePort === submission ||
  ((targetPort === relay || targetPort === submission) && hellos.has(word(bytes, payload)));

export const smtp = collector({ name: 'smtp', spec: 'RFC 5321', matches: tcpStream(relay, submission), wants, decode, observe });
