import type { Packet } from './packet.ts';
import { makeRoom, type Room } from './rebuilt.ts';

/** The sender's hardware address as a number. */
export const senderOf = ({ sourceHigh, sourceLow }: Packet): number => sourceHigh * 2 ** 32 + sourceLow;

/** What collectors keep of a sender until more of it comes, by keys of theirs. Within its room: a flood only makes it forget others. */
export class Held<T> {
  readonly #room: Room;
  /** The oldest first. */
  readonly #held = new Map<string, { readonly at: number; readonly sender: number; readonly what: T }>();

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
    return found === undefined || Math.abs(at - found.at) > this.#room.ageMillis ? undefined : found.what;
  }

  /** Keeps it as of this packet, in place of what stood under this key. */
  keep(key: string, packet: Packet, what: T): void {
    const one = { at: packet.at, sender: senderOf(packet), what };
    this.#held.delete(key);
    makeRoom(this.#held, one, this.#room, old => this.#held.delete(old));
    this.#held.set(key, one);
  }

  forget(key: string): void {
    this.#held.delete(key);
  }
}
