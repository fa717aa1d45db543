import { decodeGreeting } from '../gateway/codec/greeting.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const pop3Port = 110;
/** RFC 1939 §3; behind the text may stand a timestamp for APOP (§7), another with each connection. */
const begin = /^\+OK(?: (.*?))?(?:\s*<[^<>]*>)?$/;

/** The greeting of a POP3 server. RFC 1939 §4. The client is not read: it sends passwords. Undefined while it is not whole. */
export const decode = (bytes: Uint8Array): string | undefined => decodeGreeting(bytes, begin, 'POP3');

export function observe(text: string, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'pop3' } as const;
  return text === '' ? [service] : [service, { kind: 'description', text, of: 'pop3' }];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean => sourcePort === pop3Port && b[i] === 0x2b;

export const pop3 = collector({ name: 'pop3', spec: 'RFC 1939', matches: tcpStream(pop3Port), wants, decode, observe });
