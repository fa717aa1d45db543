import { createHash } from 'node:crypto';
import type { Hex, Millis } from '../model/address.ts';
import type { Event, EventBody } from '../model/event.ts';
import { canonicalJson } from './canonical.ts';

/** `prev` of the first Event of a journal. */
const genesis: Hex = '0'.repeat(64);

const hashOf = (prev: Hex, seq: number, at: Millis, body: EventBody): Hex =>
  createHash('sha256').update(prev).update(canonicalJson({ seq, at, body })).digest('hex');

/** Where a chain ends: the next Event links to this. */
export type Head = { readonly seq: number; readonly hash: Hex };
export const emptyHead: Head = { seq: 0, hash: genesis };

/** The Event that links `body` to `head`. */
export function link(head: Head, at: Millis, body: EventBody): Event {
  const seq = head.seq + 1;
  return { seq, at, prev: head.hash, hash: hashOf(head.hash, seq, at, body), body };
}

/** An Event does not link to the one before, or is not what was written. */
export class ChainError extends Error {}

/** Follows a chain from `head`; throws a ChainError that names the first Event that does not link. Returns the new head. */
export function follow(head: Head, events: Iterable<Event>): Head {
  let current = head;
  for (const event of events) {
    if (event.seq !== current.seq + 1) throw new ChainError(`Cannot follow the journal: event ${event.seq} follows ${current.seq}`);
    if (event.prev !== current.hash) throw new ChainError(`Cannot follow the journal: event ${event.seq} does not link to the one before`);
    if (event.hash !== hashOf(event.prev, event.seq, event.at, event.body))
      throw new ChainError(`Cannot follow the journal: event ${event.seq} was changed after it was written`);
    current = { seq: event.seq, hash: event.hash };
  }
  return current;
}

/** One line of `replay` and of the journal's text form, without line end. */
export const journalLine = (event: Event): string => canonicalJson(event);
