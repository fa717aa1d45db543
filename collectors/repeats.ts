import { fold } from './stream.ts';
import type { Packet } from './packet.ts';

/** Messages remembered, by place: a new one takes the place of an older one with the same hash. For how long, milliseconds of frame time. */
const [places, maxAgeMs] = [8192, 60_000];

/**
 * Which messages were decoded lately and tell the same (`Collector.sameAs`): most of what busy protocols say. All that is compared is exact
 * but the address of IPv6, so no message hides another. Fixed tables; a flood only makes more be decoded.
 */
export class Repeats {
  readonly #said = new Float64Array(places);
  readonly #at = new Float64Array(places).fill(-Infinity);
  readonly #sender = new Uint32Array(places);
  readonly #source = new Uint32Array(places);
  readonly #ttl = new Uint8Array(places);
  readonly #collector: string[] = Array.from({ length: places }, () => '');

  /** True when this sender said the same within a minute, from the same IP address and as many hops away. `said` 0 is never the same. */
  isRepeat(packet: Packet, sender: number, collector: string, said: number): boolean {
    if (said === 0) return false;
    const source = packet.ipVersion === 0 ? 0 : fold(packet, false);
    const low = said >>> 0;
    const i = (Math.imul(low ^ Math.imul(source ^ Math.imul(sender, 0x85ebca6b), 0xc2b2ae35), 0x9e3779b1) >>> 16) & (places - 1);
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
