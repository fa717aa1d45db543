import { fold } from './stream.ts';
import type { Packet } from './packet.ts';

/** Messages remembered, at most and for each sender that there is room for; by place: a new one takes the place of an older one with the same hash. */
const [maxPlaces, placesPerSender] = [8192, 8];
/** For how long, milliseconds of frame time. */
const maxAgeMs = 60_000;

/**
 * Which messages were decoded lately and tell the same (`Collector.sameAs`): most of what busy protocols say. All that is compared is exact
 * but the address of IPv6, so no message hides another. Fixed tables; a flood only makes more be decoded.
 */
export class Repeats {
  readonly #said: Float64Array;
  readonly #at: Float64Array;
  readonly #sender: Uint32Array;
  readonly #source: Uint32Array;
  readonly #ttl: Uint8Array;
  readonly #collector: string[];
  readonly #mask: number;

  /** `senders`: how many there is room for. */
  constructor(senders: number) {
    const places = 2 ** Math.ceil(Math.log2(Math.min(maxPlaces, placesPerSender * senders)));
    this.#said = new Float64Array(places);
    this.#at = new Float64Array(places).fill(-Infinity);
    this.#sender = new Uint32Array(places);
    this.#source = new Uint32Array(places);
    this.#ttl = new Uint8Array(places);
    this.#collector = Array.from({ length: places }, () => '');
    this.#mask = places - 1;
  }

  /** True when this sender said the same within a minute, from the same IP address and as many hops away. `said` 0 is never the same. */
  isRepeat(packet: Packet, sender: number, collector: string, said: number): boolean {
    if (said === 0) return false;
    const source = packet.ipVersion === 0 ? 0 : fold(packet, false);
    const low = said >>> 0;
    const i = (Math.imul(low ^ Math.imul(source ^ Math.imul(sender, 0x85ebca6b), 0xc2b2ae35), 0x9e3779b1) >>> 16) & this.#mask;
    const isSame =
      this.#said[i] === said &&
      this.#sender[i] === sender &&
      this.#source[i] === source &&
      this.#ttl[i] === packet.ttl &&
      this.#collector[i] === collector &&
      Math.abs(packet.at - (this.#at[i] ?? 0)) < maxAgeMs;
    if (isSame) return true;
    this.#said[i] = said;
    this.#at[i] = packet.at;
    this.#sender[i] = sender;
    this.#source[i] = source;
    this.#ttl[i] = packet.ttl;
    this.#collector[i] = collector;
    return false;
  }
}
