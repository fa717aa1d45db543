import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** DTLS servers that are not ours: of OpenSSL, of GnuTLS, and of libcoap over both. */
export type DtlsPeer = 'openssl' | 'gnutls-serv' | 'coap-server-openssl' | 'coap-server-gnutls';

export const isThere = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

/** A self-signed certificate of `openssl req`, for kinds of keys that our own maker does not make: `rsa:2048`, `ed25519`, `ec:P-384`. */
export function selfSignedByOpenssl(kind: string): { readonly chainPem: string; readonly keyPem: string } {
  const key = kind.startsWith('ec:') ? ['ec', '-pkeyopt', `ec_paramgen_curve:${kind.slice(3)}`] : [kind];
  const argv = ['req', '-x509', '-newkey', ...key, '-noenc', '-keyout', '-', '-subj', `/CN=${kind.replace(':', ' ')}`, '-days', '2'];
  const [keyPem = '', chainPem = ''] = execFileSync('openssl', argv, { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { chainPem, keyPem };
}

export type DtlsServerOptions = {
  readonly chainPem: string;
  readonly keyPem: string;
  readonly args?: readonly string[];
  readonly address?: string;
  /** Absent: any that is free. */
  readonly port?: number;
};

/** One such server as a process. What a client says inside comes by `heard`; `say` sends bytes as one record. */
export class DtlsServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  heard: (bytes: Uint8Array) => void = () => {};
  /** All that it wrote to either output. */
  printed = '';

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (bytes: Buffer) => {
      this.printed += bytes.toString('latin1');
      this.heard(new Uint8Array(bytes));
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      this.printed += bytes.toString('latin1');
    });
  }

  static async open(
    peer: DtlsPeer,
    { chainPem, keyPem, args = [], address = '127.0.0.1', port: wished }: DtlsServerOptions,
  ): Promise<DtlsServer> {
    const folder = mkdtempSync(join(tmpdir(), `sallyport-dtls-${process.pid}-`));
    const [leaf, rest, whole, key] = ['leaf.pem', 'chain.pem', 'whole.pem', 'key.pem'].map(name => join(folder, name));
    const end = chainPem.indexOf('-----END CERTIFICATE-----') + '-----END CERTIFICATE-----\n'.length;
    writeFileSync(leaf ?? '', chainPem.slice(0, end));
    writeFileSync(rest ?? '', chainPem.slice(end));
    writeFileSync(whole ?? '', chainPem);
    writeFileSync(key ?? '', keyPem, { mode: 0o600 });
    // The servers of libcoap speak DTLS one port above the plain one.
    const port = wished ?? (await freePort(address));
    const files = ['-cert', leaf ?? '', '-key', key ?? '', ...(end < chainPem.length ? ['-cert_chain', rest ?? ''] : [])];
    const quiet = args.includes('-keymatexport') ? [] : ['-quiet'];
    const argv: Readonly<Record<DtlsPeer, readonly string[]>> = {
      openssl: ['s_server', ...(args.includes('-dtls1') ? [] : ['-dtls1_2']), '-accept', `${address}:${port}`, ...quiet, ...files],
      'gnutls-serv': ['--udp', '--port', String(port), '--echo', '--x509certfile', whole ?? '', '--x509keyfile', key ?? ''],
      'coap-server-openssl': ['-A', address, '-p', String(port - 1), '-c', whole ?? '', '-j', key ?? '', '-n'],
      'coap-server-gnutls': ['-A', address, '-p', String(port - 1), '-c', whole ?? '', '-j', key ?? '', '-n'],
    };
    const server = new DtlsServer(spawn(peer, [...argv[peer], ...args], { stdio: 'pipe' }), port, folder);
    for (let tries = 0; tries < 6_000; tries++) {
      if (isBound(port)) return server;
      if (server.#child.exitCode !== null) break;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    await server.close();
    throw new Error(`Cannot start ${peer} ${args.join(' ')}: exit ${server.#child.exitCode}: ${server.printed}`);
  }

  say(bytes: Uint8Array): void {
    this.#child.stdin?.write(bytes);
  }

  /** Takes leave of the client that is there; no other is heard after it. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'close'); // with all that it wrote
      this.#child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(address: string): Promise<number> {
  const spare = createSocket('udp4');
  spare.bind(0, address);
  await once(spare, 'listening');
  const { port } = spare.address();
  spare.close();
  await once(spare, 'close');
  return port;
}

function isBound(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return ['udp', 'udp6'].some(table =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .some(line => (line.trim().split(/\s+/)[1] ?? '').concat(' ').endsWith(local)),
  );
}
