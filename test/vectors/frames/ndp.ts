import * as b from './build.ts';
import { allNodes, allRouters, gateway, gatewayIp6, host, hostIp6, peer, toGroup6 } from './infrastructure.ts';

/** Composed from RFC 4861 §4, RFC 4191 §2.2, RFC 8106 §5.1. The checksum is 0: nobody looks at it. */
const message = (type: number, ...parts: readonly b.Part[]): Uint8Array => b.bytes(type, 0, b.u16(0), ...parts);
export const linkAddress = (type: 1 | 2, mac: string): readonly number[] => [type, 1, ...b.mac(mac)];
export const prefix = (ip: string, length: number): readonly number[] => [
  ...[3, 4, length, 0xc0],
  ...[b.u32(2_592_000), b.u32(604_800), b.u32(0), b.ip6(ip)].flat(),
];
export const dnsServers = (...ips: readonly string[]): readonly number[] => [
  25,
  1 + 2 * ips.length,
  ...b.u16(0),
  ...b.u32(1800),
  ...ips.flatMap(b.ip6),
];
export const solicitation = (target: string, ...options: readonly b.Part[]): Uint8Array => message(135, b.u32(0), b.ip6(target), options);
export const advertisement = (flags: number, target: string, ...options: readonly b.Part[]): Uint8Array =>
  message(136, flags, 0, 0, 0, b.ip6(target), options);
export const routerSolicitation = (...options: readonly b.Part[]): Uint8Array => message(133, b.u32(0), options);
export const routerAdvertisement = (flags: number, lifetime: number, ...options: readonly b.Part[]): Uint8Array =>
  message(134, 64, flags, b.u16(lifetime), b.u32(0), b.u32(0), options);
export const redirect = (target: string, destination: string, ...options: readonly b.Part[]): Uint8Array =>
  message(137, b.u32(0), b.ip6(target), b.ip6(destination), options);

const solicitedNode = 'ff02:0:0:0:0:1:ff00:5321';
const unspecified = '0:0:0:0:0:0:0:0';

export const ndpVectors = {
  'ndp-solicitation': toGroup6(host, hostIp6, 'ff02:0:0:0:0:1:ff00:5323', 58, solicitation(gatewayIp6, linkAddress(1, host))),
  'ndp-probe': toGroup6(host, unspecified, solicitedNode, 58, solicitation('2001:db8:0:0:0:0:0:21')),
  'ndp-advertisement': toGroup6(host, hostIp6, allNodes, 58, advertisement(0x20, '2001:db8:0:0:0:0:0:21', linkAddress(2, host))),
  'ndp-proxy': toGroup6(
    peer,
    'fe80:0:0:0:200:5eff:fe00:5322',
    allNodes,
    58,
    advertisement(0, '2001:db8:0:0:0:0:0:21', linkAddress(2, peer)),
  ),
  'ndp-claims-other': toGroup6(peer, gatewayIp6, allNodes, 58, advertisement(0x20, gatewayIp6, linkAddress(2, gateway))),
  'ndp-router-solicitation': toGroup6(host, hostIp6, allRouters, 58, routerSolicitation(linkAddress(1, host))),
  'ndp-router-advertisement': toGroup6(
    gateway,
    gatewayIp6,
    allNodes,
    58,
    routerAdvertisement(
      0x88,
      1800,
      linkAddress(1, gateway),
      [5, 1, 0, 0, b.u32(1500)],
      prefix('2001:db8:0:1:0:0:0:0', 64),
      dnsServers('2001:db8:0:0:0:0:0:53'),
    ),
  ),
};
