import * as b from './build.ts';
import { gateway, host, hostIp, toGroup } from './infrastructure.ts';

/** Composed from IEEE 1588 §13. */
export const clock = (mac: string): readonly number[] => {
  const m = b.mac(mac);
  return [...m.slice(0, 3), 0xff, 0xfe, ...m.slice(3)];
};
export const ptp = (type: number, mac: string, body: Uint8Array, domain = 0): Uint8Array =>
  b.bytes(type, 2, b.u16(34 + body.length), domain, 0, b.u16(0), new Uint8Array(8), b.u32(0), clock(mac), b.u16(1), b.u16(7), 5, 1, body);
export const announce = b.bytes(new Uint8Array(10), b.u16(37), 0, 128, 6, 0x21, b.u16(0x4e5d), 127, clock(gateway), b.u16(1), 0x20);
/** CLOCK_DESCRIPTION as a response, IEEE 1588 §15.5.3.1.2. */
export const description = (mac: string, action = 2): Uint8Array => {
  const text = (value: string): readonly b.Part[] => [value.length, value];
  const plate = b.bytes(
    [b.u16(1), text('IEEE 802.3'), b.u16(6), b.mac(mac), b.u16(1), b.u16(4), b.ip4('192.0.2.33'), b.mac(mac).slice(0, 3), 0],
    [text('Time Co.;TC-9;S-41'), text('A;1.2.3;4.5'), text('hall 1'), new Uint8Array(6)],
  );
  return b.bytes(new Uint8Array(8).fill(255), b.u16(0xffff), 0, 0, action, 0, b.u16(1), b.u16(2 + plate.length), b.u16(1), plate);
};
const ptpGroup = '01:1b:19:00:00:00';

export const ptpVectors = {
  'ptp-announce': b.ethernet(host, ptpGroup, 0x88f7, ptp(11, host, announce)),
  'ptp-announce-udp': toGroup(gateway, hostIp, '224.0.1.129', 17, b.udp(320, 320, ptp(11, gateway, announce, 4))),
  'ptp-description': toGroup(host, hostIp, '224.0.1.129', 17, b.udp(320, 320, ptp(13, host, description(host)))),
  'ptp-delay-request': toGroup(host, hostIp, '224.0.1.129', 17, b.udp(319, 319, ptp(1, host, new Uint8Array(10)))),
  'ptp-peer-delay-request': b.ethernet(host, '01:80:c2:00:00:0e', 0x88f7, ptp(2, host, new Uint8Array(20))),
};
