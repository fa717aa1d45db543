import * as b from './build.ts';
import { fromDevice, le16, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from Mitsubishi SH-080008 §4 (3E and 4E frames) and §11.2 (Read CPU model name; the answer of a Q02UCPU is the manual's example). */
const route = [0, 0xff, le16(0x03ff), 0];
const frame = (subheader: number, serial: b.Part, data: Uint8Array): Uint8Array =>
  b.bytes(b.u16(subheader), serial, route, le16(data.length), data);
export const request = (command: number, ...data: readonly b.Part[]): Uint8Array =>
  frame(0x5000, [], b.bytes(le16(0x10), le16(command), le16(0), ...data));
export const response = (...data: readonly b.Part[]): Uint8Array => frame(0xd000, [], b.bytes(le16(0), ...data));
export const cpuModel = b.bytes('Q02UCPU'.padEnd(16), le16(0x0263));

export const slmpVectors = {
  'slmp-model': fromDevice(5007, response(cpuModel)),
  'slmp-model-4e': udpFromDevice(5006, frame(0xd400, [1, 2, 0, 0], b.bytes(le16(0), cpuModel))),
  'slmp-write': toDevice(5007, request(0x1401, 100, 0, 0, 0xa8, le16(1), le16(1995))),
  'slmp-stop': udpToDevice(5006, request(0x1002, le16(1))),
};
