import type { PortName } from '../gateway/model/address.ts';

/** What is counted of a port since the start. */
export type PortState = { readonly name: PortName; frames: number; identityFrames: number };

/** The ports of this machine by number, in the order in which they were heard first; no outsider can add one. */
export class SensorPorts {
  readonly #states: PortState[] = [];
  /** Number of the port of the frame that is looked at. */
  last = 0;

  get all(): readonly PortState[] {
    return this.#states;
  }

  state(port: number): PortState {
    const state = this.#states[port];
    if (state === undefined) throw new RangeError(`Cannot find port ${port}: ${this.#states.length} ports`);
    return state;
  }

  /** Number of a port, which is the last one from now on. */
  number(name: PortName): number {
    if (this.#states[this.last]?.name === name) return this.last;
    const known = this.#states.findIndex(port => port.name === name);
    this.last = known >= 0 ? known : this.#states.push({ name, frames: 0, identityFrames: 0 }) - 1;
    return this.last;
  }
}
