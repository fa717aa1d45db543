import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { AccountBook, type Accounts } from '../../gateway/api/accounts.ts';
import { heartbeatMillis } from '../../gateway/api/contract.ts';
import { routeOf } from '../../gateway/api/authorise.ts';
import { routes } from '../../gateway/api/routes.ts';
import { mayDo, type UserRole, userRoles } from '../../gateway/model/person.ts';
import { callVerb } from './call-verb.ts';
import { cookieOf, type OpenPage, openPage } from './open-page.ts';
import { undisturbed } from '../undisturbed.ts';

const password = 'a long enough one';
const why = ['--reason', 'second shift'];
let open: OpenPage;
let admin: string;
beforeEach(async () => {
  open = await openPage();
  admin = await open.signIn();
});
afterEach(() => open.close());

const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'user', 'root', args);
/** Somebody of this role, signed in. */
async function person(user: string, role: UserRole): Promise<string> {
  const { out } = await sallyport('add', user, '--role', role, ...why);
  const code = /: (\S+)$/m.exec(out)?.[1] ?? '';
  open.clock.now += 61_000; // attempts are counted by the minute
  return cookieOf(await open.ask('POST', '/api/v1/session/setup', { body: { code, user, password } }));
}
const tokenOf = async (name: string, ...args: readonly string[]): Promise<string> =>
  (await sallyport('token', name, ...args, ...why)).out.trim();
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const address = (path: string): string => `/api/v1${path.replaceAll(/\{\w+\}/g, 'd3')}`;

