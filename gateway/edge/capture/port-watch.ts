import type { PortName } from '../../model/address.ts';
import type { Link } from './link.ts';

export type PortState = 'up' | 'down' | 'healed' | 'gone';
export type PortReport = { readonly port: PortName; readonly state: PortState; readonly detail: string };

/** What came of one look: a state to report, and why the sensor must start again, if it must (only a new start may open a handle). */
export type Look = { readonly report?: PortReport; readonly restart?: string };

/** A busy interface of which capture hears nothing for this many looks in a row, a second apart, is stalled. */
const stalledLooks = 3;
/** Frames per look that make an interface busy. */
const busy = 10;

/** Judges one port from what the kernel says of its interface. Does nothing itself. */
export class PortWatch {
  readonly port: PortName;
  readonly #opened: boolean;
  #index: number | undefined;
  #state: 'up' | 'no-carrier' | 'down' | 'gone' | 'unknown' = 'unknown';
  /** True while a cut of capture was reported and its end was not. */
  #broken: boolean;
  #stalled = 0;
  #received: number | undefined;
  #captured = 0;
  #last: PortReport | undefined;

  /** `opened`: the sensor has a handle. `broken`: the last epoch of the sensor reported the port as down or gone. */
  constructor(port: PortName, opened: boolean, broken: boolean) {
    this.port = port;
    this.#opened = opened;
    this.#broken = broken;
  }

  /** True while frames of the port may be missing. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The state as last reported; `healed` is news once and then `up`. */
  get last(): PortReport | undefined {
    return this.#last?.state === 'healed' ? { ...this.#last, state: 'up' } : this.#last;
  }

  /** Judges what changed since the last look. */
  look(link: Link): Look {
    if (link.kind === 'gone') return this.#turn('gone', 'there is no such interface');
    if (link.kind === 'down') return this.#turn('down', 'the interface is down');
    if (!this.#opened) return { restart: `${this.port} came up` };
    this.#index ??= link.index;
    if (link.index !== this.#index) return { ...this.#turn('gone', 'the interface was replaced'), restart: `${this.port} was replaced` };
    if (link.kind === 'no-carrier') return this.#turn('no-carrier', 'no carrier');
    return this.#turn('up', 'frames are heard');
  }

  /** The interface went down under the handle, maybe shorter than from one look to the next. */
  broke(): Look {
    return this.#state === 'gone' ? {} : this.#turn('down', 'the interface went down');
  }

  /** Called each second: `captured` is frames taken and dropped so far. */
  count(link: Link, captured: number): Look {
    if (link.kind !== 'up' || !this.#opened) return {};
    const passed = link.received - (this.#received ?? link.received);
    this.#stalled = passed >= busy && captured === this.#captured ? this.#stalled + 1 : 0;
    this.#received = link.received;
    this.#captured = captured;
    if (this.#stalled < stalledLooks) return {};
    const detail = `capture is stalled while the interface receives`;
    return { ...this.#turn('down', detail), restart: `${this.port}: ${detail}` };
  }

  #turn(state: 'up' | 'no-carrier' | 'down' | 'gone', detail: string): Look {
    if (state === this.#state) return {};
    this.#state = state;
    this.#last = { port: this.port, state: this.#toReport(state), detail };
    return { report: this.#last };
  }

  #toReport(state: 'up' | 'no-carrier' | 'down' | 'gone'): PortState {
    if (state === 'no-carrier') return 'down'; // the link is away, capture goes on
    const wasBroken = this.#broken;
    this.#broken = state !== 'up';
    return state === 'up' && wasBroken ? 'healed' : state;
  }
}
