import * as b from './build.ts';

/** Shared by the vectors of industrial protocols. Origin: composed from the specifications; addresses of RFC 5737 and RFC 7042. */
export const device = '00:00:5e:00:53:11';
export const station = '00:00:5e:00:53:12';
export const [deviceIp, stationIp] = ['192.0.2.17', '192.0.2.18'];

export const le16 = (n: number): readonly number[] => [n & 255, (n >> 8) & 255];
export const le32 = (n: number): readonly number[] => [...le16(n & 0xffff), ...le16(n >>> 16)];

/** TCP data with PSH and ACK from the device's port to the station, and back. */
export const fromDevice = (port: number, body: Uint8Array, ttl = 64): Uint8Array =>
  b.ethernet(device, station, 0x0800, b.ipv4(deviceIp, stationIp, 6, b.tcp(port, 40_000, 0x18, body), { ttl }));
export const toDevice = (port: number, body: Uint8Array): Uint8Array =>
  b.ethernet(station, device, 0x0800, b.ipv4(stationIp, deviceIp, 6, b.tcp(40_000, port, 0x18, body)));
export const udpFromDevice = (port: number, body: Uint8Array, ttl = 64): Uint8Array =>
  b.ethernet(device, station, 0x0800, b.ipv4(deviceIp, stationIp, 17, b.udp(port, port, body), { ttl }));
export const udpToDevice = (port: number, body: Uint8Array): Uint8Array =>
  b.ethernet(station, device, 0x0800, b.ipv4(stationIp, deviceIp, 17, b.udp(port, port, body)));
