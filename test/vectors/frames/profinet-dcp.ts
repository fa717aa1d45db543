import * as b from './build.ts';
import { device, deviceIp, station } from './industrial.ts';

/** Composed from IEC 61158-6-10 §4.3 (DCP). */
export const block = (option: number, suboption: number, value: b.Part, info: readonly number[] = [0, 0]): Uint8Array => {
  const body = b.bytes(info, value);
  return b.bytes(option, suboption, b.u16(body.length), body, body.length % 2 === 1 ? 0 : []);
};
export const dcp = (frameId: number, service: number, type: number, blocks: readonly Uint8Array[]): Uint8Array => {
  const data = b.bytes(blocks);
  return b.bytes(b.u16(frameId), service, type, b.u32(0x01020304), b.u16(0), b.u16(data.length), data);
};
const multicast = '01:0e:cf:00:00:00';
export const identify = dcp(0xfeff, 5, 1, [
  block(2, 1, 'S7-1500'),
  block(2, 2, 'plc-7'),
  block(2, 3, [0, 0x2a, 1, 0x0e]),
  block(2, 4, [2, 0]),
  block(2, 5, [2, 1, 2, 2]),
  block(2, 6, 'port-001.switch-3'),
  block(1, 2, [b.ip4(deviceIp), b.ip4('255.255.255.0'), b.ip4('192.0.2.1')], [0, 1]),
]);
export const setBoth = dcp(0xfefd, 4, 0, [
  block(1, 2, [b.ip4('192.0.2.99'), b.ip4('255.255.255.0'), b.ip4('0.0.0.0')], [0, 1]),
  block(2, 2, 'other'),
]);

export const profinetVectors = {
  'dcp-identify-response': b.ethernet(device, station, 0x8892, identify),
  'dcp-hello': b.ethernet(device, multicast, 0x8892, dcp(0xfefc, 6, 0, [block(2, 2, 'plc-7')])),
  'dcp-identify-request': b.ethernet(station, multicast, 0x8892, dcp(0xfefe, 5, 0, [b.bytes(2, 2, b.u16(5), 'plc-7', 0)])),
  'dcp-get-response': b.ethernet(device, station, 0x8892, dcp(0xfefd, 3, 1, [block(2, 2, 'plc-7')])),
  'dcp-set': b.ethernet(station, device, 0x8892, setBoth),
  'dcp-set-response': b.ethernet(device, station, 0x8892, dcp(0xfefd, 4, 1, [b.bytes(5, 4, b.u16(3), 1, 2, 0, 0)])),
  'dcp-signal': b.ethernet(station, device, 0x8892, dcp(0xfefd, 4, 0, [block(5, 3, [1, 0])])),
} as const;