describe('roles', () => {
  it('every route of the table is answered, by its role: who has less is told so before anything is read', async () => {
    const cookies = { viewer: await person('vera', 'viewer'), operator: await person('otto', 'operator'), admin };
    for (const { method, path, role, local } of routes) {
      if (role === 'anybody' || local === true) continue;
      for (const mine of userRoles) {
        // A body that no route takes, so that nothing is done where it may be.
        const asked = { cookie: cookies[mine], ...(method === 'get' ? {} : { body: { nothing: 1 } }) };
        const { status, json } = await open.ask(method.toUpperCase(), address(path), asked);
        const what = `${mine}: ${method} ${path}`;
        if (mayDo(mine, role)) expect([401, 403].includes(status), `${what} gave ${status}`).toBe(false);
        else expect(json, what).toMatchObject({ status: 403, code: 'forbidden' });
      }
      expect((await open.ask(method.toUpperCase(), address(path), method === 'get' ? {} : { body: {} })).status, path).toBe(401);
    }
    expect(open.site.commands).toEqual([]);
  });

  it('a route that stands in no table is not there for anybody', async () => {
    expect(routeOf('POST', '/devices/d3/explode', 'control')).toBeUndefined();
    expect((await open.ask('GET', '/api/v1/devices/d3/', { cookie: admin })).status).toBe(404);
    expect((await open.ask('PUT', '/api/v1/devices', { cookie: admin, body: {} })).status).toBe(404);
    expect((await open.ask('GET', '/api/v1/Devices', { cookie: admin })).status).toBe(404);
  });

  it('each route that the table names is one that the gateway answers', async () => {
    for (const { method, path, role, local } of routes) {
      if (path.startsWith('/session')) continue;
      const asked = { socket: open.controlSocket, ...(method === 'get' ? {} : { body: {} }) };
      const { text } = await open.ask(method.toUpperCase(), address(path), asked);
      expect(text, `${role} ${String(local)} ${method} ${path}`).not.toContain('the API has no such route');
    }
  });

  it('a viewer sees and exports, an operator decides, and neither arms a zone; the refusal says what is needed', async () => {
    const [vera, otto] = [await person('vera', 'viewer'), await person('otto', 'operator')];
    const approve = (cookie: string) => open.ask('POST', '/api/v1/devices/d3/approve', { cookie, body: { hours: 1, reason: 'spare' } });
    expect((await open.ask('GET', '/api/v1/export.csv', { cookie: vera })).status).toBe(200);
    expect((await approve(vera)).json).toMatchObject({ detail: 'Cannot do this: it needs the role operator, and vera is viewer' });
    expect((await approve(otto)).status).toBe(200);
    expect(open.site.commands.at(-1)).toMatchObject({ by: 'otto', command: { kind: 'approve' } });
    const zone = await open.ask('POST', '/api/v1/zones/dock', { cookie: otto, body: { mode: 'observe', reason: 'line change' } });
    expect(zone.status).toBe(403);
  });

  it('follow a change at once: the session goes on as what he is now, and the live stream is cut', undisturbed, async () => {
    const otto = await person('otto', 'operator');
    const live = new WebSocket(`${open.page.url.replace('https', 'wss')}api/v1/live`, {
      headers: { cookie: otto, origin: open.page.url.slice(0, -1) },
      ca: open.certificate,
    });
    await once(live, 'message');
    const closed = once(live, 'close');
    const from = performance.now();
    expect((await sallyport('role', 'otto', 'viewer', ...why)).out).toBe('otto is viewer from now on\n');
    expect((await closed)[0]).toBe(4401);
    expect(performance.now() - from, 'not first at the next heartbeat').toBeLessThan(heartbeatMillis / 2);
    expect((await open.ask('GET', '/api/v1/session', { cookie: otto })).json).toEqual({ state: 'signed-in', user: 'otto', role: 'viewer' });
    expect((await open.ask('POST', '/api/v1/pause', { cookie: otto, body: { minutes: 5, reason: 'why not' } })).status).toBe(403);
    expect((await open.ask('POST', '/api/v1/users/otto/remove', { cookie: admin, body: { reason: 'left us' } })).status).toBe(200);
    expect((await open.ask('GET', '/api/v1/devices', { cookie: otto })).status).toBe(401);
    expect(open.site.happened.slice(1).map(({ body }) => body)).toEqual([
      { kind: 'user-role', user: 'otto', role: 'viewer', by: 'local:root', reason: 'second shift' },
      { kind: 'user-removed', user: 'otto', by: 'keller', reason: 'left us' },
    ]);
  });

  it('the last admin stays: neither removed nor made less, until there is another', async () => {
    for (const args of [
      ['remove', 'keller'],
      ['role', 'keller', 'viewer'],
    ]) {
      const { code, err } = await sallyport(...args, ...why);
      expect([code, err.includes('nobody else is admin; make somebody else admin first')]).toEqual([1, true]);
    }
    await person('anna', 'admin');
    expect((await sallyport('role', 'keller', 'viewer', ...why)).code).toBe(0);
    expect((await open.ask('GET', '/api/v1/users', { cookie: admin })).status).toBe(403);
    expect((await sallyport('remove', 'anna', ...why)).code).toBe(1);
  });

  it('accounts from before there were roles are admin, which the start says', async () => {
    const { role: _, ...old } = open.stored[0] ?? expect.fail('no account');
    const later = await openPage(undefined, undefined, [old]);
    expect(later.log).toEqual([expect.stringContaining('count as admin: keller')]);
    expect((await callVerb(later.controlSocket, 'user', 'root', [])).out).toMatch(/^keller {2}admin {2}since /);
    await later.close();
  });
});

