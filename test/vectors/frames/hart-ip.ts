import * as b from './build.ts';
import { fromDevice, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from FieldComm TS20085 §10 (header of 8 bytes) and HCF_SPEC-081, -127 (frames; commands 0 and 20). */
export const hartIpMessage = (type: number, frame: Uint8Array, id = 3): Uint8Array =>
  b.bytes(1, type, id, 0, b.u16(9), b.u16(8 + frame.length), frame);
const longAddress = [0xb7, 0x2a, 1, 2, 3];
export const hartFrame = (delimiter: number, command: number, data: b.Part): Uint8Array => {
  const body = b.bytes(data);
  return b.bytes(delimiter, delimiter >= 0x80 ? longAddress : 0x80, command, body.length, body, 0);
};
/** Response code and status, then revision 7: type 0x37 2a, revisions 7 2 3 4, id 1 2 3, maker 0x0037. */
const identity7 = [0, 0, 254, 0x37, 0x2a, 5, 7, 2, 3, 0x20, 0, 1, 2, 3, 5, 10, 0, 1, 0, 0, 0x37, 0, 0x37, 1];
const identity5 = [0, 0, 254, 0x26, 6, 5, 5, 2, 3, 0x20, 0, 9, 8, 7];

/** Characters of six bits each, HCF_SPEC-127 §5.1.1. */
const packedAscii = (text: string): readonly number[] =>
  (text.match(/.{4}/gs) ?? []).flatMap(four => {
    const bits = Array.from(four).reduce((all, c) => all * 64 + (c.charCodeAt(0) & 63), 0);
    return [bits >> 16, (bits >> 8) & 255, bits & 255];
  });
const shortTag = [0, 0, packedAscii('FT-101  '), packedAscii('INLET FLOW 2/3 _'), 23, 10, 123];

export const hartIpVectors = {
  'hart-ip-short-tag': udpFromDevice(5094, hartIpMessage(1, hartFrame(0x86, 13, shortTag))),
  'hart-ip-identity': udpFromDevice(5094, hartIpMessage(1, hartFrame(0x86, 0, identity7))),
  'hart-ip-identity-5': fromDevice(5094, hartIpMessage(1, hartFrame(0x06, 0, identity5))),
  'hart-ip-tag': fromDevice(5094, hartIpMessage(1, hartFrame(0x86, 20, [0, 0, b.padded(32, b.bytes('FT-101 inlet'))]))),
  'hart-ip-write': toDevice(5094, hartIpMessage(0, hartFrame(0x82, 35, [32, b.u32(0x42c80000), b.u32(0)]))),
  'hart-ip-session': udpToDevice(5094, hartIpMessage(0, b.bytes(1, b.u32(30_000)), 0)),
};
