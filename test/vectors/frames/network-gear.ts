import * as b from './build.ts';
import { datagram, host, hostIp } from './udp.ts';

/** Origin: composed here from RFC 5415 §4 and what the makers of RouterOS and of Ubiquiti's devices tell, with invented names and numbers. */
const entry16 = ([type, value]: readonly [number, b.Part]): Uint8Array => {
  const body = b.bytes(value);
  return b.bytes(b.u16(type), b.u16(body.length), body);
};
const entry8 = ([type, value]: readonly [number, b.Part]): Uint8Array => {
  const body = b.bytes(value);
  return b.bytes(type, b.u16(body.length), body);
};
type Entries = readonly (readonly [type: number, value: b.Part])[];

export const mndp = (...entries: Entries): Uint8Array => b.bytes(0, 0, b.u16(7), entries.map(entry16));
export const routerOs = mndp(
  [1, b.mac(host)],
  [5, 'dock-router'],
  [7, '7.15.3 (stable) 2024-07-24 10:39:01'],
  [8, 'MikroTik'],
  [10, b.u32(77)],
  [11, 'ABCD-1234'],
  [12, 'RB5009UG+S+'],
  [14, 0],
  [17, b.ip4(hostIp)],
);

export const ubiquiti = (version: number, command: number, ...entries: Entries): Uint8Array => {
  const body = b.bytes(entries.map(entry8));
  return b.bytes(version, command, b.u16(body.length), body);
};
export const gateway2 = ubiquiti(
  2,
  6,
  [2, [b.mac('00:00:5e:00:53:66'), b.ip4('198.51.100.7')]],
  [2, [b.mac(host), b.ip4(hostIp)]],
  [1, b.mac(host)],
  [10, b.u32(77)],
  [11, 'hall-gate'],
  [12, 'UGW9'],
  [3, 'SecurityGateway.ER-e999.v4.4.57.5578372.230112.0824'],
  [0x16, '4.4.57.5578372'],
  [0x15, 'UGW9'],
);
export const radio1 = ubiquiti(
  1,
  0,
  [2, [b.mac(host), b.ip4(hostIp)]],
  [3, 'XW.ar934x.v6.3.11.33396.230307.1436'],
  [11, 'mast'],
  [12, 'N9N'],
  [0x14, 'NanoStation M9'],
);

/** With a radio's hardware address in the header, as access points send it. */
export const capwap = (message: number, ...entries: Entries): Uint8Array => {
  const body = b.bytes(entries.map(entry16));
  return b.bytes(0, 4 << 3, 0x02, 0x10, b.u32(0), [6, b.mac(host), 0], b.u32(message), 1, b.u16(body.length + 3), 0, body);
};
const part = (type: number, value: b.Part): Uint8Array => b.bytes(b.u32(9), entry16([type, value]));
export const boardData: Entries[number] = [38, [b.u32(9), entry16([0, 'AP-9120X']), entry16([1, 'KWC9999999A']), entry16([2, [1, 2]])]];
export const versions: Entries[number] = [39, [2, 2, 1, 8, 0, 1, part(0, 'rev 3'), part(1, '17.9.4.27'), part(2, [1, 1, 2, 4])]];
/** As before the RFC, with numbers for versions. */
export const oldVersions: Entries[number] = [39, [2, 2, 0, 1, part(0, [1, 0, 0, 0]), part(1, [7, 5, 102, 0])]];
export const ciscoName: Entries[number] = [37, [b.u32(0x00409600), b.u16(5), 'AP-dock-4']];

export const networkGearVectors: { readonly [name: string]: Uint8Array } = {
  mndp: datagram(5678, 5678, routerOs),
  'ubiquiti-2': datagram(34_085, 10_001, gateway2),
  'ubiquiti-1': datagram(10_001, 34_085, radio1, { toPeer: true }),
  'capwap-discovery': datagram(12_380, 5246, capwap(1, [20, 0], boardData, versions, ciscoName)),
  'capwap-answer': datagram(5246, 12_380, capwap(2, [4, 'wlc-1']), { toPeer: true }),
};
