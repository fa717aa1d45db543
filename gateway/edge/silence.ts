import type { Millis } from '../model/address.ts';

/** A process is looked at so often. */
export const lookEveryMs: Millis = 100;

/**
 * How long a process that should beat has said nothing. Counted in looks, not by the clock: while a busy or suspended machine does not let us look, what the
 * process said meanwhile lies unread, so one look stands for the time of two at most.
 */
export class Silence {
  readonly #mostMs: Millis;
  #silentMs: Millis;
  #lookedAt: Millis;

  /** `mostMs`: more is a hang; five times as much before its first word. `now`: of any clock that never steps. */
  constructor(mostMs: Millis, now: Millis) {
    this.#mostMs = mostMs;
    this.#silentMs = -4 * mostMs;
    this.#lookedAt = now;
  }

  /** It said something. */
  heard(): void {
    this.#silentMs = 0;
  }

  /** True iff it hangs. `isRead`: what it says is read now; a process that is not read cannot be heard. */
  isTooLong(now: Millis, isRead: boolean): boolean {
    this.#silentMs += Math.min(now - this.#lookedAt, 2 * lookEveryMs);
    this.#lookedAt = now;
    if (!isRead) this.#silentMs = Math.min(this.#silentMs, 0);
    return this.#silentMs >= this.#mostMs;
  }
}
