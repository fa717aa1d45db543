import type { Millis } from '../model/address.ts';
import { type CaptureFormat, captureError, linkError, maxMillis, maxPacket, type TakePacket } from './capture-format.ts';
import { linkLayer } from './link.ts';
import { Reader } from './reader.ts';

/** Block type of a section header: the same in both byte orders. */
export const sectionHeader = 0x0a0d0d0a;
const [interfaceDescription, obsoletePacket, simplePacket, enhancedPacket] = [1, 2, 3, 6];

/** Longest block that is looked into: a packet and its options, bytes. Longer blocks of kinds that we skip are skipped. */
const maxBlock = maxPacket + 65_536;
/** Cap: interfaces of one section. */
const maxInterfaces = 4096;

/** `unitsPerMilli` is set iff the clock ticks in a whole number of units a millisecond, at most 10^6: the fast way. */
type Interface = {
  readonly link: number;
  readonly isRead: boolean;
  readonly take: TakePacket;
  readonly snapLength: number;
  readonly unitsPerMilli?: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: number;
};

/** The block format, draft-ietf-opsawg-pcapng: several sections, interfaces and clocks. */
export class PcapngFormat implements CaptureFormat {
  readonly #take: TakePacket;
  #little = true;
  #interfaces: Interface[] = [];
  #last: Millis = 0;

  constructor(take: TakePacket) {
    this.#take = take;
  }

