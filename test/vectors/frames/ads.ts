import * as b from './build.ts';
import { fromDevice, le16, le32, toDevice, udpFromDevice, udpToDevice } from './industrial.ts';

/** Composed from Beckhoff's AMS/ADS specification (AMS/TCP and AMS header) and, for the discovery, from what TwinCAT sends. */
const [plcNet, stationNet] = [
  [5, 17, 2, 192, 1, 1],
  [192, 0, 2, 18, 1, 1],
];
const ams = (target: b.Part, source: b.Part, command: number, flags: number, data: b.Part): Uint8Array => {
  const body = b.bytes(data);
  const header = b.bytes(target, le16(851), source, le16(30_000), le16(command), le16(flags), le32(body.length), le32(0), le32(7));
  return b.bytes(le16(0), le32(header.length + body.length), header, body);
};
export const deviceInfo = ams(stationNet, plcNet, 1, 5, [le32(0), 3, 1, le16(4024), b.padded(16, b.bytes('Plc30 App'))]);
const request = (command: number, data: b.Part): Uint8Array => ams(plcNet, stationNet, command, 4, data);
export const write = (group: number): Uint8Array => request(3, [le32(group), le32(0), le32(2), 1, 0]);

export const discovery = (service: number, source: b.Part, ...tags: readonly (readonly [number, b.Part])[]): Uint8Array =>
  b.bytes(
    [le32(0x71146603), le32(0), le32(service), source, le16(10_000), le32(tags.length)],
    tags.map(([tag, part]) => {
      const value = b.bytes(part);
      return [le16(tag), le16(value.length), value];
    }),
  );
const osVersion = [le32(276), le32(10), le32(0), le32(17_763), le32(2), new Uint8Array(8)];

export const adsVectors = {
  'ads-device-info': fromDevice(48_898, deviceInfo),
  'ads-write': toDevice(48_898, write(0x4020)),
  'ads-stop': toDevice(48_898, request(5, [le16(6), le16(0), le32(0)])),
  'ads-discovery': udpFromDevice(48_899, discovery(0x80000001, plcNet, [5, 'CX-0A1B2C\0'], [4, osVersion], [3, [3, 1, le16(4024)]])),
  'ads-discovery-ask': udpToDevice(48_899, discovery(1, stationNet)),
  'ads-add-route': udpToDevice(
    48_899,
    discovery(6, stationNet, [12, 'ENG-PC\0'], [7, stationNet], [13, 'Administrator\0'], [2, '1\0'], [5, '192.0.2.18\0']),
  ),
};
