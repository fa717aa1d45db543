import type { Event, EventBody } from '../../model/event.ts';

/** Our own bytes, written by this store and covered by the hash chain: the shape is trusted once `follow` passed. */
export const toEvent = (row: Record<string, unknown>): Event => ({
  seq: Number(row['seq']),
  at: Number(row['at']),
  prev: String(row['prev']),
  hash: String(row['hash']),
  body: JSON.parse(String(row['body'])) as EventBody,
});
