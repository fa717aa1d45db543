import * as b from './build.ts';
import { le16, le32, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from IEC 61158-6-10 §4.10 and §5.2, and C706 §12.5. Integers of the header are little-endian, those of the blocks big-endian. */
const uuid = (first: number, tail: readonly number[]): b.Part => [le32(first), le16(0x6c97), le16(0x11d1), 0x82, 0x71, tail];
const deviceObject = uuid(0xdea0_0000, [0, 1, ...b.u16(0x010e), ...b.u16(0x002a)]);
const deviceInterface = uuid(0xdea0_0001, [0, 0xa0, 0x24, 0x42, 0xdf, 0x7d]);
export const rpc = (type: 0 | 2, operation: number, body: b.Part, flags = 0x20): Uint8Array => {
  const data = b.bytes(body);
  return b.bytes(
    [4, type, flags, 0, 0x10, 0, 0, 0, deviceObject, deviceInterface, new Uint8Array(16).fill(0x77 + operation)],
    [le32(0), le32(1), le32(3), le16(operation), le16(0xffff), le16(0xffff), le16(data.length), le16(0), 0, 0],
    data,
  );
};
const block = (type: number, data: b.Part): Uint8Array => {
  const bytes = b.bytes(data);
  return b.bytes(b.u16(type), b.u16(bytes.length + 2), 1, 0, bytes);
};
export const args = (isAnswer: boolean, ...data: readonly Uint8Array[]): b.Part => {
  const all = b.bytes(...data);
  return [isAnswer ? le32(0) : le32(4096), le32(all.length), le32(4096), le32(0), le32(all.length), all];
};
const padded = (length: number, text: string): string => text.padEnd(length);
export const connect = rpc(
  0,
  0,
  args(
    false,
    block(0x0101, [
      [b.u16(1), new Uint8Array(16).fill(0x11), b.u16(2), 2, 0, 0, 0, 0, 1, uuid(0xdea0_0002, [0, 1, 0, 1, 0, 0x2a]), b.u32(0x4000_0011)],
      [b.u16(600), b.u16(0x8892), b.u16(7), 'plc-7-x'],
    ]),
  ),
);
const read = (slot: number, subslot: number, index: number, record: Uint8Array): Uint8Array =>
  rpc(
    2,
    2,
    args(
      true,
      block(0x8009, [
        [b.u16(1), new Uint8Array(16).fill(0x11), b.u32(0), b.u16(slot), b.u16(subslot), b.u16(0), b.u16(index), b.u32(record.length)],
        new Uint8Array(24),
      ]),
      record,
    ),
  );
export const im0 = block(0x0020, [
  [b.u16(0x002a), padded(20, '6ES7 155-6AU01-0BN0'), padded(16, 'S C-L9K123456789'), b.u16(3), 'V', 4, 2, 1],
  [b.u16(0), b.u16(0), b.u16(0), 1, 1, b.u16(0x0e)],
]);
export const plate = read(0, 1, 0xaff0, im0);
export const modulePlate = read(2, 1, 0xaff0, im0);
export const subslotPlate = read(2, 3, 0xaff0, im0);
export const tag = read(0, 1, 0xaff1, block(0x0021, [padded(32, '=A1+PUMP'), padded(22, 'Hall 2')]));
export const descriptor = read(0, 1, 0xaff3, block(0x0023, [padded(54, 'Pump station')]));

export const profinetIoVectors = {
  'pnio-connect': udpToDevice(34_964, connect),
  'pnio-plate': udpFromDevice(34_964, plate),
  'pnio-module': udpFromDevice(34_964, modulePlate),
  'pnio-tag': udpFromDevice(34_964, tag),
  'pnio-descriptor': udpFromDevice(34_964, descriptor),
};
