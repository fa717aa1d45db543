import { hex } from '../gateway/codec/address.ts';
import { nameOf, profinetVendors } from '../gateway/codec/industrial-vendors.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** Context management of PROFINET IO. Devices that answer from a port of their own choice are not heard. */
const contextPort = 34_964;
/** DCE/RPC without connections, C706 §12.5: version, types, size of the header, the bit of a message in fragments. */
const [rpcVersion, request, response, rpcHeader, fragmentFlag] = [4, 0, 2, 80, 4];
/** Operations of the interface, IEC 61158-6-10 §4.10. */
const operations = { connect: 0, read: 2, readImplicit: 5 } as const;
/** Every interface and object of PROFINET IO ends so: `6c97-11d1-8271-…` behind its first word. */
const uuidTail = [0x82, 0x71];
/** Blocks, IEC 61158-6-10 §5.2. */
const blocks = { im0: 0x0020, im1: 0x0021, im3: 0x0023, connectRequest: 0x0101, readResponse: 0x8009 } as const;
/** Cap: blocks of a message. */
const maxBlocks = 32;

/** A part of the identification and maintenance data, with the slot that it is of. 0 is the device itself. IEC 61158-6-10 §5.2.3.19 (I&M). */
type Record = { readonly slot: number; readonly subslot: number } & (
  | {
      readonly kind: 'plate';
      readonly vendor: number;
      readonly order: string;
      readonly serial: string;
      readonly hardware: number;
      readonly software: string;
    }
  | { readonly kind: 'tag'; readonly text: string }
  | { readonly kind: 'descriptor'; readonly text: string }
);
type Message = {
  /** `vendor:device` of an answer. */
  readonly deviceId?: string;
  readonly vendor?: number;
  /** Of who connects: a controller. */
  readonly station?: string;
  readonly records: readonly Record[];
};
const nothing: Message = { records: [] };

/** Connect, and answers to reads of the type plates of a device and its modules, in one datagram. IEC 61158-6-10 §4.10, §5.2; C706 §12.5. */
export function decode(bytes: Uint8Array): Message {
  const r = new Reader(bytes, 'PROFINET IO');
  const [version, type, flags] = [r.u8(), r.u8(), r.u8()];
  if (version !== rpcVersion) throw r.fault(`RPC version ${version}`);
  r.skip(1);
  const isLittle = (r.u8() & 0x10) !== 0;
  r.skip(3);
  const object = r.take(16);
  r.skip(16 + 16 + 4 + 4 + 4); // interface, activity, boot time, version, sequence
  const u16 = (): number => (isLittle ? r.u16le() : r.u16());
  const operation = u16();
  r.skip(4); // hints
  const length = u16();
  r.skip(4); // fragment, authentication, serial
  if (length > r.left) throw r.fault(`length ${length}`);
  if ((flags & fragmentFlag) !== 0) return nothing;
  const body = r.part(length, 'PROFINET IO blocks');
  if (type === request) return operation === operations.connect ? { records: [], ...fromConnect(body) } : nothing;
  const [vendor, device] = [hex(object.subarray(14, 16)), hex(object.subarray(12, 14))];
  const isRead = operation === operations.read || operation === operations.readImplicit;
  return {
    deviceId: `${vendor}:${device}`,
    vendor: Number.parseInt(vendor, 16),
    records: isRead && isGood(body) ? ofWhole(() => recordsOf(body)) : [],
  };
}

/** Status and sizes before the blocks: 0 is good. */
function isGood(r: Reader): boolean {
  const status = r.u32();
  r.skip(16);
  return status === 0;
}

function fromConnect(r: Reader): { readonly station?: string } {
  r.skip(20); // sizes
  const { type, value } = block(r);
  if (type !== blocks.connectRequest) return {};
  value.skip(2 + 16 + 2 + 6 + 16 + 4 + 2 + 2); // type, uuid, key, address, object, properties, time-out, port
  const station = decodeText(value.take(value.u16())).trim();
  return station === '' ? {} : { station };
}

function block(r: Reader): { readonly type: number; readonly value: Reader } {
  const [type, length] = [r.u16(), r.u16()];
  if (length < 2) throw r.fault(`block of ${length} bytes`);
  r.skip(2); // version
  return { type, value: r.part(length - 2, 'PROFINET IO block') };
}

