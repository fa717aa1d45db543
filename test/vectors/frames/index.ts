import { encode, type Answer } from 'dns-packet';
import { adsVectors } from './ads.ts';
import * as b from './build.ts';
import { dceRpcVectors } from './dce-rpc.ts';
import { opcUaVectors } from './opc-ua.ts';
import { telecontrolVectors } from './telecontrol.ts';
import { bacnetVectors } from './bacnet.ts';
import { remoteAccessVectors } from './remote-access.ts';
import { s7Vectors } from './s7comm.ts';
import { profinetVectors } from './profinet-dcp.ts';
import { enipVectors } from './enip.ts';
import { modbusVectors } from './modbus.ts';
import { rdpVectors } from './rdp.ts';
import { smbVectors } from './smb.ts';
import { bannerVectors } from './banner.ts';
import { mqttVectors } from './mqtt.ts';
import { cdpVectors } from './cdp.ts';
import { dhcpv6Vectors } from './dhcpv6.ts';
import { discoveryVectors } from './discovery.ts';
import { eapolVectors } from './eapol.ts';
import { ethercatVectors } from './ethercat.ts';
import { finsVectors } from './fins.ts';
import { foxVectors } from './fox.ts';
import { gooseVectors } from './goose.ts';
import { hartIpVectors } from './hart-ip.ts';
import { httpVectors } from './http.ts';
import { kerberosVectors } from './kerberos.ts';
import { networkGearVectors } from './network-gear.ts';
import { knxnetIpVectors } from './knxnet-ip.ts';
import { lacpVectors, oamVectors } from './lacp.ts';
import { lldpVectors } from './lldp.ts';
import { mmsVectors } from './mms.ts';
import { multicastVectors } from './multicast.ts';
import { ndpVectors } from './ndp.ts';
import { powerlinkVectors } from './powerlink.ts';
import { pppoeVectors } from './pppoe.ts';
import { profinetIoVectors } from './profinet-io.ts';
import { profinetRtVectors } from './profinet-rt.ts';
import { ptpVectors } from './ptp.ts';
import { quicVectors } from './quic.ts';
import { redundancyVectors } from './redundancy.ts';
import { ringVectors } from './rings.ts';
import { sampledValuesVectors } from './sampled-values.ts';
import { slmpVectors } from './slmp.ts';
import { sshVectors } from './ssh.ts';
import { starttlsVectors } from './starttls.ts';
import { stpVectors } from './stp.ts';
import { icmpVectors } from './icmp.ts';
import { tcpSynVectors } from './tcp-syn.ts';
import { tlsVectors } from './tls.ts';
import { tuyaVectors } from './tuya.ts';
import { udpVectors } from './udp.ts';

/** Origin: composed here from the RFCs with invented addresses (RFC 5737, locally administered or `00:00:5e:00:53` of RFC 7042). */
export const plc = '00:00:5e:00:53:01';
export const server = '00:00:5e:00:53:02';
export const other = '00:00:5e:00:53:03';
const zero = '00:00:00:00:00:00';

const parameters = [1, 3, 6, 15, 12, 28];
const clientOptions = [
  [53, [3]],
  [50, b.ip4('192.0.2.10')],
  [12, 'plc-7\0'],
  [55, parameters],
  [60, 'Vendor Class'],
  [61, [1, ...b.mac(plc)]],
  [161, 'https://vendor.example/plc.json'],
] as const;

const dhcpClient = (body: Uint8Array, source = plc): Uint8Array =>
  b.ethernet(source, b.broadcast, 0x0800, b.ipv4('0.0.0.0', '255.255.255.255', 17, b.udp(68, 67, body)));
const dhcpServer = (body: Uint8Array): Uint8Array =>
  b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', '192.0.2.10', 17, b.udp(67, 68, body)));

export const mdnsFrame = (body: Uint8Array, ip = '192.0.2.10', source = plc, port = 5353): Uint8Array =>
  b.ethernet(source, b.mdnsMac, 0x0800, b.ipv4(ip, '224.0.0.251', 17, b.udp(port, 5353, body), { ttl: 255 }));

/** A response as dns-packet, an independent encoder, writes it. It does not compress names; `compressed` below is by hand. */
export const mdnsResponse = (answers: readonly Answer[]): Uint8Array =>
  Uint8Array.from(encode({ type: 'response', id: 0, flags: 1 << 10, answers: [...answers] }));

