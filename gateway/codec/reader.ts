import type { Ip, Mac } from '../model/address.ts';
import { ip4At, ip6At, macAt } from './address-at.ts';
import { maxText, textAt } from './text.ts';

/** Bytes break their format. Normal on a network: it is counted with its sender and costs no other decoder its frame (STYLE §5). */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** More bytes might mend it: of the start of a TCP stream the rest may still come. */
  readonly isShort: boolean;

  constructor(message: string, isShort = false) {
    // Anyone may send broken frames without end: taking down the stack would cost more than reading them.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.isShort = isShort;
  }
}

/**
 * Walks bytes from front to back. Every bounds check of every decoder is here: each method throws DecodeError when too few bytes are
 * left, and nothing reads past the end. Numbers are unsigned; without suffix big-endian (network order), `le` little-endian.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #from: number;
  readonly #end: number;
  #at: number;

  /** `what` names the message in errors: `Cannot read ARP: …`. */
  constructor(bytes: Uint8Array, what = 'message', from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.#from = from;
    this.#end = end;
    this.#at = from;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at - this.#from;
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    const i = this.#at;
    if (i >= this.#end) throw this.#short(1);
    this.#at = i + 1;
    return this.#bytes[i]!;
  }

  u16(): number {
    const i = this.#at;
    if (i + 2 > this.#end) throw this.#short(2);
    this.#at = i + 2;
    return (this.#bytes[i]! << 8) | this.#bytes[i + 1]!;
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  u16le(): number {
    const i = this.#advance(2);
    return this.#bytes[i]! | (this.#bytes[i + 1]! << 8);
  }

  u32le(): number {
    return this.u16le() + this.u16le() * 0x10000;
  }

  u64le(): bigint {
    return BigInt(this.u32le()) | (BigInt(this.u32le()) << 32n);
  }

  /** The next `count` bytes, as a view (not a copy). */
  take(count: number): Uint8Array {
    const i = this.#advance(count);
    return this.#bytes.subarray(i, i + count);
  }

  /** A reader of the next `count` bytes alone: cheaper than a view. */
  part(count: number, what: string): Reader {
    const i = this.#advance(count);
    return new Reader(this.#bytes, what, i, i + count);
  }

  /** The next `count` bytes as text that is safe to show, see `decodeText`. */
  text(count: number, max = maxText): string {
    const i = this.#advance(count);
    return textAt(this.#bytes, i, i + count, max);
  }

  /** The next 6 bytes as Ethernet address. */
  mac(): Mac {
    return macAt(this.#bytes, this.#advance(6));
  }

  /** The next 4 bytes as IPv4 address. */
  ip4(): Ip {
    return ip4At(this.#bytes, this.#advance(4));
  }

  /** The next 16 bytes as IPv6 address. */
  ip6(): Ip {
    return ip6At(this.#bytes, this.#advance(16));
  }

  skip(count: number): void {
    this.#advance(count);
  }

  /** Everything that is left, as a view. May be empty. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** Throws when bytes are left over: what nobody read, nobody checked. */
  end(): void {
    if (this.left > 0) throw this.fault(`${this.left} bytes left over`);
  }

  /** The error to throw for a value that the format forbids; says where. */
  fault(found: string, isShort = false): DecodeError {
    return new DecodeError(`Cannot read ${this.#what}: ${found} at byte ${this.at}`, isShort);
  }

  #short(count: number): DecodeError {
    return this.fault(`${count} bytes wanted, ${this.left} left`, true);
  }

  #advance(count: number): number {
    const i = this.#at;
    if (!(count >= 0 && count <= this.#end - i)) throw this.#short(count);
    this.#at = i + count;
    return i;
  }
}
