import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSyslog } from '../../../gateway/edge/notify/syslog-link.ts';
import { startSyslog } from '../../../gateway/edge/notify/syslog.ts';
import { pageCertificate } from '../../../gateway/edge/store/page-certificate.ts';
import type { Event } from '../../../gateway/model/event.ts';
import type { SyslogTarget } from '../../../gateway/model/settings.ts';
import { until as wait } from '../../lab/namespace.ts';

const folder = mkdtempSync(join(tmpdir(), `slpsl-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const target = (transport: SyslogTarget['transport'], port: number, more: Partial<SyslogTarget> = {}): SyslogTarget => ({
  host: '127.0.0.1',
  port,
  transport,
  all: false,
  enterprise: 32_473,
  ...more,
});
const messages = [Buffer.from('<109>1 - a b - c - one'), Buffer.from('<109>1 - a b - c - \ufeffTür\nzwei')];

/** A receiver: what came in on its connections, and the connections. */
async function receiver(server: ReturnType<typeof createServer>) {
  const sockets: Socket[] = [];
  let text = '';
  server.on('connection', socket => void sockets.push(socket));
  server.on('secureConnection' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.on('error', () => undefined).on('data', (part: Buffer) => (text += part.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, sockets, heard: () => text, close: () => server.close() };
}
const until = (holds: () => boolean): Promise<void> => wait(holds, 'it arrives');

describe('the way to a receiver of syslog', () => {
  const framed = messages.map(message => `${message.length} ${message.toString()}`).join('');
  let certificate: Awaited<ReturnType<typeof pageCertificate>>;
  beforeAll(async () => {
    certificate = await pageCertificate(folder, '127.0.0.1', Date.now());
    writeFileSync(join(folder, 'ca.pem'), certificate.certificate);
  });
  const tlsServer = () => {
    const heard: string[] = [];
    const server = createTlsServer({ key: certificate.key, cert: certificate.certificate }, socket => {
      socket.on('error', () => undefined).on('data', (part: Buffer) => void heard.push(part.toString()));
    });
    return { server, heard };
  };

  it('by UDP is a datagram each', async () => {
    const socket = createSocket('udp4');
    const heard: string[] = [];
    socket.on('message', message => void heard.push(message.toString()));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const link = await openSyslog(target('udp', socket.address().port), why => expect.fail(why));
    for (const message of messages) await link.send(message);
    await until(() => heard.length === 2);
    expect(heard).toEqual(messages.map(String));
    link.close();
    socket.close();
  });

  it('by UDP to a port where nobody listens ends, once, and may be closed after that', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    await new Promise<void>(done => void socket.close(done));
    const ended: string[] = [];
    const link = await openSyslog(target('udp', port), why => {
      ended.push(why);
      link.close();
    });
    await link.send(Buffer.from('one')).catch(() => undefined);
    await until(() => ended.length > 0);
    expect(ended).toEqual([expect.stringContaining('ECONNREFUSED')]);
    await expect(link.send(Buffer.from('two'))).rejects.toThrow('running');
  });

  it('to a name that nobody has is refused, and says so', async () => {
    for (const transport of ['udp', 'tcp', 'tls'] as const)
      await expect(
        openSyslog(target(transport, 514, { host: 'nobody.invalid' }), why => expect.fail(why)),
        transport,
      ).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });

  it('by TCP has each message’s length before it, so that a line end splits none; its end is told', async () => {
    const there = await receiver(createServer());
    const ended: string[] = [];
    const link = await openSyslog(target('tcp', there.port), why => void ended.push(why));
    for (const message of messages) await link.send(message);
    await until(() => there.heard().length === Buffer.from(framed).toString().length);
    expect(there.heard()).toBe(framed);
    there.sockets[0]?.destroy();
    await until(() => ended.length > 0);
    expect(ended).toHaveLength(1);
    there.close();
    await expect(openSyslog(target('tcp', there.port), () => undefined)).rejects.toThrow('ECONNREFUSED');
  });

  it('by TLS is the same, to nobody but who shows a certificate that leads to the CA', async () => {
    const { server, heard } = tlsServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const link = await openSyslog(target('tls', port, { ca: join(folder, 'ca.pem') }), () => undefined);
    for (const message of messages) await link.send(message);
    await until(() => heard.join('') === framed);
    expect(heard.join('')).toBe(framed);
    link.close();
    await expect(openSyslog(target('tls', port), () => undefined)).rejects.toThrow(/self-signed/);
    await expect(
      openSyslog(target('tls', port, { ca: join(folder, 'ca.pem'), serverName: 'siem.example' }), () => undefined),
    ).rejects.toThrow(/altnames|does not match/);
    // What counts is the name that it must bear, an address too.
    const named = await openSyslog(
      target('tls', port, { host: 'localhost', ca: join(folder, 'ca.pem'), serverName: '127.0.0.1' }),
      () => undefined,
    );
    named.close();
    await expect(openSyslog(target('tls', port, { ca: join(folder, 'ca.pem'), serverName: '127.0.0.2' }), () => undefined)).rejects.toThrow(
      /altnames|does not match/,
    );
    await expect(openSyslog(target('tls', port, { ca: join(folder, 'none.pem') }), () => undefined)).rejects.toThrow('ENOENT');
    server.close();
  });

  it('what the gateway journals arrives, and a next start goes on where this one ended', async () => {
    const there = await receiver(createServer());
    const journal: Event[] = [];
    const happens = (reason: string): void => {
      journal.push({ seq: journal.length + 1, at: 1, prev: '', hash: 'ab', body: { kind: 'resumed', by: 'keller', reason } });
    };
    const store = {
      get head() {
        return { seq: journal.length };
      },
      events: (after: number, limit: number) => journal.slice(after, after + limit),
    };
    let now = 0;
    const said: string[] = [];
    const parts = {
      ...{ targets: [target('tcp', there.port)], folder, version: '1', store, describe: () => 'resumed' },
      ...{ say: (text: string) => void said.push(text), log: (line: string) => expect.fail(line), now: () => (now += 6_000) },
    };
    happens('before there was a receiver');
    const first = await startSyslog(parts);
    happens('while it runs');
    await until(() => there.heard().includes('while it runs'));
    await until(() => said.at(-1) === '');
    await first.stop();
    happens('while nobody ran');
    const second = await startSyslog(parts);
    await until(() => there.heard().includes('while nobody ran'));
    await second.stop();
    expect(there.heard()).not.toContain('before there was');
    expect(there.heard().match(/while nobody ran/g)).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(folder, 'syslog.json'), 'utf8'))).toMatchObject({ sent: { [`tcp 127.0.0.1 ${there.port}`]: 3 } });
    there.close();
  });
});