export const printer: readonly Answer[] = [
  { type: 'PTR', name: '_ipp._tcp.local', ttl: 4500, data: 'Front Desk._ipp._tcp.local' },
  { type: 'SRV', name: 'Front Desk._ipp._tcp.local', ttl: 120, data: { port: 631, target: 'printer-7.local' } },
  { type: 'TXT', name: 'Front Desk._ipp._tcp.local', ttl: 4500, data: ['txtvers=1', 'product=(LaserThing 9)', 'ty=Maker LaserThing 9'] },
  { type: 'A', name: 'printer-7.local', ttl: 120, data: '192.0.2.10' },
  { type: 'AAAA', name: 'printer-7.local', ttl: 120, data: 'fe80::1' },
];

/** RFC 1035 §4.1.4 by hand: `cam.local` at 12, `_rtsp._tcp.local` ends in a pointer to `local` at 16, the SRV target is a pointer to 12. */
export const compressed = b.bytes(
  [b.u16(0), b.u16(0x8400), b.u16(0), b.u16(2), b.u16(0), b.u16(0)],
  [3, 'cam', 5, 'local', 0, b.u16(1), b.u16(0x8001), b.u32(120), b.u16(4), b.ip4('192.0.2.10')],
  [4, 'Gate', 5, '_rtsp', 4, '_tcp', 0xc0, 16, b.u16(33), b.u16(1), b.u32(120), b.u16(8), b.u16(0), b.u16(0), b.u16(554), 0xc0, 12],
);

/** The packet that makes some decoders run for ever: 26 bytes, a response with one record whose name points at itself. */
export const selfPointing = b.bytes(
  [b.u16(0), b.u16(0x8400), b.u16(0), b.u16(1), b.u16(0), b.u16(0)],
  [0xc0, 12, b.u16(1), b.u16(1), b.u32(120), b.u16(2), 0, 0],
);

