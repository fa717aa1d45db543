import { type CaptureFormat, captureError, linkError, maxPacket, type TakePacket } from './capture-format.ts';
import { linkLayer } from './link.ts';

/** Length of the file header and of each record's header; that of the records of old Linux systems, which name the interface and protocol too. */
const [fileHeader, recordHeader, longRecordHeader] = [24, 16, 24];

/** Magic numbers as read in big-endian order: what they say of byte order, of the fraction's unit and of the records. */
const magics: { readonly [magic: number]: { readonly little: boolean; readonly unitsPerMilli: number; readonly isLong?: true } } = {
  0xa1b2c3d4: { little: false, unitsPerMilli: 1e3 },
  0xd4c3b2a1: { little: true, unitsPerMilli: 1e3 },
  0xa1b23c4d: { little: false, unitsPerMilli: 1e6 },
  0x4d3cb2a1: { little: true, unitsPerMilli: 1e6 },
  0xa1b2cd34: { little: false, unitsPerMilli: 1e3, isLong: true },
  0x34cdb2a1: { little: true, unitsPerMilli: 1e3, isLong: true },
};

export const isPcap = (magic: number): boolean => magics[magic] !== undefined;

/** The classic capture file, draft-ietf-opsawg-pcap: both byte orders, microseconds and nanoseconds, and the longer records of Linux before 2.4 (libpcap’s “modified” format). */
export class PcapFormat implements CaptureFormat {
  #take: TakePacket;
  #little = false;
  #unitsPerMilli = 0;
  #recordHeader = recordHeader;

  constructor(take: TakePacket) {
    this.#take = take;
  }

  consume(bytes: Uint8Array, from: number, base: number): number {
    let at = from;
    if (this.#unitsPerMilli === 0) {
      if (bytes.length - at < fileHeader) return at;
      this.#header(bytes, at, base);
      at += fileHeader;
    }
    return this.#records(bytes, at, base);
  }

  #header(bytes: Uint8Array, at: number, base: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, fileHeader);
    const magic = magics[view.getUint32(0)];
    if (magic === undefined) throw captureError('neither pcap nor pcapng', base + at);
    this.#little = magic.little;
    const [major, minor] = [view.getUint16(4, magic.little), view.getUint16(6, magic.little)];
    if (major !== 2) throw captureError(`pcap version ${major}.${minor}`, base + at + 4);
    // The upper half may hold the length of a frame check sequence (§4); the length of such captures on the wire includes it.
    const link = view.getUint32(20, magic.little) & 0xffff;
    const take = linkLayer(link, this.#take);
    if (take === undefined) throw linkError(link, base + at + 20);
    this.#take = take;
    this.#unitsPerMilli = magic.unitsPerMilli;
    if (magic.isLong === true) this.#recordHeader = longRecordHeader;
  }

  #records(bytes: Uint8Array, from: number, base: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = this.#little;
    const end = bytes.length;
    const header = this.#recordHeader;
    let at = from;
    while (at + header <= end) {
      const captured = view.getUint32(at + 8, little);
      if (captured > maxPacket) throw captureError(`packet of ${captured} bytes`, base + at);
      const next = at + header + captured;
      if (next > end) break;
      const millis = view.getUint32(at, little) * 1000 + Math.floor(view.getUint32(at + 4, little) / this.#unitsPerMilli);
      this.#take(millis, bytes, at + header, next, view.getUint32(at + 12, little));
      at = next;
    }
    return at;
  }
}
