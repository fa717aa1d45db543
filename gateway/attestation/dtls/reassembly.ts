import { type DtlsFragment, type DtlsMessage } from '../../codec/dtls-handshake.ts';
import { alerts, DtlsFault } from './fault.ts';

/** A message that may still have holes. `has`: one byte each, 1 where it came. */
type Begun = { readonly type: number; readonly epoch: number; readonly body: Uint8Array; readonly has: Uint8Array; missing: number };
/** A handshake message with the epoch that all its fragments came in. */
export type WholeMessage = DtlsMessage & { readonly epoch: number };

/** Most messages begun at once: a server's flight has at most seven. */
const maxAhead = 12;
/** Most bytes of all begun messages together. */
const maxHeld = 98_304;

/** Puts handshake messages together from fragments in any order, and hands them on in theirs (RFC 6347 §4.2.2). */
export class Reassembly {
  #next = 0;
  /** By sequence number, at most `maxAhead` from the next on and `maxHeld` bytes; each goes when it is taken, all with the connection. */
  readonly #begun = new Map<number, Begun>();
  #held = 0;

  /** False for a fragment of a message that was taken before: the peer repeats itself. Throws DtlsFault where two do not fit together. */
  add({ type, sequence, length, offset, bytes }: DtlsFragment, epoch: number): boolean {
    if (sequence < this.#next) return false;
    const begun = this.#begun.get(sequence) ?? this.#begin(sequence, { type, epoch, length });
    if (begun === undefined) return true;
    if (begun.type !== type || begun.body.length !== length || begun.epoch !== epoch)
      throw new DtlsFault(alerts.illegalParameter, `Cannot join fragments: message ${sequence} is said to be two different ones`);
    for (const [i, byte] of bytes.entries()) {
      const at = offset + i;
      if (begun.has[at] === 1 && begun.body[at] !== byte)
        throw new DtlsFault(alerts.illegalParameter, `Cannot join fragments: message ${sequence} has two different bytes ${at}`);
      if (begun.has[at] === 0) begun.missing -= 1;
      begun.has[at] = 1;
      begun.body[at] = byte;
    }
    return true;
  }

  /** Undefined where there is no room: the peer will repeat it. */
  #begin(sequence: number, { type, epoch, length }: { type: number; epoch: number; length: number }): Begun | undefined {
    if (sequence >= this.#next + maxAhead || this.#held + length > maxHeld) return undefined;
    const begun = { type, epoch, body: new Uint8Array(length), has: new Uint8Array(length), missing: length };
    this.#begun.set(sequence, begun);
    this.#held += length;
    return begun;
  }

  /** The next message, if it is whole. */
  peek(): WholeMessage | undefined {
    const begun = this.#begun.get(this.#next);
    if (begun === undefined || begun.missing > 0) return undefined;
    return { type: begun.type, epoch: begun.epoch, sequence: this.#next, body: begun.body };
  }

  /** Takes that message away; what was begun before it counts as seen. */
  shift(): void {
    this.#held -= this.#begun.get(this.#next)?.body.length ?? 0;
    this.#begun.delete(this.#next);
    this.#next += 1;
  }
}
