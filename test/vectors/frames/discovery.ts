import * as b from './build.ts';
import { le16, le32 } from './industrial.ts';
import { datagram, host, hostIp } from './udp.ts';

/**
 * How devices answer who is there. Origin: composed here from GigE Vision 2.0 §16.1, DDSI-RTPS 2.5 §9.4 and what those tell who read the
 * discovery of Zebra and of CODESYS V3, with invented names and numbers.
 */
const field = (size: number, text: string): Uint8Array => b.padded(size, b.bytes(text));
const at = (size: number, ...parts: readonly (readonly [at: number, text: string])[]): Uint8Array => {
  const out = new Uint8Array(size);
  for (const [from, text] of parts) out.set(b.bytes(text), from);
  return out;
};

export const zebraLinkOs = at(
  400,
  [0, ':,.\u0004'],
  [8, 'ZBR'],
  [13, 'dock-label-4'],
  [76, 'ZT999'],
  [108, 'V93.21.26Z'],
  [188, '99J999999999\0old'],
);
export const zebraPrintServer = at(
  375,
  [0, ':,.\u0003'],
  [4, '99999999'],
  [12, 'QL 999'],
  [39, 'V80.1'],
  [60, 'XX99999999'],
  [84, 'hall-label'],
);

export const gvcpAnswer = (mac = host): Uint8Array =>
  b.bytes(
    [b.u16(0), b.u16(3), b.u16(248), b.u16(7), b.u16(2), b.u16(0), b.u32(0x80000001), b.u16(0), b.mac(mac)],
    [new Uint8Array(20), b.ip4(hostIp), new Uint8Array(32), field(32, 'Vision Maker'), field(32, 'VM-9M\0rest'), field(32, '3.1.4')],
    [field(48, 'none'), field(16, '99000123'), field(16, 'belt-cam-2')],
  );

const wide = (text: string): Uint8Array => b.bytes(Array.from(`${text}\0`, c => [c, 0]));
export const codesysAnswer = (service = 4, version = 0x0400, type = 0x1000): Uint8Array => {
  const [node, device, vendor, serial] = ['PRESS-7', 'Controller 9000', 'Vendor', 'SN-0099'];
  return b.bytes(
    [0xc5, (13 << 3) | 4, 0x40, service, 1, 0x11, b.u16(0x1234), b.u16(1), b.u16(2)],
    [le16(0xc280), le16(version), le32(7), le16(8), 1, 0, le16(2), le16(node.length), le16(device.length), le16(vendor.length)],
    [le32(type), le32(0x10060000), [0, 4, 15, 5], le32(0), serial.length, 0, 0, new Uint8Array(9), 9, 9],
    [wide(node), wide(device), wide(vendor), serial, 0],
  );
};

const parameter = (id: number, body: Uint8Array): Uint8Array => b.bytes(le16(id), le16(body.length), body);
/** Little-endian: a time, then the announcement of a participant. */
export const rtpsAnnouncement = (name = 'forklift-12-n', vendor = 0x010f): Uint8Array => {
  const entityName = b.bytes(le32(name.length + 1), b.padded(Math.ceil((name.length + 1) / 4) * 4, b.bytes(name)));
  const body = b.bytes(
    [0, 0, 16, 0, b.u32(0x000100c7), b.u32(0x000100c2), le32(0), le32(1), b.u16(3), 0, 0],
    [parameter(0x0015, b.bytes(2, 3, 0, 0)), parameter(0x0062, entityName), le16(1), le16(0)],
  );
  return b.bytes(
    'RTPS',
    2,
    3,
    b.u16(vendor),
    new Uint8Array(12).fill(5),
    [9, 1, le16(8), new Uint8Array(8)],
    [0x15, 5, le16(body.length), body],
  );
};

export const discoveryVectors: { readonly [name: string]: Uint8Array } = {
  'zebra-link-os': datagram(4201, 50_000, zebraLinkOs, { toPeer: true }),
  'zebra-print-server': datagram(4201, 50_000, zebraPrintServer, { toPeer: true }),
  gvcp: datagram(3956, 50_000, gvcpAnswer(), { toPeer: true }),
  codesys: datagram(1740, 1743, codesysAnswer(), { toPeer: true }),
  rtps: datagram(50_000, 7400, rtpsAnnouncement()),
};
