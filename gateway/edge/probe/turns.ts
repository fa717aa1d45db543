import type { Mac, ZoneName } from '../../model/address.ts';
import { ceilings } from '../../probing/ceilings.ts';

/** Devices and zones whose last message is remembered; each leaves after a second. The box sends 20 a second, so there are far fewer. */
const maxRemembered = 1024;
const second = 1000;

/**
 * The last guard before a message leaves, whatever the machine has ordered: evenly spaced turns per device, per zone and for the whole box.
 * Never more than the ceilings in any second, and no burst after a pause.
 */
export class Turns {
  /** When each may send again. Milliseconds of a steady clock. */
  readonly #next = new Map<string, number>();

  get size(): number {
    return this.#next.size;
  }

  /** 0: the turn is taken and the message may leave now; else how long to wait before asking again. Milliseconds. */
  take(zone: ZoneName, device: Mac | undefined, now: number): number {
    const keys = [
      ['box', second / ceilings.perBox],
      [`zone ${zone}`, second / ceilings.perSegment],
      ...(device === undefined ? [] : [[`device ${device}`, second / ceilings.perDevice] as const]),
    ] as const;
    const at = Math.max(...keys.map(([key]) => this.#next.get(key) ?? 0));
    if (at > now) return at - now;
    if (this.#next.size >= maxRemembered) for (const [key, next] of this.#next) if (next <= now) this.#next.delete(key);
    if (this.#next.size >= maxRemembered) return second;
    for (const [key, every] of keys) this.#next.set(key, now + every);
    return 0;
  }
}
