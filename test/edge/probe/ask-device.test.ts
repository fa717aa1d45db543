import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, type AskEdge } from '../../../gateway/edge/probe/ask.ts';
import { type Asking, type ListedProbe, probe, type Step } from '../../../gateway/probing/probe.ts';
import { template } from '../../../gateway/probing/template.ts';
import { until } from '../../lab/namespace.ts';
import { undisturbed } from '../../undisturbed.ts';

const [question, farewell] = [Uint8Array.of(1, 2, 3), Uint8Array.of(9)];
type State = { readonly asked: number };

/** Asks, ends with the first two bytes that come, and takes leave; says what it is told to when those are `more`. */
function asking(over: { readonly waitMs?: number; readonly sends?: Uint8Array } = {}): ListedProbe {
  const send = (asked: number): Step<State> => ({ kind: 'send', messages: [over.sends ?? question], state: { asked } });
  return probe<State>({
    name: 'http-head',
    spec: 'a test',
    reach: 'device',
    medium: { kind: 'tcp', port: 'service' },
    templates: [template('question', '010203'), template('farewell', '09')],
    waitMs: over.waitMs ?? 5000,
    proofs: [],
    begin: () => send(1),
    next: (state, bytes) => {
      if (bytes.length < 2) return { kind: 'wait', state };
      if (bytes[0] === 7) return state.asked < 3 ? send(state.asked + 1) : { kind: 'done', how: 'refused', detail: 'without end' };
      return { kind: 'done', how: 'answered', detail: 'heard', parting: [farewell] };
    },
  });
}

/** Waits, whatever comes. */
const wait = (): Asking => ({ kind: 'wait', next: wait });

/** A device on this machine: what came to it, and whether its connection was closed in full or broken. */
type Device = { readonly port: number; readonly heard: number[]; readonly ends: string[]; connections: number };

describe('asking on a connection', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function device(serve: (socket: Socket) => void, allowHalfOpen = false): Promise<Device> {
    const seen = { heard: [] as number[], ends: [] as string[], connections: 0 };
    const server = createServer({ allowHalfOpen }, socket => {
      seen.connections++;
      sockets.add(socket);
      socket.on('data', bytes => seen.heard.push(...bytes));
      socket.on('end', () => seen.ends.push('FIN'));
      socket.on('error', error => seen.ends.push('code' in error ? String(error.code) : error.message));
      socket.on('close', () => sockets.delete(socket));
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return Object.assign(seen, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  }

  const mac = '00:00:5e:00:53:01';
  const edge: AskEdge = {
    now: Date.now,
    mayLeave: () => Promise.resolve(true),
    sendFrame: () => undefined,
    subnetBroadcast: '127.255.255.255',
  };
  const run = (p: ListedProbe, port: number, over: Partial<AskEdge> = {}, signal = new AbortController().signal, ip = '127.0.0.1') =>
    ask(
      p,
      { own: { mac, ip: '127.0.0.1', prefix: '127.0.0.0/8' }, target: { mac, ip, service: port }, nonce: new Uint8Array(16), now: 0 },
      { ...edge, ...over },
      signal,
    );

  it('sends, hears, takes leave and closes in full, once', async () => {
    const d = await device(socket => socket.once('data', () => socket.write(Uint8Array.of(5, 5))));
    expect(await run(asking(), d.port)).toMatchObject({ kind: 'answered', detail: 'heard', sent: 4, received: 2 });
    await until(() => d.ends.length > 0, 'it is closed');
    expect(d).toMatchObject({ connections: 1, heard: [1, 2, 3, 9], ends: ['FIN'] });
  });

  it('reads on while it closes, so that a device which goes on talking meets no reset', async () => {
    const d = await device(socket => {
      socket.once('data', () => socket.write(Uint8Array.of(5, 5)));
      socket.on('end', () => socket.end(new Uint8Array(16_000_000)));
    }, true);
    await run(asking(), d.port);
    await until(() => sockets.size === 0, 'it is closed');
    expect(d.ends).toEqual(['FIN']);
  });

  it('ends by time when byte after byte drips in, and closes in full', undisturbed, async () => {
    const d = await device(socket => {
      const timer = setInterval(() => socket.write(Uint8Array.of(5)), 40);
      socket.on('close', () => clearInterval(timer));
    });
    const slow: ListedProbe = { ...asking({ waitMs: 300 }), begin: () => ({ kind: 'send', messages: [question], next: wait }) };
    const outcome = await run(slow, d.port);
    expect(outcome).toMatchObject({ kind: 'silent', detail: 'began to answer, but was not done within 300 ms', sent: 3 });
    expect(outcome.endedAt - outcome.startedAt).toBeLessThan(2000);
    await until(() => d.ends.length > 0, 'it is closed');
    expect(d.ends[0]).toBe('FIN');
  });

  it('stops to listen to an answer that does not end', async () => {
    const d = await device(socket => socket.once('data', () => socket.write(new Uint8Array(100_000))));
    const patient: ListedProbe = { ...asking(), begin: () => ({ kind: 'send', messages: [question], next: wait }) };
    expect(await run(patient, d.port)).toMatchObject({ kind: 'refused', detail: 'its answer is longer than 65536 bytes' });
  });

  it('asks as often as the probe does, however often the device says that more follows', async () => {
    const d = await device(socket => socket.on('data', () => socket.write(Uint8Array.of(7, 7))));
    expect(await run(asking(), d.port)).toMatchObject({ kind: 'refused', detail: 'without end', sent: 9 });
  });

  it('leaves no connection behind that comes up after its time', async () => {
    const controller = new AbortController();
    const d = await device(() => undefined);
    const going = run(asking(), d.port, {}, controller.signal);
    controller.abort(); // in the same turn: the connection does not stand yet
    expect(await going).toMatchObject({ kind: 'stopped', sent: 0 });
    await until(() => sockets.size === 0, 'it is closed');
    const later = await run(asking({ waitMs: 50 }), d.port);
    expect(later).toMatchObject({ kind: 'silent', sent: 3 });
    await until(() => sockets.size === 0, 'it is closed');
    expect(d.heard).toEqual([1, 2, 3]);
  });

  it('sends nothing that fits no template, and nothing that the guard forbids, and closes in full', async () => {
    const d = await device(() => undefined);
    expect(await run(asking({ sends: Uint8Array.of(1, 2, 4) }), d.port)).toMatchObject({ kind: 'blocked', sent: 0 });
    expect(await run(asking(), d.port, { mayLeave: m => Promise.resolve(m.length === 0) })).toMatchObject({ kind: 'blocked', sent: 0 });
    await until(() => d.ends.length === 2, 'both are closed');
    expect(d).toMatchObject({ heard: [], ends: ['FIN', 'FIN'] });
  });

  it('is refused by a port that nobody serves, and by a device that breaks the connection', async () => {
    const d = await device(socket => socket.once('data', () => socket.resetAndDestroy()));
    expect(await run(asking(), d.port)).toMatchObject({ kind: 'refused', sent: 3, received: 0 });
    const [server] = servers;
    await new Promise<void>(resolve => server?.close(() => resolve()));
    expect(await run(asking(), d.port)).toMatchObject({ kind: 'refused', sent: 0 });
    expect(d.connections).toBe(1);
  });
});
