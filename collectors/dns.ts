import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const dnsPort = 53;

/** Domain Name System, the header only: what names are asked for and told is nobody's identity. RFC 1035 §4.1.1. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'DNS');
  r.skip(2); // id
  const flags = r.u16();
  const [questionCount, recordCount] = [r.u16(), r.u16() + r.u16() + r.u16()];
  // The shortest question has 5 bytes, the shortest record 11.
  if (questionCount * 5 + recordCount * 11 > r.left)
    throw r.fault(`${questionCount} questions and ${recordCount} records in ${bytes.length} bytes`);
  return { isResponse: flags >= 0x8000, opcode: (flags >> 11) & 15, questionCount };
}

/** Which server the asker uses; that the answerer is one. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.opcode !== 0 || !packet.isOwnAddress) return [];
  if (m.isResponse) return packet.sourcePort === dnsPort ? [{ kind: 'service', protocol: 'udp', port: dnsPort, name: 'domain' }] : [];
  const ip = packet.target;
  return packet.targetPort === dnsPort && m.questionCount > 0 && isHostIp(ip) ? [{ kind: 'uses-server', service: 'dns', ip }] : [];
}

/** A query with one question tells only whom it asks, an answer only that it answers. */
function sameAs(p: Packet): number {
  const { bytes: b, l3, payload: i } = p;
  if (p.ipVersion !== 4 || p.end - i < 12 || b[i + 4] !== 0 || b[i + 5] !== 1) return 0;
  const isResponse = (b[i + 2] ?? 0) >= 0x80;
  const kind = ((b[i + 2] ?? 0) >> 3) * 4 + (p.sourcePort === dnsPort ? 2 : 0) + (p.targetPort === dnsPort ? 1 : 0);
  const target = (((b[l3 + 16] ?? 0) << 24) | ((b[l3 + 17] ?? 0) << 16) | ((b[l3 + 18] ?? 0) << 8) | (b[l3 + 19] ?? 0)) >>> 0;
  return (kind + 1) * 0x100000000 + (isResponse ? 0 : target);
}

export const dns = collector({ name: 'dns', spec: 'RFC 1035', matches: udpPorts(dnsPort), sameAs, decode, observe });
