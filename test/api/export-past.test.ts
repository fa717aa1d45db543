import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRecord } from '../../gateway/export/record.ts';
import { readCsv } from '../export/read-csv.ts';
import { callVerb } from './call-verb.ts';
import { fixtureViews } from './fixture-views.ts';
import { epoch, key } from './fixture-words.ts';
import { type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
let cookie: string;
const then = Date.UTC(2026, 2, 1, 18);
const records = fixtureViews()
  .slice(0, 2)
  .map(view => exportRecord(view, then));

beforeAll(async () => {
  open = await openPage();
  cookie = await open.signIn();
  open.clock.now = epoch + 30 * 86_400_000;
  open.site.pastIs({ kind: 'made', records, head: { seq: 4711, hash: key(7) } });
});
afterAll(() => open.close());

const get = (path: string) => open.ask('GET', `/api/v1${path}`, { cookie });
const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'export', 'keller', args);

describe('the inventory as it stood then', () => {
  it('comes as CSV and as JSON Lines, with the event up to which the journal was followed', async () => {
    const csv = await get('/export.csv?as_of=2026-03-01T18:00Z');
    expect(csv.headers).toMatchObject({ 'x-sallyport-journal-events': '4711', 'x-sallyport-journal-head': key(7) });
    expect(csv.headers['content-disposition']).toContain('sallyport-20260301T180000.csv');
    expect(readCsv(csv.text).map(row => row[2])).toEqual(['asset_id', 'd1', 'd2']);
    const lines = (await get('/export.jsonl?as_of=2026-03-01T18:00Z')).text.trimEnd().split('\n');
    expect(lines.map(line => (JSON.parse(line) as { as_of: string }).as_of)).toEqual(Array(2).fill('2026-03-01T18:00:00.000Z'));
  });

  it('takes a day for its end, and today for now', async () => {
    open.site.askedOf.splice(0);
    await get('/export.csv?as_of=2026-03-01');
    await get(`/export.csv?as_of=${new Date(open.clock.now).toISOString().slice(0, 10)}`);
    expect(open.site.askedOf).toEqual([Date.UTC(2026, 2, 2) - 1, open.clock.now]);
  });

  it.each(['', 'yesterday', '2026-13-01', '2026-03-01T18:00', '2027-01-01', '2026-03-01&as_of=2026-03-02'])(
    'refuses the instant “%s”',
    async instant => {
      expect(await get(`/export.csv?as_of=${instant}`)).toMatchObject({ status: 400, json: { code: 'bad-request' } });
    },
  );

  it('comes as CycloneDX, then and now, with who decided by what policy', async () => {
    const past = await get('/export.cyclonedx?as_of=2026-03-01T18:00Z');
    expect(past.headers).toMatchObject({
      'x-sallyport-journal-events': '4711',
      'content-type': 'application/vnd.cyclonedx+json; version=1.6',
    });
    expect(past.headers['content-disposition']).toContain('sallyport-20260301T180000.cdx.json');
    expect(past.json).toMatchObject({ specVersion: '1.6', metadata: { timestamp: '2026-03-01T18:00:00.000Z' }, components: [{}, {}] });
    const { out, code } = await sallyport('--format', 'cyclonedx');
    const now = JSON.parse(out) as { serialNumber: string; components: unknown[]; metadata: object };
    expect([code, now.components.length, now.metadata]).toMatchObject([
      0,
      9,
      { properties: [{ name: 'sallyport:policy', value: open.site.health().policy.hash }] },
    ]);
    expect((await sallyport('--format', 'cyclonedx')).out).not.toContain(now.serialNumber);
  });

  it('signs nothing of the past', async () => {
    expect((await get('/export.ear?as_of=2026-03-01')).json).toMatchObject({ code: 'bad-request' });
  });

  it('is had on the command line, which says on standard error what it was folded from', async () => {
    const { code, out, err } = await sallyport('--as-of', '2026-03-01');
    expect([code, readCsv(out).length]).toEqual([0, 3]);
    expect(err).toBe(`Folded from 4711 events of the journal, their chain whole, head ${key(7)}\n`);
    expect(await sallyport('--as-of', 'March')).toMatchObject({ code: 1, out: '' });
    expect((await sallyport()).err).toBe('');
  });

  it('is refused where the journal was changed, and while another one is made', async () => {
    open.site.pastIs({ kind: 'broken', detail: 'Cannot follow the journal: event 7 was changed after it was written' });
    const { code, out, err } = await sallyport('--as-of', '2026-03-01');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('event 7 was changed');
    open.site.pastIs({ kind: 'busy' });
    expect((await get('/export.csv?as_of=2026-03-01')).json).toMatchObject({ code: 'unavailable' });
  });
});