  consume(bytes: Uint8Array, from: number, base: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = from;
    while (at + 12 <= bytes.length) {
      const isSection = view.getUint32(at, true) === sectionHeader;
      if (isSection) this.#little = byteOrder(view, at, base);
      const [type, length] = [view.getUint32(at, this.#little), view.getUint32(at + 4, this.#little)];
      if (length < 12 || length % 4 !== 0) throw captureError(`block of ${length} bytes`, base + at);
      const isRead = isSection || (type >= interfaceDescription && type <= simplePacket) || type === enhancedPacket;
      if (isRead && length > maxBlock) throw captureError(`block of ${length} bytes`, base + at);
      if (isRead && at + length > bytes.length) break;
      if (isRead) this.#block(isSection ? sectionHeader : type, bytes, view, at, length, base);
      at += length;
    }
    return at;
  }

  #block(type: number, bytes: Uint8Array, view: DataView, at: number, length: number, base: number): void {
    const again = view.getUint32(at + length - 4, this.#little);
    if (again !== length) throw captureError(`block of ${length} bytes that ends as one of ${again}`, base + at);
    const least = { [sectionHeader]: 28, [interfaceDescription]: 20, [obsoletePacket]: 32, [simplePacket]: 16, [enhancedPacket]: 32 };
    if (length < (least[type] ?? 12)) throw captureError(`block of ${length} bytes of type ${type}`, base + at);
    if (type === sectionHeader) this.#interfaces = [];
    else if (type === interfaceDescription) this.#interface(bytes.subarray(at + 8, at + length - 4), base + at);
    else if (type === simplePacket) this.#simple(bytes, view, at, length, base);
    else this.#packet(type === obsoletePacket, bytes, view, at, length, base);
  }

  #interface(body: Uint8Array, byte: number): void {
    if (this.#interfaces.length >= maxInterfaces) throw captureError(`more than ${maxInterfaces} interfaces`, byte);
    const described = readInterface(new Reader(body, 'capture: interface'), this.#little);
    const take = linkLayer(described.link, this.#take);
    const nobody: TakePacket = (millis, bytes, _, to, wireLength) => this.#take(millis, bytes, to, to, wireLength);
    this.#interfaces.push({ ...described, isRead: take !== undefined, take: take ?? nobody });
  }

  /** Enhanced Packet Block §4.3; the obsolete Packet Block (appendix A) differs in the width of its first two fields only. */
  #packet(obsolete: boolean, bytes: Uint8Array, view: DataView, at: number, length: number, base: number): void {
    const id = obsolete ? view.getUint16(at + 8, this.#little) : view.getUint32(at + 8, this.#little);
    const port = this.#interfaceOf(id, base + at);
    const captured = view.getUint32(at + 20, this.#little);
    if (captured > maxPacket || captured > length - 32) throw captureError(`packet of ${captured} bytes`, base + at);
    const millis = toMillis(port, view.getUint32(at + 12, this.#little), view.getUint32(at + 16, this.#little));
    if (!(millis >= 0 && millis <= maxMillis)) throw captureError('time out of range', base + at);
    this.#last = millis;
    port.take(millis, bytes, at + 28, at + 28 + captured, view.getUint32(at + 24, this.#little));
  }

  /** Simple Packet Block §4.4: of the first interface and without a time; it gets the time of the packet before it. */
  #simple(bytes: Uint8Array, view: DataView, at: number, length: number, base: number): void {
    const { snapLength, take } = this.#interfaceOf(0, base + at);
    const wireLength = view.getUint32(at + 8, this.#little);
    const captured = Math.min(wireLength, snapLength === 0 ? wireLength : snapLength, length - 16);
    if (captured > maxPacket) throw captureError(`packet of ${captured} bytes`, base + at);
    take(this.#last, bytes, at + 12, at + 12 + captured, wireLength);
  }

  /** Packets of an interface that cannot be read are frames of nobody beside those of one that can; alone they are a capture that we cannot read. */
  #interfaceOf(id: number, byte: number): Interface {
    const port = this.#interfaces[id];
    if (port === undefined) throw captureError(`packet of interface ${id}, which is not described`, byte);
    if (!port.isRead && !this.#interfaces.some(other => other.isRead)) throw linkError(port.link, byte);
    return port;
  }
}

/** True for little-endian. Section Header Block §4.1. */
function byteOrder(view: DataView, at: number, base: number): boolean {
  const magic = view.getUint32(at + 8, true);
  if (magic !== 0x1a2b3c4d && magic !== 0x4d3c2b1a) throw captureError(`byte-order magic ${magic.toString(16)}`, base + at + 8);
  return magic === 0x1a2b3c4d;
}

/** Interface Description Block §4.2, with the options if_tsresol (9) and if_tsoffset (14). */
function readInterface(r: Reader, little: boolean): Omit<Interface, 'isRead' | 'take'> {
  const u16 = (): number => (little ? r.u16le() : r.u16());
  const [link, , snapLength] = [u16(), u16(), little ? r.u32le() : r.u32()];
  let [resolution, offset] = [6, 0n];
  while (r.left >= 4) {
    const [code, length] = [u16(), u16()];
    if (code === 0) break;
    const value = new Reader(r.take(length), 'capture: interface option');
    r.skip(Math.min(-length & 3, r.left));
    if (code === 9) resolution = value.u8();
    if (code === 14) offset = BigInt.asIntN(64, little ? value.u64le() : value.u64());
  }
  const exponent = resolution & 0x7f;
  const isPower2 = resolution > 0x7f;
  if (exponent > (isPower2 ? 63 : 19)) throw r.fault(`clock of ${isPower2 ? 2 : 10}^-${exponent} s`);
  const ticksPerSecond = isPower2 ? 1n << BigInt(exponent) : 10n ** BigInt(exponent);
  const fast = !isPower2 && exponent >= 3 && exponent <= 9;
  return { link, snapLength, ticksPerSecond, offsetSeconds: Number(offset), ...(fast ? { unitsPerMilli: 10 ** (exponent - 3) } : {}) };
}

/** Whole milliseconds of a 64-bit tick count, without losing low bits in a double. */
function toMillis(port: Interface, high: number, low: number): number {
  const offset = port.offsetSeconds * 1000;
  const units = port.unitsPerMilli;
  if (units === undefined) return Number((((BigInt(high) << 32n) | BigInt(low)) * 1000n) / port.ticksPerSecond) + offset;
  return high * Math.floor(2 ** 32 / units) + Math.floor((high * (2 ** 32 % units) + low) / units) + offset;
}
