import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalStore } from '../../../gateway/edge/store/journal-store.ts';
import { notableQuery, timelineQueries } from '../../../gateway/edge/store/queries.ts';
import type { EventBody } from '../../../gateway/model/event.ts';
import { shows } from '../../../gateway/model/notable.ts';

let folder = '';
let store: JournalStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-journal-${process.pid}-`));
  store = new JournalStore(folder, () => {}, 1024 * 1024);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const alarm: EventBody = { kind: 'alarm', alarm: 'arp-scan', actor: '02:00:00:00:00:09', port: 'v1', detail: 'asks for 200 addresses' };
const asked: EventBody = { kind: 'challenged', device: 'd1', challenge: 'c', target: 't' };
const enforced: EventBody = { kind: 'enforced', device: 'd1', enforcement: 'held' };
const paused: EventBody = { kind: 'paused', by: 'keller', reason: 'drill', until: 9 };
const started: EventBody = { kind: 'started', version: '1', source: 'live' };
const field = (reason?: string): EventBody => ({
  kind: 'field-set',
  device: 'd1',
  field: 'kind',
  value: { value: 'drive', source: 'x', at: 1, frame: 0 },
  ...(reason === undefined ? {} : { reason }),
});
const kindsOf = (show: Parameters<JournalStore['notable']>[0], before = 1_000, limit = 10) =>
  store.notable(show, before, limit).events.map(({ body }) => body.kind);

describe('the journal of the site', () => {
  it('has alarms, people and the gateway itself, newest first, and nothing that devices say', async () => {
    await store.append(1, [started, asked, alarm, enforced, paused, field(), field('a label on it')], false);
    expect(kindsOf(undefined)).toEqual(['field-set', 'paused', 'alarm', 'started']);
    expect(shows.map(show => kindsOf(show))).toEqual([['alarm'], ['field-set', 'paused'], ['started']]);
  });

  it('is read page by page, and says whether more is there', async () => {
    await store.append(1, [alarm, alarm, paused, alarm], false);
    expect(store.notable('alarms', 1_000, 2)).toMatchObject({ events: [{ seq: 4 }, { seq: 2 }], older: true });
    expect(store.notable('alarms', 2, 2)).toMatchObject({ events: [{ seq: 1 }], older: false });
  });

  it('finds what people decided though the device was challenged a thousand times since', async () => {
    await store.append(1, [enforced, ...Array.from({ length: 1_000 }, () => asked)], false);
    const timeline = store.timeline('d1', 200).map(({ body }) => body.kind);
    expect(timeline[0]).toBe('enforced');
    expect(timeline.length).toBeLessThan(50);
  });

  it('is found by an index, also in a journal that an older version began', async () => {
    await store.append(1, [alarm], false);
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE name GLOB 'event_[nt]*'").all())
      db.exec(`DROP INDEX ${String(name)}`);
    db.exec("CREATE INDEX event_notable_0badcafe ON event (seq) WHERE kind = 'alarm'");
    await store.close();
    store = new JournalStore(folder, () => {}, 1024 * 1024);
    const planOf = (sql: string, ...values: (string | number)[]) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values));
    for (const show of [undefined, ...shows]) expect(planOf(notableQuery(show), 9, 9), show).toContain('event_notable');
    expect(planOf(timelineQueries.told, 'd1', 9)).toContain('event_told');
    expect(planOf(timelineQueries.repeating, 'd1', 9)).toContain('event_device');
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name GLOB 'event_notable*'").get()).toEqual({ n: 1 });
    db.close();
  });
});
