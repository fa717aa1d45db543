import { Reader } from '../gateway/codec/reader.ts';
import { concat } from '../gateway/codec/bytes.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { decodeTpkt, type TransportData } from '../gateway/codec/tpkt.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';

const isoPort = 102;
const protocolId = 0x32;
/** Kinds of message (ROSCTR). */
const roles = { job: 1, ack: 2, ackData: 3, userdata: 7 } as const;

/**
 * Functions of a job that change something, with the act they are. Siemens does not publish the protocol; the numbers are those of the
 * public captures and analyses. Download is to the controller.
 */
export const functions: { readonly [code: number]: Act } = {
  0x05: ['write', 's7comm write-variable'],
  0x1a: ['download', 's7comm request-download'],
  0x1b: ['download', 's7comm download-block'],
  0x1c: ['download', 's7comm download-ended'],
  0x1d: ['upload', 's7comm start-upload'],
  0x1e: ['upload', 's7comm upload'],
  0x1f: ['upload', 's7comm end-upload'],
  0x28: ['control', 's7comm program-invocation'],
  0x29: ['control', 's7comm plc-stop'],
};

/** System status lists: module identification and component identification, and records in them. SIMATIC System Software Reference, SZL-ID W#16#xy11, W#16#xy1C. */
const lists = { module: 0x11, component: 0x1c } as const;
const moduleRecords = { orderNumber: 1, firmware: 7 } as const;
const componentRecords = { station: 1, module: 2, plant: 3, serial: 5, type: 7, manufacturer: 9, location: 11 } as const;
/** In the record of the manufacturer: the id of the PROFIBUS organisation. */
const siemensId = 0x2a;
/** Cap: records of one answer. */
const maxRecords = 64;

type List = { readonly id: number; readonly records: ReadonlyMap<number, Uint8Array> };
/** What one message says of a list. `unit`: parts with the same number other than 0 belong together. */
type ListPart = { readonly unit: number; readonly data: Uint8Array };
type Message = { readonly role: number; readonly function: number; readonly list?: List };
type Read = Omit<Message, 'list'> & { readonly part?: ListPart };

/** S7 communication on ISO transport: the messages of one segment, or several that belong together; other protocols on the port are passed over. */
export function decode(bytes: Uint8Array): readonly Message[] {
  const read = wholeOnes(decodeTpkt(bytes)).flatMap(data => (data[0] === protocolId ? [readMessage(new Reader(data, 'S7comm'))] : []));
  return read.flatMap(({ role, function: code, part }, i): readonly Message[] => {
    if (part === undefined) return [{ role, function: code }];
    const isSame = (other: Read): boolean => other.part !== undefined && part.unit !== 0 && other.part.unit === part.unit;
    // Later parts of a list are read with the first one.
    if (read.findIndex(isSame) < i && part.unit !== 0) return [];
    const parts = part.unit === 0 ? [part] : read.flatMap(other => (isSame(other) && other.part !== undefined ? [other.part] : []));
    const list = readList(concat(...parts.map(({ data }) => data)));
    return [list === undefined ? { role, function: code } : { role, function: code, list }];
  });
}

/** ISO 8073 §13.7: what is cut in several TPDUs is one; the last may not have come yet. */
function wholeOnes(packets: readonly TransportData[]): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let waiting: readonly Uint8Array[] = [];
  packets.forEach(({ data, isLast }, i) => {
    waiting = [...waiting, data];
    if (!isLast && i < packets.length - 1) return;
    found.push(concat(...waiting));
    waiting = [];
  });
  return found;
}

function readMessage(r: Reader): Read {
  r.skip(1);
  const role = r.u8();
  r.skip(4); // reserved, PDU reference
  const [parameterLength, dataLength] = [r.u16(), r.u16()];
  if (role === roles.ack || role === roles.ackData)
    r.skip(2); // error class and code
  else if (role !== roles.job && role !== roles.userdata) throw r.fault(`ROSCTR ${role}`);
  const parameters = r.take(parameterLength);
  if (role !== roles.userdata) return { role, function: parameters[0] ?? -1 };
  const data = r.left < dataLength ? r.rest() : r.take(dataLength);
  const [method, group, subfunction, unit] = [parameters[4], parameters[5], parameters[6], parameters[8] ?? 0];
  if (method !== 0x12 || group !== 0x84 || subfunction !== 1 || data[0] !== 0xff) return { role, function: -1 };
  return { role, function: -1, part: { unit, data: data.subarray(4) } }; // behind return code, transport size, length
}

