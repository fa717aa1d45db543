import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Limiter } from '../../gateway/api/limiter.ts';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { fixtureSite } from './fixture-site.ts';
import { openPage } from './open-page.ts';

describe('when to ask again', () => {
  it('is said with each 429 of the page: the seconds until an attempt is taken, and then it is', async () => {
    const open = await openPage();
    await open.signIn();
    const signIn = (password: string) => open.ask('POST', '/api/v1/session', { body: { user: 'keller', password } });
    for (let n = 0; n < 5; n += 1) {
      await signIn('not the password');
      open.clock.now += 7_000;
    }
    const refused = await signIn('a long enough one');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '25']);
    expect(refused.json).toMatchObject({ detail: 'Cannot sign in: too many attempts; wait 25 s' });
    open.clock.now += 24_999;
    expect((await signIn('a long enough one')).status).toBe(429);
    open.clock.now += 1;
    expect((await signIn('a long enough one')).status).toBe(200);
    await open.close();
  });

  it('is said with each 503, whoever throws it', async () => {
    const site = fixtureSite();
    const open = await openPage({ ...site, past: () => Promise.resolve({ kind: 'busy' }) });
    const cookie = await open.signIn();
    const busy = await open.ask('GET', '/api/v1/export.csv?as_of=2026-03-01', { cookie });
    expect([busy.status, busy.headers['retry-after']]).toEqual([503, '5']);
    open.site.refuseNext({ ok: false, status: 503, problem: 'Cannot commit the decision: the journal cannot be written' });
    const full = await open.ask('POST', '/api/v1/devices/d3/approve', { cookie, body: { hours: 1, reason: 'why not' } });
    expect([full.status, full.headers['retry-after']]).toEqual([503, '10']);
    expect((await open.ask('GET', '/api/v1/devices', { cookie })).headers['retry-after']).toBeUndefined();
    await open.close();
  });

  it('of a limit counts for one address and for all together, and is nothing while there is room', () => {
    const limiter = new Limiter(2, 3, 60_000);
    expect(limiter.wait('a', 0)).toBe(0);
    for (const [key, at] of [
      ['a', 0],
      ['a', 10_000],
      ['b', 20_000],
    ] as const)
      limiter.take(key, at);
    expect([limiter.wait('a', 20_000), limiter.wait('c', 20_000)]).toEqual([40_000, 40_000]);
    expect([limiter.take('a', 59_999), limiter.take('a', 60_000)]).toEqual([false, true]);
    expect(limiter.wait('a', 60_000)).toBe(10_000);
  });
});

describe('the command line and a busy gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), `slpra-${process.pid}-`));
  const socketPath = join(folder, 'control.sock');
  let server: Server;
  let answers: { readonly status: number; readonly after?: string }[] = [];
  let asked = 0;
  beforeEach(async () => {
    asked = 0;
    server = createServer((_request, response) => {
      asked += 1;
      const { status, after } = answers.shift() ?? { status: 200 };
      response.writeHead(status, after === undefined ? {} : { 'Retry-After': after });
      response.end(JSON.stringify(status === 200 ? { seq: 1, rows: [] } : { code: 'unavailable', detail: 'Cannot answer: it is busy' }));
    });
    await new Promise<void>(resolve => server.listen(socketPath, resolve));
  });
  afterEach(() => new Promise(resolve => server.close(resolve)));
  const call = async (...args: Parameters<typeof runClientVerb> extends [infer V, ...unknown[]] ? [V, ...string[]] : never) => {
    const [verb, ...rest] = args;
    const [waits, err]: [number[], string[]] = [[], []];
    const io = {
      socketPath,
      stdout: { write: () => true },
      stderr: { write: (text: string) => err.push(text) },
      pause: (ms: number) => Promise.resolve(waits.push(ms)),
    };
    return { code: await runClientVerb(verb, rest, io), waits, err: err.join('') };
  };

  it('waits as long as it was told and asks again, where that changes nothing', async () => {
    answers = [
      { status: 503, after: '3' },
      { status: 429, after: '2' },
    ];
    const { code, waits, err } = await call('devices');
    expect([code, waits, asked]).toEqual([4, [3_000, 2_000], 3]);
    expect(err).toBe(
      'The gateway is busy; asking it again in 3 s\nThe gateway is busy; asking it again in 2 s\nNo device has spoken yet\n',
    );
  });

  it('gives up after three, or when it would take long, and says when to try again', async () => {
    answers = Array.from({ length: 4 }, () => ({ status: 503, after: '1' }));
    expect(await call('devices')).toEqual({
      code: 1,
      waits: [1_000, 1_000, 1_000],
      err: expect.stringMatching(/it is busy \(try again in 1 s\)\n$/) as string,
    });
    answers = [{ status: 503, after: '600' }];
    expect(await call('devices')).toEqual({ code: 1, waits: [], err: 'Cannot answer: it is busy (try again in 600 s)\n' });
    answers = [{ status: 503, after: 'Wed, 21 Oct 2026 07:28:00 GMT' }];
    expect((await call('devices')).err).toBe('Cannot answer: it is busy\n');
  });

  it('repeats no decision', async () => {
    answers = [{ status: 503, after: '1' }];
    expect(await call('pause', '--for', '10m', '--reason', 'line change')).toMatchObject({ code: 1, waits: [] });
    expect(asked).toBe(1);
    rmSync(folder, { recursive: true, force: true });
  });
});
