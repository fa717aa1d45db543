/** Places of the table: a door that is met later may take the place of another, which is then unknown again. */
const places = 16_384;

/**
 * Doors that have let a sender in: whoever knocks there again in vain, because the host is off, looks for nobody. A poller goes on to ask for all its
 * controllers when the plant is shut down. One pair of a sender and a door in 128 kB; nothing is kept of those that never let anybody in.
 */
export class KnownDoors {
  readonly #doors = new Uint32Array(places);
  readonly #senders = new Uint32Array(places);

  /** `sender`: its hardware address as a number; `door`: host and port, folded. */
  add(sender: number, door: number): void {
    const i = placeOf(sender, door);
    this.#doors[i] = door;
    this.#senders[i] = sender >>> 0;
  }

  has(sender: number, door: number): boolean {
    const i = placeOf(sender, door);
    return this.#doors[i] === door && this.#senders[i] === sender >>> 0 && door !== 0;
  }
}

const placeOf = (sender: number, door: number): number =>
  (Math.imul(door ^ Math.imul(sender | 0, 0x85ebca6b), 0x9e3779b1) >>> 18) & (places - 1);
