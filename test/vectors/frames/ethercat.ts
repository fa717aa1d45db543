import * as b from './build.ts';
import { le16, le32 } from './industrial.ts';

/** Composed from IEC 61158-4-12 §5: frame header, then datagrams; `last` ends the chain. */
export const master = '00:00:5e:00:53:21';
/** The master's address as the first slave passes it on. */
export const segment = '02:00:5e:00:53:21';

type Datagram = {
  readonly command: number;
  readonly position: number;
  readonly offset: number;
  readonly data: b.Part;
  readonly count: number;
};
export const ethercatBody = (...datagrams: readonly Datagram[]): Uint8Array => {
  const body = b.bytes(
    datagrams.map(({ command, position, offset, data, count }, i) => {
      const bytes = b.bytes(data);
      const more = i < datagrams.length - 1 ? 0x8000 : 0;
      return [command, 1, le16(position), le16(offset), le16(bytes.length | more), le16(0), bytes, le16(count)];
    }),
  );
  return b.bytes(le16(body.length | 0x1000), body);
};
/** The vendor id of a slave as the master reads it: registers 0x0502 to 0x050b, SII word address 8. */
const vendorRead = (count: number, vendor: b.Part): Datagram => ({
  command: 4,
  position: 0x1001,
  offset: 0x0502,
  data: [le16(0), le16(8), le16(0), vendor],
  count,
});
const status = (position: number, count: number): Datagram => ({ command: 7, position, offset: 0x0130, data: [8, 0], count });

const fromSlave = (offset: number, data: b.Part, position = 0x1001): Uint8Array =>
  b.ethernet(segment, b.broadcast, 0x88a4, ethercatBody({ command: 4, position, offset, data, count: 1 }));
/** Two or four words of the slave information interface, as registers 0x0502 and on show them. ETG.1000.4 §6.4. */
export const sii = (word: number, values: readonly number[], { control = 0x0140, position = 0x1001 } = {}): Uint8Array =>
  fromSlave(0x0502, [le16(control), le32(word), values.map(le32)], position);
/** The answer to the upload of an object, ETG.1000.6 §5.6.2.4: 4 bytes or fewer at once, more with their size, all of the object with `complete`. */
export const upload = (index: number, sub: number, value: b.Part, isComplete = false): Uint8Array => {
  const data = b.bytes(value);
  const isShort = data.length <= 4;
  const command = 0x41 | (isShort ? 2 | ((4 - data.length) << 2) : 0) | (isComplete ? 0x10 : 0);
  const sdo = b.bytes(
    le16(0x3000),
    command,
    le16(index),
    sub,
    isShort ? [data, new Uint8Array(4 - data.length)] : [le32(data.length), data],
  );
  return fromSlave(0x1080, [le16(sdo.length), le16(0), 0, 0x13, sdo, new Uint8Array(8)]);
};
export const identityObject = [0x2, 0x44c_2c52, 0x11_0000, 0x0001_e240];

export const ethercatVectors = {
  'ethercat-sii': sii(8, identityObject.slice(0, 2)),
  'ethercat-sii-rest': sii(12, identityObject.slice(2)),
  'ethercat-name': upload(0x1008, 0, 'EK1100'),
  'ethercat-identity': upload(0x1018, 0, [le16(4), identityObject.map(le32)], true),
  'ethercat-sent': b.ethernet(master, b.broadcast, 0x88a4, ethercatBody(status(0, 0), vendorRead(0, [0, 0, 0, 0]))),
  'ethercat-back': b.ethernet(segment, b.broadcast, 0x88a4, ethercatBody(status(5, 5), vendorRead(1, [2, 0, 0, 0]))),
};
