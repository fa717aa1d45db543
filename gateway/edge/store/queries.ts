import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { byPersonIf, notableKinds, type Show, shows } from '../../model/notable.ts';

const oneOf = (kinds: readonly string[]): string => `kind IN (${kinds.map(kind => `'${kind}'`).join(', ')})`;
const byPerson = Object.entries(byPersonIf)
  .map(([kind, member]) => `(kind = '${kind}' AND json_extract(body, '$.${member}') IS NOT NULL)`)
  .join(' OR ');
/** What of the journal is shown of the whole site. */
const notable = `(${oneOf(shows.flatMap(show => notableKinds[show]))} OR ${byPerson})`;
/** What a device is asked and answers all the time, as before. */
const repeating = oneOf(['challenged', 'attested-again']);

/** A partial index is used only for the very words of its condition: it bears their hash, and goes when they change. */
const indexNamed = (name: string, on: string, where: string) => {
  const full = `${name}_${createHash('sha256').update(where).digest('hex').slice(0, 8)}`;
  return { name, full, make: `CREATE INDEX IF NOT EXISTS ${full} ON event (${on}) WHERE ${where}` };
};
const told = `device IS NOT NULL AND NOT ${repeating}`;
const indexes = {
  notable: indexNamed('event_notable', 'seq', notable),
  told: indexNamed('event_told', 'device, seq', told),
};

/** Makes the indexes that the queries below name; on a long journal of an older version that takes seconds, once. */
export function prepareIndexes(db: DatabaseSync): void {
  for (const { name, full, make } of Object.values(indexes)) {
    const there = db.prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND name GLOB ?").all(`${name}_*`);
    for (const { name: old } of there) if (old !== full) db.exec(`DROP INDEX "${String(old)}"`);
    db.exec(make);
  }
}

/** Newest first: at most so many Events (2) before an Event (1). */
export function notableQuery(show: Show | undefined): string {
  const wanted = show === undefined ? '' : ` AND (${oneOf(notableKinds[show])}${show === 'people' ? ` OR ${byPerson}` : ''})`;
  return `SELECT * FROM event INDEXED BY ${indexes.notable.full} WHERE ${notable}${wanted} AND seq < ? ORDER BY seq DESC LIMIT ?`;
}

/** Newest first: at most so many (2) Events about a device (1). */
export const timelineQueries = {
  told: `SELECT * FROM event INDEXED BY ${indexes.told.full} WHERE device = ? AND ${told} ORDER BY seq DESC LIMIT ?`,
  repeating: `SELECT * FROM event INDEXED BY event_device WHERE device = ? AND device IS NOT NULL AND ${repeating} ORDER BY seq DESC LIMIT ?`,
};
