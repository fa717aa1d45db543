import type { Request, Router } from 'express';
import type { Refusal } from './accounts.ts';
import type { Auth } from './auth.ts';
import type { Invited, TokenMade, Users } from './contract.ts';
import { ProblemError, readBody } from './problem.ts';
import { inviteBody, reasonBody, roleBody, tokenBody } from './schemas.ts';
import type { Site } from './site.ts';

export type UserRouteParts = {
  readonly site: Site;
  readonly auth: Auth;
  readonly now: () => number;
  readonly who: (request: Request) => string;
};

const hour = 3_600_000;

/**
 * Who may sign in, and as what. Somebody new, person or program, comes in on the control socket only: an admin who could invite whom he likes could be the second
 * person of his own two.
 */
export function userRoutes(router: Router, { site, auth, now, who }: UserRouteParts): void {
  router.get('/users', (_request, response) => void response.json(auth.users(now()) satisfies Users));
  router.post('/users', (request, response) => {
    const { user, role, reason } = readBody(inviteBody, request.body);
    const { code } = good(auth.invite(user, role, now()), `invite ${user}`);
    site.noteUser({ kind: 'user-invited', user, role, by: who(request), reason });
    response.json({ user, role, code } satisfies Invited);
  });
  router.post('/users/:user/role', async (request, response) => {
    const { user } = request.params;
    const { role, reason } = readBody(roleBody, request.body);
    if (!good(await auth.setRole(user, role), `make ${user} ${role}`))
      throw new ProblemError('not-found', 'Cannot find the user: nobody has an account of this name');
    site.noteUser({ kind: 'user-role', user, role, by: who(request), reason });
    response.json({ ok: true });
  });
  router.post('/users/:user/remove', async (request, response) => {
    const { user } = request.params;
    const { reason } = readBody(reasonBody, request.body);
    if (!good(await auth.remove(user), `remove ${user}`)) throw new ProblemError('not-found', 'Cannot find the user: nobody has this name');
    site.noteUser({ kind: 'user-removed', user, by: who(request), reason });
    response.json({ ok: true });
  });
  router.post('/tokens', async (request, response) => {
    const { name, role, hours, reason } = readBody(tokenBody, request.body);
    const [by, createdAt] = [who(request), now()];
    const until = createdAt + Math.round(hours * hour);
    const { secret } = good(await auth.book.makeToken({ name, role, by, createdAt, until }), `make the token ${name}`);
    site.noteUser({ kind: 'token-made', user: name, role, until, by, reason });
    response.json({ name, role, until, token: secret } satisfies TokenMade);
  });
  router.post('/tokens/:name/revoke', async (request, response) => {
    const { name } = request.params;
    const { reason } = readBody(reasonBody, request.body);
    if (!(await auth.book.revokeToken(name))) throw new ProblemError('not-found', 'Cannot find the token: none has this name');
    site.noteUser({ kind: 'token-revoked', user: name, by: who(request), reason });
    response.json({ ok: true });
  });
}

/** What was done; a refusal is a conflict with how things stand. */
function good<T>(done: T | Refusal, what: string): T {
  if (typeof done === 'object' && done !== null && 'problem' in done) throw new ProblemError('conflict', `Cannot ${what}: ${done.problem}`);
  return done;
}
