import type { Vlan } from '../model/address.ts';

/** Which VLANs are one segment: frames pass between them without a router, or a mirror port tags one direction only. At most 4096 entries. */
export class Segments {
  readonly #above = new Map<Vlan, Vlan>();

  join(a: Vlan, b: Vlan): void {
    const [x, y] = [this.#top(a), this.#top(b)];
    if (x !== y) this.#above.set(Math.max(x, y), Math.min(x, y));
  }

  isSame(a: Vlan, b: Vlan): boolean {
    return a === b || this.#top(a) === this.#top(b);
  }

  #top(vlan: Vlan): Vlan {
    let top = vlan;
    for (let next = this.#above.get(top); next !== undefined; next = this.#above.get(top)) top = next;
    return top;
  }
}
