import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Journal } from '../../gateway/api/contract.ts';
import { callVerb } from './call-verb.ts';
import { markupName } from './fixture-words.ts';
import { type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
let cookie: string;
beforeAll(async () => {
  open = await openPage();
  cookie = await open.signIn();
  const alarm = { kind: 'alarm', alarm: 'port-scan', actor: '02:00:5e:10:00:03', port: 'p1', device: 'd3' } as const;
  open.site.happens({ kind: 'started', version: '1', source: 'live' });
  open.site.happens({ ...alarm, detail: `knocks at 40 ports of ${markupName}\u202e\u001b[2J`, count: 3, frames: [7] });
  for (let n = 0; n < 150; n++) open.site.happens({ kind: 'paused', by: 'keller', reason: `drill ${n}`, until: 1 });
});
afterAll(() => open.close());

const get = async (query = '') => open.ask('GET', `/api/v1/journal${query}`, { cookie });
const rows = async (query = '') => ((await get(query)).json as Journal).rows;
const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'journal', 'keller', args);

describe('the journal of the site', () => {
  it('comes newest first, a hundred at a time, and the rest by the number of the last', async () => {
    const first = (await get()).json as Journal;
    expect([first.rows.length, first.older, first.rows[0]?.text]).toEqual([
      100,
      true,
      'keller paused enforcement until 1970-01-01 00:00 UTC: drill 149',
    ]);
    const rest = (await get(`?before=${first.rows[99]?.seq}`)).json as Journal;
    expect([rest.rows.length, rest.older, rest.rows.at(-1)?.kind]).toEqual([52, false, 'started']);
  });

  it('shows alarms alone, with who raised them', async () => {
    expect(await rows('?show=alarms')).toMatchObject([{ group: 'alarms', kind: 'alarm', device: 'd3' }]);
    expect((await rows('?show=gateway')).map(({ kind }) => kind)).toEqual(['started']);
    expect(new Set((await rows('?show=people')).map(({ group }) => group))).toEqual(new Set(['people']));
  });

  it.each(['?show=secrets', '?show=alarms&show=people', '?before=0', '?before=-1', '?before=1e3', '?before=x'])(
    'refuses `%s`',
    async query => {
      expect(await get(query)).toMatchObject({ status: 400, json: { code: 'bad-request' } });
    },
  );

  it('is read by who is signed in only', async () => {
    expect((await open.ask('GET', '/api/v1/journal')).status).toBe(401);
  });
});

describe('sallyport journal', () => {
  it('prints the newest last, as many as asked for, across pages', async () => {
    const { code, out } = await sallyport();
    const lines = out.trimEnd().split('\n');
    expect([code, lines.length]).toEqual([0, 50]);
    expect(lines.at(-1)).toContain('drill 149');
    const all = (await sallyport('--limit', '152')).out.trimEnd().split('\n');
    expect([all.length, all[0]?.includes('started')]).toEqual([152, true]);
  });

  it('shows an alarm as text that moves no cursor, in JSON too', async () => {
    const { out } = await sallyport('alarms');
    expect(out).toContain('d3: alarm port-scan at p1: knocks at 40 ports of <img src=x onerror=alert(1)>');
    for (const text of [out, (await sallyport('alarms', '--json')).out]) expect(text).not.toMatch(/[\u001b\u202e]/);
  });

  it('knows nothing where nothing happened', async () => {
    open.site.happened.splice(0);
    expect(await sallyport('alarms')).toEqual({ code: 4, out: '', err: 'No alarm was raised yet\n' });
  });

  it.each([['nonsense'], ['alarms', 'people'], ['--limit', '0'], ['--limit', 'many'], ['--reason', 'because']])(
    'refuses `%s %s` with exit code 1',
    async (...args) => {
      expect(await sallyport(...args)).toMatchObject({ code: 1, out: '' });
    },
  );
});
