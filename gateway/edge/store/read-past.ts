import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PastInventory } from '../../export/past.ts';
import { exportRecord } from '../../export/record.ts';
import { Past } from '../../inventory/past.ts';
import { ChainError, emptyHead, follow } from '../../journal/chain.ts';
import { toEvent } from './event-row.ts';
import type { PastOptions } from './store-messages.ts';

/** Folds the journal of a data folder up to an instant. It only reads; a long journal takes seconds. Throws when it cannot be read. */
export function readPast({ folder, at }: PastOptions): PastInventory {
  const db = new DatabaseSync(join(folder, 'journal.sqlite'), { readOnly: true });
  try {
    return folded(db, at);
  } finally {
    db.close();
  }
}

function folded(db: DatabaseSync, at: number): PastInventory {
  const past = new Past(at);
  let head = emptyHead;
  const rows = db.prepare('SELECT * FROM event WHERE seq <= (SELECT max(seq) FROM event WHERE at <= ?) ORDER BY seq');
  try {
    for (const row of rows.iterate(at)) {
      const event = toEvent(row);
      head = follow(head, [event]);
      past.take(event);
    }
  } catch (error) {
    if (error instanceof ChainError) return { kind: 'broken', detail: error.message };
    throw error;
  }
  return { kind: 'made', records: past.views().map(view => ({ ...exportRecord(view, at), presence: '' })), head };
}
