import { encode } from 'dns-packet';
import * as b from './build.ts';

/**
 * Frames of the collectors that read UDP, by name. Origin: composed here from the RFCs and specifications that each collector names, with invented
 * addresses (RFC 5737, RFC 7042) and texts.
 */
export const [host, peer] = ['00:00:5e:00:53:01', '00:00:5e:00:53:02'];
export const [hostIp, peerIp, group] = ['192.0.2.10', '192.0.2.1', '239.255.255.250'];
const groupMac = '01:00:5e:7f:ff:fa';

/** A datagram of `host`: to a group (the default) or to `peer`. */
export const datagram = (
  source: number,
  target: number,
  body: Uint8Array,
  { toPeer = false, ttl = 64, from = hostIp }: { readonly toPeer?: boolean; readonly ttl?: number; readonly from?: string } = {},
): Uint8Array =>
  b.ethernet(host, toPeer ? peer : groupMac, 0x0800, b.ipv4(from, toPeer ? peerIp : group, 17, b.udp(source, target, body), { ttl }));
const unicast = (source: number, target: number, body: Uint8Array): Uint8Array => datagram(source, target, body, { toPeer: true });
export const text = (...lines: readonly string[]): Uint8Array => b.bytes(lines.map(line => `${line}\r\n`).join(''), '\r\n');

// LLMNR, RFC 4795 §2.1: as DNS.
const dnsMessage = (message: Parameters<typeof encode>[0]): Uint8Array => Uint8Array.from(encode(message));
export const llmnrAnswer = (name: string, ip: string): Uint8Array =>
  dnsMessage({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name, class: 'IN' }],
    answers: [{ type: 'A', name, ttl: 30, data: ip }],
  });
/** Type 255 is *any*, which dns-packet does not know: the type stands before the class at the end. */
export const llmnrQuery = (name: string, type: 'A' | 'ANY' = 'A'): Uint8Array => {
  const message = dnsMessage({ type: 'query', id: 7, questions: [{ type: 'A', name, class: 'IN' }] });
  return type === 'A' ? message : message.with(message.length - 3, 255);
};

// NetBIOS names, RFC 1001 §14.1, RFC 1002 §4.2.
export const netbios = (name: string, suffix: number, scope: readonly b.Part[] = []): Uint8Array => {
  const sixteen = b.bytes(name.padEnd(15, ' '), suffix);
  return b.bytes(
    32,
    [...sixteen].flatMap(byte => [0x41 + (byte >> 4), 0x41 + (byte & 15)]),
    scope,
    0,
  );
};
type NbName = { readonly name: string; readonly suffix?: number; readonly isGroup?: boolean; readonly ip?: string };
const nbFlags = (isGroup = false): readonly number[] => b.u16(isGroup ? 0x8000 : 0);
export const nbnsRegistration = ({ name, suffix = 0, isGroup, ip = hostIp }: NbName, opcode = 5): Uint8Array =>
  b.bytes(
    [b.u16(9), b.u16((opcode << 11) | 0x110), b.u16(1), b.u16(0), b.u16(0), b.u16(1)],
    [netbios(name, suffix), b.u16(0x20), b.u16(1)],
    [0xc0, 12, b.u16(0x20), b.u16(1), b.u32(300_000), b.u16(6), nbFlags(isGroup), b.ip4(ip)],
  );
export const nbnsAnswer = (name: string, ip = hostIp, suffix = 0): Uint8Array =>
  b.bytes(
    [b.u16(9), b.u16(0x8500), b.u16(0), b.u16(1), b.u16(0), b.u16(0)],
    [netbios(name, suffix), b.u16(0x20), b.u16(1), b.u32(300_000), b.u16(6), nbFlags(), b.ip4(ip)],
  );
