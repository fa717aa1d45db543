import { hexAt } from '../gateway/codec/address-at.ts';
import { Held } from './held.ts';
import type { Packet } from './packet.ts';
import type { Room } from './rebuilt.ts';

/** State that a collector keeps of what it saw: of each sensor by itself, made when it is first asked for, and gone with the sensor. */
export class PerSensor<T> {
  readonly #of = new WeakMap<object, T>();
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** That of the sensor which sees the packet. */
  of({ sensor }: Packet): T {
    let state = this.#of.get(sensor);
    if (state === undefined) {
      state = this.#make();
      this.#of.set(sensor, state);
    }
    return state;
  }
}

/** Caps: questions that are remembered, in all and of one sender, and how long, frame time. */
const usual: Room = { inAll: 128, perSender: 32, ageMillis: 10_000 };

/**
 * What was asked, for protocols whose answers do not say what they answer: by who asked whom, and by the number that the answer repeats. A question stays
 * until it is too old, for a bridge shows its answer on two ports. A flood only makes it forget others, whose answers then tell as little as without it.
 */
export class Questions<T> {
  readonly #asked: Held<T>;
  readonly #ageMillis: number;
  /** When the last one was asked. */
  #lastAt = -Infinity;

  constructor(room: Room = usual) {
    this.#asked = new Held(room);
    this.#ageMillis = room.ageMillis;
  }

  /** Questions that are remembered, for tests. */
  get size(): number {
    return this.#asked.size;
  }

  /** False when no question waits: then answers need no second look. */
  mayAnswer(packet: Packet): boolean {
    return Math.abs(packet.at - this.#lastAt) <= this.#ageMillis;
  }

  /** Remembers what this packet asks. `id`: what the answer repeats. */
  ask(packet: Packet, id: string, what: T): void {
    this.#asked.keep(keyOf(packet, id, false), packet, what);
    this.#lastAt = packet.at;
  }

  /** What this packet answers; undefined when nobody asked, or too long ago. */
  answered(packet: Packet, id: string): T | undefined {
    return this.mayAnswer(packet) ? this.#asked.find(keyOf(packet, id, true), packet) : undefined;
  }
}

/** Addresses and ports, those of who asked first. */
function keyOf({ bytes: b, l3, ipVersion, sourcePort, targetPort }: Packet, id: string, isAnswer: boolean): string {
  const [at, size] = ipVersion === 4 ? [l3 + 12, 4] : [l3 + 8, 16];
  const [source, target] = [hexAt(b, at, at + size), hexAt(b, at + size, at + 2 * size)];
  return isAnswer ? `${target} ${targetPort} ${source} ${sourcePort} ${id}` : `${source} ${sourcePort} ${target} ${targetPort} ${id}`;
}
