import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { ownRequestHeader } from './contract.ts';
import { ProblemError } from './problem.ts';

/** No inline script or style, nothing from elsewhere, no frame, no string that becomes script. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Headers of every answer. No Strict-Transport-Security: it would lock people out of a self-signed page (RFC 6797 §12.1). */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), payment=()',
    'Cache-Control': 'no-store',
  });
  next();
};

/** True iff the Origin header names this very page. */
export function isOwnOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  return origin === `https://${host}`;
}

/**
 * Refuses requests that change something unless this page sent them: SameSite=Strict keeps the cookie away from other sites, the own
 * header cannot be set by a form, and Origin must be ours where the browser sends one.
 */
export const refuseForeignChanges: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  const site = request.headers['sec-fetch-site'];
  const foreign = (request.headers.origin !== undefined && !isOwnOrigin(request)) || (site !== undefined && site !== 'same-origin');
  if (foreign || request.headers[ownRequestHeader] === undefined)
    throw new ProblemError(
      'not-own-request',
      `Cannot accept the request: it needs the header ${ownRequestHeader} and must come from this page`,
    );
  next();
};

/** The `__Host-` prefix ties the cookie to this host, to HTTPS and to the whole path (RFC 6265bis §4.1.3.2). */
export const sessionCookie = '__Host-sallyport';

/** The session id of the request's cookies; undefined when there is none or more than one (RFC 6265 §8.6: another host may have set it). */
export function sessionId(request: IncomingMessage): string | undefined {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith(`${sessionCookie}=`))
    .map(part => part.slice(sessionCookie.length + 1));
  return found.length === 1 ? found[0] : undefined;
}

/** Who asks: the remote address in its short form, or `socket` for a Unix socket. */
export function remoteOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress;
  return address === undefined || address === '' ? 'socket' : shortAddress(address);
}

/** `::ffff:10.0.0.1` is 10.0.0.1 (RFC 4291 §2.5.5.2), and `fe80::1%eth0` is fe80::1. */
export const shortAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
