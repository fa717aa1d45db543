import { Dissector } from '../../collectors/dissector.ts';
import { Gateway } from '../gateway.ts';
import type { MachineSite } from '../model/machine.ts';
import { emptyHead, journalLine, link } from '../journal/chain.ts';
import type { Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { Frame } from '../model/frame.ts';
import type { Effect, Input } from '../model/machine.ts';
import type { Policy } from '../policy/policy.ts';
import { replaySettings } from './replay-settings.ts';

/** Ticks that one gap between frames may cause: a capture with a hole of years must not take years. */
const maxTicks = 60;

/** A capture through the machine: the capture's own clock, the same code as live. Lines of the journal go to `write`. */
export class Replay {
  readonly #dissector = new Dissector();
  readonly #gateway: Gateway;
  readonly #policy: Policy;
  readonly #files: readonly string[];
  readonly #version: string;
  readonly #write: (line: string) => void;
  #head = emptyHead;
  #now: Millis | undefined;

  constructor(options: {
    readonly policy: Policy;
    readonly files: readonly string[];
    readonly vendorOf: MachineSite['vendorOf'];
    readonly version: string;
    readonly write: (line: string) => void;
  }) {
    this.#policy = options.policy;
    this.#files = options.files;
    this.#version = options.version;
    this.#write = options.write;
    this.#gateway = new Gateway({ settings: replaySettings, vendorOf: options.vendorOf }, options.policy);
  }

  frame(frame: Frame): void {
    this.#clock(frame.at);
    this.#dissector.frame(frame);
    const { observations } = this.#dissector.drain();
    if (observations.length > 0) this.#input({ kind: 'observed', observations });
  }

  /** Ends the journal: what was malformed or beyond the caps. */
  finish(): void {
    if (this.#now !== undefined) this.#drainRest();
  }

  /** What is folded by the second: also live. */
  #drainRest(): void {
    const { malformed, overflow } = this.#dissector.drain(true);
    if (malformed.length > 0) this.#input({ kind: 'malformed', malformed });
    for (const { port, count, what } of overflow) this.#input({ kind: 'overflowed', port, count, what });
  }

  /** Time as the capture tells it; it never runs backwards. */
  #clock(at: Millis): void {
    if (this.#now === undefined) {
      this.#now = at;
      this.#input({ kind: 'noted', event: { kind: 'started', version: this.#version, source: 'capture' } });
      this.#effects(this.#gateway.usePolicy(this.#policy, this.#files, at));
    }
    const seconds = Math.floor(at / 1000) - Math.floor(this.#now / 1000);
    for (let i = Math.max(0, seconds - maxTicks); i < seconds; i += 1) {
      this.#now = (Math.floor(at / 1000) - seconds + i + 1) * 1000;
      this.#drainRest();
      this.#input({ kind: 'tick' });
    }
    this.#now = Math.max(this.#now, at);
  }

  #input(input: Input): void {
    this.#effects(this.#gateway.handle(input, this.#now ?? 0));
  }

  #effects(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === 'append') this.#journal(effect.events);
  }

  #journal(events: readonly EventBody[]): void {
    for (const body of events) {
      const event = link(this.#head, this.#now ?? 0, body);
      this.#head = { seq: event.seq, hash: event.hash };
      this.#write(journalLine(event));
    }
  }
}
