import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Limiter } from '../../gateway/api/limiter.ts';
import { BusyError, hashPassword, isPassword } from '../../gateway/api/password.ts';
import { Sessions, absoluteMillis, idleMillis } from '../../gateway/api/sessions.ts';
import { isSetupCode, makeSetupCode } from '../../gateway/api/setup-code.ts';
import { parseAccounts } from '../../gateway/api/accounts.ts';
import { cookieOf, openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

const password = 'a long enough one';

describe('signing in', () => {
  let open: OpenPage;
  beforeEach(async () => {
    open = await openPage();
  });
  afterEach(() => open.close());

  const setUp = (code: string, more: object = {}) =>
    open.ask('POST', '/api/v1/session/setup', { body: { code, user: 'keller', password, ...more } });
  const signIn = (user: string, word: string) => open.ask('POST', '/api/v1/session', { body: { user, password: word } });

  it('begins with the one-time code, which works once', async () => {
    expect((await open.ask('GET', '/api/v1/session')).json).toEqual({ state: 'setup' });
    const code = open.page.setupCode ?? '';
    const first = await setUp(code.toLowerCase().replaceAll('-', ' '));
    expect(first.status).toBe(200);
    expect(open.page.setupCode).toBeUndefined();
    expect((await setUp(code)).status).toBe(409);
    const cookie = cookieOf(first);
    expect((await open.ask('GET', '/api/v1/session', { cookie })).json).toEqual({ state: 'signed-in', user: 'keller', role: 'admin' });
    expect(open.site.notes).toEqual([{ user: 'keller', from: '127.0.0.1' }]);
  });

  it('gives one account when the code is used twice at once', async () => {
    const code = open.page.setupCode ?? '';
    const answers = await Promise.all([setUp(code), setUp(code, { user: 'mallory' })]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(open.stored).toHaveLength(1);
  });

  it('refuses a wrong code, and after five wrong ones in a minute the right one too', async () => {
    for (let n = 0; n < 5; n += 1) expect((await setUp('0000-0000-0000-0000')).status).toBe(401);
    expect((await setUp(open.page.setupCode ?? '')).status).toBe(429);
    open.clock.now += 61_000;
    expect((await setUp(open.page.setupCode ?? '')).status).toBe(200);
  });

  it('refuses a password of nine characters and a name with markup', async () => {
    const code = open.page.setupCode ?? '';
    expect((await setUp(code, { password: 'ninechars' })).status).toBe(400);
    expect((await setUp(code, { user: '<b>keller' })).status).toBe(400);
    expect((await setUp(code, { admin: true })).status).toBe(400);
    expect(open.stored).toHaveLength(0);
  });

  it('stores argon2id and never the password', async () => {
    await open.signIn();
    expect(JSON.stringify(open.stored)).not.toContain(password);
    expect(open.stored[0]?.password).toMatchObject({ alg: 'argon2id', memoryKiB: 19_456, passes: 2 });
    expect(() => parseAccounts({ accounts: open.stored })).not.toThrow();
    expect(() => parseAccounts({})).toThrow();
  });

  it('sets a cookie that scripts, other sites and plain HTTP do not get', async () => {
    const answer = await setUp(open.page.setupCode ?? '');
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/^__Host-sallyport=[\w-]{43};/);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(part);
    expect(cookie).not.toContain('Domain');
  });

  it('refuses wrong passwords and unknown names alike, and limits the attempts', async () => {
    await open.signIn();
    const [wrong, unknown] = [await signIn('keller', 'not the password'), await signIn('nobody', password)];
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.text).toBe(unknown.text);
    for (let n = 0; n < 3; n += 1) await signIn('keller', 'not the password');
    expect((await signIn('keller', password)).status).toBe(429);
    open.clock.now += 61_000;
    expect((await signIn('keller', password)).status).toBe(200);
  });

  it('ends after 30 idle minutes, after 12 hours, and on signing out', async () => {
    const cookie = await open.signIn();
    const devices = () => open.ask('GET', '/api/v1/devices', { cookie });
    open.clock.now += idleMillis - 1;
    expect((await devices()).status).toBe(200);
    open.clock.now += idleMillis;
    expect((await devices()).status).toBe(401);
    const again = cookieOf(await signIn('keller', password));
    for (let n = 0; n < 24; n += 1) {
      open.clock.now += idleMillis - 1;
      await open.ask('GET', '/api/v1/health', { cookie: again });
    }
    open.clock.now += 24;
    expect((await open.ask('GET', '/api/v1/health', { cookie: again })).status).toBe(401);
    const third = cookieOf(await signIn('keller', password));
    await open.ask('DELETE', '/api/v1/session', { cookie: third });
    expect((await open.ask('GET', '/api/v1/health', { cookie: third })).status).toBe(401);
  });

  it('does not take a session that another host set beside ours', async () => {
    const cookie = await open.signIn();
    expect((await open.ask('GET', '/api/v1/health', { cookie: `${cookie}; __Host-sallyport=planted` })).status).toBe(401);
  });
});

