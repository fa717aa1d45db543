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

export const lacpVectors = {
  lacp: slow(lacp(peer)),
  'lacp-alone': slow(lacp(zero)),
};
