import * as b from './build.ts';
import { gateway, gatewayIp6, host, hostIp6, toGroup6 } from './infrastructure.ts';

/** Composed from RFC 8415 §8, §11, §21, RFC 4704 §4, RFC 8520 §10. */
export const option = (code: number, ...value: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...value);
  return b.bytes(b.u16(code), b.u16(body.length), body);
};
export const dhcpv6 = (type: number, ...options: readonly Uint8Array[]): Uint8Array => b.bytes(type, 0x12, 0x34, 0x56, ...options);
export const duid = (mac: string): readonly number[] => [...b.u16(1), ...b.u16(1), ...b.u32(0x2a000000), ...b.mac(mac)];
export const classes = (...texts: readonly string[]): readonly b.Part[] => texts.map(text => [b.u16(text.length), text]);
export const association = (...ips: readonly string[]): Uint8Array =>
  option(
    3,
    b.u32(1),
    b.u32(0),
    b.u32(0),
    ips.map(ip => option(5, b.ip6(ip), b.u32(3600), b.u32(7200))),
  );

export const fromClient = (body: Uint8Array, ip = hostIp6): Uint8Array =>
  toGroup6(host, ip, 'ff02:0:0:0:0:0:1:2', 17, b.udp(546, 547, body), 1);
export const fromServer = (body: Uint8Array, source = gateway): Uint8Array =>
  b.ethernet(source, host, 0x86dd, b.ipv6(gatewayIp6, hostIp6, 17, b.udp(547, 546, body)));

export const dhcpv6Vectors = {
  'dhcpv6-solicit': fromClient(
    dhcpv6(
      1,
      option(8, 0, 0),
      option(1, duid(host)),
      association(),
      option(15, classes('plant', 'line 4')),
      option(16, b.u32(32_473), classes('Drive 7')),
      option(39, 0, [7, 'drive-7', 5, 'plant', 7, 'example', 0]),
      option(6, b.u16(24), b.u16(23), b.u16(17), b.u16(39)),
      option(112, 'https://vendor.example/drive.json'),
    ),
  ),
  'dhcpv6-cable-modem': fromClient(
    dhcpv6(
      1,
      option(1, duid(host)),
      option(16, b.u32(4491), classes('docsis3.1')),
      option(16, b.u32(32_473), classes('Modem')),
      option(17, b.u32(4491), option(2, 'ECM'), option(4, 'S-9'), option(6, 'v3.1'), option(9, 'CM-3'), option(10, 'Co.')),
    ),
  ),
  'dhcpv6-renew': fromClient(dhcpv6(5, option(1, duid(host)), option(2, duid(gateway)), association('2001:db8:0:0:0:0:0:21'))),
  'dhcpv6-advertise': fromServer(dhcpv6(2, option(1, duid(host)), option(2, duid(gateway)), association('2001:db8:0:0:0:0:0:21'))),
  'dhcpv6-reply': fromServer(dhcpv6(7, option(1, duid(host)), option(2, duid(gateway)), association('2001:db8:0:0:0:0:0:21'))),
  'dhcpv6-relay': b.ethernet(
    gateway,
    host,
    0x86dd,
    b.ipv6(
      gatewayIp6,
      hostIp6,
      17,
      b.udp(547, 547, b.bytes(12, 0, b.ip6('2001:db8:0:0:0:0:0:1'), b.ip6(hostIp6), option(9, dhcpv6(1, option(1, duid(host)))))),
    ),
  ),
};
