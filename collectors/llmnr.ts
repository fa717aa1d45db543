import { type DnsMessage, decodeDns } from '../gateway/codec/dns.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const llmnrPort = 5355;
const [internet, anyType] = [1, 255];
/** Names of one message that are told. */
const maxNames = 8;

/** Link-Local Multicast Name Resolution. RFC 4795. */
export const decode = (bytes: Uint8Array): DnsMessage => decodeDns(bytes);

/**
 * Who asks for any type of record makes sure that nobody else has its own name (RFC 4795 §4.1). An answer repeats the name that was asked for, so it
 * tells for what the sender stands in, and is no name of its own: a poisoner answers for every name.
 */
export function observe(m: DnsMessage, packet: Packet): readonly Said[] {
  if (m.opcode !== 0) return [];
  const [question] = m.questions;
  if (!m.isResponse) {
    const name =
      question?.type === anyType && question.class === internet && packet.targetPort === llmnrPort ? question.name.join('.') : '';
    return name === '' || name.endsWith('.arpa') ? [] : [{ kind: 'hostname', name: name.slice(0, 255) }];
  }
  if (packet.sourcePort !== llmnrPort) return [];
  const facts = new Map<string, Fact>();
  const ip = packet.sourceIp;
  for (const r of m.records) {
    if (r.kind !== 'address' || r.class !== internet || facts.size === maxNames) continue;
    const name = r.name.join('.').slice(0, 255);
    if (name !== '') facts.set(name, { kind: 'answers-for', protocol: 'llmnr', name });
    if (r.ip === ip) facts.set('', { kind: 'address', ip });
  }
  return [...facts.values()];
}

export const llmnr = collector({ name: 'llmnr', spec: 'RFC 4795', matches: udpPorts(llmnrPort), decode, observe });
