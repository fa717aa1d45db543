import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { opcUa } from '../../../gateway/edge/challenge/channels/opc-ua.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { type ServerSpec, serveOpcUa } from '../../vectors/opc-ua-server.ts';
import { good, judge, keys, now, verdict } from '../../attestation/opc-ua-world.ts';
import { closedPort, tcp, untilTheTestEnds } from './servers.ts';

const on = untilTheTestEnds();
let drawn = 0;
const ask = (remotePort: number, left = 30_000, localPort?: number): Promise<Exchange> =>
  opcUa.ask(
    {
      ip: '127.0.0.1',
      remotePort,
      localAddress: '127.0.0.1',
      ...(localPort === undefined ? {} : { localPort }),
      nonce: () => makeNonce({ random: new Uint8Array(32).fill(++drawn), mac: '', ip: '127.0.0.1', remotePort }, now),
    },
    left,
  );
const told = (exchange: Exchange): string =>
  exchange.kind === 'failed' ? `${exchange.failure}: ${exchange.detail}` : verdict(judge(exchange.evidence.bytes, exchange.freshness));
const judged = async (port: number): Promise<string> => told(await ask(port));
const server = (spec: Partial<ServerSpec> = {}): Promise<number> => on(tcp(socket => serveOpcUa(socket, { ...good, ...spec })));

describe('OPC UA over TCP', () => {
  it.each(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const)(
    'proves the key of a server by %s',
    async policy => {
      expect(await judged(await server({ policies: ['None', policy] }))).toBe('warning NO_MEASUREMENTS A3');
    },
  );

  it('leaves from the one port that it is told to, again and again', async () => {
    const seen: number[] = [];
    const port = await on(tcp(s => (seen.push(s.remotePort ?? 0), serveOpcUa(s, good))));
    const free = await closedPort();
    expect(told(await ask(port, 5000, free))).toBe('warning NO_MEASUREMENTS A3');
    expect(seen).toEqual([free, free]);
  });

  it('breaks a connection off that the server does not close, so that the next can leave from its port', async () => {
    const port = await on(
      tcp(s => {
        // Never closes: what comes after CloseSecureChannel is thrown away.
        s.setMaxListeners(0);
        s.end = () => s;
        serveOpcUa(s, good);
      }),
    );
    expect(told(await ask(port, 5000, await closedPort()))).toBe('warning NO_MEASUREMENTS A3');
  });

  it('asks with a new certificate each time: what was answered before proves nothing', async () => {
    let kept: Buffer | undefined;
    const port = await server({ keep: answer => (kept ??= answer), replay: () => kept });
    expect(await judged(port)).toBe('warning NO_MEASUREMENTS A3');
    expect(await judged(port)).toMatch(/^refused: Cannot read OPC UA: an answer to another request|^contraindicated NONCE_MISMATCH/);
  });

  it('brings a certificate without its key to be judged', async () => {
    expect(await judged(await server({ signingKey: keys.other.privateKey }))).toBe('contraindicated SIGNATURE_INVALID A0');
  });

  it('tells a server that does not let us in, has no such policy or speaks no OPC UA from one that is gone', async () => {
    expect(await judged(await server({ error: 0x80130000 }))).toBe(
      'refused: Cannot open channel: it does not trust our certificate, or does not say why; list opc-ua/sallyport-client-ca.der and .crl of the data folder there',
    );
    expect(await judged(await server({ policies: ['None'] }))).toBe('refused: it has 1 endpoints, none with a security policy of ours');
    expect(await judged(await on(tcp(s => s.on('data', () => s.write('HTTP/1.1 400 Bad Request\r\n\r\n')))))).toMatch(
      /^refused: Cannot read OPC UA/,
    );
    expect(await judged(await closedPort())).toMatch(/^refused: /);
    expect(await judged(await on(tcp(s => s.end())))).toBe('reset: closed before it had answered');
    expect(await ask(await on(tcp(() => {})), 300)).toMatchObject({ failure: 'timeout' });
  });

  it('ends a server that drips, floods, or answers twice', async () => {
    const header = Uint8Array.of(0x41, 0x43, 0x4b, 0x46, 0xff, 0xff, 0, 0);
    const message = Buffer.concat([Buffer.from('ACKF'), Uint8Array.of(28, 0, 0, 0), new Uint8Array(20)]);
    const drip = tcp(s => {
      s.once('data', () => {
        s.write(header);
        const beat = setInterval(() => (s.destroyed ? clearInterval(beat) : s.write(Uint8Array.of(0))), 5);
      });
    });
    expect(await ask(await on(drip), 400)).toMatchObject({ failure: 'timeout' });
    expect(await judged(await on(tcp(s => s.on('data', () => s.write(Buffer.concat([header, new Uint8Array(1 << 20)]))))))).toMatch(
      /^refused: /,
    );
    const twice = tcp(s => s.on('data', () => s.write(Buffer.concat([message, message]))));
    expect(await judged(await on(twice))).toMatch(/^refused: (talks without being asked|Cannot read OPC UA: 28 bytes left over)/);
  });
});

/** A server of somebody else, for whoever has one beside the project (SALLYPORT_NODE_OPCUA): it is no package of ours, and no test of CI. */
const elsewhere = process.env['SALLYPORT_NODE_OPCUA'] ?? '';
const isThere = elsewhere !== '' && existsSync(`${elsewhere}/node_modules/node-opcua-server`);

type Theirs = { initialize: () => Promise<void>; start: () => Promise<void>; shutdown: (ms: number) => Promise<void> };
type Modules = {
  OPCUAServer: new (options: object) => Theirs;
  OPCUACertificateManager: new (options: object) => object;
  SecurityPolicy: Readonly<Record<string, string>>;
};
if (isThere)
  describe('the server of node-opcua', () => {
    it('is known again by the key that it proves, by each policy', async () => {
      const load = createRequire(`${elsewhere}/package.json`);
      const parts = ['server', 'certificate-manager', 'secure-channel'].map((name): object => load(`node-opcua-${name}`) as object);
      const modules = Object.assign({}, ...parts) as Modules;
      const port = await closedPort();
      const keysSeen = new Set<string>();
      for (const policy of ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss']) {
        const serverCertificateManager = new modules.OPCUACertificateManager({
          automaticallyAcceptUnknownCertificate: true,
          rootFolder: `${elsewhere}/pki-test`,
        });
        const theirs = new modules.OPCUAServer({
          port,
          serverCertificateManager,
          securityPolicies: [modules.SecurityPolicy['None'], modules.SecurityPolicy[policy]],
          serverInfo: { applicationUri: 'urn:lab:plc' },
        });
        await theirs.initialize();
        await theirs.start();
        try {
          const exchange = await ask(port, 30_000);
          if (exchange.kind === 'failed') throw new Error(exchange.detail);
          expect(exchange.freshness).toMatchObject({ channel: `OPC UA secure channel, ${policy}` });
          const outcome = judge(exchange.evidence.bytes, exchange.freshness);
          expect(outcome.kind).toBe('no-evidence');
          if (outcome.kind === 'no-evidence') keysSeen.add(outcome.leafKey ?? '');
        } finally {
          await theirs.shutdown(0);
        }
      }
      expect(keysSeen.size).toBe(1);
      expect([...keysSeen][0]).toMatch(/^[0-9a-f]{64}$/);
    });
  });
