import type { Millis } from '../../../model/address.ts';

/** Fetches that run at once, that wait, and that may begin in a while: whoever issues many certificates must not make us flood a responder. */
const maxRunning = 4;
const maxWaiting = 64;
const perSecond = 6;
const burst = 60;

/** Lets a few run at a time, in the order of asking. */
export class Turns {
  readonly #now: () => Millis;
  /** At most `maxWaiting`; each begins when one that runs has ended. */
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #left = burst;
  #at: Millis;

  constructor(now: () => Millis) {
    this.#now = now;
    this.#at = now();
  }

  /** Undefined iff too many run, wait, or began lately. */
  take(run: () => Promise<void>): Promise<void> | undefined {
    const now = this.#now();
    this.#left = Math.min(burst, this.#left + (Math.max(0, now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#left < 1 || this.#waiting.length >= maxWaiting) return undefined;
    this.#left -= 1;
    return this.#run(run);
  }

  async #run(run: () => Promise<void>): Promise<void> {
    if (this.#running >= maxRunning) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      await run();
    } finally {
      // The place of one that has ended goes to the next that waits.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
