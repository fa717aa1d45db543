import * as b from './build.ts';
import { device, fromDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from KNX 03_08_02 §7.5.4 (description blocks) and §7.6 (services); the long form of ISO 22510. */
export const knx = (service: number, ...parts: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...parts);
  return b.bytes(6, 0x10, b.u16(service), b.u16(6 + body.length), body);
};
const endpoint = [8, 1, b.ip4('192.0.2.17'), b.u16(3671)];
export const deviceBlock = ({ mac = device, serial = [0, 0xc5, 1, 2, 3, 4], name = 'KNX IP Router 750' } = {}): b.Part => [
  [54, 0x01, 0x02, 0x00, b.u16(0x1101), b.u16(0), serial, b.ip4('224.0.23.12'), b.mac(mac)],
  b.padded(30, b.bytes(name)),
];
const families = [10, 0x02, 0x02, 1, 0x03, 1, 0x04, 1, 0x05, 1];
const currentIp = [20, 0x04, b.ip4('192.0.2.17'), b.ip4('255.255.255.0'), b.ip4('192.0.2.1'), b.ip4('192.0.2.1'), 1, 0];

export const knxnetIpVectors = {
  'knxnet-ip-search': udpToDevice(3671, knx(0x0201, endpoint)),
  'knxnet-ip-search-response': udpFromDevice(3671, knx(0x0202, endpoint, deviceBlock(), families)),
  'knxnet-ip-description': udpFromDevice(3671, knx(0x0204, deviceBlock(), families)),
  'knxnet-ip-search-extended': udpFromDevice(3671, knx(0x020c, endpoint, deviceBlock(), families, currentIp)),
  'knxnet-ip-tcp': fromDevice(3671, knx(0x0204, deviceBlock())),
};
