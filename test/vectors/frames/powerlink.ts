import * as b from './build.ts';
import { device, le16, le32, station, udpToDevice } from './industrial.ts';

/** Composed from EPSG DS 301 §4.6.1.1.6 (ASnd), §7.3.3.2.1 (IdentResponse) and §6.3.2.4 (SDO). */
const multicast = '01:11:1e:00:00:04';
const address = (ip: string): readonly number[] => b.ip4(ip).toReversed();
export const identResponse = (node: number, deviceType = 0x000f_0191): Uint8Array =>
  b.bytes(
    [0x06, 255, node, 1],
    [0, 0, 0x1c, 0, 0x20, 0],
    [le32(0x45), le16(300), le16(36), le16(36), le32(1000), le16(0)],
    [le32(deviceType), le32(0x0000_006c), le32(0x0000_a5a5), le32(0x0001_0002), le32(123_456)],
    new Uint8Array(24),
    [address('192.168.100.3'), address('255.255.255.0'), address('192.168.100.254')],
    b.padded(32, b.bytes('valve-island-3')),
    new Uint8Array(48),
  );
const sdo = (command: number, flags = 0): Uint8Array =>
  b.bytes([0x06, 3, 240, 5], [2, 6, 0, 0], [0, 1, flags, command, le16(8), 0, 0], [le16(0x1006), 0, 0, le32(1000)]);

export const powerlinkVectors = {
  'powerlink-ident': b.ethernet(device, multicast, 0x88ab, identResponse(3)),
  'powerlink-ident-manager': b.ethernet(station, multicast, 0x88ab, identResponse(240, 0)),
  'powerlink-write': b.ethernet(station, device, 0x88ab, sdo(1)),
  'powerlink-read-udp': udpToDevice(3819, sdo(2)),
};
