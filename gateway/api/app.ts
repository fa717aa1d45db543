import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import type { Express, RequestHandler } from 'express';
import type { Auth } from './auth.ts';
import { authorise } from './authorise.ts';
import { apiPath } from './contract.ts';
import { deviceRoutes } from './device-routes.ts';
import { answerJwks, type Ears, jwksPath } from './ear-routes.ts';
import { refuseForeignChanges, securityHeaders } from './guard.ts';
import type { Live } from './live.ts';
import { openApi } from './openapi.ts';
import { ProblemError, problemHandler } from './problem.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Site } from './site.ts';
import { userRoutes } from './user-routes.ts';

export type AppParts = {
  readonly site: Site;
  readonly auth: Auth;
  readonly live: Live;
  readonly ears: Ears;
  /** Folder of the built page. */
  readonly uiFolder: string;
  readonly log: (line: string) => void;
  readonly now: () => number;
};

/** `page`: people in browsers, who sign in. `control`: whoever may open the control socket is the local administrator. */
export type Door = 'page' | 'control';

/** The whole API, and on the page's door the page too. */
export function buildApp(parts: AppParts, door: Door): Express {
  const { site, auth, live, ears, uiFolder, log, now } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.use(securityHeaders);

  app.get(jwksPath, answerJwks(ears));
  const api = express.Router();
  const { check, who } = authorise(auth, door, now);
  api.use(refuseForeignChanges, check);
  // A file of reference values is longer than what strangers may send: here somebody is signed in, or it is no such route.
  const bodies = (limit: string): RequestHandler => express.json({ limit, strict: true, type: 'application/json' });
  const [short, long] = [bodies('64kb'), bodies('1500kb')];
  api.use((request, response, next) => (request.path === '/references' ? long : short)(request, response, next));
  if (door === 'page') api.use(sessionRoutes(site, auth, now));
  api.get('/openapi.json', (_request, response) => void response.json(openApi()));
  userRoutes(api, { site, auth, now, who });
  api.use(deviceRoutes({ site, live, ears, now }, who));
  app.use(apiPath, api);
  app.use(apiPath, () => {
    throw new ProblemError('not-found', 'Cannot find the address: the API has no such route');
  });

  if (door === 'page') usePage(app, uiFolder);
  app.use(() => {
    throw new ProblemError('not-found', 'Cannot find the page: there is nothing under this address');
  });
  app.use(problemHandler(log));
  return app;
}

/** The built page; its addresses all give the same document, and the page routes by itself. */
function usePage(app: Express, uiFolder: string): void {
  const index = join(uiFolder, 'index.html');
  const sendIndex: RequestHandler = (_request, response) => {
    if (!existsSync(index)) throw new ProblemError('unavailable', 'Cannot show the page: it is not built; run `vite build ui`');
    response.sendFile(index, { cacheControl: false, headers: { 'Cache-Control': 'no-store' } });
  };
  app.get(['/', '/journal', '/trust', '/people', '/devices/:id'], sendIndex);
  app.use('/assets', express.static(join(uiFolder, 'assets'), { index: false, redirect: false, immutable: true, maxAge: '1y' }));
  app.use(express.static(uiFolder, { index: false, redirect: false, maxAge: '1h' }));
}
