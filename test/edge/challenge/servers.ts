import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterEach } from 'vitest';

/** Real servers on loopback that a challenge meets: TLS of Node and of OpenSSL, and everything that is none. Each is ended by `close`. */
export type Running = { readonly port: number; readonly close: () => Promise<void> };

const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return address.port;
};

/** For one test file: gives the port of a server, and ends it after the test. */
export function untilTheTestEnds(): (server: Promise<Running>) => Promise<number> {
  const running: Running[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close();
  });
  return async server => {
    const started = await server;
    running.push(started);
    return started.port;
  };
}

/** A server that listens, with its open connections. */
const running = (server: Server, open: ReadonlySet<Socket>): Running => ({
  port: portOf(server),
  close: async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  },
});

/** A TCP server that does this with each connection. */
export async function tcp(onConnection: (socket: Socket) => void): Promise<Running> {
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return running(server, open);
}

/** Node's TLS server with this chain, which may staple an OCSP response. */
export async function nodeTls(chainPem: string, keyPem: string, options: TlsOptions = {}, staple?: Buffer): Promise<Running> {
  const open = new Set<Socket>();
  const server = createTlsServer({ cert: chainPem, key: keyPem, ...options }, socket => socket.on('error', () => {}));
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  if (staple !== undefined) server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, staple));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return running(server, open);
}

/** `openssl s_server`; `chainPem` after the leaf is sent exactly as it stands. */
export async function opensslServer(chainPem: string | undefined, keyPem: string, args: readonly string[] = []): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-s-server-${process.pid}-`));
  const spare = await tcp(() => {});
  await spare.close();
  const files: string[] = [];
  if (chainPem !== undefined) {
    const end = chainPem.indexOf('-----END CERTIFICATE-----') + '-----END CERTIFICATE-----\n'.length;
    const parts = [chainPem.slice(0, end), chainPem.slice(end), keyPem];
    for (const [i, name] of ['leaf.pem', 'chain.pem', 'key.pem'].entries()) writeFileSync(join(folder, name), parts[i] ?? '');
    files.push('-cert', join(folder, 'leaf.pem'), '-key', join(folder, 'key.pem'));
    if (parts[1] !== '') files.push('-cert_chain', join(folder, 'chain.pem'));
  }
  const server = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${spare.port}`, '-quiet', ...files, ...args], { stdio: 'ignore' });
  const gone = once(server, 'exit');
  const close = async (): Promise<void> => {
    server.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 6_000; tries++) {
    if (await isOpen(spare.port)) return { port: spare.port, close };
    if (server.exitCode !== null) break;
  }
  await close();
  throw new Error(`Cannot start openssl s_server ${args.join(' ')}: exit ${server.exitCode}`);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const opened = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
  socket.destroy();
  if (!opened) await new Promise(resolve => setTimeout(resolve, 10));
  return opened;
}

/** A port of loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  const spare = await tcp(() => {});
  await spare.close();
  return spare.port;
}
