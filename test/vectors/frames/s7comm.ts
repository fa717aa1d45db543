import * as b from './build.ts';
import { fromDevice, toDevice } from './industrial.ts';

/** Composed from RFC 1006 §6, ISO 8073 §13 and the shape of the messages in public captures. */
export const tpkt = (body: b.Part): Uint8Array => {
  const data = b.bytes(body);
  return b.bytes(3, 0, b.u16(data.length + 7), 2, 0xf0, 0x80, data);
};
export const job = (parameters: b.Part, data: b.Part = []): Uint8Array => {
  const [p, d] = [b.bytes(parameters), b.bytes(data)];
  return tpkt([0x32, 1, b.u16(0), b.u16(5), b.u16(p.length), b.u16(d.length), p, d]);
};
/** An answer to a read of a system status list. */
export const list = (id: number, records: readonly Uint8Array[], count = records.length): Uint8Array => {
  const szl = b.bytes(b.u16(id), b.u16(0), b.u16(records[0]?.length ?? 0), b.u16(count), records);
  const data = b.bytes(0xff, 9, b.u16(szl.length), szl);
  return tpkt([0x32, 7, b.u16(0), b.u16(5), b.u16(12), b.u16(data.length), [0, 1, 0x12, 8, 0x12, 0x84, 1, 1, 0, 0, 0, 0], data]);
};
const module_ = (index: number, text: string, version: readonly number[]): Uint8Array =>
  b.bytes(b.u16(index), text.padEnd(20), b.u16(0xc0), version);
const component = (index: number, value: b.Part): Uint8Array => b.bytes(b.u16(index), b.padded(32, b.bytes(value)));

export const moduleList = list(0x0011, [
  module_(1, '6ES7 315-2EH14-0AB0', [0, 4, 0, 1]),
  module_(6, '6ES7 315-2EH14-0AB0', [0, 4, 0, 1]),
  module_(7, '', [0x56, 3, 2, 6]),
]);
export const componentList = list(0x001c, [
  component(1, 'SIMATIC 300(1)'),
  component(2, 'PLC_1'),
  component(5, 'S C-C2UR28922012'),
  component(7, 'CPU 315-2 PN/DP'),
  component(9, [0, 0x2a, 0xf6, 0]),
]);
/** A list in parts, as a controller with small PDUs sends it: data unit 7, more to come (1) but in the last (0). */
const inParts = (szl: Uint8Array, ...ats: readonly number[]): readonly Uint8Array[] =>
  [0, ...ats].map((from, i) => {
    const part = szl.subarray(from, ats[i] ?? szl.length);
    const more = i < ats.length ? 1 : 0;
    const data = b.bytes(0xff, 9, b.u16(part.length), part);
    return tpkt([0x32, 7, b.u16(0), b.u16(5), b.u16(12), b.u16(data.length), [0, 1, 0x12, 8, 0x12, 0x84, 1, i + 1, 7, more, 0, 0], data]);
  });
export const componentParts = inParts(componentList.subarray(7 + 10 + 12 + 4), 60, 130);
/** ISO 8073 §13.7: the first packet is not the end of its TSDU. */
const cotp = (body: Uint8Array, isLast: boolean): Uint8Array => b.bytes(3, 0, b.u16(body.length + 7), 2, 0xf0, isLast ? 0x80 : 0, body);
export const cotpParts = [cotp(moduleList.subarray(7, 60), false), cotp(moduleList.subarray(60), true)];
const setup = [0xf0, 0, b.u16(1), b.u16(1), b.u16(480)];
const plus = (opcode: number, operation: number, data: b.Part): Uint8Array => {
  const body = b.bytes(opcode, 0, 0, b.u16(operation), data);
  return tpkt([0x72, 1, b.u16(body.length), body, 0x72, 1, b.u16(0)]);
};
const versionText = '1;6ES7 211-1BE31-0XB0 ;V3.0';

export const s7Vectors = {
  's7-setup': toDevice(102, job(setup)),
  's7-module-list': fromDevice(102, moduleList),
  's7-component-list': fromDevice(102, componentList),
  's7-component-part': fromDevice(102, list(0x001c, [component(1, 'SIMATIC 300(1)'), component(5, 'S C-X4')], 9)),
  's7-component-first-part': fromDevice(102, componentParts[0] ?? componentList),
  's7-module-in-two-packets': fromDevice(102, b.bytes(...cotpParts)),
  's7-write': toDevice(102, job([5, 1, 0x12, 0x0a, 0x10, 2, b.u16(1), b.u16(1), 0x84, 0, 0, 0], [0, 4, b.u16(8), 1])),
  's7-stop': toDevice(102, job([0x29, 0, 0, 0, 0, 0, 9, 'P_PROGRAM'])),
  's7-upload': toDevice(102, job([0x1d, 0, 0, 0, 0, 0, 0, 0, 9, '_0B00000A'])),
  's7-two-packets': toDevice(102, b.bytes(job([4, 0]), job([0x1a, 0]))),
  's7-plus-session': fromDevice(
    102,
    plus(0x32, 0x04ca, [b.u16(0), b.u16(1), 0x36, 0xa3, 0x82, 0x3f, 0, 0x15, versionText.length, versionText, 0]),
  ),
  's7-plus-request': toDevice(102, plus(0x31, 0x04ca, [b.u16(0), b.u16(1), 0x36, 0])),
} as const;
