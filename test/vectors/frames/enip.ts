import * as b from './build.ts';
import { deviceIp, fromDevice, le16, le32, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from CIP Volume 1 §5A-2 and Volume 2 §2. */
export const encapsulated = (command: number, data: b.Part, session = 0): Uint8Array => {
  const body = b.bytes(data);
  return b.bytes(le16(command), le16(body.length), le32(session), le32(0), new Uint8Array(8), le32(0), body);
};
export const item = (type: number, data: b.Part): Uint8Array => {
  const body = b.bytes(data);
  return b.bytes(le16(type), le16(body.length), body);
};
export const identityObject = (name: string, vendor = 1, type = 14): Uint8Array =>
  b.bytes(le16(vendor), le16(type), le16(166), 20, 11, le16(0x30), le32(0x6c20e7ce), name.length, name);
export const listIdentity = encapsulated(0x63, [
  le16(1),
  item(0x0c, [le16(1), b.u16(2), b.u16(44_818), b.ip4(deviceIp), new Uint8Array(8), identityObject('1756-L71/B LOGIX5571'), 3]),
]);
/** An explicit message without a connection (SendRRData), and with one (SendUnitData). */
export const unconnected = (cip: b.Part): Uint8Array =>
  encapsulated(0x6f, [le32(0), le16(10), le16(2), item(0, []), item(0xb2, cip)], 0x1234);
export const connected = (cip: b.Part): Uint8Array =>
  encapsulated(0x70, [le32(0), le16(0), le16(2), item(0xa1, le32(0xabcd)), item(0xb1, [le16(9), cip])], 0x1234);

export const writeTag = b.bytes(0x4d, 3, 0x91, 4, 'tag1', le16(0xc4), le16(1), le32(7));
export const readTag = b.bytes(0x4c, 3, 0x91, 4, 'tag1', le16(1));
export const packed = (...messages: readonly Uint8Array[]): Uint8Array => {
  let at = 2 + messages.length * 2;
  const offsets = messages.map(m => {
    at += m.length;
    return le16(at - m.length);
  });
  return b.bytes(0x0a, 2, 0x20, 2, 0x24, 1, le16(messages.length), offsets, messages);
};
const setAddress = b.bytes(0x10, 3, 0x20, 0xf5, 0x24, 1, 0x30, 5, b.ip4('192.0.2.99'), new Uint8Array(18));
const wrapped = b.bytes(0x52, 2, 0x20, 6, 0x24, 1, 10, 240, le16(6), [0x05, 2, 0x20, 1, 0x24, 1], 1, 0, 1, 0);

export const enipVectors = {
  'enip-list-identity-udp': udpFromDevice(44_818, listIdentity),
  'enip-list-identity-tcp': fromDevice(44_818, listIdentity),
  'enip-list-identity-request': udpToDevice(44_818, encapsulated(0x63, [])),
  'enip-identity-read': fromDevice(44_818, unconnected([0x81, 0, 0, 0, identityObject('PowerFlex 525', 1, 2)])),
  'enip-write-tag': toDevice(44_818, connected(writeTag)),
  'enip-write-in-packet': toDevice(44_818, connected(packed(readTag, writeTag))),
  'enip-set-address': toDevice(44_818, unconnected(setAddress)),
  'enip-reset-through': toDevice(44_818, unconnected(wrapped)),
} as const;
