/** Cap: bytes of a stream that are put in order. */
export const maxStart = 16_384;
/** Cap: pieces that wait behind a gap. */
const maxPieces = 8;

type Piece = { readonly from: number; readonly to: number };

/**
 * The first bytes of one direction of a TCP stream, put in order. RFC 9293 §3.4. Where segments overlap, what came first stands: a later
 * forgery cannot change what was said. Room grows with what is there, to `maxStart` bytes.
 */
export class StreamStart {
  #bytes = new Uint8Array(0);
  #ready = 0;
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

  /** Takes in the bytes that stand at `offset` of the stream; what is beyond the caps is dropped. True when `length` grew. */
  add(offset: number, segment: Uint8Array): boolean {
    const [from, to] = [Math.max(offset, this.#ready), Math.min(offset + segment.length, maxStart)];
    if (from >= to) return false;
    const apart = this.#pieces.filter(p => p.to < from || p.from > to);
    if (from > this.#ready && apart.length >= maxPieces) return false;
    this.#makeRoom(to);
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

  #makeRoom(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(maxStart, 2 ** Math.ceil(Math.log2(size))));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
