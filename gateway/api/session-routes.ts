import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Auth, SignIn } from './auth.ts';
import { remoteOf, sessionCookie, sessionId } from './guard.ts';
import { ProblemError, readBody } from './problem.ts';
import { setupBody, signInBody } from './schemas.ts';
import { absoluteMillis } from './sessions.ts';
import type { Site } from './site.ts';

const cookie = { httpOnly: true, secure: true, sameSite: 'strict', path: '/' } as const;

/** Setting up with the one-time code, signing in and out. Every sign-in is noted in the journal. */
export function sessionRoutes(site: Site, auth: Auth, now: () => number): Router {
  const router = Router();
  const answer = (request: Request, response: Response, signIn: SignIn): void => {
    if (!signIn.ok) throw new ProblemError(signIn.why, signIn.detail, signIn.retrySeconds);
    const old = sessionId(request);
    if (old !== undefined) auth.signOut(old);
    site.note(signIn.user, remoteOf(request));
    response.cookie(sessionCookie, signIn.id, { ...cookie, maxAge: absoluteMillis });
    response.json({ state: 'signed-in', user: signIn.user, role: signIn.role });
  };

  router.get('/session', (request, response) => void response.json(auth.state(sessionId(request), now())));
  router.post('/session', async (request, response) => {
    const { user, password } = readBody(signInBody, request.body);
    answer(request, response, await auth.signIn(user, password, remoteOf(request), now()));
  });
  router.post('/session/setup', async (request, response) => {
    const { code, user, password } = readBody(setupBody, request.body);
    answer(request, response, await auth.setUp(code, user, password, remoteOf(request), now()));
  });
  router.delete('/session', (request, response) => {
    const id = sessionId(request);
    if (id !== undefined) auth.signOut(id);
    response.clearCookie(sessionCookie, cookie);
    response.json({ state: 'signed-out' });
  });
  return router;
}
