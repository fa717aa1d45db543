import * as b from './build.ts';
import { le16, le32 } from './industrial.ts';
import { host as bridge, ieee8023, snap } from './infrastructure.ts';
import { fromClient, fromServer } from './stream.ts';
import { datagram, host, hostIp } from './udp.ts';

/**
 * How devices and services answer who is there. Origin: composed here from GigE Vision 2.0 §16.1, MS-ADTS §6.3, MC-SQLR §2.2.5, DDSI-RTPS 2.5 §9.4, RFC 7143 §11.12 and what
 * those tell who read the discovery of Zebra and of CODESYS V3, VTP and DTP, with invented names and numbers.
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

const tlv = (tag: number, ...parts: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...parts);
  return body.length < 128 ? b.bytes(tag, body.length, body) : b.bytes(tag, 0x82, b.u16(body.length), body);
};
const equals = (name: string, value: string): Uint8Array => tlv(0xa3, tlv(4, name), tlv(4, value));
export const cldapPing = (...terms: readonly Uint8Array[]): Uint8Array =>
  tlv(
    0x30,
    tlv(2, 1),
    tlv(0x63, tlv(4), tlv(10, 0), tlv(10, 0), tlv(2, 0), tlv(2, 0), tlv(1, 0), tlv(0xa0, ...terms), tlv(0x30, tlv(4, 'Netlogon'))),
  );
export const pingTerms = [equals('DnsDomain', 'plant.example.'), equals('Host', 'PANEL-7'), equals('NtVer', '\u0006\0\0\0')];
const label = (text: string): Uint8Array => b.bytes(text.length, text);
/** The forest’s name stands at 24, its last label at 30. Behind the names: version 5 extended, tokens. */
export const netlogonNames = b.bytes(
  [label('plant'), label('example'), 0],
  [0xc0, 24],
  [label('dc1'), 0xc0, 24],
  [label('PLANT'), 0],
  [label('DC1'), 0],
  0,
  [label('Hall-North'), 0],
  0,
  [le32(5), le16(0xffff), le16(0xffff)],
);
/** `others`: so many other attributes before the one that counts. */
export const cldapAnswer = (names: Uint8Array, code = 23, others = 0): Uint8Array => {
  const netlogon = tlv(4, le16(code), le16(0), le32(0xf3fd), new Uint8Array(16), names);
  const other = tlv(0x30, tlv(4, 'x'), tlv(0x31));
  const attributes = [...Array.from({ length: others }, () => other), tlv(0x30, tlv(4, 'netlogon'), tlv(0x31, netlogon))];
  return tlv(0x30, tlv(2, 1), tlv(0x64, tlv(4), tlv(0x30, ...attributes)));
};

export const vtpSummary = b.bytes(2, 1, 0, 5, field(32, 'plant'), b.u32(42), b.ip4(hostIp), new Uint8Array(28));
export const dtpFrame = (status: number, ...more: readonly b.Part[]): Uint8Array =>
  b.bytes(
    1,
    b.u16(1),
    b.u16(10),
    'plant\0',
    b.u16(2),
    b.u16(5),
    status,
    b.u16(3),
    b.u16(5),
    0xa5,
    b.u16(4),
    b.u16(10),
    b.mac(bridge),
    ...more,
  );

export const sqlAnswer = (text: string): Uint8Array => b.bytes(5, le16(text.length), text);
export const instances =
  'ServerName;HIST-1;InstanceName;LINE4;IsClustered;No;Version;15.0.2000.5;tcp;49170;;ServerName;HIST-1;InstanceName;MES;IsClustered;No;Version;16.0.1000.6;;';

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

export const iscsiLogin = (code: number, ...pairs: readonly string[]): Uint8Array => {
  const text = b.bytes(pairs.map(pair => `${pair}\0`).join(''));
  // Padded to words, RFC 7143 §11.2.
  const padding = new Uint8Array((4 - (text.length % 4)) % 4);
  return b.bytes(code, 0x87, 0, 0, 0, 0, b.u16(text.length), new Uint8Array(40), text, padding);
};

export const discoveryVectors: { readonly [name: string]: Uint8Array } = {
  'zebra-link-os': datagram(4201, 50_000, zebraLinkOs, { toPeer: true }),
  'zebra-print-server': datagram(4201, 50_000, zebraPrintServer, { toPeer: true }),
  gvcp: datagram(3956, 50_000, gvcpAnswer(), { toPeer: true }),
  codesys: datagram(1740, 1743, codesysAnswer(), { toPeer: true }),
  'cldap-ping': datagram(50_000, 389, cldapPing(...pingTerms), { toPeer: true }),
  'cldap-answer': datagram(389, 50_000, cldapAnswer(netlogonNames), { toPeer: true }),
  vtp: ieee8023(bridge, '01:00:0c:cc:cc:cc', snap(0x00000c, 0x2003, vtpSummary)),
  dtp: ieee8023(bridge, '01:00:0c:cc:cc:cc', snap(0x00000c, 0x2004, dtpFrame(0x83))),
  'sql-browser': datagram(1434, 50_000, sqlAnswer(instances), { toPeer: true }),
  rtps: datagram(50_000, 7400, rtpsAnnouncement()),
  'iscsi-login': fromClient(3260, iscsiLogin(0x43, 'InitiatorName=iqn.1991-05.com.microsoft:mes-1.plant.example', 'SessionType=Normal')),
  'iscsi-answer': fromServer(3260, iscsiLogin(0x23, 'TargetPortalGroupTag=1', 'TargetAlias=shelf 2')),
};
