import * as b from './build.ts';
import { fromDevice, le16, toDevice, udpFromDevice } from './industrial.ts';

/** IEC 60870-5-104, composed from §5 and IEC 60870-5-101 §7. */
export const iecUnit = (type: number, cause: number, station: number, objects: b.Part = [1, 0, 0, 0]): Uint8Array => {
  const asdu = b.bytes(type, 1, cause, 0, le16(station), objects);
  return b.bytes(0x68, asdu.length + 4, le16(0), le16(0), asdu);
};
export const iecStart = b.bytes(0x68, 4, 7, 0, 0, 0);

/** Checksum of the link layer, IEEE 1815 §9.2.4.3: tshark reads nothing without. */
const crc = (bytes: Uint8Array): readonly number[] => {
  let value = 0;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >> 1 : (value >> 1) ^ 0xa6bc;
  }
  return le16(~value & 0xffff);
};

/** DNP3, composed from IEEE 1815 §9 and §4. */
export const dnp3Frame = (source: number, target: number, application: b.Part, transport = 0xc0): Uint8Array => {
  const data = b.bytes(transport, application);
  const blocks = Array.from({ length: Math.ceil(data.length / 16) }, (_, i) => data.subarray(i * 16, i * 16 + 16));
  const head = b.bytes(5, 0x64, data.length + 5, 0x44, le16(target), le16(source));
  return b.bytes(
    head,
    crc(head),
    blocks.map(block => [block, crc(block)]),
  );
};
const attribute = (variation: number, text: string): b.Part => [0, variation, 0, 0, 0, 1, text.length, text];
export const dnp3Attributes = dnp3Frame(10, 1, [
  [0xc0, 129, 0, 0],
  attribute(252, 'Example Controls'),
  attribute(250, 'RTU-9'),
  attribute(248, 'SN-0042'),
  attribute(247, 'pump house'),
  attribute(242, '4.1.7'),
]);
const operate = [12, 1, 0x28, le16(1), le16(3), 3, 1, le16(100), le16(0), le16(100), le16(0), 0];

export const telecontrolVectors = {
  'iec-104-report': fromDevice(2404, b.bytes(iecStart, iecUnit(30, 3, 37_133))),
  'iec-104-command': toDevice(2404, iecUnit(45, 6, 37_133, [1, 0, 0, 1])),
  'iec-104-command-behind': toDevice(2404, b.bytes(iecStart, iecUnit(105, 6, 37_133))),
  'dnp3-attributes': fromDevice(20_000, dnp3Attributes),
  'dnp3-attributes-udp': udpFromDevice(20_000, dnp3Attributes),
  'dnp3-operate': toDevice(20_000, dnp3Frame(1, 10, [0xc1, 5, operate])),
  'dnp3-link-status': fromDevice(20_000, b.bytes(5, 0x64, 5, 0x0b, le16(1), le16(10), 0, 0)),
} as const;
