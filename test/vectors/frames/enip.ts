import * as b from './build.ts';
import { device, deviceIp, fromDevice, le16, le32, station, stationIp, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

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

/** An explicit message of a connection, by its number and count. */
const inConnection = (connection: number, sequence: number, cip: b.Part): Uint8Array =>
  encapsulated(0x70, [le32(0), le16(0), le16(2), item(0xa1, le32(connection)), item(0xb1, [le16(sequence), cip])], 0x1234);
const path = (classId: number, attribute?: number): readonly b.Part[] =>
  attribute === undefined ? [2, 0x20, classId, 0x24, 1] : [3, 0x20, classId, 0x24, 1, 0x30, attribute];
/** Reads of attributes, and their answers. CIP Volume 1 §A-4. */
export const getAll = (classId: number): Uint8Array => b.bytes(0x01, path(classId));
export const getSingle = (classId: number, attribute: number): Uint8Array => b.bytes(0x0e, path(classId, attribute));
export const getList = (classId: number, ...attributes: readonly number[]): Uint8Array =>
  b.bytes(0x03, path(classId), le16(attributes.length), attributes.map(le16));
export const answer = (service: number, data: b.Part, status = 0): Uint8Array => b.bytes(service | 0x80, 0, status, 0, data);
export const listed = (...values: readonly (readonly [attribute: number, value: b.Part])[]): readonly b.Part[] => [
  le16(values.length),
  values.map(([attribute, value]) => [le16(attribute), le16(0), value]),
];
const cipString = (text: string): readonly b.Part[] => [le16(text.length), text, text.length % 2 === 0 ? [] : 0];
export const shortString = (text: string): readonly b.Part[] => [text.length, text];
/** TCP/IP Interface object, attributes 1 to 6. */
export const interfaceObject = (name: string): readonly b.Part[] => [
  [le32(1), le32(0x14), le32(0), le16(2), 0x20, 0xf6, 0x24, 1],
  [b.ip4(deviceIp).toReversed(), le32(0xffffff), le32(0), le32(0), le32(0), cipString('plant.example')],
  cipString(name),
];
export const packedAnswers = (...messages: readonly Uint8Array[]): Uint8Array => answer(0x0a, packed(...messages).subarray(6));
/** To a module in the slot of the backplane. */
export const sentOn = (message: Uint8Array, slot: number): Uint8Array =>
  b.bytes(0x52, 2, 0x20, 6, 0x24, 1, 10, 240, le16(message.length), message, message.length % 2 === 0 ? [] : 0, 1, 0, 1, slot);
/** Asks for a connection whose answers bear the number. */
export const opening = (connection: number, ...route: readonly number[]): Uint8Array => {
  const to = b.bytes(route, 0x20, 2, 0x24, 1);
  const heads = [10, 240, le32(0), le32(connection), le16(7), le16(1), le32(0x99), 0, 0, 0, 0];
  return b.bytes(0x54, 2, 0x20, 6, 0x24, 1, heads, le32(1000), le16(0x43f8), le32(1000), le16(0x43f8), 0xa3, to.length / 2, to);
};

/** Question and answer, each pair on a stream of its own from that port. */
export const talk = (port: number, question: Uint8Array, reply: Uint8Array): readonly [Uint8Array, Uint8Array] => [
  b.ethernet(station, device, 0x0800, b.ipv4(stationIp, deviceIp, 6, b.tcp(port, 44_818, 0x18, question))),
  b.ethernet(device, station, 0x0800, b.ipv4(deviceIp, stationIp, 6, b.tcp(44_818, port, 0x18, reply))),
];
const plate = listed([1, le16(1)], [7, shortString('1734-AENT/B')], [6, le32(0x1020304)], [4, [5, 12]]);
export const enipTalks = {
  list: talk(41_001, unconnected(getList(1, 1, 7, 6, 4)), unconnected(answer(0x03, plate))),
  single: talk(41_002, unconnected(getSingle(1, 7)), unconnected(answer(0x0e, shortString('1734-AENT/B')))),
  name: talk(41_003, unconnected(getSingle(0xf5, 6)), unconnected(answer(0x0e, cipString('line-4-io')))),
  interface: talk(41_004, unconnected(getAll(0xf5)), unconnected(answer(0x01, interfaceObject('line-4-io')))),
  packet: talk(
    41_005,
    unconnected(packed(getSingle(1, 6), getAll(0xf5))),
    unconnected(packedAnswers(answer(0x0e, le32(0x1020304)), answer(0x01, interfaceObject('line-4-io')))),
  ),
  module: talk(41_006, unconnected(sentOn(getAll(1), 2)), unconnected(answer(0x01, identityObject('1756-L71/B LOGIX5571')))),
};
/** Connections: to a module, and to the device itself. */
export const connections = {
  through: talk(41_007, unconnected(opening(0x55, 1, 3)), inConnection(0x55, 4, answer(0x01, identityObject('1756-L71/B LOGIX5571')))),
  straight: talk(41_008, unconnected(opening(0x56)), inConnection(0x56, 4, answer(0x03, plate))),
  askAll: talk(41_007, inConnection(0x77, 4, getAll(1)), b.bytes())[0],
  askList: talk(41_008, inConnection(0x78, 4, getList(1, 1, 7, 6, 4)), b.bytes())[0],
} as const;

export const enipVectors = {
  'enip-list-identity-udp': udpFromDevice(44_818, listIdentity),
  'enip-list-identity-tcp': fromDevice(44_818, listIdentity),
  'enip-list-identity-request': udpToDevice(44_818, encapsulated(0x63, [])),
  'enip-identity-read': fromDevice(44_818, unconnected([0x81, 0, 0, 0, identityObject('PowerFlex 525', 1, 2)])),
  'enip-write-tag': toDevice(44_818, connected(writeTag)),
  'enip-write-in-packet': toDevice(44_818, connected(packed(readTag, writeTag))),
  'enip-set-address': toDevice(44_818, unconnected(setAddress)),
  'enip-reset-through': toDevice(44_818, unconnected(wrapped)),
  ...Object.fromEntries(
    Object.entries(enipTalks).flatMap(([name, [asks, answers]]) => [
      [`enip-asks-${name}`, asks],
      [`enip-answers-${name}`, answers],
    ]),
  ),
} as const;
