import type { Request, RequestHandler } from 'express';
import { mayDo, type UserRole } from '../model/person.ts';
import type { Door } from './app.ts';
import type { Auth } from './auth.ts';
import { sessionId } from './guard.ts';
import { ProblemError } from './problem.ts';
import { type Route, routes } from './routes.ts';

/** Who asks. A program is known by `token:<name>`, who is on the box by `local:<name>`. */
export type Caller = { readonly name: string; readonly role: UserRole; readonly isPerson: boolean };

/** The header by which the CLI says who typed; only believed on the control socket, whose owner can act as root anyway. */
export const localUserHeader = 'x-sallyport-user';

const patterns = routes.map(route => ({ route, is: new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`) }));

/** The line of the table that answers this; HEAD is a GET whose answer stays away. */
export function routeOf(method: string, path: string, door: Door): Route | undefined {
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
  return patterns.find(({ route, is }) => route.method === asked && is.test(path) && (route.local !== true || door === 'control'))?.route;
}

/**
 * Lets through whom the table of routes lets through, and nothing that does not stand in it. `who` names them to the routes behind it.
 * Throws ProblemError.
 */
export function authorise(
  auth: Auth,
  door: Door,
  now: () => number,
): { readonly check: RequestHandler; readonly who: (request: Request) => string } {
  const callers = new WeakMap<Request, Caller>();
  const check: RequestHandler = (request, _response, next) => {
    const route = routeOf(request.method, request.path, door);
    if (route?.role === 'anybody') return next();
    const caller = door === 'control' ? localCaller(request) : callerOf(request, auth, now());
    if (caller === undefined) throw new ProblemError('not-signed-in', 'Cannot answer: nobody is signed in');
    if (route === undefined) throw new ProblemError('not-found', 'Cannot find the address: the API has no such route');
    if (!mayDo(caller.role, route.role))
      throw new ProblemError('forbidden', `Cannot do this: it needs the role ${route.role}, and ${caller.name} is ${caller.role}`);
    if (route.person === true && !caller.isPerson) throw new ProblemError('forbidden', 'Cannot do this with a token: it needs a person');
    callers.set(request, caller);
    next();
  };
  return { check, who: request => callers.get(request)?.name ?? 'unknown' };
}

/** Whoever may open the control socket can do anything here. */
function localCaller(request: Request): Caller {
  const named = request.headers[localUserHeader];
  const user = typeof named === 'string' && /^[a-z_][a-z0-9_.-]{0,31}$/i.test(named) ? named : 'root';
  return { name: `local:${user}`, role: 'admin', isPerson: true };
}

/** A request that shows a token is judged by it alone. */
function callerOf(request: Request, auth: Auth, now: number): Caller | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, secret] = /^bearer ([\w-]{1,128})$/i.exec(authorization) ?? [];
    const token = secret === undefined ? undefined : auth.book.token(secret, now);
    return token === undefined ? undefined : { name: `token:${token.name}`, role: token.role, isPerson: false };
  }
  const session = auth.session(sessionId(request), now);
  const role = session === undefined ? undefined : auth.book.roleOf(session.user);
  return session === undefined || role === undefined ? undefined : { name: session.user, role, isPerson: true };
}
