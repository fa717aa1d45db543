import { berInteger, berNext, berOid, berOpen, berTake } from './ber.ts';
import { Reader } from './reader.ts';

/** Simple Network Management Protocol, versions 1, 2c and 3: messages and PDUs. RFC 1157, RFC 3416, RFC 3412 §6. What writes (SetRequest) is not here. */
export const snmpPdus = { getNext: 0xa1, response: 0xa2, trapV1: 0xa4, getBulk: 0xa5, inform: 0xa6, trap: 0xa7, report: 0xa8 } as const;
/** `version` of a message. */
export const snmpVersions = { v1: 0, v2c: 1, v3: 3 } as const;
export const berTags = { integer: 0x02, octets: 0x04, null: 0x05, oid: 0x06, sequence: 0x30, unsigned: 0x42 } as const;
const versions: ReadonlySet<number> = new Set(Object.values(snmpVersions));
export const isSnmpVersion = (version: number): boolean => versions.has(version);
/** Bits of `msgFlags`, RFC 3412 §6.4. */
export const snmpFlags = { authenticated: 1, encrypted: 2, reportable: 4 } as const;
/** Variables of a message that are read. */
export const maxSnmpVariables = 256;

export type SnmpVariable = { readonly oid: string; readonly tag: number; readonly value: Uint8Array };
export type SnmpPdu = {
  readonly type: number;
  readonly requestId: number;
  readonly errorStatus: number;
  readonly enterprise?: string;
  readonly variables: readonly SnmpVariable[];
};
const noPdu: SnmpPdu = { type: 0, requestId: 0, errorStatus: 0, variables: [] };

/**
 * A message. Of version 3: `security` are the parameters of the user-based model, `scoped` what follows them, and there is no PDU (type 0) when it is
 * encrypted. The community is a secret: it is not kept. `wants` says of which objects (names in BER) the variables are kept; the others are passed over.
 * Throws DecodeError.
 */
export function readSnmp(bytes: Uint8Array, wants: (name: Uint8Array) => boolean = () => true) {
  const r = berOpen(new Reader(bytes, 'SNMP'), berTags.sequence, 'SNMP');
  const version = berInteger(berTake(r, berTags.integer, 'SNMP version'), 'SNMP version');
  if (!versions.has(version)) throw r.fault(`version=${version}`);
  const nothing = new Uint8Array(0);
  if (version !== snmpVersions.v3) {
    berTake(r, berTags.octets, 'SNMP community');
    return { version, flags: 0, messageId: 0, engine: nothing, security: nothing, scoped: nothing, pdu: readSnmpPdu(r, wants) };
  }
  const header = berOpen(r, berTags.sequence, 'SNMPv3 header');
  const messageId = berInteger(berTake(header, berTags.integer, 'SNMPv3 message id'), 'SNMPv3 message id');
  berTake(header, berTags.integer, 'SNMPv3 maximum size');
  const flags = berTake(header, berTags.octets, 'SNMPv3 flags')[0] ?? 0;
  const model = berInteger(berTake(header, berTags.integer, 'SNMPv3 security model'), 'SNMPv3 security model');
  const security = berTake(r, berTags.octets, 'SNMPv3 security parameters');
  // The user-based model, RFC 3414 §2.4, names the engine.
  const isUser = model === 3;
  const engine = isUser ? berTake(berOpen(new Reader(security, 'USM'), berTags.sequence, 'USM'), berTags.octets, 'USM engine') : nothing;
  const scoped = r.rest();
  const read = { version, flags, messageId, engine, security: isUser ? security : nothing, scoped };
  return { ...read, pdu: (flags & snmpFlags.encrypted) === 0 ? readScopedPdu(scoped, wants) : noPdu };
}

/** A scoped PDU, RFC 3412 §6: context engine and name before the PDU. */
export function readScopedPdu(bytes: Uint8Array, wants: (name: Uint8Array) => boolean = () => true): SnmpPdu {
  const scoped = berOpen(new Reader(bytes, 'SNMPv3 scoped PDU'), berTags.sequence, 'SNMPv3 scoped PDU');
  berTake(scoped, berTags.octets, 'SNMPv3 context engine');
  berTake(scoped, berTags.octets, 'SNMPv3 context name');
  return readSnmpPdu(scoped, wants);
}

