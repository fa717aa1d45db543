import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invitationMs, Invitations } from '../../gateway/api/invitations.ts';
import { callVerb } from './call-verb.ts';
import { cookieOf, type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
let keller: string;
beforeAll(async () => {
  open = await openPage();
  keller = await open.signIn();
});
afterAll(() => open.close());

const password = 'a long enough one';
const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'user', 'root', args);
const why = ['--reason', 'new on the second shift'];
const codeFor = async (user: string): Promise<string> => /code for \S+: (\S+)/.exec((await sallyport('add', user, ...why)).out)?.[1] ?? '';
const setUp = (user: string, code: string) => open.ask('POST', '/api/v1/session/setup', { body: { code, user, password } });
const signIn = (user: string) => open.ask('POST', '/api/v1/session', { body: { user, password } });
/** The limit of attempts is of a minute. */
const aMinuteLater = () => (open.clock.now += 61_000);

describe('sallyport user', () => {
  it('gives a one-time code with which one more person opens an account, once', async () => {
    const code = await codeFor('huber');
    expect((await sallyport()).out).toContain('huber  operator  has a one-time code and no account yet');
    expect((await signIn('huber')).status).toBe(401);
    const made = await setUp('huber', code.toLowerCase());
    expect(made.json).toEqual({ state: 'signed-in', user: 'huber', role: 'operator' });
    expect((await setUp('huber', code)).status).toBe(409);
    expect((await signIn('huber')).status).toBe(200);
    expect(open.stored.map(({ user }) => user)).toEqual(['keller', 'huber']);
    expect((await open.ask('GET', '/api/v1/devices', { cookie: keller })).status).toBe(200);
    expect(open.site.happened.map(({ body }) => body)).toEqual([
      { kind: 'user-invited', user: 'huber', role: 'operator', by: 'local:root', reason: 'new on the second shift' },
    ]);
  });

  it('makes codes for one name only, which end after a day', async () => {
    const code = await codeFor('meier');
    aMinuteLater();
    expect((await setUp('evil', code)).status).toBe(401);
    open.clock.now += invitationMs;
    expect((await setUp('meier', code)).status).toBe(409);
    const next = await codeFor('meier');
    aMinuteLater();
    expect((await setUp('meier', code)).status).toBe(401);
    expect((await setUp('meier', next)).status).toBe(200);
  });

  it('takes an account away, which ends what it had open; a new code gives it back', async () => {
    aMinuteLater();
    const cookie = cookieOf(await signIn('huber'));
    expect((await sallyport('remove', 'huber', ...why)).code).toBe(0);
    expect((await open.ask('GET', '/api/v1/devices', { cookie })).status).toBe(401);
    expect((await signIn('huber')).status).toBe(401);
    const code = await codeFor('huber');
    expect((await setUp('huber', code)).status).toBe(200);
  });

  it('invites nobody who has an account, and knows whom it does not know', async () => {
    expect(await sallyport('add', 'keller', ...why)).toMatchObject({ code: 1, out: '' });
    expect(await sallyport('remove', 'nobody', ...why)).toMatchObject({ code: 4, out: '' });
    for (const args of [['add'], ['add', 'x'], ['add', 'Root', ...why], ['add', 'local:root', ...why], ['list', 'x'], ['grant', 'x']])
      expect((await sallyport(...args)).code, args.join(' ')).toBe(1);
  });

  it('lets nobody in who is signed in on the page, admin or not: an admin could be the second person of his own two', async () => {
    aMinuteLater();
    const cookie = cookieOf(await signIn('keller'));
    for (const [path, body] of [
      ['/users', { user: 'evil', role: 'viewer', reason: 'let me in' }],
      ['/tokens', { name: 'evil', role: 'viewer', hours: 1, reason: 'let me in' }],
    ] as const)
      expect((await open.ask('POST', `/api/v1${path}`, { cookie, body })).status).toBe(404);
    expect(open.stored.map(({ user }) => user)).not.toContain('evil');
  });
});

describe('one-time codes', () => {
  it('are few: the oldest gives way', () => {
    const invitations = new Invitations();
    for (let n = 0; n <= Invitations.max; n++) invitations.make(`u${n}`, 'viewer', 0);
    expect(invitations.pending(0)).toHaveLength(Invitations.max);
    expect(invitations.pending(0).map(({ user }) => user)).not.toContain('u0');
  });

  it('are used up before anybody else can show them, and given back where the account could not be kept', () => {
    const invitations = new Invitations();
    const code = invitations.make('huber', 'viewer', 0);
    const taken = invitations.take('huber', code, 1);
    expect(invitations.take('huber', code, 1)).toBeUndefined();
    taken?.giveBack();
    expect(invitations.take('huber', code, 1)).toBeDefined();
  });
});
