import * as b from './build.ts';
import { fromDevice, le16, le32, toDevice } from './industrial.ts';

/** Composed from Modbus Application Protocol V1.1b3 §6 and Modbus Messaging on TCP/IP V1.0b §3.1.3. */
export const adu = (pdu: b.Part, unit = 1, transaction = 7): Uint8Array => {
  const body = b.bytes(pdu);
  return b.bytes(b.u16(transaction), 0, 0, b.u16(body.length + 1), unit, body);
};
const object = (id: number, text: string): b.Part => [id, text.length, text];

export const identity = adu([
  0x2b,
  0x0e,
  0x01,
  0x83,
  0,
  0,
  3,
  object(0, 'Schneider Electric'),
  object(1, 'BMX P34 2020'),
  object(2, 'v2.60'),
]);
/** Regular identification in two messages: `more follows` is 0xFF in the first, next object 5. */
export const identityMore = [
  adu([0x2b, 0x0e, 0x02, 0x82, 0xff, 5, 3, object(0, 'Maker'), object(1, 'P-1'), object(4, 'Product')]),
  adu([0x2b, 0x0e, 0x02, 0x82, 0, 0, 1, object(5, 'Model X')]),
] as const;
export const writeRegisters = adu([16, b.u16(100), b.u16(2), 4, 0, 1, 0, 2]);
export const readRegisters = adu([3, b.u16(100), b.u16(2)]);

/** UMAS READ_ID's answer, by the public analyses: 22 bytes, name with length, one memory bank of eight bytes. */
export const umasIdentity = adu([
  [90, 0, 0xfe],
  [le16(6), le32(0x0d05_0001), le16(0x0401), le16(0x0260), le16(1), le16(2), le16(3), le32(0), le16(0)],
  [13, 'BMX P34 2020\0', 1, 0, 0, le16(0), le32(0x0004_0000)],
]);

export const modbusVectors = {
  'modbus-identity': fromDevice(502, identity),
  'modbus-identity-more': fromDevice(502, identityMore[0]),
  'modbus-two-messages': fromDevice(502, b.bytes(identityMore[0], identityMore[1])),
  'modbus-identity-request': toDevice(502, adu([0x2b, 0x0e, 1, 0])),
  'modbus-write': toDevice(502, writeRegisters),
  'modbus-read-and-write': toDevice(502, b.bytes(readRegisters, writeRegisters)),
  'modbus-listen-only': toDevice(502, adu([8, b.u16(4), b.u16(0)])),
  'umas-identity': fromDevice(502, umasIdentity),
  'umas-reserve': toDevice(502, adu([90, 0, 0x10, le32(0x2a), 7, 'station'])),
  'umas-stop': toDevice(502, adu([90, 1, 0x41, 0xff, 0])),
} as const;