function readSnmpPdu(outer: Reader, wants: (name: Uint8Array) => boolean): SnmpPdu {
  const { tag: type, content } = berNext(outer);
  if (type < 0xa0 || type > 0xa8) throw outer.fault(`PDU type 0x${type.toString(16)}`);
  const r = new Reader(content, 'SNMP PDU');
  if (type !== snmpPdus.trapV1) {
    const requestId = berInteger(berTake(r, berTags.integer, 'SNMP request id'), 'SNMP request id');
    const errorStatus = berInteger(berTake(r, berTags.integer, 'SNMP error status'), 'SNMP error status');
    berTake(r, berTags.integer, 'SNMP error index');
    return { type, requestId, errorStatus, variables: readVariables(r, wants) };
  }
  const enterprise = berOid(berTake(r, berTags.oid, 'SNMP enterprise'), 'SNMP enterprise');
  for (let i = 0; i < 4; i++) berNext(r); // agent address, generic and specific trap, time
  return { type, requestId: 0, errorStatus: 0, enterprise, variables: readVariables(r, wants) };
}

function readVariables(r: Reader, wants: (name: Uint8Array) => boolean): readonly SnmpVariable[] {
  const list = berOpen(r, berTags.sequence, 'SNMP variables');
  const variables: SnmpVariable[] = [];
  for (let read = 0; list.left > 0 && read < maxSnmpVariables; read++) {
    const pair = berOpen(list, berTags.sequence, 'SNMP variable');
    const name = berTake(pair, berTags.oid, 'SNMP name');
    const { tag, content } = berNext(pair);
    if (wants(name)) variables.push({ oid: berOid(name, 'SNMP name'), tag, value: content });
  }
  return variables;
}

/**
 * An element in BER. X.690 §8.1. Sequences and PDUs have their length in three bytes, longer than need be, which SNMP allows (RFC 3417 §8): so a question
 * is the same byte for byte but for its numbers, and a template can say what leaves.
 */
export function berElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const isLong = (tag & 0x20) !== 0 || parts.reduce((sum, part) => sum + part.length, 0) > 0x7f;
  return element(tag, isLong, parts);
}

/** OCTET STRING whose length is always in three bytes, so that a template fits it whatever its length. */
export const berLongOctets = (bytes: Uint8Array): Uint8Array => element(berTags.octets, true, [bytes]);

function element(tag: number, isLong: boolean, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > 0xffff) throw new Error(`Cannot write BER: ${length} bytes`);
  const head = isLong ? [tag, 0x82, length >> 8, length & 0xff] : [tag, length];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** INTEGER of a whole number 0 to 2^31-1 in as few bytes as there must be. X.690 §8.3. */
export function berNumber(value: number): Uint8Array {
  const bytes = [value & 0xff];
  for (let left = value >>> 8; left > 0 || (bytes[0] ?? 0) > 0x7f; left >>>= 8) bytes.unshift(left & 0xff);
  return berElement(berTags.integer, Uint8Array.from(bytes));
}

/** Content of an OBJECT IDENTIFIER of its parts, the first two 1.0 to 2.39. X.690 §8.19. */
export function berObjectId(parts: readonly number[]): Uint8Array {
  const [first = 0, second = 0, ...rest] = parts;
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...rest]) {
    const groups = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 0x80);
    bytes.push(...groups);
  }
  return Uint8Array.from(bytes);
}

/** A question for what follows an object. `repetitions` 0: GetNext, one variable; else GetBulk, at most so many. RFC 3416 §4.2.2 and §4.2.3. */
export function nextPdu(requestId: number, after: readonly number[], repetitions: number): Uint8Array {
  const variable = berElement(berTags.sequence, berElement(berTags.oid, berObjectId(after)), berElement(berTags.null));
  const type = repetitions === 0 ? snmpPdus.getNext : snmpPdus.getBulk;
  return berElement(type, berNumber(requestId), berNumber(0), berNumber(repetitions), berElement(berTags.sequence, variable));
}

/** A message of version 1 or 2c around a PDU. */
export const communityMessage = (version: 'v1' | 'v2c', community: Uint8Array, pdu: Uint8Array): Uint8Array =>
  berElement(berTags.sequence, berNumber(snmpVersions[version]), berElement(berTags.octets, community), pdu);