describe('the one-time code', () => {
  it('has 80 bits in an alphabet that can be read aloud', () => {
    const codes = new Set(Array.from({ length: 500 }, makeSetupCode));
    expect(codes.size).toBe(500);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  it('forgives case, dashes and look-alikes, and nothing else', () => {
    expect(isSetupCode('o1l0 aaaa-bbbb cccc', '0110-AAAA-BBBB-CCCC')).toBe(true);
    expect(isSetupCode('0110-AAAA-BBBB-CCC', '0110-AAAA-BBBB-CCCC')).toBe(false);
    expect(isSetupCode('', '0110-AAAA-BBBB-CCCC')).toBe(false);
  });
});

describe('what outsiders can grow', () => {
  it('keeps 64 sessions and ends the idlest', () => {
    const sessions = new Sessions();
    const ids = Array.from({ length: 65 }, (_, n) => sessions.start('keller', n));
    expect(sessions.size).toBe(Sessions.max);
    expect(sessions.use(ids[0] ?? '', 100)).toBeUndefined();
    expect(sessions.use(ids[64] ?? '', 100)?.user).toBe('keller');
    sessions.start('keller', absoluteMillis + 200);
    expect(sessions.size).toBe(1);
  });

  it('ends what one user has open, and nothing of others', () => {
    const sessions = new Sessions();
    const [first, second, other] = ['keller', 'keller', 'ann'].map(user => sessions.start(user, 0));
    sessions.endAllOf('keller');
    expect([first, second, other].map(id => sessions.peek(id ?? '', 1)?.user)).toEqual([undefined, undefined, 'ann']);
  });

  it('remembers 1,024 addresses that tried, however many try', () => {
    const limiter = new Limiter(5, 1_000_000);
    for (let n = 0; n < 100_000; n += 1) limiter.take(`10.0.${n >> 8}.${n & 255}`, 0);
    expect(limiter.size).toBe(Limiter.maxKeys);
  });

  it('limits all addresses together', () => {
    const limiter = new Limiter(5, 60);
    const taken = Array.from({ length: 100 }, (_, n) => limiter.take(`host-${n}`, 0));
    expect(taken.filter(Boolean)).toHaveLength(60);
    expect(limiter.take('host-98', 59_999)).toBe(false);
    expect(limiter.take('host-99', 60_000)).toBe(true);
  });

  it('checks two passwords at a time and turns a flood away', async () => {
    const stored = await hashPassword(password);
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => isPassword(password, stored)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(22);
    expect(refused.every(result => result.status === 'rejected' && result.reason instanceof BusyError)).toBe(true);
    expect(await isPassword(password, stored)).toBe(true);
    expect(await isPassword('another one', stored)).toBe(false);
    expect(await isPassword(password, undefined)).toBe(false);
  });
});
