import type { Millis } from '../gateway/model/address.ts';
import type { Packet } from './packet.ts';
import type { Room } from './rebuilt.ts';

/** The sender's hardware address as a number. */
export const senderOf = ({ sourceHigh, sourceLow }: Packet): number => sourceHigh * 2 ** 32 + sourceLow;

type Entry<T> = { readonly at: Millis; readonly sender: number; readonly what: T };

/**
 * What collectors keep of a sender until more of it comes, by keys of theirs. Within its room: a flood only makes it forget others. Each call takes the same time,
 * however much is kept: a frame may bring a hundred entries.
 */
export class Held<T> {
  readonly #room: Room;
  /** The oldest first. */
  readonly #held = new Map<string, Entry<T>>();
  /** Keys of each sender that has any, the oldest first. */
  readonly #keys = new Map<number, Set<string>>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** How many are kept, for tests. */
  get size(): number {
    return this.#held.size;
  }

  /** What is kept under this key, unless it is too old by the time of this packet. */
  find(key: string, { at }: Packet): T | undefined {
    const found = this.#held.get(key);
    return found === undefined || this.#isOver(found, at) ? undefined : found.what;
  }

  /** Keeps it as of this packet, in place of what stood under this key. Where a cap is reached the oldest gives way, of the sender itself where it is its own. */
  keep(key: string, packet: Packet, what: T): void {
    const { at } = packet;
    const sender = senderOf(packet);
    this.forget(key);
    for (const [old, entry] of this.#held) {
      if (!this.#isOver(entry, at)) break;
      this.forget(old);
    }
    const own = this.#keys.get(sender);
    if ((own?.size ?? 0) >= this.#room.perSender) this.#forgetFirst(own);
    else if (this.#held.size >= this.#room.inAll) this.#forgetFirst(this.#held);
    this.#held.set(key, { at, sender, what });
    this.#keys.set(sender, (this.#keys.get(sender) ?? new Set<string>()).add(key));
  }

  forget(key: string): void {
    const entry = this.#held.get(key);
    if (entry === undefined) return;
    this.#held.delete(key);
    const own = this.#keys.get(entry.sender);
    own?.delete(key);
    if (own?.size === 0) this.#keys.delete(entry.sender);
  }

  #forgetFirst(from: { keys(): Iterator<string> } | undefined): void {
    const first = from?.keys().next();
    if (first?.done === false) this.forget(first.value);
  }

  #isOver({ at }: Entry<T>, now: Millis): boolean {
    return Math.abs(now - at) > this.#room.ageMillis;
  }
}
