import { decodeUmas, type UmasMessage, umasActions, umasFunction } from '../gateway/codec/umas.ts';
import { nameOf } from '../gateway/codec/industrial-vendors.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';

const modbusPort = 502;

/** Function codes that change something, and those that carry an identity. Modbus Application Protocol V1.1b3 §6. */
export const functions = {
  5: 'write-single-coil',
  6: 'write-single-register',
  8: 'diagnostics',
  15: 'write-multiple-coils',
  16: 'write-multiple-registers',
  21: 'write-file-record',
  22: 'mask-write-register',
  23: 'read-write-multiple-registers',
  43: 'encapsulated-interface-transport',
  90: 'umas',
} as const;
const [diagnostics, encapsulated, deviceIdentification, umas] = [8, 43, 14, 90];
/** Diagnostics sub-functions that take a slave off the line: restart communications, force listen only mode. §6.8.1. */
const silencing: ReadonlySet<number> = new Set([1, 4]);

/** Objects of the device identification, §6.21. */
const objects = {
  vendorName: 0,
  productCode: 1,
  majorMinorRevision: 2,
  vendorUrl: 3,
  productName: 4,
  modelName: 5,
  applicationName: 6,
} as const;

/** Caps: messages of one segment, objects of one answer (a message has at most 253 bytes). */
const [maxMessages, maxObjects] = [32, 128];

type Pdu = {
  readonly unit: number;
  readonly function: number;
  /** Diagnostics only. */
  readonly subfunction?: number;
  /** Of a device identification answer, by object id. */
  readonly identity?: ReadonlyMap<number, string>;
  readonly umas?: UmasMessage;
};

/**
 * Modbus on TCP: the messages of one segment. Modbus Messaging on TCP/IP V1.0b §3.1.3. A message that goes on in the next segment runs
 * out of bytes (rests.ts), unless whole ones stand before it.
 */
export function decode(bytes: Uint8Array, packet: Packet): readonly Pdu[] {
  const isAnswer = packet.sourcePort === modbusPort;
  const r = new Reader(bytes, 'Modbus');
  const found: Pdu[] = [];
  do {
    const head = r.left >= 6 ? r.take(6) : found.length > 0 ? undefined : r.take(6);
    if (head === undefined) break;
    const length = ((head[4] ?? 0) << 8) | (head[5] ?? 0);
    if (head[2] !== 0 || head[3] !== 0 || length < 2 || length > 254) throw r.fault(`protocol ${head[2]},${head[3]} length ${length}`);
    if (length > r.left && found.length > 0) break;
    found.push(readPdu(new Reader(r.take(length), 'Modbus'), isAnswer));
  } while (r.left > 0 && found.length < maxMessages);
  return found;
}

function readPdu(r: Reader, isAnswer: boolean): Pdu {
  const [unit, code] = [r.u8(), r.u8()];
  const common = { unit, function: code };
  if (code === diagnostics && !isAnswer) return { ...common, subfunction: r.u16() };
  if (code === umas) return { ...common, umas: decodeUmas(r, isAnswer) };
  if (code !== encapsulated || !isAnswer || r.u8() !== deviceIdentification) return common;
  r.skip(4); // read device id code, conformity level, more follows, next object id: what follows comes in a message of its own
  const count = Math.min(r.u8(), maxObjects);
  const identity = new Map<number, string>();
  for (let i = 0; i < count; i++) {
    const id = r.u8();
    identity.set(id, decodeText(r.take(r.u8())).trim());
  }
  return { ...common, identity };
}

/** A server tells who it is; a client is named for what it changes. Behind a serial gateway the identity is that of the unit asked for. */
export function observe(pdus: readonly Pdu[], packet: Packet): readonly Said[] {
  return packet.sourcePort === modbusPort ? fromServer(pdus) : acted(pdus.map(actOf), packet);
}

function fromServer(pdus: readonly Pdu[]): readonly Said[] {
  const objectsOf = new Map(pdus.flatMap(({ identity }) => [...(identity ?? [])]));
  const get = (id: number): string => objectsOf.get(id) ?? '';
  const plc = pdus.find(({ umas: answer }) => answer?.model !== undefined)?.umas?.model ?? '';
  const maker = get(objects.vendorName) || (plc === '' ? '' : 'Schneider Electric');
  const [model, firmware] = [get(objects.productCode) || plc, get(objects.majorMinorRevision)];
  const product = [get(objects.productName), get(objects.modelName), get(objects.applicationName), get(objects.vendorUrl)]
    .filter(part => part !== '')
    .join(' ');
  const said: Said[] = [];
  if (maker !== '') said.push({ kind: 'maker', text: maker });
  if (model !== '') said.push({ kind: 'model', text: model });
  if (firmware !== '') said.push({ kind: 'firmware', text: firmware });
  if (product !== '') said.push({ kind: 'description', text: product.slice(0, maxText) });
  return said;
}

function actOf(pdu: Pdu): Act | undefined {
  if (pdu.umas !== undefined) {
    const action = umasActions[pdu.umas.function];
    return action === undefined ? undefined : [action, `umas ${umasFunction(pdu.umas.function)}`];
  }
  if (pdu.subfunction !== undefined)
    return silencing.has(pdu.subfunction) ? ['control', `modbus diagnostics ${pdu.subfunction}`] : undefined;
  return isWrite(pdu.function) ? ['write', `modbus ${nameOf(functions, pdu.function)}`] : undefined;
}

const isWrite = (code: number): boolean => code === 5 || code === 6 || code === 15 || code === 16 || (code >= 21 && code <= 23);

/** The head of a message: protocol 0 and a length that the format allows. */
const hasHead = ({ bytes: b, payload: i, end }: Packet): boolean =>
  end - i >= 8 && b[i + 2] === 0 && b[i + 3] === 0 && b[i + 4] === 0 && (b[i + 5] ?? 0) >= 2;

const speaks = (packet: Packet): boolean => hasHead(packet) && packet.payload + 6 + (packet.bytes[packet.payload + 5] ?? 0) <= packet.end;

/** Reads are not looked at, unless a segment holds more than its first message says. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, end, sourcePort } = packet;
  if (!hasHead(packet)) return false;
  const code = b[i + 7] ?? 0;
  if (code === encapsulated || code === umas || (sourcePort !== modbusPort && (isWrite(code) || code === diagnostics))) return true;
  return i + 6 + (b[i + 5] ?? 0) < end;
}

export const modbus = collector({
  name: 'modbus',
  spec: 'Modbus Application Protocol V1.1b3',
  // Some gateways speak it in datagrams too.
  matches: [tcpPorts(modbusPort), udpPorts(modbusPort)],
  wants,
  speaks,
  decode,
  observe,
});
