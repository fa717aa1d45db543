import * as b from './build.ts';
import { device, deviceIp, station, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from ASHRAE 135 §6.2, §20 and §J.2. */
export const bvlc = (code: number, body: b.Part): Uint8Array => {
  const rest = b.bytes(body);
  return b.bytes(0x81, code, b.u16(rest.length + 4), rest);
};
const objectId = (type: number, instance: number): readonly number[] => b.u32(((type << 22) | instance) >>> 0);
const string = (text: string): b.Part => (text.length < 4 ? [0x71 + text.length, 0, text] : [0x75, text.length + 1, 0, text]);
export const npdu = (apdu: b.Part): Uint8Array => b.bytes(1, 0, apdu);
/** From network 5, station 7, to all networks. */
export const routed = (apdu: b.Part): Uint8Array => b.bytes(1, 0x28, b.u16(0xffff), 0, b.u16(5), 1, 7, 255, apdu);

export const iAm = (instance: number, vendor: number): Uint8Array =>
  b.bytes(0x10, 0, 0xc4, objectId(8, instance), 0x22, b.u16(1476), 0x91, 3, vendor < 256 ? [0x21, vendor] : [0x22, b.u16(vendor)]);
const property = (id: number, value: b.Part): b.Part => [0x29, id, 0x4e, value, 0x4f];
export const propertyAck = (id: number, value: b.Part, type = 8): Uint8Array =>
  b.bytes(0x30, 9, 12, 0x0c, objectId(type, 1234), 0x19, id, 0x3e, value, 0x3f);
export const multipleAck = b.bytes(
  [0x30, 9, 14, 0x0c, objectId(8, 1234), 0x1e],
  property(77, string('AHU-1')),
  property(121, string('Example Controls')),
  property(70, string('VAV-9')),
  property(44, string('2.7.1')),
  property(12, string('app 5')),
  [0x29, 87, 0x39, 1, 0x4e, 0xc4, objectId(0, 1), 0xc4, objectId(0, 2), 0x4f],
  [0x29, 139, 0x5e, 0x91, 2, 0x91, 32, 0x5f],
  [0x2a, b.u16(372), 0x4e, string('S-77'), 0x4f],
  [0x1f],
);
/** The same answer in parts of so many bytes, ASHRAE 135 §20.1.5: segmented, more follow; invoke id, sequence number, window, service. */
export const segmented = (size: number, invoke = 9, ack = multipleAck): readonly Uint8Array[] => {
  const data = ack.subarray(3);
  return Array.from({ length: Math.ceil(data.length / size) }, (_, i) => {
    const isLast = (i + 1) * size >= data.length;
    return b.bytes(isLast ? 0x38 : 0x3c, invoke, i & 255, 4, 14, data.subarray(i * size, (i + 1) * size));
  });
};
const write = [0, 5, 9, 15, 0x0c, objectId(1, 3), 0x19, 85, 0x3e, 0x44, 0x41, 0xa0, 0, 0, 0x3f];

export const bacnetVectors = {
  'bacnet-i-am': udpFromDevice(47_808, bvlc(11, npdu(iAm(1234, 5)))),
  'bacnet-i-am-routed': udpFromDevice(47_808, bvlc(11, routed(iAm(77, 5)))),
  'bacnet-i-am-forwarded': udpFromDevice(47_808, bvlc(4, [b.ip4('198.51.100.9'), b.u16(47_808), npdu(iAm(78, 5))])),
  'bacnet-i-have': udpFromDevice(47_808, bvlc(10, npdu([0x10, 1, 0xc4, objectId(8, 1234), 0xc4, objectId(0, 1), string('Zone temp')]))),
  'bacnet-read': udpFromDevice(47_808, bvlc(10, npdu(propertyAck(70, string('VAV-9'))))),
  'bacnet-read-multiple': udpFromDevice(47_808, bvlc(10, npdu(multipleAck))),
  ...Object.fromEntries(
    segmented(60).map((part, i): [`bacnet-segment-${number}`, Uint8Array] => [
      `bacnet-segment-${i}`,
      udpFromDevice(47_808, bvlc(10, npdu(part))),
    ]),
  ),
  'bacnet-write': udpToDevice(47_808, bvlc(10, npdu(write))),
  'bacnet-reinitialise': udpToDevice(47_808, bvlc(10, npdu([0, 5, 9, 20, 0x09, 0]))),
  'bacnet-forwarded-own': udpFromDevice(47_808, bvlc(4, [b.ip4(deviceIp), b.u16(47_808), npdu(iAm(1234, 5))])),
  'bacnet-ethernet': b.ethernet(device, station, 3 + npdu(iAm(1234, 5)).length, b.bytes(0x82, 0x82, 3, npdu(iAm(1234, 5)))),
} as const;
