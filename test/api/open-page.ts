import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account, Accounts, AccountStore } from '../../gateway/api/accounts.ts';
import { createPage } from '../../gateway/api/server.ts';
import type { Page } from '../../gateway/api/server.ts';
import { fileSigner } from '../../gateway/edge/store/signing-key.ts';
import { pageCertificate } from '../../gateway/edge/store/page-certificate.ts';
import { fixtureSite } from './fixture-site.ts';
import type { FixtureSite } from './fixture-site.ts';

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string; readonly json: unknown };
export type Ask = {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly cookie?: string;
  readonly socket?: string;
};

export type OpenPage = {
  readonly site: FixtureSite;
  readonly page: Page;
  readonly folder: string;
  readonly certificate: string;
  readonly controlSocket: string;
  readonly pageSocket: string;
  readonly log: string[];
  readonly clock: { now: number };
  readonly stored: Account[];
  /** All of the file of accounts, as it was written last. */
  readonly file: { now: Accounts };
  /** Asks the HTTPS listener as this page's own script would. */
  ask(method: string, path: string, options?: Ask): Promise<Answer>;
  /** Makes the first account and gives its cookie. */
  signIn(): Promise<string>;
  close(): Promise<void>;
};

/** A running page on a free port of loopback, with a site in memory and a clock that stands still. */
export async function openPage(
  site = fixtureSite(),
  uiFolder = join(import.meta.dirname, '../../ui/dist'),
  accountsBefore: readonly Account[] = [],
): Promise<OpenPage> {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-page-${process.pid}-`));
  const certificate = await pageCertificate(folder, '127.0.0.1', Date.now());
  const stored: Account[] = [...accountsBefore];
  const file: OpenPage['file'] = { now: { accounts: stored } };
  const accounts: AccountStore = {
    read: () => Promise.resolve({ accounts: [...stored] }),
    write: next => {
      file.now = next;
      stored.splice(0, stored.length, ...next.accounts);
      return Promise.resolve();
    },
  };
  const log: string[] = [];
  const clock = { now: Date.now() };
  const controlSocket = join(folder, 'control.sock');
  const pageSocket = join(folder, 'page.sock');
  const page = await createPage(site, {
    certificate,
    accounts,
    ears: { signer: () => fileSigner(folder), build: 'test' },
    uiFolder,
    controlSocket,
    pageSocket,
    log: line => void log.push(line),
    now: () => clock.now,
  });
  const { port } = new URL(page.url);
  const ask = (method: string, path: string, options: Ask = {}) => send(method, path, options, Number(port), certificate.certificate);
  const signIn = async () => {
    const answer = await ask('POST', '/api/v1/session/setup', {
      body: { code: page.setupCode ?? '', user: 'keller', password: 'a long enough one' },
    });
    return cookieOf(answer);
  };
  const close = async () => {
    await page.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    site,
    page,
    folder,
    certificate: certificate.certificate,
    controlSocket,
    pageSocket,
    log,
    clock,
    stored,
    file,
    ask,
    signIn,
    close,
  };
}

/** The cookie pair of an answer; throws when it sets none. */
export function cookieOf(answer: Answer): string {
  const pair = answer.headers['set-cookie']?.[0]?.split(';')[0];
  if (pair === undefined) throw new Error(`Cannot sign in: ${answer.status} ${answer.text}`);
  return pair;
}

function send(method: string, path: string, { headers, body, cookie, socket }: Ask, port: number, ca: string): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    'x-sallyport': '1',
    ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
    ...(cookie === undefined ? {} : { cookie }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const request =
      socket === undefined
        ? httpsRequest({ host: '127.0.0.1', port, path, method, headers: all, ca, agent: false })
        : httpRequest({ socketPath: socket, path, method, headers: all, agent: false });
    request.on('error', reject);
    request.on('response', response => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: whole, json: parse(whole) });
      });
    });
    request.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
