import { type CaptureFormat, captureError, linkError, maxPacket, type TakePacket } from './capture-format.ts';
import { linkLayer } from './link.ts';

/** Length of the file header and of each record's header. */
const [fileHeader, recordHeader] = [24, 16];

/** Magic numbers as read in big-endian order: what they say of byte order and of the fraction's unit. */
const magics: { readonly [magic: number]: { readonly little: boolean; readonly unitsPerMilli: number } } = {
  0xa1b2c3d4: { little: false, unitsPerMilli: 1e3 },
  0xd4c3b2a1: { little: true, unitsPerMilli: 1e3 },
  0xa1b23c4d: { little: false, unitsPerMilli: 1e6 },
  0x4d3cb2a1: { little: true, unitsPerMilli: 1e6 },
};

export const isPcap = (magic: number): boolean => magics[magic] !== undefined;

/** The classic capture file, draft-ietf-opsawg-pcap: both byte orders, microseconds and nanoseconds. */
export class PcapFormat implements CaptureFormat {
  #take: TakePacket;
  #little = false;
  #unitsPerMilli = 0;

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
  }

  #records(bytes: Uint8Array, from: number, base: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = this.#little;
    const end = bytes.length;
    let at = from;
    while (at + recordHeader <= end) {
      const captured = view.getUint32(at + 8, little);
      if (captured > maxPacket) throw captureError(`packet of ${captured} bytes`, base + at);
      const next = at + recordHeader + captured;
      if (next > end) break;
      const millis = view.getUint32(at, little) * 1000 + Math.floor(view.getUint32(at + 4, little) / this.#unitsPerMilli);
      this.#take(millis, bytes, at + recordHeader, next, view.getUint32(at + 12, little));
      at = next;
    }
    return at;
  }
}
