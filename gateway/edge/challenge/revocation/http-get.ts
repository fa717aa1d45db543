import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { Ip, Millis } from '../../../model/address.ts';
import { type Forbidden, whyForbidden } from './guard.ts';

/** What is fetched: `body` set iff it is posted. */
export type Wish = {
  readonly url: string;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array };
  readonly accept: string;
  /** Most bytes of the answer. */
  readonly most: number;
  readonly timeout: Millis;
};

/** Nothing usable came; the message says why. No verdict about any device. */
export class FetchError extends Error {}

/** The addresses of a name, as the system resolves it. */
export type Resolve = (host: string) => Promise<readonly Ip[]>;
const lookupAll: Resolve = async host => (await lookup(host, { all: true })).map(({ address }) => address);

/** Most addresses of one name that are looked at. */
const maxAddresses = 16;

/**
 * Fetches by plain HTTP from a host that was found listed. The name is resolved once, all its addresses are judged, and the connection goes to the one that was
 * judged: another answer of DNS leads nowhere. No redirects, no proxies, no cookies, no compression, one connection. Throws FetchError.
 */
export async function httpGet(wish: Wish, forbidden: Omit<Forbidden, 'own'>, resolve: Resolve = lookupAll): Promise<Uint8Array> {
  const url = new URL(wish.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const within = AbortSignal.timeout(wish.timeout);
  const addresses = await resolved(host, within, resolve);
  const why = whyForbidden(host, addresses, { ...forbidden, own: ownAddresses() });
  if (why !== undefined) throw new FetchError(`Cannot fetch from ${url.host}: ${why}`);
  return exchange(wish, url, addresses[0] ?? '', within);
}

const ownAddresses = (): readonly Ip[] => Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(({ address }) => address));

async function resolved(host: string, within: AbortSignal, resolve: Resolve): Promise<readonly Ip[]> {
  const late = new Promise<never>((_, reject) =>
    within.addEventListener('abort', () => reject(new FetchError(`Cannot resolve ${host}: no answer in time`)), { once: true }),
  );
  try {
    return (await Promise.race([resolve(host), late])).slice(0, maxAddresses);
  } catch (error) {
    if (error instanceof FetchError || !(error instanceof Error)) throw error;
    throw new FetchError(`Cannot resolve ${host}: ${'code' in error ? String(error.code) : error.message}`, { cause: error });
  }
}

function exchange({ url: text, body, accept, most }: Wish, url: URL, address: Ip, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((done, reject) => {
    const fail = (why: string): void => {
      reject(new FetchError(`Cannot fetch ${text}: ${why}`));
      asked.destroy();
    };
    const asked = request({
      host: address,
      port: url.port === '' ? 80 : Number(url.port),
      method: body === undefined ? 'GET' : 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        accept,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': body.bytes.length }),
      },
      agent: false,
      maxHeaderSize: 16_384,
      signal,
    });
    asked.on('error', error => fail(signal.aborted ? 'no answer in time' : error.message));
    asked.on('response', answer => {
      const why = whyNot(answer, most);
      if (why !== undefined) return fail(why);
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size > most) return fail(`more than ${most} bytes`);
        return void parts.push(part);
      });
      answer.on('error', error => fail(signal.aborted ? 'no answer in time' : error.message));
      answer.on('end', () => (answer.complete ? done(new Uint8Array(Buffer.concat(parts))) : fail('the answer is cut short')));
    });
    asked.end(body?.bytes);
  });
}

function whyNot({ statusCode = 0, headers }: IncomingMessage, most: number): string | undefined {
  if (statusCode !== 200) return statusCode >= 300 && statusCode < 400 ? 'a redirect, which is not followed' : `status ${statusCode}`;
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') return `the answer is coded as ${coding.slice(0, 40)}`;
  const length = Number(headers['content-length'] ?? 0);
  return length > most ? `${length} bytes, more than ${most}` : undefined;
}
