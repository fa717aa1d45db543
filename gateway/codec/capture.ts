import type { Millis, PortName } from '../model/address.ts';
import type { Frame } from '../model/frame.ts';
import { type CaptureFormat, captureError } from './capture-format.ts';
import { hasNoAddresses, withStandIns } from './link-ip.ts';
import { isPcap, PcapFormat } from './pcap.ts';
import { PcapngFormat, sectionHeader } from './pcapng.ts';

/** How much of a chunk is put behind a record that began in the chunk before it; as much again until the record is whole. Bytes. */
const joinStep = 4096;
/** How files begin that people take for captures: RFC 1952, RFC 8878, the formats of xz, zip, snoop and Network Monitor. */
const hints: Readonly<Record<number, string>> = {
  0x1f8b: ' but gzip, unpack it first',
  0x28b52ffd: ' but zstd, unpack it first',
  0xfd377a58: ' but xz, unpack it first',
  0x504b0304: ' but zip, unpack it first',
  0x736e6f6f: ' but snoop, convert it first (editcap -F pcapng)',
  0x474d4255: ' but Network Monitor, convert it first (editcap -F pcapng)',
};

/**
 * A frame of a capture file. The reader hands over one and the same object again and again, and `bytes` is made only when asked for: a
 * view for each of millions of packets costs as much as reading them.
 */
export class CaptureFrame implements Frame {
  number = 0;
  at: Millis = 0;
  wireLength = 0;
  /** Where the frame stands: in `chunk`, from `from` to before `to`. */
  chunk: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  readonly port: PortName;

  constructor(port: PortName) {
    this.port = port;
  }

  get bytes(): Uint8Array {
    return this.chunk.subarray(this.from, this.to);
  }

  set(chunk: Uint8Array, from: number, to: number): void {
    if (this.chunk !== chunk) this.chunk = chunk;
    this.from = from;
    this.to = to;
  }
}

/**
 * Reads a capture file of either format, in chunks of any size. Each frame is handed over as soon as it is whole; it and its
 * `bytes` are valid only during the call. Best fed with some 4 MiB at a time. Keeps at most one record between chunks.
 */
export class CaptureReader {
  readonly #take: (frame: CaptureFrame) => void;
  readonly #frame: CaptureFrame;
  #format: CaptureFormat | undefined;
  /** The beginning of a record whose end has not come; at most one block (pcapng.ts, capture-format.ts: the longest packet). */
  #held = new Uint8Array(0);
  /** Place in the file of the first held byte, else of the next one to be pushed. */
  #base = 0;
  /** So far there was no hardware address. */
  #isWiped = false;
  /** Bytes still to be passed over unread. */
  #skip = 0;

  constructor(take: (frame: CaptureFrame) => void, port: PortName = 'file') {
    this.#take = take;
    this.#frame = new CaptureFrame(port);
  }

  /** Frames handed over so far. */
  get frames(): number {
    return this.#frame.number;
  }

  /** Throws DecodeError when the file breaks its format; the frames before that place have been handed over. */
  push(chunk: Uint8Array): void {
    // A plain view: Buffer's own subarray is several times slower.
    const bytes = this.#completeHeld(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (bytes.length === 0) return;
    const from = Math.min(this.#skip, bytes.length);
    this.#skip -= from;
    const next = this.#consume(bytes, from);
    this.#used(next, bytes.length);
    this.#held = bytes.slice(Math.min(next, bytes.length));
  }

  /** To be called once at the end. Throws DecodeError when the file stops inside a record. */
  finish(): void {
    const end = this.#base + this.#held.length;
    if (end === 0) throw captureError('the file is empty', 0);
    if (this.#format === undefined) throw captureError('neither pcap nor pcapng', 0);
    if (this.#held.length > 0 || this.#skip > 0) throw captureError('the file ends inside a record', end);
    if (this.frames === 0 && end < 24) throw captureError('the file ends inside its header', end);
  }

  #consume(bytes: Uint8Array, from: number): number {
    this.#format ??= this.#detect(bytes, from);
    return this.#format?.consume(bytes, from, this.#base) ?? from;
  }

  /** Puts as much of the chunk behind the held bytes as makes their record whole; returns the rest of the chunk. */
  #completeHeld(chunk: Uint8Array): Uint8Array {
    let rest = chunk;
    while (this.#held.length > 0 && rest.length > 0) {
      const held = this.#held.length;
      const part = Math.min(Math.max(joinStep, held), rest.length);
      const joined = new Uint8Array(held + part);
      joined.set(this.#held);
      joined.set(rest.subarray(0, part), held);
      const next = this.#consume(joined, 0);
      const isWhole = next >= held;
      this.#used(next, isWhole ? held + rest.length : next);
      this.#held = isWhole ? new Uint8Array(0) : joined.slice(next);
      rest = rest.subarray(isWhole ? Math.min(next - held, rest.length) : part);
    }
    return rest;
  }

  /** `next` bytes are done with, of which `there` have been pushed. */
  #used(next: number, there: number): void {
    this.#base += Math.min(next, there);
    this.#skip += Math.max(0, next - there);
  }

  /** A capture whose hardware addresses were wiped out begins with such a frame, and has no other: its hosts are their IP addresses. */
  #standIn(chunk: Uint8Array, start: number, to: number): Uint8Array | undefined {
    if (!hasNoAddresses(chunk, start)) {
      this.#isWiped = false;
      return undefined;
    }
    const own = withStandIns(chunk, start, to, false);
    this.#isWiped ||= own === undefined && this.frames === 1;
    return own ?? (this.#isWiped ? withStandIns(chunk, start, to, true) : undefined);
  }

  #detect(bytes: Uint8Array, from: number): CaptureFormat | undefined {
    if (bytes.length - from < 4) return undefined;
    const magic = new DataView(bytes.buffer, bytes.byteOffset + from, 4).getUint32(0);
    const frame = this.#frame;
    const take = (at: Millis, chunk: Uint8Array, start: number, to: number, wireLength: number): void => {
      frame.number++;
      frame.at = at;
      frame.wireLength = wireLength;
      // The second byte of the sender is rarely zero: prefixes of vendors often begin with one zero.
      const mayBeZero = chunk[start + 7] === 0;
      if (this.#isWiped && !mayBeZero) this.#isWiped = false;
      const own = mayBeZero && to - start >= 14 ? this.#standIn(chunk, start, to) : undefined;
      if (own === undefined) frame.set(chunk, start, to);
      else frame.set(own, 0, own.length);
      this.#take(frame);
    };
    if (isPcap(magic)) return new PcapFormat(take);
    if (magic === sectionHeader) return new PcapngFormat(take);
    throw captureError(`neither pcap nor pcapng${hints[magic] ?? hints[magic >>> 16] ?? ''}`, 0);
  }
}
