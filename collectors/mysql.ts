import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const mysqlPort = 3306;
const protocolVersion = 10;
/** Longest version that is read; and what MariaDB puts before its own, lest old clients of replication stumble. */
const [maxVersion, mariaDbPrefix] = [64, /^5\.5\.5-(?=\d)/];

/** The greeting of a MySQL or MariaDB server: three bytes of length, little-endian, number 0, protocol 10, its version up to a zero. MySQL client/server protocol, HandshakeV10. */
export function decode(bytes: Uint8Array): string {
  const r = new Reader(bytes, 'MySQL');
  r.skip(3);
  if (r.u8() !== 0 || r.u8() !== protocolVersion) throw r.fault('no greeting of protocol 10');
  const rest = r.rest().subarray(0, maxVersion);
  const end = rest.indexOf(0);
  if (end < 0) throw r.fault('a version that does not end', rest.length < maxVersion);
  return decodeText(rest.subarray(0, end));
}

export function observe(version: string, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const service = { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'mysql' } as const;
  const own = version.replace(mariaDbPrefix, '');
  return own === '' ? [service] : [service, { kind: 'description', text: `${/mariadb/i.test(own) ? '' : 'MySQL '}${own}`, of: 'mysql' }];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean =>
  sourcePort === mysqlPort && b[i + 3] === 0 && b[i + 4] === protocolVersion;

export const mysql = collector({
  name: 'mysql',
  spec: 'MySQL client/server protocol',
  matches: tcpStream(mysqlPort),
  wants,
  decode,
  observe,
});
