import { decodeReply, type Reply } from '../gateway/codec/reply.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const ftpPort = 21;
/** Replies to a new connection, RFC 959 §5.4: not yet, ready, not available. */
const greetings: ReadonlySet<number> = new Set([120, 220, 421]);

/** The greeting of an FTP server. RFC 959 §4.2. The client is not read: it sends passwords. Undefined while it is not whole. */
export const decode = (bytes: Uint8Array): Reply | undefined => decodeReply(bytes);

export function observe({ code, text }: Reply, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || !greetings.has(code)) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'ftp' } as const;
  return text === '' ? [service] : [service, { kind: 'description', text, of: 'ftp' }];
}

const wants = ({ sourcePort }: Packet): boolean => sourcePort === ftpPort;

export const ftp = collector({ name: 'ftp', spec: 'RFC 959', matches: tcpStream(ftpPort), wants, decode, observe });
