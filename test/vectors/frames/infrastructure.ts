import * as b from './build.ts';

/** Shared by the vectors of switches, routers and rings. Origin: composed from the specifications; addresses of RFC 5737, RFC 3849 and RFC 7042. */
export const host = '00:00:5e:00:53:21';
export const peer = '00:00:5e:00:53:22';
export const gateway = '00:00:5e:00:53:23';
export const hostIp = '192.0.2.33';
export const [hostIp6, gatewayIp6] = ['fe80:0:0:0:200:5eff:fe00:5321', 'fe80:0:0:0:200:5eff:fe00:5323'];
export const [allNodes, allRouters] = ['ff02:0:0:0:0:0:0:1', 'ff02:0:0:0:0:0:0:2'];

/** Group addresses of bridges, IEEE 802.1Q table 8-1. */
export const [bridgeGroup, slowGroup, nearestBridge] = ['01:80:c2:00:00:00', '01:80:c2:00:00:02', '01:80:c2:00:00:0e'];

/** An 802.3 frame: its length stands where Ethernet II has the type. */
export const ieee8023 = (source: string, target: string, body: Uint8Array): Uint8Array => b.ethernet(source, target, body.length, body);
export const llc = (sap: number, body: Uint8Array): Uint8Array => b.bytes(sap, sap, 3, body);
export const snap = (organisation: number, protocol: number, body: Uint8Array): Uint8Array =>
  b.bytes(0xaa, 0xaa, 3, organisation >> 16, b.u16(organisation & 0xffff), b.u16(protocol), body);

/** The Ethernet group of an IPv4 or IPv6 group. RFC 1112 §6.4, RFC 2464 §7. */
export const groupMac = (ip: string): string => {
  const parts = ip.includes(':') ? b.ip6(ip).slice(12) : b.ip4(ip).slice(1);
  const head = ip.includes(':') ? '33:33' : '01:00:5e';
  const tail = parts.map((part, i) => (i === 0 && parts.length === 3 ? part & 127 : part).toString(16).padStart(2, '0'));
  return [head, ...tail].join(':');
};
export const toGroup = (source: string, ip: string, group: string, protocol: number, body: Uint8Array, ttl = 1): Uint8Array =>
  b.ethernet(source, groupMac(group), 0x0800, b.ipv4(ip, group, protocol, body, { ttl }));
export const toGroup6 = (source: string, ip: string, group: string, protocol: number, body: Uint8Array, hopLimit = 255): Uint8Array =>
  b.ethernet(source, groupMac(group), 0x86dd, b.ipv6(ip, group, protocol, body, [], hopLimit));
