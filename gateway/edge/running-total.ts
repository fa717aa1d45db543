/** A counter of another process, added up over its restarts: a number that is lower than the one before is that of a new process. */
export class RunningTotal {
  #last = 0;
  #total = 0;

  /** Takes the counter as it stands; returns the total. */
  take(counter: number): number {
    this.#total += counter < this.#last ? counter : counter - this.#last;
    this.#last = counter;
    return this.#total;
  }
}
