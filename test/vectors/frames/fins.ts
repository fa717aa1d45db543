import * as b from './build.ts';
import { fromDevice, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from Omron W342 §3-4 (frame), §5-3-15 (CPU UNIT DATA READ) and W421 §7-4 (FINS/TCP). */
export const finsFrame = (icf: number, command: number, ...data: readonly b.Part[]): Uint8Array =>
  b.bytes(icf, 0, 2, [0, 10, 0], [0, 20, 0], 7, b.u16(command), ...data);
export const finsTcp = (frame: Uint8Array, command = 2): Uint8Array =>
  b.bytes('FINS', b.u32(8 + frame.length), b.u32(command), b.u32(0), frame);
export const unitData = finsFrame(
  0xc0,
  0x0501,
  b.u16(0),
  b.bytes('CJ2M-CPU31'.padEnd(20)),
  b.padded(20, b.bytes('02.01')),
  new Uint8Array(40),
  new Uint8Array(12),
);
const unit = (address: number, model: string): b.Part => [address, model.padEnd(20)];
export const units = finsFrame(0xc0, 0x0502, b.u16(0), 0x82, unit(16, 'CJ1W-ETN21'), unit(17, 'CJ1W-SCU41-V1'));
export const nodeName = finsFrame(0xc0, 0x2603, b.u16(0), 'LINE4');
const write = finsFrame(0x80, 0x0102, 0x82, b.u16(100), 0, b.u16(1), b.u16(42));

export const finsVectors = {
  'fins-unit-data': udpFromDevice(9600, unitData),
  'fins-unit-data-tcp': fromDevice(9600, finsTcp(unitData)),
  'fins-units': udpFromDevice(9600, units),
  'fins-name': udpFromDevice(9600, nodeName),
  'fins-write': udpToDevice(9600, write),
  'fins-stop-tcp': toDevice(9600, finsTcp(finsFrame(0x80, 0x0402))),
};
