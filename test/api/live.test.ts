import { once } from 'node:events';
import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { DeviceView } from '../../gateway/model/device.ts';
import type { DeviceList, LiveMessage } from '../../gateway/api/contract.ts';
import { deviceRow } from '../../gateway/api/rows.ts';
import * as schemas from '../../gateway/api/schemas.ts';
import { idleMillis } from '../../gateway/api/sessions.ts';
import { fixtureSite } from './fixture-site.ts';
import { fixtureViews } from './fixture-views.ts';
import { openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

let open: OpenPage;
let cookie = '';
const sockets: WebSocket[] = [];
async function start(views?: readonly DeviceView[]): Promise<void> {
  open = await openPage(fixtureSite(views));
  cookie = await open.signIn();
}
beforeEach(() => start());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await open.close();
});

const origin = () => new URL(open.page.url).origin;
function connect(headers: Record<string, string>, path = '/api/v1/live'): WebSocket {
  const socket = new WebSocket(new URL(path, open.page.url.replace('https', 'wss')), { ca: open.certificate, headers });
  socket.on('error', () => undefined); // a refusal is read from its status
  sockets.push(socket);
  return socket;
}
/** A signed-in client with all that it heard but for the heartbeats, which a busy machine has at any place. */
async function listen() {
  const socket = connect({ cookie, origin: origin() });
  const heard: LiveMessage[] = [];
  socket.on('message', data => {
    const message = JSON.parse((data as Buffer).toString('utf8')) as LiveMessage;
    if (message.resync === true || message.rows.length + message.gone.length > 0) heard.push(message);
  });
  await expect.poll(() => heard.length).toBe(1);
  return { socket, heard };
}
const refusal = async (socket: WebSocket): Promise<number | undefined> => {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode;
};

describe('the live stream', () => {
  it('opens for a signed-in person on this page and for nobody else', async () => {
    expect(await refusal(connect({ cookie }))).toBe(403);
    expect(await refusal(connect({ cookie, origin: 'https://evil.example' }))).toBe(403);
    expect(await refusal(connect({ cookie, origin: origin().replace('https', 'http') }))).toBe(403);
    expect(await refusal(connect({ origin: origin() }))).toBe(401);
    expect(await refusal(connect({ cookie: '__Host-sallyport=guess', origin: origin() }))).toBe(401);
    expect(await refusal(connect({ cookie, origin: origin() }, '/api/v1/other'))).toBe(404);
    await listen();
  });

  it('begins by asking for the list, whose number fits what follows', async () => {
    const { heard } = await listen();
    expect(heard[0]).toMatchObject({ seq: 0, rows: [], gone: [], resync: true });
    expect(schemas.health.strict().parse(heard[0]?.health)).toEqual(open.site.health());
    const list = (await open.ask('GET', '/api/v1/devices', { cookie })).json as DeviceList;
    expect(list.seq).toBe(0);
    await open.site.command('keller', 'why not', { kind: 'approve', device: 'd3' });
    await expect.poll(() => heard.length).toBe(2);
    const view = open.site.device('d3');
    expect(heard[1]).toMatchObject({ seq: 1, gone: [], rows: view === undefined ? [] : [deviceRow(view)] });
  });

  it('gathers a burst into few messages, each row once, and names what is gone', async () => {
    const { heard } = await listen();
    for (let n = 0; n < 50; n += 1) open.site.touch();
    open.site.forget('d4');
    await expect.poll(() => heard.length).toBe(2);
    expect(heard[1]?.rows.map(row => row.id)).toEqual(['d1', 'd2', 'd3', 'd5', 'd6', 'd7', 'd8', 'd9']);
    expect(heard[1]?.gone).toEqual(['d4']);
  });

  it('ends when the session ends, and keeps it only while somebody is there', async () => {
    const { socket, heard } = await listen();
    open.clock.now += idleMillis - 1;
    socket.send('here');
    socket.ping(); // answered after the word before it
    await once(socket, 'pong');
    open.clock.now += idleMillis - 1;
    open.site.touch();
    await expect.poll(() => heard.length).toBe(2);
    open.clock.now += 1;
    open.site.touch();
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4401);
  });

  it('survives clients that reset in the middle of the upgrade', async () => {
    const { port } = new URL(open.page.url);
    for (let n = 0; n < 50; n += 1) {
      const raw = createConnection(Number(port), '127.0.0.1');
      const tls = connectTls({ socket: raw, ca: open.certificate, host: '127.0.0.1' });
      tls.on('error', () => undefined);
      raw.on('error', () => undefined);
      await once(tls, 'secureConnect');
      tls.write('GET /api/v1/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      raw.resetAndDestroy();
    }
    expect((await open.ask('GET', '/api/v1/session')).status).toBe(200);
  });

  it('cuts a client that says more than a word', async () => {
    const { socket } = await listen();
    socket.send('x'.repeat(65));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('turns away the 65th client', async () => {
    for (let n = 0; n < 64; n += 1) await listen();
    const [code] = (await once(connect({ cookie, origin: origin() }), 'close')) as [number];
    expect(code).toBe(1013);
  });
});

describe('a slow client', () => {
  it('is skipped while it does not read, and then told to ask for the list again', async () => {
    await open.close();
    const [view] = fixtureViews();
    const many = Array.from({ length: 4_000 }, (_, n) =>
      view === undefined ? [] : [{ ...view, device: { ...view.device, id: `d${n}` } }],
    ).flat();
    await start(many);
    const { socket, heard } = await listen();
    const fast = await listen();
    socket.pause();
    for (let n = 1; n <= 12; n += 1) {
      open.site.touch();
      await expect.poll(() => fast.heard.at(-1)?.seq).toBe(n);
    }
    socket.resume();
    await expect
      .poll(() => {
        open.site.touch();
        return heard.slice(1).some(message => message.resync);
      })
      .toBe(true);
    const seqs = heard.filter(message => message.rows.length > 0).map(message => message.seq);
    expect(seqs.length).toBeLessThan(12);
    expect(fast.heard.slice(1).every(message => message.resync === undefined)).toBe(true);
  });
});
