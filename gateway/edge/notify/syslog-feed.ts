import type { Millis } from '../../model/address.ts';
import type { Event } from '../../model/event.ts';
import type { SyslogLink } from './syslog-link.ts';

export type SyslogFeedParts = {
  /** Opens the way to the receiver; `closed` is called once when it ends. Rejects with why it cannot be. */
  readonly open: (closed: (why: string) => void) => Promise<SyslogLink>;
  /** Committed Events after one, in their order. */
  readonly events: (after: number, limit: number) => readonly Event[];
  readonly head: () => number;
  /** Undefined: this one is not for the receiver. */
  readonly message: (event: Event) => Buffer | undefined;
  readonly loss: (count: number, at: Millis) => Buffer;
  /** What is wrong, in a sentence; empty when all is well. */
  readonly say: (problem: string) => void;
  readonly now: () => Millis;
};

/** Events of one look at the journal. */
const piece = 200;
/** Further behind than this it skips, and says how many: a receiver that was away for weeks does not want them all. */
export const maxBehind = 50_000;
/** What was sent shortly before a connection broke may not have arrived: it is sent again, with the same numbers. Milliseconds, messages. */
const doubtMs = 5_000;
const maxDoubtful = 1_000;
const [firstWaitMs, longestWaitMs] = [1_000, 60_000];

/**
 * Follows the journal to one receiver: the journal is the queue, so nothing is kept in memory and a receiver that is away loses nothing until it is `maxBehind`
 * behind. Each Event arrives at least once, in order; over UDP nobody knows.
 */
export class SyslogFeed {
  readonly #parts: SyslogFeedParts;
  /** The last Event that was handed to the network or passed over. */
  #at: number;
  #link: SyslogLink | undefined;
  #isBusy = false;
  #waitMs = firstWaitMs;
  #nextTry = 0;
  #lost = 0;
  #stopped = false;
  /** The latest that were sent on this connection; capped by `maxDoubtful`, and they age after `doubtMs`. */
  #doubtful: { readonly seq: number; readonly at: Millis }[] = [];

  /** `after`: the Event up to which an earlier start came. */
  constructor(parts: SyslogFeedParts, after: number) {
    this.#parts = parts;
    this.#at = Math.min(after, parts.head());
  }

  /** Up to here a later start need not send. */
  get at(): number {
    return this.#doubtful[0] === undefined ? this.#at : Math.min(this.#at, this.#doubtful[0].seq - 1);
  }

  /** To be called each second. */
  async tick(): Promise<void> {
    if (this.#isBusy || this.#stopped) return;
    this.#isBusy = true;
    try {
      await this.#go();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#broke(error.message);
    } finally {
      this.#isBusy = false;
    }
  }

  /** What the kernel has is still sent. */
  stop(): void {
    this.#stopped = true;
    if (this.#link !== undefined) this.#doubtful = [];
    this.#link?.close();
  }

  async #go(): Promise<void> {
    const parts = this.#parts;
    const now = parts.now();
    this.#doubtful = this.#doubtful.filter(({ at }) => now - at < doubtMs);
    const behind = parts.head() - this.#at;
    if (behind > maxBehind) {
      this.#lost += behind - maxBehind;
      this.#at += behind - maxBehind;
    }
    if (this.#link === undefined) {
      if (now < this.#nextTry) return;
      const link = await this.#connect();
      if (this.#stopped) return link.close();
      this.#link = link;
    }
    await this.#follow(this.#link);
    if (this.#link === undefined) return;
    this.#waitMs = firstWaitMs;
    parts.say('');
  }

  /** A connection that ends late ends none that was opened since. Rejects when it cannot be opened, or ended at once. */
  async #connect(): Promise<SyslogLink> {
    let [link, end]: [SyslogLink?, string?] = [];
    link = await this.#parts.open(why => {
      end = why;
      if (link !== undefined && link === this.#link && !this.#stopped) this.#broke(why);
    });
    if (end === undefined) return link;
    link.close();
    throw new Error(end);
  }

  /** All that is there now, as long as this connection stands. */
  async #follow(link: SyslogLink): Promise<void> {
    const parts = this.#parts;
    if (this.#lost > 0) {
      await link.send(parts.loss(this.#lost, parts.now()));
      this.#lost = 0;
    }
    for (;;) {
      const events = parts.events(this.#at, piece);
      for (const event of events) {
        if (this.#link !== link || this.#stopped) return;
        const message = parts.message(event);
        if (message !== undefined) {
          await link.send(message);
          this.#doubtful.push({ seq: event.seq, at: parts.now() });
          if (this.#doubtful.length > maxDoubtful) this.#doubtful.shift();
        }
        this.#at = event.seq;
      }
      if (events.length < piece) return;
    }
  }

  #broke(why: string): void {
    if (this.#link === undefined && this.#parts.now() < this.#nextTry) return; // its end was told before
    this.#link?.close();
    this.#link = undefined;
    this.#at = this.at;
    this.#doubtful = [];
    this.#nextTry = this.#parts.now() + this.#waitMs;
    this.#waitMs = Math.min(longestWaitMs, 2 * this.#waitMs);
    const behind = this.#parts.head() - this.#at;
    this.#parts.say(`Cannot send events: ${why}; ${behind} wait${this.#lost > 0 ? `, ${this.#lost} were given up` : ''}`);
  }
}
