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
  #at = 0;

  /** `what` names the message in errors: `Cannot read ARP: …`. */
  constructor(bytes: Uint8Array, what = 'message') {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const i = this.#advance(2);
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
    return new DecodeError(`Cannot read ${this.#what}: ${found} at byte ${this.#at}`, isShort);
  }

  #advance(count: number): number {
    if (!(count >= 0 && count <= this.left)) throw this.fault(`${count} bytes wanted, ${this.left} left`, true);
    const i = this.#at;
    this.#at += count;
    return i;
  }
}
