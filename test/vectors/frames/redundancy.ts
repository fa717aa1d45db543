import * as b from './build.ts';
import { gateway, groupMac, hostIp, toGroup, toGroup6 } from './infrastructure.ts';

/**
 * First-hop redundancy. Composed from RFC 2281 §5 (HSRP), Cisco's *HSRP version 2*, RFC 3768 §5 and RFC 9568 §5 (VRRP), OpenBSD carp(4);
 * GLBP, of which no format is published, after what its routers send.
 */
const [virtualIp, virtualIp6] = ['192.0.2.1', 'fe80:0:0:0:0:0:0:1'];
export const [vrrpMac, hsrpMac] = ['00:00:5e:00:01:07', '00:00:0c:07:ac:07'];

export const hsrp1 = (opcode: number, state: number): Uint8Array =>
  b.bytes(0, opcode, state, 3, 10, 200, 7, 0, b.padded(8, b.bytes('example')), b.ip4(virtualIp));
export const hsrp2 = (family: 4 | 6, group: number): Uint8Array =>
  b.bytes(
    [1, 40, 2, 0, 6, family, b.u16(group), b.mac(gateway), b.u32(110), b.u32(3000), b.u32(10_000)],
    family === 6 ? b.ip6(virtualIp6) : [b.ip4(virtualIp), new Uint8Array(12)],
    [3, 8, b.padded(8, b.bytes('example'))],
  );
export const vrrp2 = (priority: number, ...ips: readonly string[]): Uint8Array =>
  b.bytes(0x21, 7, priority, ips.length, 0, 1, b.u16(0), ips.map(b.ip4), new Uint8Array(8));
export const vrrp3 = (...ips: readonly (readonly number[])[]): Uint8Array => b.bytes(0x31, 7, 120, ips.length, b.u16(100), b.u16(0), ips);
export const carp = b.bytes(0x21, 7, 100, 7, 0, 1, b.u16(0), new Uint8Array(8), new Uint8Array(20).fill(0xa5));
export const glbp = (priority: number): Uint8Array =>
  b.bytes(
    [1, 0, b.u16(7), b.u16(0), b.mac(gateway)],
    [1, 28, 0, 32, 0, priority, 0, 0, b.u32(3000), b.u32(10_000), b.u16(600), b.u16(14_400), b.u16(0), 1, 4, b.ip4(virtualIp)],
    [2, 20, 1, 32, 0, 167, 100, new Uint8Array(7), b.mac('00:07:b4:00:07:01')],
    [2, 20, 2, 32, 0, 167, 100, new Uint8Array(7), b.mac('00:07:b4:00:07:02')],
  );

const hsrpFrame = (body: Uint8Array, group = '224.0.0.2', source = gateway): Uint8Array =>
  toGroup(source, hostIp, group, 17, b.udp(1985, 1985, body));
export const vrrpFrame = (body: Uint8Array, ttl = 255, source = vrrpMac): Uint8Array =>
  toGroup(source, hostIp, '224.0.0.18', 112, body, ttl);

export const redundancyVectors = {
  'hsrp-active': hsrpFrame(hsrp1(0, 16), '224.0.0.2', hsrpMac),
  'hsrp-standby': hsrpFrame(hsrp1(0, 8)),
  'hsrp-advertise': hsrpFrame(b.bytes(0, 3, b.u16(1), b.u16(10), 2, 0, 0, 2, b.u32(0), b.u16(0))),
  'hsrp-version-2': hsrpFrame(hsrp2(4, 0x123), '224.0.0.102'),
  'hsrp-ipv6': toGroup6(gateway, 'fe80:0:0:0:200:5eff:fe00:5323', 'ff02:0:0:0:0:0:0:66', 17, b.udp(2029, 2029, hsrp2(6, 1))),
  'vrrp-version-2': vrrpFrame(vrrp2(100, virtualIp, '192.0.2.2')),
  'vrrp-version-3': vrrpFrame(vrrp3(b.ip4(virtualIp))),
  'vrrp-ipv6': toGroup6(
    '00:00:5e:00:02:07',
    'fe80:0:0:0:200:5eff:fe00:5323',
    'ff02:0:0:0:0:0:0:12',
    112,
    vrrp3(b.ip6(virtualIp6), b.ip6('2001:db8:0:0:0:0:0:1')),
  ),
  carp: vrrpFrame(carp),
  glbp: b.ethernet(gateway, groupMac('224.0.0.102'), 0x0800, b.ipv4(hostIp, '224.0.0.102', 17, b.udp(3222, 3222, glbp(100)), { ttl: 255 })),
};
