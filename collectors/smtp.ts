import { decodeReply, type Reply } from '../gateway/codec/reply.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

/** Relay (RFC 5321) and submission (RFC 6409). */
const [relay, submission] = [25, 587];
/** Replies to a new connection, RFC 5321 §4.3.2. */
const greetings: ReadonlySet<number> = new Set([220, 421, 554]);

/** The greeting of an SMTP server. RFC 5321 §4.2. Undefined while it is not whole. */
export const decode = (bytes: Uint8Array): Reply | undefined => decodeReply(bytes);

export function observe({ code, text }: Reply, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || !greetings.has(code)) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'smtp' } as const;
  return text === '' ? [service] : [service, { kind: 'description', text, of: 'smtp' }];
}

const wants = ({ sourcePort }: Packet): boolean => sourcePort === relay || sourcePort === submission;

export const smtp = collector({ name: 'smtp', spec: 'RFC 5321', matches: tcpStream(relay, submission), wants, decode, observe });
