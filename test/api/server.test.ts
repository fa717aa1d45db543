import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:tls';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../gateway/model/machine.ts';
import { problemCodes } from '../../gateway/api/contract.ts';
import * as schemas from '../../gateway/api/schemas.ts';
import { fixtureSite } from './fixture-site.ts';
import { hostileName, markupName } from './fixture-words.ts';
import { openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

let open: OpenPage;
let cookie = '';
beforeAll(async () => {
  open = await openPage();
  cookie = await open.signIn();
});
afterAll(() => open.close());

const get = (path: string) => open.ask('GET', `/api/v1${path}`, { cookie });
const post = (path: string, body: unknown) => open.ask('POST', `/api/v1${path}`, { cookie, body });
const last = (): Command | undefined => open.site.commands.at(-1)?.command;

describe('reading', () => {
  it('gives every device as a row that the schema knows, with the hostile names unchanged', async () => {
    const answer = await get('/devices');
    expect(answer.status).toBe(200);
    const list = schemas.deviceList.parse(answer.json);
    expect(list.rows).toHaveLength(9);
    expect(list.rows.map(row => row.hostname)).toEqual(expect.arrayContaining([hostileName, markupName]));
    expect(list.rows.find(row => row.id === 'd6')).toMatchObject({
      badge: 'quarantined',
      enforcement: 'dropped',
      cloneOf: 'd1',
      reason: 'MAC_CLONED',
    });
  });

  it('answers an unchanged list with 304', async () => {
    const { etag = '' } = (await get('/devices')).headers;
    const again = await open.ask('GET', '/api/v1/devices', { cookie, headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it('tells of the tampered sensor what was expected and what was seen', async () => {
    const detail = schemas.deviceDetail.strict().parse((await get('/devices/d2')).json);
    expect(detail.why).toContain('tcp' in detail ? '' : 'signed list');
    const check = detail.checks.find(({ check: name }) => name === 'reference');
    expect(check).toMatchObject({ outcome: 'failed', code: 'DIGEST_UNKNOWN' });
    expect(check?.expected).toMatch(/^sha-256:91c4/);
    expect(check?.seen).toMatch(/^sha-256:d02f/);
    expect(detail.checks.at(-1)?.outcome).toBe('not-evaluated');
    expect(detail.excusable).toBe('DIGEST_UNKNOWN');
    expect(detail.timeline[0]?.text).toContain('DIGEST_UNKNOWN');
  });

  it('says of a body with several shapes what is wrong in the one that comes nearest, and of an address that it is the address', async () => {
    const post = await open.ask('POST', '/api/v1/devices/d3/approve', { cookie, body: { hours: 4, reason: 'no' } });
    expect(post.json).toMatchObject({ detail: expect.stringContaining('field reason') as string });
    expect((await get('/devices/%E0%A4%A')).json).toMatchObject({
      status: 400,
      detail: 'Cannot read the address: an escape in it is wrong',
    });
  });

  it('gives a detail of every device that the schema knows', async () => {
    for (const { device } of open.site.devices()) {
      const answer = await get(`/devices/${device.id}`);
      expect(schemas.deviceDetail.strict().parse(answer.json).row.id).toBe(device.id);
    }
  });

  it('gives health that the schema knows', async () => {
    expect(schemas.health.strict().parse((await get('/health')).json)).toEqual(open.site.health());
  });

  it('shows two rows that count as one device, each with the other and why', async () => {
    const list = schemas.deviceList.parse((await get('/devices')).json);
    expect(list.rows.find(row => row.id === 'd7')).toMatchObject({ group: 'd3', interfaces: 2, addressClass: 'made' });
    expect(list.rows.find(row => row.id === 'd1')).not.toHaveProperty('group');
    const detail = schemas.deviceDetail.strict().parse((await get('/devices/d7')).json);
    expect(detail.linked).toMatchObject([
      { row: { id: 'd3' }, links: [{ between: ['d7', 'd3'], score: 100, evidence: [{ sign: 'lldp-chassis', frames: [77, 43] }] }] },
    ]);
    for (const id of ['d3', 'd7']) {
      const { timeline } = schemas.deviceDetail.parse((await get(`/devices/${id}`)).json);
      expect(
        timeline.map(({ text }) => text),
        id,
      ).toContainEqual(expect.stringMatching(/^the machine counts d7 and d3 as one device: both say lldp-chassis/));
      expect(timeline.map(({ seq }) => seq)).toEqual(timeline.map(({ seq }) => seq).toSorted((a, b) => b - a));
    }
    expect(detail.linked[0]?.links[0]?.evidence[0]?.text).toMatch(/^both say lldp-chassis .* \(frames 77 and 43\)$/s);
  });

  it('says what is not seen, as the schema knows it', async () => {
    const coverage = schemas.coverage.strict().parse((await get('/coverage')).json);
    expect(coverage).toEqual(open.site.coverage());
    expect(coverage.gaps.map(({ kind }) => kind)).toEqual(['uplink', 'shared-port']);
  });

  it('exports CSV and JSON Lines as attachments', async () => {
    const csv = await get('/export.csv');
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.headers['content-disposition']).toMatch(/^attachment; filename="?sallyport-\d{8}T\d{6}\.csv"?$/);
    expect(csv.text.split('\r\n')).toHaveLength(11);
    const lines = await get('/export.jsonl');
    expect(lines.headers['content-type']).toMatch(/^application\/x-ndjson/);
    expect(lines.text.trimEnd().split('\n')).toHaveLength(9);
  });

  it('survives who goes away in the middle of an export', async () => {
    const [view] = open.site.devices();
    const many = Array.from({ length: 5_000 }, (_, n) =>
      view === undefined ? [] : [{ ...view, device: { ...view.device, id: `d${n}` } }],
    ).flat();
    const large = await openPage(fixtureSite(many));
    const own = await large.signIn();
    const { port } = new URL(large.page.url);
    for (let n = 0; n < 3; n += 1) {
      const tls = connect({ host: '127.0.0.1', port: Number(port), ca: large.certificate });
      tls.write(`GET /api/v1/export.csv HTTP/1.1\r\nHost: x\r\nCookie: ${own}\r\n\r\n`);
      await once(tls, 'data');
      tls.destroy();
    }
    const whole = await large.ask('GET', '/api/v1/export.csv', { cookie: own });
    expect(whole.text.split('\r\n')).toHaveLength(5_002);
    expect(large.log).toEqual([]);
    await large.close();
  });

  it('describes itself as OpenAPI 3.1', async () => {
    const answer = await open.ask('GET', '/api/v1/openapi.json');
    expect(answer.json).toMatchObject({ openapi: '3.1.0', paths: { '/api/v1/devices/{id}/approve': { post: {} } } });
    expect(answer.text).toContain('DIGEST_UNKNOWN');
    expect(answer.json).toMatchObject({
      paths: {
        '/api/v1/trust': { get: { 'x-role': 'viewer' }, post: { 'x-role': 'admin' } },
        '/api/v1/session': { get: { security: [] } },
      },
    });
  });
});

describe('deciding', () => {
  it('cuts a device, or one interface of it alone', async () => {
    await post('/devices/d3/quarantine', { reason: 'look at it' });
    expect(last()).toEqual({ kind: 'quarantine', device: 'd3' });
    await post('/devices/d3/quarantine', { reason: 'look at it', alone: true });
    expect(last()).toEqual({ kind: 'quarantine', device: 'd3', alone: true });
    expect((await post('/devices/d3/quarantine', { reason: 'look at it', alone: false })).status).toBe(400);
    await post('/devices/d3/release', { reason: 'looked at it' });
  });

  it('links, unlinks, sets and unlocks', async () => {
    await post('/devices/d1/link', { other: 'd2', reason: 'one box' });
    expect(last()).toEqual({ kind: 'link', device: 'd1', other: 'd2' });
    await post('/devices/d1/unlink', { reason: 'two boxes' });
    expect(last()).toEqual({ kind: 'unlink', device: 'd1' });
    await post('/devices/d1/set-field', { field: 'location', value: ' dock 7 ', reason: 'seen there' });
    expect(last()).toEqual({ kind: 'set-field', device: 'd1', field: 'location', value: 'dock 7' });
    await post('/devices/d1/set-field', { field: 'location', unlock: true, reason: 'moved' });
    expect(last()).toEqual({ kind: 'set-field', device: 'd1', field: 'location' });
    const before = open.site.commands.length;
    for (const [path, body] of [
      ['link', { other: 'd99', reason: 'no such' }],
      ['link', { reason: 'with whom' }],
      ['set-field', { field: 'serial', value: 'x', reason: 'not settable' }],
      ['set-field', { field: 'kind', value: ' ', reason: 'empty' }],
      ['set-field', { field: 'kind', value: 'plc', unlock: true, reason: 'both' }],
      ['set-field', { field: 'kind', value: 'x'.repeat(129), reason: 'too long' }],
    ] as const)
      expect((await post(`/devices/d1/${path}`, body)).status, JSON.stringify(body)).toBe(body.reason === 'no such' ? 404 : 400);
    expect(open.site.commands).toHaveLength(before);
  });

  it('approves for hours, until an instant, and for good', async () => {
    expect((await post('/devices/d3/approve', { hours: 4, reason: 'dock 7 replacement' })).status).toBe(200);
    expect(open.site.commands.at(-1)).toEqual({
      by: 'keller',
      reason: 'dock 7 replacement',
      command: { kind: 'approve', device: 'd3', until: open.clock.now + 4 * 3_600_000 },
    });
    const until = open.clock.now + 60_000;
    await post('/devices/d3/approve', { until, reason: 'one minute' });
    expect(last()).toEqual({ kind: 'approve', device: 'd3', until });
    await post('/devices/d3/approve', { forGood: true, reason: 'it is ours' });
    expect(last()).toEqual({ kind: 'approve', device: 'd3' });
  });

  it('waives, quarantines, releases, challenges, pauses, resumes and sets zones', async () => {
    await post('/devices/d2/waive', { hours: 1, excuses: 'DIGEST_UNKNOWN', reason: 'vendor hotfix' });
    expect(last()).toMatchObject({ kind: 'waive', device: 'd2', excuses: 'DIGEST_UNKNOWN' });
    for (const kind of ['quarantine', 'release', 'challenge'] as const) {
      expect((await post(`/devices/d4/${kind}`, { reason: 'look at it' })).status).toBe(200);
      expect(last()).toEqual({ kind, device: 'd4' });
    }
    await post('/pause', { minutes: 30, reason: 'forklift stuck' });
    expect(last()).toEqual({ kind: 'pause', until: open.clock.now + 1_800_000 });
    await post('/resume', { reason: 'forklift free' });
    expect(last()).toEqual({ kind: 'resume' });
    await post('/zones/dock', { mode: 'observe', reason: 'line change' });
    expect(last()).toEqual({ kind: 'zone-mode', zone: 'dock', mode: 'observe' });
  });

  it.each([
    ['no reason', '/devices/d3/approve', { hours: 1 }],
    ['a reason of two characters', '/devices/d3/approve', { hours: 1, reason: ' ab ' }],
    ['a reason of 501 characters', '/devices/d3/quarantine', { reason: 'x'.repeat(501) }],
    ['no span', '/devices/d3/approve', { reason: 'why not' }],
    ['two spans', '/devices/d3/approve', { hours: 1, forGood: true, reason: 'why not' }],
    ['an end in the past', '/devices/d3/approve', { until: 1, reason: 'why not' }],
    ['negative hours', '/devices/d3/approve', { hours: -1, reason: 'why not' }],
    ['a waiver for good', '/devices/d3/waive', { forGood: true, excuses: 'DIGEST_UNKNOWN', reason: 'why not' }],
    ['a waiver of 31 days', '/devices/d3/waive', { hours: 744, excuses: 'DIGEST_UNKNOWN', reason: 'why not' }],
    ['an unknown reason code', '/devices/d3/waive', { hours: 1, excuses: 'ANYTHING', reason: 'why not' }],
    ['an unknown field', '/devices/d3/release', { reason: 'why not', by: 'somebody else' }],
    ['an endless pause', '/pause', { minutes: 100_000, reason: 'why not' }],
    ['a list', '/pause', [1]],
    ['broken JSON', '/pause', '{"minutes":'],
  ])('refuses %s with a problem and does nothing', async (_, path, body) => {
    const before = open.site.commands.length;
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(schemas.problem.strict().parse(answer.json)).toMatchObject({ status: 400, code: 'bad-request' });
    expect(open.site.commands).toHaveLength(before);
  });

  it.each([
    [404, 'not-found'],
    [409, 'conflict'],
    [503, 'unavailable'],
  ] as const)('hands on a refusal of the machine with status %i', async (status, code) => {
    open.site.refuseNext({ ok: false, status, problem: 'Cannot approve d3: it is a clone' });
    const answer = await post('/devices/d3/approve', { hours: 1, reason: 'why not' });
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: problemCodes[code].title,
      status,
      detail: 'Cannot approve d3: it is a clone',
      code,
    });
  });

  it('knows no device by an id that it does not have', async () => {
    for (const id of ['d99', '__proto__', 'constructor', '%00', '..%2f..%2fetc']) {
      expect((await get(`/devices/${id}`)).status).toBe(404);
      expect((await post(`/devices/${id}/quarantine`, { reason: 'look at it' })).status).toBe(404);
    }
    expect((await get('/devices/%zz')).status).toBe(400);
  });
});

describe('hostile requests', () => {
  it('get nothing without a session', async () => {
    for (const path of ['/devices', '/devices/d1', '/health', '/coverage', '/export.csv', '/export.jsonl', '/nothing'])
      expect((await open.ask('GET', `/api/v1${path}`)).status).toBe(401);
    expect((await open.ask('POST', '/api/v1/pause', { body: { minutes: 5, reason: 'why not' } })).status).toBe(401);
  });

  it.each([
    ['without the own header', { 'x-sallyport': undefined }],
    ['from another site', { origin: 'https://evil.example' }],
    ['from a page without an origin', { origin: 'null' }],
    ['from the same host over plain HTTP', { origin: 'http://127.0.0.1' }],
    ['that the browser marks as cross-site', { 'sec-fetch-site': 'cross-site' }],
  ])('change nothing %s', async (_, headers) => {
    const before = open.site.commands.length;
    const wanted: Record<string, string> = { 'x-sallyport': '1' };
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) wanted[name] = '';
      else wanted[name] = value;
    }
    const bare = headers['x-sallyport' as keyof typeof headers] === undefined && 'x-sallyport' in headers;
    const answer = bare
      ? await rawPost(cookie)
      : (await open.ask('POST', '/api/v1/pause', { cookie, body: { minutes: 5, reason: 'why not' }, headers: wanted })).status;
    expect(answer).toBe(403);
    expect(open.site.commands).toHaveLength(before);
  });

  it('are refused when they are larger than 64 kB', async () => {
    const answer = await post('/pause', { minutes: 5, reason: 'x'.repeat(70_000) });
    expect(answer.json).toMatchObject({ status: 413, code: 'too-large' });
  });

  it('are refused when their headers are larger than 16 kB', async () => {
    const answer = await open.ask('GET', '/api/v1/health', { cookie, headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  it('find no file outside the built page', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/..%2f..%2f..%2fpackage.json',
      '/index.html.bak',
      '/.git/config',
    ])
      expect((await open.ask('GET', path)).status).toBeGreaterThanOrEqual(400);
  });

  it('are answered with headers that close the page to others', async () => {
    for (const path of ['/', '/api/v1/session', '/nothing']) {
      const { headers } = await open.ask('GET', path, { headers: { origin: 'https://evil.example' } });
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['strict-transport-security']).toBeUndefined();
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });

  it('never learn what broke inside', async () => {
    const site = fixtureSite();
    const broken = await openPage({
      ...site,
      health: () => {
        throw new Error('secret path /var/lib');
      },
    });
    const answer = await broken.ask('GET', '/api/v1/health', { cookie: await broken.signIn() });
    await broken.close();
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(broken.log.at(-1)).toContain('secret path');
  });
});

describe('the other doors', () => {
  it('serves the same page over TLS on the page socket', async () => {
    const raw = createConnection(open.pageSocket);
    const tls = connect({ socket: raw, ca: open.certificate, servername: 'localhost' });
    tls.write('GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    tls.on('data', (part: Buffer) => (text += part.toString('utf8')));
    await once(tls, 'end');
    expect(text).toContain('{"state":"signed-out"}');
  });

  it('takes whoever may open the control socket for the local administrator', async () => {
    expect(statSync(open.controlSocket).mode & 0o777).toBe(0o600);
    expect(statSync(open.pageSocket).mode & 0o777).toBe(0o600);
    const list = await open.ask('GET', '/api/v1/devices', { socket: open.controlSocket });
    expect(list.status).toBe(200);
    await open.ask('POST', '/api/v1/resume', { socket: open.controlSocket, body: { reason: 'all is well' } });
    expect(open.site.commands.at(-1)?.by).toBe('local:root');
    const headers = { 'x-sallyport-user': 'jroth' };
    await open.ask('POST', '/api/v1/resume', { socket: open.controlSocket, body: { reason: 'all is well' }, headers });
    expect(open.site.commands.at(-1)?.by).toBe('local:jroth');
  });

  it('does not believe the name of a local user on the page', async () => {
    await open.ask('POST', '/api/v1/resume', { cookie, body: { reason: 'all is well' }, headers: { 'x-sallyport-user': 'root' } });
    expect(open.site.commands.at(-1)?.by).toBe('keller');
  });
});

/** A POST without our own header, as a form of another site would send it. */
async function rawPost(withCookie: string): Promise<number> {
  const { port } = new URL(open.page.url);
  const tls = connect({ host: '127.0.0.1', port: Number(port), ca: open.certificate });
  const body = '{"minutes":5,"reason":"why not"}';
  tls.write(
    `POST /api/v1/pause HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${withCookie}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  let text = '';
  tls.on('data', (part: Buffer) => (text += part.toString('utf8')));
  await once(tls, 'end');
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}
