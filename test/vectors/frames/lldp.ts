import * as b from './build.ts';
import { host, nearestBridge } from './infrastructure.ts';

/** Composed from IEEE 802.1AB §8, ANSI/TIA-1057 §10.2, RFC 8520 §11. */
export const tlv = (type: number, ...value: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...value);
  return b.bytes(b.u16((type << 9) | body.length), body);
};
export const med = (subtype: number, ...value: readonly b.Part[]): Uint8Array => tlv(127, 0, 0x12, 0xbb, subtype, ...value);
export const managementIp4 = (ip: string): Uint8Array => tlv(8, 5, 1, b.ip4(ip), 2, b.u32(1), 0);
export const managementIp6 = (ip: string): Uint8Array => tlv(8, 17, 2, b.ip6(ip), 2, b.u32(1), 3, [0x2b, 6, 1]);
export const lldp = (...tlvs: readonly Uint8Array[]): Uint8Array => b.bytes(...tlvs, b.u16(0));
export const lldpFrame = (body: Uint8Array, source = host): Uint8Array => b.ethernet(source, nearestBridge, 0x88cc, body);

export const mandatory = [tlv(1, 4, b.mac(host)), tlv(2, 5, 'ge-0/0/7'), tlv(3, b.u16(120))] as const;

/** Of PROFINET, IEC 61158-6-10: the state of a port. */
export const profinetPort = tlv(127, 0, 0x0e, 0xcf, 2, [0, 0, 0, 0]);
/** IEC 61158-6-10, SystemIdentification. */
export const plate = (type: string, order: string, serial: string, revision: string): string =>
  `${type.padEnd(25)} ${order.padEnd(20)} ${serial.padEnd(16)} ${'7'.padStart(5)} ${revision}`;

export const lldpVectors = {
  'lldp-switch': lldpFrame(
    lldp(
      ...mandatory,
      tlv(4, 'Uplink to hall 2'),
      tlv(5, 'sw-hall-1'),
      tlv(6, 'Example Networks EX-8\r\nSoftware 4.2'),
      tlv(7, b.u16(0x14), b.u16(0x04)),
      managementIp4('192.0.2.33'),
      managementIp6('2001:db8:0:0:0:0:0:21'),
      tlv(127, 0, 0x12, 0x0f, 1, [3, 0x6c, 0, 0, 0x10]),
    ),
  ),
  'lldp-phone': lldpFrame(
    lldp(
      tlv(1, 5, 1, b.ip4('192.0.2.33')),
      tlv(2, 3, b.mac(host)),
      tlv(3, b.u16(180)),
      tlv(5, 'SEP00005E005321'),
      tlv(7, b.u16(0x24), b.u16(0x24)),
      med(1, [0, 0x33, 3]),
      med(5, 'HW1'),
      med(6, 'boot-2.1'),
      med(7, 'app-14.0'),
      med(8, 'SN-000123'),
      med(9, 'Example Telecom'),
      med(10, 'Phone 8800'),
      med(11, 'ASSET-7'),
    ),
  ),
  'lldp-mud': lldpFrame(lldp(...mandatory, tlv(127, 0, 0, 0x5e, 1, 'https://vendor.example/lamp.json'))),
  'lldp-profinet': lldpFrame(
    lldp(
      tlv(1, 7, plate('EX-1200', 'EX7 214-1AA00', 'S C-0001234', 'V  4  2  1')),
      tlv(2, 7, 'port-001.press-7'),
      tlv(3, b.u16(20)),
      managementIp4('192.0.2.33'),
      profinetPort,
    ),
  ),
  'lldp-profinet-station': lldpFrame(lldp(tlv(1, 7, 'press-8'), tlv(2, 7, 'port-002'), tlv(3, b.u16(20)), profinetPort)),
  'lldp-leave': lldpFrame(lldp(tlv(1, 4, b.mac(host)), tlv(2, 7, 'port-001'), tlv(3, b.u16(0)))),
  'lldp-plc': lldpFrame(
    b.bytes(
      lldp(
        tlv(1, 7, 'plc-station'),
        tlv(2, 7, 'port-001'),
        tlv(3, b.u16(20)),
        tlv(7, b.u16(0x84), b.u16(0x84)),
        managementIp4('192.0.2.33'),
      ),
      new Uint8Array(6),
    ),
  ),
};