/** A system status list, or its first part, of which the whole records are read. */
function readList(data: Uint8Array): List {
  const r = new Reader(data, 'S7comm SZL');
  const id = r.u16();
  r.skip(2); // index
  const [size, count] = [r.u16(), r.u16()];
  const records = new Map<number, Uint8Array>();
  if (size < 2 || ((id & 0xff) !== lists.module && (id & 0xff) !== lists.component)) return { id, records };
  for (let i = 0; i < Math.min(count, maxRecords) && r.left >= size; i++) {
    const record = r.take(size);
    records.set(((record[0] ?? 0) << 8) | (record[1] ?? 0), record.subarray(2));
  }
  return { id, records };
}

/** A controller tells who it is; whoever writes to it, loads, starts or stops it is named. */
export function observe(messages: readonly Message[], packet: Packet): readonly Said[] {
  if (packet.sourcePort === isoPort) return messages.flatMap(({ list }) => (list === undefined ? [] : fromList(list)));
  return acted(
    messages.map(m => (m.role === roles.job ? functions[m.function] : undefined)),
    packet,
  );
}

function fromList({ id, records }: List): readonly Said[] {
  return (id & 0xff) === lists.module ? fromModule(records) : fromComponent(records);
}

function fromModule(records: ReadonlyMap<number, Uint8Array>): readonly Said[] {
  const said: Said[] = [];
  const orderNumber = text(records.get(moduleRecords.orderNumber)?.subarray(0, 20));
  if (orderNumber !== '') said.push({ kind: 'model', text: orderNumber });
  // Siemens order numbers of controllers: S7-200 to S7-1500. The list is that of the module which answers.
  if (/^6ES7 ?[2-5]/.test(orderNumber)) said.push({ kind: 'maker', text: 'Siemens' }, { kind: 'device-kind', text: 'plc' });
  const firmware = records.get(moduleRecords.firmware);
  // 20 bytes of text, type, then `V` and the version in three bytes.
  if (firmware?.[22] === 0x56) said.push({ kind: 'firmware', text: `${firmware[23] ?? 0}.${firmware[24] ?? 0}.${firmware[25] ?? 0}` });
  return said;
}

function fromComponent(records: ReadonlyMap<number, Uint8Array>): readonly Said[] {
  const get = (index: number): string => text(records.get(index)?.subarray(0, 32));
  const said: Said[] = [];
  const serial = get(componentRecords.serial);
  if (serial !== '') said.push({ kind: 'serial', text: serial }, { kind: 'identifier', scheme: 's7-serial', value: serial });
  const manufacturer = records.get(componentRecords.manufacturer);
  if (manufacturer?.[0] === 0 && manufacturer[1] === siemensId) said.push({ kind: 'maker', text: 'Siemens' });
  const [station, type, name] = [get(componentRecords.station), get(componentRecords.type), get(componentRecords.module)];
  const words = [type, name, station === '' ? '' : `station ${station}`, get(componentRecords.plant), get(componentRecords.location)];
  // A module that nobody named is named like its type.
  const description = [...new Set(words)].filter(word => word !== '').join(', ');
  if (description !== '') said.push({ kind: 'description', text: description.slice(0, maxText) });
  return said;
}

const text = (bytes: Uint8Array | undefined): string => {
  if (bytes === undefined) return '';
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end)).trim();
};

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean =>
  end - i >= 17 && b[i] === 3 && b[i + 5] === 0xf0 && b[i + 7] === protocolId;

/** Reads of variables are not looked at. The COTP header of data is three bytes, so S7 begins at 7. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, end, sourcePort } = packet;
  if (end - i < 17 || b[i] !== 3 || b[i + 5] !== 0xf0) return false;
  if (((b[i + 2] ?? 0) << 8) + (b[i + 3] ?? 0) < end - i) return true;
  if (b[i + 7] !== protocolId) return false;
  const role = b[i + 8];
  if (role === roles.userdata) return b[i + 22] === 0x84;
  if (role === roles.job && sourcePort !== isoPort) return b[i + 17] !== 0x04;
  return role === roles.ackData && b[i + 19] === 0xf0;
}

/** The last packet is a part of a TPDU, or of a list of which more follows; a controller answers each part with one more question in between. */
function goesOn({ bytes: b, payload, end, sourcePort }: Packet): boolean {
  let i = payload;
  for (let count = 1; count < maxRecords; count++) {
    const next = i + ((b[i + 2] ?? 0) << 8) + (b[i + 3] ?? 0);
    if (next <= i || next + 4 > end) break;
    i = next;
  }
  if (sourcePort !== isoPort || b[i + 5] !== 0xf0) return false;
  if (((b[i + 6] ?? 0) & 0x80) === 0) return true;
  return b[i + 7] === protocolId && b[i + 8] === roles.userdata && b[i + 22] === 0x84 && b[i + 25] !== 0 && b[i + 26] === 1;
}

export const s7comm = collector({
  name: 's7comm',
  spec: 'RFC 1006',
  matches: tcpPorts(isoPort),
  wants,
  speaks,
  goesOn,
  decode,
  observe,
});
