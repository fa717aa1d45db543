import * as b from './build.ts';
import { host, ieee8023, snap } from './infrastructure.ts';

/** Composed from Cisco's *Cisco Discovery Protocol*, frame format. */
export const field = (type: number, ...value: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...value);
  return b.bytes(b.u16(type), b.u16(4 + body.length), body);
};
export const addresses = (...ips: readonly string[]): readonly b.Part[] => [
  b.u32(ips.length),
  ips.map(ip =>
    ip.includes(':') ? [2, 8, 0xaa, 0xaa, 3, 0, 0, 0, b.u16(0x86dd), b.u16(16), b.ip6(ip)] : [1, 1, 0xcc, b.u16(4), b.ip4(ip)],
  ),
];
export const cdp = (...fields: readonly Uint8Array[]): Uint8Array => b.bytes(2, 180, b.u16(0), ...fields);
export const cdpFrame = (body: Uint8Array): Uint8Array => ieee8023(host, '01:00:0c:cc:cc:cc', snap(0x00000c, 0x2000, body));

/** 1.3.6.1.4.1.9.1.1745 in BER; and the field by which switches that know EnergyWise tell their plate, as tshark reads it. */
export const objectId = field(0x15, 0x2b, 6, 1, 4, 1, 9, 1, 0x8d, 0x51);
export const energyWise = (serial = 'FOC1234X0YZ'): Uint8Array =>
  field(
    0x1d,
    new Uint8Array(20),
    b.u32(1),
    b.u32(2),
    b.padded(16, b.bytes('WS-X3560CX-8PC')),
    0,
    0,
    'V02',
    b.padded(11, b.bytes(serial)),
    new Uint8Array(8),
    b.u16(0),
    b.u16(0),
  );

export const cdpVectors = {
  'cdp-switch': cdpFrame(
    cdp(
      field(1, 'sw-hall-1.example'),
      field(2, addresses('192.0.2.33')),
      field(3, 'GigabitEthernet0/7'),
      field(4, b.u32(0x28)),
      field(5, 'Example IOS Software, X2960 Software, Version 12.2(25)SEE2, RELEASE SOFTWARE (fc1)\nCopyright'),
      field(6, 'example WS-X2960-24'),
      field(9, 'plant'),
      field(10, b.u16(1)),
      field(0x16, addresses('192.0.2.33', '2001:db8:0:0:0:0:0:21')),
    ),
  ),
  'cdp-energy-wise': cdpFrame(cdp(field(1, 'sw-hall-2'), field(3, 'Gi0/1'), field(6, 'example WS-X3560'), objectId, energyWise())),
  'cdp-phone': cdpFrame(
    cdp(field(1, 'SEP00005E005321'), field(3, 'Port 1'), field(4, b.u32(0x490)), field(5, 'sip88xx.14-0-1'), field(6, 'IP Phone 8845')),
  ),
  'cdp-nexus': cdpFrame(cdp(field(1, 'core-1(ABC12345678)'), field(3, 'Ethernet1/7'), field(0x14, 'core-1'))),
};