describe('tokens of programs', () => {
  it('are told once, kept as their hash, act under their own name and role, and end', async () => {
    const token = await tokenOf('siem', '--for', '30d');
    expect(token).toMatch(/^slp_[\w-]{43}$/);
    expect(JSON.stringify(open.file.now)).not.toContain(token);
    expect((await open.ask('GET', '/api/v1/devices', bearer(token))).status).toBe(200);
    expect((await open.ask('POST', '/api/v1/pause', { ...bearer(token), body: { minutes: 5, reason: 'why not' } })).status).toBe(403);
    const second = await tokenOf('robot', '--role', 'operator');
    expect((await open.ask('POST', '/api/v1/pause', { ...bearer(second), body: { minutes: 5, reason: 'line change' } })).status).toBe(200);
    expect(open.site.commands.at(-1)).toMatchObject({ by: 'token:robot' });
    open.clock.now += 30 * 86_400_000;
    expect((await open.ask('GET', '/api/v1/devices', bearer(token))).status).toBe(401);
    expect((await open.ask('GET', '/api/v1/devices', bearer(second))).status).toBe(200);
    expect((await sallyport('revoke', 'robot', ...why)).code).toBe(0);
    expect((await open.ask('GET', '/api/v1/devices', bearer(second))).status).toBe(401);
  });

  it('are no persons: what needs two, and what lets others in, an admin token may not', async () => {
    const token = await tokenOf('deploy', '--role', 'admin');
    const personal = routes.filter(({ person: needed }) => needed === true);
    expect(personal.length).toBeGreaterThan(4);
    for (const { method, path } of personal) {
      const { status } = await open.ask(method.toUpperCase(), address(path), { ...bearer(token), body: { reason: 'why not' } });
      expect([403, 404].includes(status), `${path} gave ${status}`).toBe(true);
    }
    const zone = await open.ask('POST', '/api/v1/zones/dock', { ...bearer(token), body: { mode: 'observe', reason: 'line change' } });
    expect(zone.status).toBe(200);
  });

  it('a wrong one is refused even beside a good cookie', async () => {
    for (const authorization of ['Bearer slp_no', 'Basic a2VsbGVyOng=', 'Bearer', `Bearer ${'x'.repeat(4_000)}`])
      expect((await open.ask('GET', '/api/v1/devices', { cookie: admin, headers: { authorization } })).status).toBe(401);
  });

  it('are few: 64, of names of their own, for at most a year', async () => {
    let file: Accounts = { accounts: [] };
    const book = await AccountBook.open({ read: () => Promise.resolve(file), write: next => Promise.resolve(void (file = next)) });
    const make = (name: string, until = 10) => book.makeToken({ name, role: 'viewer', by: 'local:root', createdAt: 1, until });
    for (let n = 0; n < 64; n += 1) expect(await make(`t${n}`)).toHaveProperty('secret');
    expect(await make('one-more')).toEqual({ problem: 'there are 64 tokens' });
    expect(await book.makeToken({ name: 'later', role: 'viewer', by: 'local:root', createdAt: 11, until: 12 })).toHaveProperty('secret');
    expect([book.tokens().length, file.tokens?.length]).toEqual([1, 1]);
    await tokenOf('siem');
    for (const args of [['siem'], ['x', '--for', '400d'], ['x', '--role', 'root'], ['X']])
      expect((await sallyport('token', ...args, ...why)).code, args.join(' ')).toBe(1);
  });

  it('what cannot be kept is not there: a failed write takes an account, a promotion and a token back, and leaves a removal and a lesser role', async () => {
    let works = true;
    const account = (open.stored[0] ?? expect.fail('no account')) as Accounts['accounts'][number];
    const store = {
      read: () => Promise.resolve<Accounts>({ accounts: [account, { ...account, user: 'otto', role: 'operator' }] }),
      write: () => (works ? Promise.resolve() : Promise.reject(new Error('disk full'))),
    };
    const book = await AccountBook.open(store);
    works = false;
    await expect(book.add({ ...account, user: 'new' })).rejects.toThrow('disk full');
    await expect(book.setRole('otto', 'admin')).rejects.toThrow('disk full');
    await expect(book.makeToken({ name: 't', role: 'viewer', by: 'x', createdAt: 1, until: 9 })).rejects.toThrow('disk full');
    expect([book.find('new'), book.roleOf('otto'), book.tokens()]).toEqual([undefined, 'operator', []]);
    await expect(book.setRole('otto', 'viewer')).rejects.toThrow('disk full');
    expect(book.roleOf('otto')).toBe('viewer');
    await expect(book.remove('otto')).rejects.toThrow('disk full');
    expect(book.find('otto')).toBeUndefined();
  });
});
