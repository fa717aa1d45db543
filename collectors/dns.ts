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

export const dns = collector({ name: 'dns', spec: 'RFC 1035', matches: udpPorts(dnsPort), decode, observe });
