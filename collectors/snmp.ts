import { hex } from '../gateway/codec/address.ts';
import { berOid } from '../gateway/codec/ber.ts';
import { berTags, isSnmpVersion, maxSnmpVariables, readSnmp, snmpFlags, snmpPdus as pdus } from '../gateway/codec/snmp.ts';
import { decodeLine } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';
import { tellerOf } from './snmp-objects.ts';

const [agentPort, trapPort] = [161, 162];
const { integer: integerTag, octets, oid: oidTag, sequence } = berTags;

/** Beginnings of the objects that are told, as bytes: system, entity, printer, UPS (mib-2 1, 47, 43, 33), enterprises, LLDP-MIB. The many others are passed over. */
const beginnings = [
  [0x2b, 6, 1, 2, 1, 1],
  [0x2b, 6, 1, 2, 1, 47],
  [0x2b, 6, 1, 2, 1, 43],
  [0x2b, 6, 1, 2, 1, 33],
  [0x2b, 6, 1, 4, 1],
  [0x28, 0xc4, 0x62],
];
/** Longest INTEGER of a PDU's head (RFC 3416 §3: 32 bits) and longest name of what is passed over unread. */
const [maxIntegerBytes, maxNameBytes] = [4, 64];
/** sysUpTime, which nearly every poll asks for and nobody is told by. */
const upTime = [0x2b, 6, 1, 2, 1, 1, 3];
function isToldBy(b: Uint8Array, from: number, to: number): boolean {
  for (const start of beginnings) if (begins(b, from, to, start)) return true;
  return false;
}
function begins(b: Uint8Array, from: number, to: number, start: readonly number[]): boolean {
  if (to - from < start.length) return false;
  for (let i = 0; i < start.length; i++) if (b[from + i] !== start[i]) return false;
  return true;
}

/** Versions 1, 2c and 3. What is encrypted has no PDU; of version 3 the engine is told. */
export const decode = (bytes: Uint8Array) => readSnmp(bytes, name => isToldBy(name, 0, name.length));

type Message = ReturnType<typeof decode>;

/** An agent speaks about itself when it answers from its port or sends a trap. Who asks says nothing, and names the engine of the one it asks. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  if (!isFromAgent(m, packet)) return [];
  const facts = new Map<string, Fact>();
  /** Read out of free text: an object of its own says it better. */
  const guesses: Fact[] = [];
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
    if (text === '') continue;
    const told = tell(text);
    const isFreeText = told.some(({ kind }) => kind === 'description');
    for (const fact of told)
      if (isFreeText && fact.kind !== 'description') guesses.push(fact);
      else if (!facts.has(placeOf(fact))) facts.set(placeOf(fact), fact);
  }
  for (const fact of guesses) if (!facts.has(placeOf(fact))) facts.set(placeOf(fact), fact);
  const firmware = facts.get('firmware');
  // Where an agent has no firmware beside its software, the software is it.
  return [...facts.values()].filter(
    f => !(f.kind === 'inventory' && f.of === 'software' && firmware?.kind === 'firmware' && firmware.text === f.text),
  );
}

const placeOf = (fact: Fact): string => (fact.kind === 'inventory' ? `inventory ${fact.of}` : fact.kind);

function isFromAgent({ pdu: { type }, flags }: Message, packet: Packet): boolean {
  const isToManager = packet.targetPort === trapPort;
  if (type === 0) return packet.sourcePort === agentPort || (isToManager && (flags & snmpFlags.reportable) === 0);
  if (type === pdus.response || type === pdus.report) return packet.sourcePort === agentPort;
  return isToManager && (type === pdus.trapV1 || type === pdus.trap || type === pdus.inform);
}

/** Where the content of the element at `i` begins, which must have this tag and end before `end`; else -1. Lengths below 65536 only. */
function contentAt(b: Uint8Array, i: number, end: number, tag: number): number {
  if (b[i] !== tag) return -1;
  const first = b[i + 1] ?? 0;
  const start = i + (first < 0x80 ? 2 : first === 0x81 ? 3 : first === 0x82 ? 4 : 0x10000);
  return start + lengthBefore(b, i) <= end ? start : -1;
}
function lengthBefore(b: Uint8Array, i: number): number {
  const first = b[i + 1] ?? 0;
  return first < 0x80 ? first : first === 0x81 ? (b[i + 2] ?? 0) : ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
}

/**
 * True for a response of version 1 or 2c that is well formed and has no variable of which anything is told: most of what agents say. It is looked at
 * without making anything. Whatever is not as simple as that is decoded.
 */
function tellsNothing({ bytes: b, payload, end }: Packet): boolean {
  const message = contentAt(b, payload, end, sequence);
  if (message < 0) return false;
  const messageEnd = message + lengthBefore(b, payload);
  if (b[message] !== integerTag || b[message + 1] !== 1 || (b[message + 2] ?? 2) > 1) return false;
  const community = contentAt(b, message + 3, messageEnd, octets);
  if (community < 0) return false;
  let i = community + lengthBefore(b, message + 3);
  const pdu = contentAt(b, i, messageEnd, pdus.response);
  if (pdu < 0) return false;
  const pduEnd = pdu + lengthBefore(b, i);
  i = pdu;
  for (let field = 0; field < 3; field++) {
    const value = contentAt(b, i, pduEnd, integerTag);
    const size = lengthBefore(b, i);
    if (value < 0 || size === 0 || size > maxIntegerBytes) return false;
    i = value + size;
  }
  const list = contentAt(b, i, pduEnd, sequence);
  if (list < 0) return false;
  const listEnd = list + lengthBefore(b, i);
  i = list;
  for (let read = 0; i < listEnd; read++) {
    const pair = contentAt(b, i, listEnd, sequence);
    if (pair < 0 || read === maxSnmpVariables) return false;
    const next = pair + lengthBefore(b, i);
    const name = contentAt(b, pair, next, oidTag);
    if (name < 0) return false;
    const nameEnd = name + lengthBefore(b, pair);
    if (nameEnd === name || nameEnd - name > maxNameBytes || (b[nameEnd - 1] ?? 0) >= 0x80) return false;
    const tag = b[nameEnd] ?? 0;
    if ((tag & 0x1f) === 0x1f || contentAt(b, nameEnd, next, tag) < 0 || (isToldBy(b, name, nameEnd) && !begins(b, name, nameEnd, upTime)))
      return false;
    i = next;
  }
  return true;
}

const isFromOrToAgent = (packet: Packet): boolean => packet.sourcePort === agentPort || packet.targetPort === trapPort;

/** A manager that polls: a sequence that begins with the version. Its bytes are not read, for polls are many and tell nothing of who asks. */
function speaks({ bytes: b, payload: i, end, targetPort }: Packet): boolean {
  const at = i + ((b[i + 1] ?? 0) < 0x80 ? 2 : 2 + ((b[i + 1] ?? 0) & 0x7f));
  return (
    targetPort === agentPort &&
    at + 3 <= end &&
    b[i] === sequence &&
    b[at] === integerTag &&
    b[at + 1] === 1 &&
    isSnmpVersion(b[at + 2] ?? 255)
  );
}

export const snmp = collector({
  name: 'snmp',
  spec: 'RFC 3416, RFC 3412, RFC 1157',
  matches: udpPorts(agentPort, trapPort),
  // Polls are many, and who asks tells nothing of itself.
  wants: packet => isFromOrToAgent(packet) && !tellsNothing(packet),
  speaks: packet => isFromOrToAgent(packet) || speaks(packet),
  decode,
  observe,
});
