import type { Request, Router } from 'express';
import type { Auth } from './auth.ts';
import type { Invited, Users } from './contract.ts';
import { ProblemError, readBody } from './problem.ts';
import { inviteBody, reasonBody } from './schemas.ts';
import type { Site } from './site.ts';

export type UserRouteParts = {
  readonly site: Site;
  readonly auth: Auth;
  readonly now: () => number;
  readonly who: (request: Request) => string;
};

/** Who may sign in. On the control socket only: whoever may open that can do anything here, and nobody else can let in whom he likes. */
export function userRoutes(router: Router, { site, auth, now, who }: UserRouteParts): void {
  router.get('/users', (_request, response) => void response.json(auth.users(now()) satisfies Users));
  router.post('/users', (request, response) => {
    const { user, reason } = readBody(inviteBody, request.body);
    const made = auth.invite(user, now());
    if ('problem' in made) throw new ProblemError('conflict', `Cannot invite ${user}: ${made.problem}`);
    site.noteUser('user-invited', user, who(request), reason);
    response.json({ user, code: made.code } satisfies Invited);
  });
  router.post('/users/:user/remove', async (request, response) => {
    const { user } = request.params;
    const { reason } = readBody(reasonBody, request.body);
    if (!(await auth.remove(user))) throw new ProblemError('not-found', 'Cannot find the user: nobody has this name');
    site.noteUser('user-removed', user, who(request), reason);
    response.json({ ok: true });
  });
}
