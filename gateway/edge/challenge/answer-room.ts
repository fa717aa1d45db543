/** Answers up to this long are taken from everybody at once; longer ones one after the other, `maxLong` at a time. Bytes. */
export const shortAnswer = 4 * 1024 * 1024;
/** Each may be some 36 MiB, and this process must fit into a small box. */
export const maxLong = 3;

/** The place of one challenge. */
export type Share = {
  /** Resolves when it may hold a long answer, at once when it does already, else in the order in which they asked; never after `end`. Never rejects. */
  readonly take: () => Promise<void>;
  /** True while it waits for others. */
  readonly isWaiting: () => boolean;
  /** To be called when it is judged: gives its place to the next. */
  readonly end: () => void;
};

/**
 * Room for long answers. Whoever takes its time with one keeps others' long ones waiting, until its own time is over; short ones never wait, and who has
 * waited in vain is not blamed for it.
 */
export class AnswerRoom {
  /** At most `maxLong`. */
  readonly #inside = new Set<object>();
  /** At most one for each challenge that runs; each goes when it is let in or its challenge ends. */
  readonly #waiting = new Map<object, () => void>();

  get long(): number {
    return this.#inside.size;
  }

  share(): Share {
    const me = {};
    return {
      take: () =>
        new Promise(resolve => {
          if (this.#inside.has(me)) return resolve();
          this.#waiting.set(me, resolve);
          return this.#serve();
        }),
      isWaiting: () => this.#waiting.has(me),
      end: () => {
        this.#waiting.delete(me);
        this.#inside.delete(me);
        this.#serve();
      },
    };
  }

  #serve(): void {
    for (const [next, enter] of this.#waiting) {
      if (this.#inside.size >= maxLong) return;
      this.#waiting.delete(next);
      this.#inside.add(next);
      enter();
    }
  }
}