function recordsOf(r: Reader): readonly Record[] {
  const found: Record[] = [];
  let where: { readonly slot: number; readonly subslot: number } | undefined;
  for (let count = 0; count < maxBlocks && r.left >= 6; count++) {
    const { type, value } = block(r);
    if (type === blocks.readResponse) {
      value.skip(2 + 16 + 4); // sequence, uuid, API
      where = { slot: value.u16(), subslot: value.u16() };
    } else if (where === undefined)
      continue; // of a slot that nobody names
    else if (type === blocks.im0) found.push({ ...where, ...plate(value) });
    else if (type === blocks.im1)
      found.push({ ...where, kind: 'tag', text: [text(value, 32), text(value, 22)].filter(part => part !== '').join(', ') });
    else if (type === blocks.im3) found.push({ ...where, kind: 'descriptor', text: text(value, 54) });
  }
  return found;
}

const text = (r: Reader, size: number): string => decodeText(r.take(size)).trim();

/** I&M0: maker, order number, serial number, revisions. */
function plate(r: Reader) {
  const [vendor, order, serial, hardware] = [r.u16(), text(r, 20), text(r, 16), r.u16()];
  const prefix = decodeText(r.take(1)).trim();
  return { kind: 'plate', vendor, order, serial, hardware, software: `${prefix}${r.u8()}.${r.u8()}.${r.u8()}` } as const;
}

/** A controller names itself when it connects; a device tells its type plate, and those of its modules. */
export function observe({ station, deviceId, vendor, records }: Message): readonly Said[] {
  if (station !== undefined)
    return [
      { kind: 'hostname', name: station },
      { kind: 'identifier', scheme: 'profinet-station', value: station },
    ];
  if (deviceId === undefined || vendor === undefined || vendor === 0) return [];
  const id: readonly Said[] = [{ kind: 'identifier', scheme: 'profinet-id', value: deviceId }];
  const isNamed = records.some(record => record.kind === 'plate' && record.slot === 0);
  return [...(isNamed ? [] : [maker(vendor)]), ...id, ...records.flatMap(fromRecord)];
}

const maker = (vendor: number): Said => ({ kind: 'maker', text: nameOf(profinetVendors, vendor) });

function fromRecord(record: Record): readonly Said[] {
  if (record.kind !== 'plate') {
    if (record.slot !== 0 || record.text === '') return [];
    return [record.kind === 'tag' ? { kind: 'inventory', of: 'asset', text: record.text } : { kind: 'description', text: record.text }];
  }
  const { slot, subslot, vendor, order, serial, hardware, software } = record;
  if (slot !== 0) {
    const words = [order, software, serial === '' ? '' : `serial ${serial}`].filter(word => word !== '').join(' ');
    return [{ kind: 'inventory', of: 'module', text: `slot ${slot}${subslot === 1 ? '' : `.${subslot}`}: ${words}`.slice(0, maxText) }];
  }
  const said: Said[] = [maker(vendor)];
  if (order !== '') said.push({ kind: 'model', text: order });
  said.push({ kind: 'firmware', text: software });
  if (serial !== '') said.push({ kind: 'serial', text: serial });
  return [...said, { kind: 'inventory', of: 'hardware', text: String(hardware) }];
}

/** An interface of PROFINET IO; what is wanted is a connect, or an answer from the known port. The many others are alarms and parameters. */
function isPnio({ bytes: b, payload: i, end }: Packet): boolean {
  return (
    end - i >= rpcHeader &&
    b[i] === rpcVersion &&
    (b[i + 1] === request || b[i + 1] === response) &&
    b[i + 32] === uuidTail[0] &&
    b[i + 33] === uuidTail[1]
  );
}
function wants(packet: Packet): boolean {
  if (!isPnio(packet)) return false;
  const { bytes: b, payload: i } = packet;
  const operation = (b[i + 68] ?? 0) | (b[i + 69] ?? 0);
  return b[i + 1] === request ? operation === operations.connect : packet.sourcePort === contextPort;
}

export const profinetIo = collector({
  name: 'profinet-io',
  spec: 'IEC 61158-6-10',
  matches: udpPorts(contextPort),
  wants,
  speaks: isPnio,
  decode,
  observe,
});
