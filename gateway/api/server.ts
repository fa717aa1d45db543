import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { AccountStore } from './accounts.ts';
import { buildApp } from './app.ts';
import type { AppParts, Door } from './app.ts';
import { Auth } from './auth.ts';
import { apiPath } from './contract.ts';
import type { Ears } from './ear-routes.ts';
import { isOwnOrigin, sessionId } from './guard.ts';
import { Live } from './live.ts';
import type { Site } from './site.ts';

export type PageOptions = {
  /** PEM. Made at the first start by `edge/store/page-certificate.ts`. */
  readonly certificate: { readonly key: string; readonly certificate: string };
  readonly accounts: AccountStore;
  readonly ears: Ears;
  /** Folder of the built page, `ui/dist`. */
  readonly uiFolder: string;
  /** Unix socket of the CLI, mode 0600: who may open it is the local administrator. */
  readonly controlSocket: string;
  /** A second way to the same HTTPS, for a forwarder outside the network namespace. Mode 0600. */
  readonly pageSocket?: string;
  readonly log: (line: string) => void;
  readonly now?: () => number;
};

export type Page = {
  /** One-time code to print; undefined when there is an account already. */
  readonly setupCode: string | undefined;
  /** Where the page listens; the port is the real one when the settings say 0. */
  readonly url: string;
  close(): Promise<void>;
};

/** Connections of one listener at a time; beyond that the kernel's are closed at once. */
const maxConnections = 256;
const maxLiveMessage = 64;

/** Opens the page, its API and the control socket. Rejects when a listener cannot be opened. */
export async function createPage(site: Site, options: PageOptions): Promise<Page> {
  const now = options.now ?? Date.now;
  const auth = await Auth.open(options.accounts);
  const live = new Live(site, randomBytes(6).toString('hex'));
  auth.onChange(() => live.sweep());
  const before = auth.book.accounts.filter(({ role }) => role === undefined).map(({ user }) => user);
  if (before.length > 0)
    options.log(
      `Accounts from before there were roles count as admin: ${before.join(', ')}; to change that: sallyport user role NAME viewer|operator`,
    );
  const parts = { site, auth, live, ears: options.ears, uiFolder: options.uiFolder, log: options.log, now };
  const { key, certificate } = options.certificate;
  const secure = () => createHttpsServer({ key, cert: certificate, minVersion: 'TLSv1.2', handshakeTimeout: 10_000, ...limits });

  const page = serve(secure(), parts, 'page');
  const servers: HttpServer[] = [page];
  try {
    await listen(page, { host: site.settings.page.host, port: site.settings.page.port });
    if (options.pageSocket !== undefined) {
      const forwarded = serve(secure(), parts, 'page');
      servers.push(forwarded);
      await listenOnSocket(forwarded, options.pageSocket);
    }
    const control = serve(createHttpServer(limits), parts, 'control');
    servers.push(control);
    await listenOnSocket(control, options.controlSocket);
  } catch (error) {
    live.close();
    await Promise.all(servers.map(close));
    throw error;
  }
  return {
    get setupCode() {
      return auth.setupCode;
    },
    url: urlOf(site.settings.page.host, page.address()),
    close: async () => {
      live.close();
      await Promise.all(servers.map(close));
    },
  };
}

const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
} as const;

function serve(server: HttpServer, parts: AppParts, door: Door): HttpServer {
  server.maxConnections = maxConnections;
  server.maxHeadersCount = 64;
  server.on('request', buildApp(parts, door));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxLiveMessage, perMessageDeflate: false, clientTracking: false });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy()); // a reset here is nobody else's to catch, and must not end the process
    const refusal = door === 'page' ? refuseLive(request, parts) : 'HTTP/1.1 404 Not Found';
    if (refusal !== undefined) return void socket.end(`${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, client => {
      const id = sessionId(request) ?? '';
      client.on('message', () => void parts.auth.session(id, parts.now())); // the person did something: the session is in use
      const role = parts.auth.roleOf(id, parts.now());
      if (!parts.live.add(client, () => role !== undefined && parts.auth.roleOf(id, parts.now()) === role)) client.close(1013, 'too many');
    });
  });
  return server;
}

/** A browser sends cookies with the WebSocket of any site, so Origin must be ours (RFC 6455 §10.2). */
function refuseLive(request: IncomingMessage, { auth, now }: AppParts): string | undefined {
  if (request.url !== `${apiPath}/live`) return 'HTTP/1.1 404 Not Found';
  if (!isOwnOrigin(request)) return 'HTTP/1.1 403 Forbidden';
  const id = sessionId(request);
  return id === undefined || auth.roleOf(id, now()) === undefined ? 'HTTP/1.1 401 Unauthorized' : undefined;
}

function listen(server: HttpServer, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A left-over socket file of a killed run is removed first; only one gateway runs on a data folder. The mode is set before anyone can connect. */
async function listenOnSocket(server: HttpServer, path: string): Promise<void> {
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    const listening = listen(server, { path });
    process.umask(before);
    await listening;
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
}

function close(server: HttpServer): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const named = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `https://${named}:${port}/`;
}