const nbnsQuery = b.bytes(
  [b.u16(9), b.u16(0x110), b.u16(1), b.u16(0), b.u16(0), b.u16(0)],
  netbios('FILESERVER', 0x20),
  b.u16(0x20),
  b.u16(1),
);
const statusName = (name: string, suffix: number, isGroup = false) => b.bytes(name.padEnd(15, ' '), suffix, nbFlags(isGroup));
const nbnsStatus = (() => {
  const names = b.bytes(3, statusName('HMI-7', 0), statusName('PLANT', 0, true), statusName('HMI-7', 0x20), new Uint8Array(46));
  return b.bytes(
    [b.u16(9), b.u16(0x8400), b.u16(0), b.u16(1), b.u16(0), b.u16(0)],
    [netbios('*\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 0), b.u16(0x21), b.u16(1), b.u32(0), b.u16(names.length), names],
  );
})();

// NetBIOS datagrams with a browser announcement, RFC 1002 §4.4, [MS-CIFS] §2.2.4.33, [MS-BRWS] §2.2.1.
const u16le = (n: number): readonly number[] => [n & 255, n >> 8];
const u32le = (n: number): readonly number[] => [...u16le(n & 0xffff), ...u16le(n >>> 16)];
export const announcement = ({
  command = 1,
  name = 'HMI-7',
  serverType = 0x1003,
  comment = 'Line 7',
  mailslot = '\\MAILSLOT\\BROWSE',
} = {}) => {
  const data = b.bytes(command, 0, u32le(720_000), b.padded(16, b.bytes(name)), 10, 0, u32le(serverType), 15, 1, u16le(0xaa55), comment, 0);
  const slot = b.bytes(mailslot, 0);
  const from = 32 + 1 + 34 + 2 + slot.length;
  return b.bytes(
    [0xff, 'SMB', 0x25, new Uint8Array(27), 17, u16le(0), u16le(data.length), new Uint8Array(18), u16le(data.length), u16le(from)],
    [3, 0, u16le(1), u16le(1), u16le(2), u16le(slot.length + data.length), slot, data],
  );
};
export const nbDatagram = (smb: Uint8Array, ip = hostIp): Uint8Array => {
  const names = b.bytes(netbios('HMI-7', 0x20), netbios('PLANT', 0x1d));
  return b.bytes(0x11, 0x0e, b.u16(3), b.ip4(ip), b.u16(138), b.u16(names.length + smb.length), b.u16(0), names, smb);
};

// SSDP, UPnP Device Architecture 2.0 §1.2.2, §1.3.
export const uuid = '2fac1234-31f8-11b4-a222-08002b34c003';
export const notify = (over: { readonly nt?: string; readonly nts?: string; readonly location?: string } = {}): Uint8Array => {
  const { nt = 'upnp:rootdevice', nts = 'ssdp:alive', location = `http://${hostIp}:49152/root.xml` } = over;
  return text(
    'NOTIFY * HTTP/1.1',
    'HOST: 239.255.255.250:1900',
    'CACHE-CONTROL: max-age=1800',
    `LOCATION: ${location}`,
    `NT: ${nt}`,
    `NTS: ${nts}`,
    'SERVER: Linux/4.14 UPnP/2.0 Thing/9.1',
    `USN: uuid:${uuid.toUpperCase()}::${nt}`,
  );
};
const searchAnswer = text(
  'HTTP/1.1 200 OK',
  'EXT:',
  `LOCATION: http://${hostIp}/desc`,
  'SERVER: VxWorks/7 UPnP/1.1 Gate/1',
  'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2',
  `USN: uuid:${uuid}::urn:schemas-upnp-org:device:InternetGatewayDevice:2`,
);
const search = text(
  'M-SEARCH * HTTP/1.1',
  'HOST: 239.255.255.250:1900',
  'MAN: "ssdp:discover"',
  'MX: 1',
  'ST: ssdp:all',
  'USER-AGENT: Browser/9 Plan 9',
);

// WS-Discovery 1.1 §4.1, §5.3; ONVIF Core §7.3. SOAP over UDP has no SOAP headers of HTTP.
export const soap = (body: string): Uint8Array =>
  b.bytes(
    '<?xml version="1.0" encoding="UTF-8"?><!-- one > two --><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ',
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n=\'urn:x>y\'>',
    `<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</a:Action></s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  );
export const target = (over: { readonly url?: string; readonly scopes?: string; readonly types?: string } = {}): string => {
  const { url = `http://${hostIp}/onvif/device_service`, types = 'n:NetworkVideoTransmitter' } = over;
  const {
    scopes = 'onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/Cam%209 onvif://www.onvif.org/name/Gate%20%26%20Door',
  } = over;
  return (
    `<a:EndpointReference><a:Address>urn:uuid:${uuid}</a:Address></a:EndpointReference><d:Types>${types}</d:Types>` +
    `<d:Scopes>${scopes}</d:Scopes><d:XAddrs>${url}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`
  );
};

// NTP, RFC 5905 §7.3, RFC 9327 §2.
export const ntpHeader = (mode: number, version = 4): Uint8Array => b.padded(48, b.bytes((version << 3) | mode, 2, 6, 0xec));
export const ntpVariables = (variables: string): Uint8Array =>
  b.bytes(0x26, 0x82, b.u16(1), b.u16(0x615), b.u16(0), b.u16(0), b.u16(variables.length), variables);

// SNMP, RFC 1157, 3412, 3414, 3416 in BER.
export const tlv = (tag: number, ...parts: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(parts);
  return b.bytes(tag, body.length < 128 ? body.length : [0x82, b.u16(body.length)], body);
};
export const oid = (dotted: string): Uint8Array => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (n: number): readonly number[] => (n < 128 ? [n] : [...base128(Math.floor(n / 128)).map(x => x | 128), n % 128]);
  return tlv(6, base128(first * 40 + second), rest.map(base128));
};
export type Var = readonly [oid: string, value: string | Uint8Array];
const variables = (list: readonly Var[]): Uint8Array =>
  tlv(
    0x30,
    list.map(([name, value]) => tlv(0x30, oid(name), typeof value === 'string' ? tlv(4, value) : value)),
  );
export const pdu = (type: number, list: readonly Var[]): Uint8Array => tlv(type, tlv(2, 1), tlv(2, 0), tlv(2, 0), variables(list));
export const snmpV2 = (type: number, list: readonly Var[], version = 1): Uint8Array =>
  tlv(0x30, tlv(2, version), tlv(4, 'public'), pdu(type, list));
export const engine = b.bytes(0x80, 0, 0, 9, 3, b.mac(host));
export const snmpV3 = (body: Uint8Array, { flags = 0, id = engine } = {}): Uint8Array => {
  const usm = tlv(0x30, tlv(4, id), tlv(2, 1), tlv(2, 1), tlv(4, 'user'), tlv(4), tlv(4));
  return tlv(0x30, tlv(2, 3), tlv(0x30, tlv(2, 1), tlv(2, 1, 0), tlv(4, flags), tlv(2, 3)), tlv(4, usm), body);
};
export const scoped = (inner: Uint8Array): Uint8Array => tlv(0x30, tlv(4, engine), tlv(4), inner);
export const systemGroup: readonly Var[] = [
  ['1.3.6.1.2.1.1.1.0', 'Switch OS 7.1\r\nBuilt today'],
  ['1.3.6.1.2.1.1.2.0', oid('1.3.6.1.4.1.32473.1.9')],
  ['1.3.6.1.2.1.1.5.0', 'sw-dock-1'],
  ['1.3.6.1.2.1.47.1.1.1.1.9.1', 'FW 7.1'],
  ['1.3.6.1.2.1.47.1.1.1.1.11.1', 'SN-1234'],
  ['1.3.6.1.2.1.47.1.1.1.1.12.1', 'Example Works'],
  ['1.3.6.1.2.1.47.1.1.1.1.13.1', 'ES-8'],
];
const trapV1 = tlv(
  0x30,
  [tlv(2, 0), tlv(4, 'public')],
  tlv(0xa4, oid('1.3.6.1.4.1.32473.1.9'), tlv(0x40, b.ip4(hostIp)), tlv(2, 3), tlv(2, 0), tlv(0x43, 9), variables([])),
);

// SIP, RFC 3261 §7.
export const register = (over: { readonly via?: string; readonly more?: string } = {}): Uint8Array =>
  text(
    'REGISTER sip:192.0.2.1 SIP/2.0',
    `Via: ${over.via ?? `SIP/2.0/UDP ${hostIp}:5060;branch=z9hG4bK7`}`,
    ...(over.more === undefined ? [] : [over.more]),
    'From: <sip:1000@192.0.2.1>;tag=4',
    `Contact: <sip:1000@${hostIp}:5060>;+sip.instance="<urn:uuid:${uuid}>"`,
    'User-Agent: Desk Phone 7/1.2',
  );
export const sipResponse = (contact: string): Uint8Array =>
  text('SIP/2.0 200 OK', 'v: SIP/2.0/UDP 192.0.2.1', `m: ${contact}`, 'Server: Door Phone/3');

// CoAP, RFC 7252 §3; LwM2M.
export const links = '</a>;rt="temperature-c light-lux";if="sensor",</b>;ct=40,</c>;rt=core.rd';
const coapLinks = b.bytes(0x61, 0x45, b.u16(7), 0xaa, [0xc1, 40], 0xff, links);
export const lwm2m = (endpoint: string): Uint8Array => {
  const query = (value: string) => b.bytes(value.length < 13 ? value.length : [13, value.length - 13], value);
  const first = query(`ep=${endpoint}`);
  return b.bytes(0x40, 0x02, b.u16(7), [0xb2, 'rd'], [0x40 | (first[0] ?? 0), first.subarray(1)], query('lwm2m=1.1'), 0xff, '</1/0>');
};

// RADIUS, RFC 2865 §5.
export const radiusPacket = (code: number, list: readonly (readonly [type: number, value: b.Part])[]): Uint8Array => {
  const body = b.bytes(list.map(([type, value]) => b.bytes(type, b.bytes(value).length + 2, value)));
  return b.bytes(code, 1, b.u16(20 + body.length), new Uint8Array(16), body);
};
export const nas = [
  [4, b.ip4(hostIp)],
  [32, 'sw-dock-1'],
  [61, b.u32(15)],
  [1, 'somebody'],
] as const;

// Matter, Core Specification §4.3.1 (commissionable node) and §4.3.2 (operational node).
type MatterOver = { readonly txt?: readonly string[]; readonly ip?: string; readonly type?: string };
export const matterNode = ({
  txt = ['D=840', 'VP=65521+32769', 'DT=256', 'DN=Hall Lamp', 'CM=1'],
  ip = hostIp,
  type = '_matterc._udp',
}: MatterOver = {}) =>
  dnsMessage({
    type: 'response',
    answers: [
      { type: 'SRV', name: `DD200C20D25AE5F7.${type}.local`, ttl: 120, data: { port: 5540, target: 'B75AFB458ECD.local' } },
      { type: 'TXT', name: `DD200C20D25AE5F7.${type}.local`, ttl: 120, data: [...txt] },
      {
        type: 'SRV',
        name: '87E1B004E235A130-8FC7772401CD0696._matter._tcp.local',
        ttl: 120,
        data: { port: 5540, target: 'b75afb458ecd.local' },
      },
      { type: 'A', name: 'B75AFB458ECD.local', ttl: 120, data: ip },
    ],
  });

// Port Control Protocol, RFC 6887 §7 and §11.1, and its predecessor, RFC 6886 §3.
export const natPmpAddress = b.bytes(0, 128, b.u16(0), b.u32(9), b.ip4('203.0.113.9'));
export const natPmpMap = (opcode: 1 | 2, port: number): Uint8Array => b.bytes(0, opcode, b.u16(0), b.u16(port), b.u16(port), b.u32(7200));
export const pcpMap = (protocol: number, port: number, opcode = 1): Uint8Array =>
  b.bytes(
    [2, opcode, b.u16(0), b.u32(7200), new Uint8Array(16)],
    [new Uint8Array(12), protocol, 0, 0, 0, b.u16(port), b.u16(0), new Uint8Array(16)],
  );
export const pcpAnswer = b.bytes(2, 129, 0, 0, b.u32(7200), b.u32(9), new Uint8Array(12), new Uint8Array(36));

export const udpVectors: { readonly [name: string]: Uint8Array } = {
  'llmnr-query': datagram(50_000, 5355, llmnrQuery('fileserver')),
  'llmnr-verifies-own-name': datagram(50_000, 5355, llmnrQuery('HMI-7', 'ANY')),
  'llmnr-answer': unicast(5355, 50_000, llmnrAnswer('wpad', hostIp)),
  'nbns-registration': datagram(137, 137, nbnsRegistration({ name: 'HMI-7' })),
  'nbns-query': datagram(137, 137, nbnsQuery),
  'nbns-answer': unicast(137, 137, nbnsAnswer('WPAD')),
  'nbns-status': unicast(137, 137, nbnsStatus),
  'browser-announcement': datagram(138, 138, nbDatagram(announcement())),
  'ssdp-notify': datagram(1900, 1900, notify(), { ttl: 2 }),
  'ssdp-answer': unicast(1900, 50_000, searchAnswer),
  'ssdp-search': datagram(50_000, 1900, search, { ttl: 2 }),
  'wsd-hello': datagram(3702, 3702, soap(`<d:Hello>${target()}</d:Hello>`), { ttl: 1 }),
  'wsd-probe-match': unicast(3702, 50_000, soap(`<d:ProbeMatches>\n\t<d:ProbeMatch>${target()}</d:ProbeMatch>\n</d:ProbeMatches>`)),
  'dns-query': unicast(50_000, 53, llmnrQuery('vendor.example')),
  'dns-answer': unicast(53, 50_000, llmnrAnswer('vendor.example', '192.0.2.99')),
  'ntp-client': unicast(123, 123, ntpHeader(3)),
  'ntp-server': unicast(123, 123, ntpHeader(4)),
  'ntp-variables': unicast(123, 50_000, ntpVariables('version="ntpd 4.2.8",\r\nprocessor="armv7l", system="Linux/5.4", leap=00')),
  'snmp-v2c-response': unicast(161, 50_000, snmpV2(0xa2, systemGroup)),
  'snmp-v1-trap': unicast(161, 162, trapV1),
  'snmp-v3-report': unicast(161, 50_000, snmpV3(scoped(pdu(0xa8, [['1.3.6.1.6.3.15.1.1.4.0', tlv(0x41, 5)]])))),
  'snmp-v3-encrypted': unicast(161, 50_000, snmpV3(tlv(4, new Uint8Array(40)), { flags: 3 })),
  'sip-register': unicast(5060, 5060, register()),
  'sip-response': unicast(5060, 5060, sipResponse(`<sip:door@${hostIp}>`)),
  'coap-links': unicast(5683, 50_000, coapLinks),
  'coap-lwm2m': unicast(50_000, 5683, lwm2m(`urn:uuid:${uuid}`)),
  'radius-request': unicast(50_000, 1812, radiusPacket(1, nas)),
  'radius-accept': unicast(1812, 50_000, radiusPacket(2, [])),
  'syslog-old': unicast(514, 514, b.bytes('<34>Oct 11 22:14:15 sw-dock-1 lldpd[3]: neighbour up')),
  'syslog-new': unicast(50_000, 514, b.bytes('<165>1 2003-10-11T22:14:15.003Z plc-7.example app - ID47 - up')),
  'matter-node': datagram(5353, 5353, matterNode(), { ttl: 255 }),
  'nat-pmp-answer': unicast(5351, 50_000, natPmpAddress),
  'nat-pmp-map': unicast(50_000, 5351, natPmpMap(2, 8080)),
  'pcp-answer': unicast(5351, 50_000, pcpAnswer),
  'pcp-map': unicast(50_000, 5351, pcpMap(6, 8080)),
  'tftp-read': unicast(50_000, 69, b.bytes(b.u16(1), 'firmware/plc7.bin', 0, 'octet', 0, 'blksize', 0, '1428', 0)),
};