/** One good frame of each kind of message that a collector reads, by name. */
export const vectors: { readonly [name: string]: Uint8Array } = {
  'arp-request': b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '192.0.2.10', zero, '192.0.2.1')),
  'arp-reply': b.ethernet(plc, server, 0x0806, b.arp(2, plc, '192.0.2.10', server, '192.0.2.1')),
  'arp-gratuitous': b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '192.0.2.10', zero, '192.0.2.10')),
  'arp-probe': b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '0.0.0.0', zero, '192.0.2.10')),
  'arp-claims-other': b.ethernet(plc, b.broadcast, 0x0806, b.arp(2, server, '192.0.2.1', zero, '192.0.2.10')),
  'arp-tagged': b.tagged(plc, b.broadcast, [[0x8100, 0x2005]], 0x0806, b.arp(1, plc, '192.0.2.10', zero, '192.0.2.1')),
  'arp-padded': b.ethernet(plc, b.broadcast, 0x0806, b.padded(46, b.arp(1, plc, '192.0.2.10', zero, '192.0.2.1'))),
  'dhcp-request': dhcpClient(b.dhcp({ op: 1, chaddr: plc, options: clientOptions })),
  'dhcp-renew': dhcpClient(b.dhcp({ op: 1, chaddr: plc, ciaddr: '192.0.2.10', options: [[53, [3]]] })),
  'dhcp-split-option': dhcpClient(
    b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [60, 'Vendor '],
        [12, 'plc-7'],
        [60, 'Class'],
      ],
    }),
  ),
  'dhcp-overload': dhcpClient(
    b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [52, [3]],
        [60, 'Ven'],
      ],
      file: b.padded(128, b.bytes(b.option([60, 'dor ']), 255)),
      sname: b.padded(64, b.bytes(b.option([60, 'Class']), b.option([12, 'plc-7']), 255)),
    }),
  ),
  'dhcp-managed-device': dhcpClient(
    b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [12, 'plc-7'],
        [77, [4, ...'line'.split('').map(c => c.charCodeAt(0)), 1, 0x34]],
        [81, [4, 0, 0, 5, 0x70, 0x6c, 0x63, 0x2d, 0x37, 5, 0x70, 0x6c, 0x61, 0x6e, 0x74, 0]],
        [97, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
        [124, [0, 0, 0x7e, 0xd9, 6, 5, 0x64, 0x72, 0x69, 0x76, 0x65]],
        [125, [0, 0, 0x0d, 0xe9, 18, 1, 6, 0x30, 0x30, 0x30, 0x30, 0x35, 0x45, 2, 3, 0x53, 0x2d, 0x37, 3, 3, 0x47, 0x57, 0x31]],
      ],
    }),
  ),
  'dhcp-plugged-in': dhcpClient(
    b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [50, b.ip4('192.0.2.11')],
        [82, [1, 8, ...b.bytes('Gi1/0/17'), 2, 6, 0xde, 0xad, 0xbe, 0xef, 0, 1]],
      ],
    }),
  ),
  'dhcp-cable-modem': dhcpClient(
    b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [60, 'docsis3.0:0501'],
        [43, '\x02\x03ECM\x04\x03S-8\x05\x02H1\x06\x04v1.2\x09\x02M9\x0a\x03Co.'],
      ],
    }),
  ),
  'dhcp-three-tags': b.tagged(
    plc,
    b.broadcast,
    [
      [0x88a8, 7],
      [0x8100, 8],
      [0x8100, 9],
    ],
    0x0800,
    b.ipv4(
      '0.0.0.0',
      '255.255.255.255',
      17,
      b.udp(
        68,
        67,
        b.dhcp({
          op: 1,
          chaddr: plc,
          options: [
            [53, [1]],
            [12, 'plc-in-three'],
          ],
        }),
      ),
    ),
  ),
  'dhcp-foreign-chaddr': dhcpClient(b.dhcp({ op: 1, chaddr: other, options: clientOptions })),
  'dhcp-offer': dhcpServer(
    b.dhcp({
      op: 2,
      chaddr: plc,
      yiaddr: '192.0.2.10',
      options: [
        [53, [2]],
        [54, b.ip4('192.0.2.1')],
      ],
    }),
  ),
  'dhcp-ack': dhcpServer(
    b.dhcp({
      op: 2,
      chaddr: plc,
      yiaddr: '192.0.2.10',
      options: [
        [53, [5]],
        [54, b.ip4('192.0.2.1')],
      ],
    }),
  ),
  'mdns-printer': mdnsFrame(mdnsResponse(printer)),
  'mdns-compressed': mdnsFrame(compressed),
  'mdns-ipv6': b.ethernet(
    plc,
    '33:33:00:00:00:fb',
    0x86dd,
    b.ipv6('fe80:0:0:0:0:0:0:1', 'ff02:0:0:0:0:0:0:fb', 17, b.udp(5353, 5353, mdnsResponse(printer)), [[0, [0, 0, 1, 4, 0, 0, 0, 0]]], 255),
  ),
  'tcp-syn': b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', '192.0.2.10', 6, b.tcp(40_000, 9999, 2))),
  'tcp-syn-ack': b.ethernet(plc, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, b.tcp(9999, 40_000, 0x12))),
  'tcp-modbus-data': b.ethernet(
    plc,
    server,
    0x0800,
    b.ipv4('192.0.2.10', '192.0.2.1', 6, b.tcp(502, 40_000, 0x18, b.bytes(0, 1, 0, 0, 0, 3, 1, 0x83, 2))),
  ),
  ...tlsVectors,
  ...starttlsVectors,
  ...dceRpcVectors,
  ...remoteAccessVectors,
  ...rdpVectors,
  ...smbVectors,
  ...bannerVectors,
  ...mqttVectors,
  ...sshVectors,
  ...httpVectors,
  ...adsVectors,
  ...ethercatVectors,
  ...finsVectors,
  ...foxVectors,
  ...gooseVectors,
  ...hartIpVectors,
  ...knxnetIpVectors,
  ...mmsVectors,
  ...powerlinkVectors,
  ...profinetRtVectors,
  ...profinetIoVectors,
  ...sampledValuesVectors,
  ...slmpVectors,
  ...udpVectors,
  ...cdpVectors,
  ...dhcpv6Vectors,
  ...discoveryVectors,
  ...eapolVectors,
  ...lacpVectors,
  ...oamVectors,
  ...lldpVectors,
  ...multicastVectors,
  ...ndpVectors,
  ...pppoeVectors,
  ...ptpVectors,
  ...quicVectors,
  ...networkGearVectors,
  ...tuyaVectors,
  ...kerberosVectors,
  ...redundancyVectors,
  ...ringVectors,
  ...stpVectors,
  ...tcpSynVectors,
  ...icmpVectors,
  ...modbusVectors,
  ...enipVectors,
  ...profinetVectors,
  ...s7Vectors,
  ...bacnetVectors,
  ...telecontrolVectors,
  ...opcUaVectors,
};
