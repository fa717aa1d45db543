import * as b from './build.ts';
import { host, peer, slowGroup } from './infrastructure.ts';

/** Composed from IEEE 802.1AX §6.4.2.3. */
const zero = '00:00:00:00:00:00';
export const end = (type: 1 | 2, system: string, key: number, port: number): readonly number[] => [
  ...[type, 20, ...b.u16(0x8000), ...b.mac(system), ...b.u16(key), ...b.u16(0x80), ...b.u16(port)],
  ...[0x3d, 0, 0, 0],
];
export const lacp = (partner: string): Uint8Array =>
  b.bytes(1, 1, end(1, host, 9, 7), end(2, partner, 3, partner === zero ? 0 : 12), [3, 16, new Uint8Array(14)], [0, 0], new Uint8Array(50));
const slow = (body: Uint8Array): Uint8Array => b.ethernet(host, slowGroup, 0x8809, body);

/** IEEE 802.1AX §6.5.3.3: marker information (1) or its response (2). */
const marker = (type: 1 | 2): Uint8Array => b.bytes(2, 1, type, 16, b.u16(7), b.mac(host), b.u32(9), 0, 0, 0, 0, new Uint8Array(90));
/** IEEE 802.3 §57.4.3.1: local information, then that of the other end, then the end. */
const dte = (type: 1 | 2, maker: readonly number[], detail: number): b.Part => [
  type,
  16,
  1,
  b.u16(3),
  0,
  0x1d,
  b.u16(1518),
  maker,
  b.u32(detail),
];
export const oam = b.bytes(3, b.u16(0x50), 0, dte(1, [0x00, 0x1e, 0x4f], 0x0102_0304), dte(2, [0x00, 0x0c, 0xcd], 0), 0);

export const oamVectors = {
  oam: slow(b.bytes(oam, new Uint8Array(9))),
  'oam-event': slow(b.bytes(3, b.u16(0x50), 1, b.u16(1), 0, new Uint8Array(39))),
};
export const lacpVectors = {
  lacp: slow(lacp(peer)),
  'lacp-alone': slow(lacp(zero)),
  'lacp-marker': slow(marker(1)),
  'lacp-marker-response': slow(marker(2)),
};
