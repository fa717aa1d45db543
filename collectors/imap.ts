import { decodeGreeting } from '../gateway/codec/greeting.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const imapPort = 143;
/** RFC 9051 §7.1.4 and §7.1.5: ready, or the client is known already; what it can do may stand in brackets before the text. */
const begin = /^\* (?:OK|PREAUTH)(?: \[[^\]]*\])?(?: (.*))?$/;

/** The greeting of an IMAP server. RFC 9051 §7.1. The client is not read: it sends passwords. Undefined while it is not whole. */
export const decode = (bytes: Uint8Array): string | undefined => decodeGreeting(bytes, begin, 'IMAP');

export function observe(text: string, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'imap' } as const;
  return text === '' ? [service] : [service, { kind: 'description', text, of: 'imap' }];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean => sourcePort === imapPort && b[i] === 0x2a;

export const imap = collector({ name: 'imap', spec: 'RFC 9051', matches: tcpStream(imapPort), wants, decode, observe });
