/** Cap: bytes of a stream that are put in order. */
export const maxStart = 16_384;
/** Cap: pieces that wait behind a gap. */
const maxPieces = 8;

/** Room that most starts need, and how many pieces of it are kept to be used again: to make and collect one for each stream costs more than to read it. */
const [usualRoom, maxSpare] = [4096, 64];
const spare: Uint8Array<ArrayBuffer>[] = [];
const none = new Uint8Array(0);

type Piece = { readonly from: number; readonly to: number };

/**
 * The first bytes of one direction of a TCP stream, put in order. RFC 9293 §3.4. Where segments overlap, what came first stands: a later
 * forgery cannot change what was said. Room grows with what is there, to `maxStart` bytes.
 */
export class StreamStart {
  #bytes = none;
  #ready = 0;
  /** Bytes that may have been written. */
  #used = 0;
  /** Behind the first gap, in order, apart from each other. */
  #pieces: readonly Piece[] = [];

  /** Bytes that are there from the beginning without a gap. */
  get length(): number {
    return this.#ready;
  }

  /** The bytes from the beginning without a gap, as a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#ready);
  }

  /**
   * True when these bytes, at `offset`, are others than those that came first: one of the two is meant for somebody else than the receiver. A byte alone may
   * be anything: hosts send it to see whether the other is still there (RFC 9293 §3.8.4).
   */
  contradicts(offset: number, segment: Uint8Array): boolean {
    if (segment.length < 2) return false;
    const to = Math.min(offset + segment.length, this.#ready);
    for (let i = Math.max(offset, 0); i < to; i++) if (this.#bytes[i] !== segment[i - offset]) return true;
    return false;
  }

  /** Takes in the bytes that stand at `offset` of the stream; what is beyond the caps is dropped. True when `length` grew. */
  add(offset: number, segment: Uint8Array): boolean {
    const from = Math.max(offset, this.#ready);
    const to = Math.min(offset + segment.length, maxStart);
    if (from >= to) return false;
    if (from === this.#ready && this.#pieces.length === 0) return this.#append(segment, from - offset, to);
    const apart = this.#pieces.filter(p => p.to < from || p.from > to);
    if (from > this.#ready && apart.length >= maxPieces) return false;
    this.#makeRoom(to);
    this.#used = Math.max(this.#used, to);
    let [at, low, high] = [from, from, to];
    for (const p of this.#pieces) {
      if (p.to < from || p.from > to) continue;
      if (at < p.from) this.#bytes.set(segment.subarray(at - offset, p.from - offset), at);
      at = Math.max(at, p.to);
      [low, high] = [Math.min(low, p.from), Math.max(high, p.to)];
    }
    if (at < to) this.#bytes.set(segment.subarray(at - offset, to - offset), at);
    if (low > this.#ready) {
      this.#pieces = [...apart, { from: low, to: high }].toSorted((a, b) => a.from - b.from);
      return false;
    }
    this.#ready = high;
    this.#pieces = apart;
    return true;
  }

  /** What comes in order, as nearly all does: the segment from its byte `begin` on, up to the byte `to` of the stream. */
  #append(segment: Uint8Array, begin: number, to: number): true {
    this.#makeRoom(to);
    const isWhole = begin === 0 && to - this.#ready === segment.length;
    this.#bytes.set(isWhole ? segment : segment.subarray(begin, begin + to - this.#ready), this.#ready);
    this.#used = Math.max(this.#used, to);
    this.#ready = to;
    return true;
  }

  /** Gives its room away: of no more use afterwards. */
  release(): void {
    if (this.#bytes.length === usualRoom && spare.length < maxSpare) spare.push(this.#bytes);
    this.#bytes = none;
  }

  #makeRoom(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = size <= usualRoom ? (spare.pop() ?? new Uint8Array(usualRoom)) : new Uint8Array(maxStart);
    if (this.#used > 0) larger.set(this.#bytes.subarray(0, this.#used));
    this.release();
    this.#bytes = larger;
  }
}
