import { createServer } from 'node:net';

/**
 * A simulator of ours, for lack of another that can be had: a controller on port 102 that knows connection, set-up and two status lists. RFC 1006,
 * ISO 8073; the lists as in the SIMATIC System Software Reference. It declines every other list, and what is no request it hangs up on.
 */
const order = '6ES7 315-2EH14-0AB0 ';
const u16 = (n: number): readonly number[] => [n >> 8, n & 0xff];
const text = (value: string, length: number): readonly number[] => [...Buffer.from(value.padEnd(length, '\0').slice(0, length), 'latin1')];
const moduleRecord = (index: number, value: string, version: readonly number[]) => [
  ...u16(index),
  ...text(value, 20),
  ...u16(0xc0),
  ...version,
];
const componentRecord = (index: number, value: string) => [...u16(index), ...text(value, 32)];

const lists: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  [0x11, [moduleRecord(1, order, [0, 4, 0, 1]), moduleRecord(6, order, [0, 4, 0, 1]), moduleRecord(7, ' '.repeat(20), [0x56, 3, 2, 6])]],
  [
    0x1c,
    [
      componentRecord(1, 'SIMATIC 300(Dock 4)'),
      componentRecord(2, 'PLC_1'),
      componentRecord(3, 'Hall B'),
      componentRecord(4, 'Original Siemens Equipment'),
      componentRecord(5, 'S C-C2UR28922012'),
      componentRecord(7, 'CPU 315-2 PN/DP'),
    ],
  ],
]);

const tpkt = (body: readonly number[]): Buffer => Buffer.from([3, 0, ...u16(body.length + 4), ...body]);
const s7 = (kind: number, reference: Uint8Array, parameters: readonly number[], data: readonly number[]): Buffer => {
  const error = kind === 3 ? [0, 0] : [];
  const head = [0x32, kind, 0, 0, ...reference, ...u16(parameters.length), ...u16(data.length), ...error];
  return tpkt([2, 0xf0, 0x80, ...head, ...parameters, ...data]);
};

function answer(packet: Buffer): Buffer | undefined {
  if (packet[5] === 0xe0) return tpkt([0x11, 0xd0, ...packet.subarray(8, 10), 0, 4, 0, ...packet.subarray(11, 22)]);
  if (packet[5] !== 0xf0 || packet[7] !== 0x32) return undefined;
  const reference = packet.subarray(11, 13);
  if (packet[8] === 1 && packet[17] === 0xf0) return s7(3, reference, [0xf0, 0, 0, 1, 0, 1, ...u16(480)], []);
  if (packet[8] !== 7 || packet[22] !== 0x44 || packet[23] !== 1) return undefined;
  const id = packet.readUInt16BE(29);
  const records = lists.get(id);
  const parameters = [0, 1, 0x12, 8, 0x12, 0x84, 1, 1, 0, 0];
  if (records === undefined) return s7(7, reference, [...parameters, 0xd4, 1], [0x0a, 0, 0, 0]);
  const list = [...u16(id), 0, 0, ...u16(records[0]?.length ?? 0), ...u16(records.length), ...records.flat()];
  return s7(7, reference, [...parameters, 0, 0], [0xff, 9, ...u16(list.length), ...list]);
}

createServer(socket => {
  socket.on('error', () => undefined);
  socket.on('data', packet => {
    const said = packet.length < 22 || packet.readUInt16BE(2) !== packet.length ? undefined : answer(packet);
    if (said === undefined) socket.end();
    else socket.write(said);
  });
}).listen(102, '0.0.0.0');
