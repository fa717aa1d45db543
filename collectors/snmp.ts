import { hex } from '../gateway/codec/address.ts';
import { berOid } from '../gateway/codec/ber.ts';
import { berTags, readSnmp, snmpFlags, snmpPdus as pdus } from '../gateway/codec/snmp.ts';
import { decodeLine } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';
import { tellerOf } from './snmp-objects.ts';

const [agentPort, trapPort] = [161, 162];
const { octets, oid: oidTag } = berTags;

/** Beginnings of the objects that are told, as bytes: system, entity, printer, UPS (mib-2 1, 47, 43, 33), enterprises, LLDP-MIB. The many others are passed over. */
const beginnings = [
  [0x2b, 6, 1, 2, 1, 1],
  [0x2b, 6, 1, 2, 1, 47],
  [0x2b, 6, 1, 2, 1, 43],
  [0x2b, 6, 1, 2, 1, 33],
  [0x2b, 6, 1, 4, 1],
  [0x28, 0xc4, 0x62],
];
const isToldBy = (name: Uint8Array): boolean => beginnings.some(start => start.every((byte, i) => name[i] === byte));

/** Versions 1, 2c and 3. What is encrypted has no PDU; of version 3 the engine is told. */
export const decode = (bytes: Uint8Array) => readSnmp(bytes, isToldBy);

type Message = ReturnType<typeof decode>;

/** An agent speaks about itself when it answers from its port or sends a trap. Who asks says nothing, and names the engine of the one it asks. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  if (!isFromAgent(m, packet)) return [];
  const facts = new Map<string, Fact>();
  // RFC 3411 §5, SnmpEngineID: 5 to 32 bytes, neither all zero nor all ones. An inform names the engine of its receiver (RFC 3414 §1.5.1).
  const isOwnEngine = m.pdu.type !== pdus.inform && m.engine.length >= 5 && m.engine.length <= 32;
  if (isOwnEngine && m.engine.some(byte => byte !== 0) && m.engine.some(byte => byte !== 255))
    facts.set('engine', { kind: 'identifier', scheme: 'snmp-engine-id', value: hex(m.engine) });
  const { enterprise } = m.pdu;
  if (enterprise?.startsWith('1.3.6.1.4.1.') === true) facts.set('object', { kind: 'print', scheme: 'snmp-object-id', value: enterprise });
  for (const { oid, tag, value } of m.pdu.variables) {
    const tell = tellerOf(oid);
    if (tell === undefined) continue;
    const text = tag === oidTag ? berOid(value, 'SNMP value') : tag === octets ? decodeLine(value) : '';
    if (text !== '') for (const fact of tell(text)) if (!facts.has(fact.kind)) facts.set(fact.kind, fact);
  }
  return [...facts.values()];
}

function isFromAgent({ pdu: { type }, flags }: Message, packet: Packet): boolean {
  const isToManager = packet.targetPort === trapPort;
  if (type === 0) return packet.sourcePort === agentPort || (isToManager && (flags & snmpFlags.reportable) === 0);
  if (type === pdus.response || type === pdus.report) return packet.sourcePort === agentPort;
  return isToManager && (type === pdus.trapV1 || type === pdus.trap || type === pdus.inform);
}

export const snmp = collector({
  name: 'snmp',
  spec: 'RFC 3416, RFC 3412, RFC 1157',
  matches: udpPorts(agentPort, trapPort),
  // Polls are many, and who asks tells nothing of itself.
  wants: packet => packet.sourcePort === agentPort || packet.targetPort === trapPort,
  decode,
  observe,
});
