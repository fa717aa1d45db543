import * as b from './build.ts';
import { le16 } from './industrial.ts';

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

export const ethercatVectors = {
  'ethercat-sent': b.ethernet(master, b.broadcast, 0x88a4, ethercatBody(status(0, 0), vendorRead(0, [0, 0, 0, 0]))),
  'ethercat-back': b.ethernet(segment, b.broadcast, 0x88a4, ethercatBody(status(5, 5), vendorRead(1, [2, 0, 0, 0]))),
};
