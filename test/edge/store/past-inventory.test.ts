import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalStore } from '../../../gateway/edge/store/journal-store.ts';
import { seen } from './found-and-decided.ts';

let folder = '';
let store: JournalStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-past-${process.pid}-`));
  store = new JournalStore(folder, () => {}, 1024 * 1024);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an inventory of the past', () => {
  it('is folded from the journal on disk up to then, and names the event up to which its chain is whole', async () => {
    const { hash } = await store.append(1_000, seen(1), false);
    await store.append(2_000, seen(2), false);
    const then = await store.past.at(1_999);
    expect(then).toMatchObject({ kind: 'made', head: { seq: 2, hash } });
    expect(then.kind === 'made' && then.records).toMatchObject([
      { asset_id: 'd1', as_of: '1970-01-01T00:00:01.999Z', presence: '', last_seen: '1970-01-01T00:00:01.000Z' },
    ]);
    expect(await store.past.at(2_000)).toMatchObject({ head: { seq: 4 }, records: [{ asset_id: 'd1' }, { asset_id: 'd2' }] });
  });

  it('is empty before anything happened', async () => {
    await store.append(1_000, seen(1), false);
    expect(await store.past.at(999)).toMatchObject({ kind: 'made', records: [], head: { seq: 0 } });
  });

  it('is refused where somebody changed the journal', async () => {
    await store.append(1_000, seen(1), false);
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    db.exec("UPDATE event SET body = replace(body, 'dock', 'lab') WHERE seq = 1");
    db.close();
    expect(await store.past.at(1_000)).toEqual({
      kind: 'broken',
      detail: 'Cannot follow the journal: event 1 was changed after it was written',
    });
  });

  it('is made one at a time', async () => {
    await store.append(1_000, seen(1), false);
    const [first, second] = await Promise.all([store.past.at(1_000), store.past.at(1_000)]);
    expect([first.kind, second.kind]).toEqual(['made', 'busy']);
    expect((await store.past.at(1_000)).kind).toBe('made');
  });
});
