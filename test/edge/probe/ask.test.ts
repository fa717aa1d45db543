import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type AskEdge, ask } from '../../../gateway/edge/probe/ask.ts';
import { type ListedProbe, probe } from '../../../gateway/probing/probe.ts';
import { fill, template } from '../../../gateway/probing/template.ts';
import { helloProbe } from '../../probing/world.ts';
import { undisturbed } from '../../undisturbed.ts';

/** Real servers on the loopback, each closed after its test. */
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Peer = { readonly port: number; readonly seen: string[]; readonly sockets: Socket[]; readonly ended: () => boolean };

async function tcpPeer(on: (socket: Socket, bytes: Buffer) => void): Promise<Peer> {
  const sockets: Socket[] = [];
  const seen: string[] = [];
  let ended = false;
  const server: Server = createServer({ allowHalfOpen: true }, socket => {
    sockets.push(socket);
    socket.on('data', bytes => {
      seen.push(bytes.toString());
      on(socket, bytes);
    });
    socket.on('end', () => {
      ended = true;
      socket.end();
    });
    socket.on('error', () => seen.push('reset'));
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  open.push(
    () =>
      new Promise(done => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  );
  return { port: (server.address() as AddressInfo).port, seen, sockets, ended: () => ended };
}

const frames: Uint8Array[] = [];
const edge = (more: Partial<AskEdge> = {}): AskEdge => ({
  now: Date.now,
  mayLeave: () => Promise.resolve(true),
  sendFrame: frame => void frames.push(frame),
  subnetBroadcast: '127.255.255.255',
  ...more,
});
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const own = { mac: '02:00:00:00:00:01', ip: '127.0.0.1', prefix: '127.0.0.1/8' };
const context = (service: number) => ({
  own,
  target: { mac: '02:00:00:00:00:02', ip: '127.0.0.1', service },
  nonce: new Uint8Array(16),
  now: 0,
});
const tcp = (more: Partial<ListedProbe> = {}): ListedProbe =>
  helloProbe('tls-hello', { medium: { kind: 'tcp', port: 'service' }, ...more });
const run = (one: ListedProbe, port: number, more: Partial<AskEdge> = {}, signal = new AbortController().signal) =>
  ask(one, context(port), edge(more), signal);

describe('one connection', () => {
  it('an answer ends it with FIN, never with RST, and it is told when the other side has closed too', async () => {
    const peer = await tcpPeer(socket => void socket.write('yes'));
    const outcome = await run(tcp(), peer.port);
    expect(outcome).toMatchObject({ kind: 'answered', sent: 5, received: 3, messages: [{ template: 'hello', bytes: '68656c6c6f' }] });
    expect(peer.ended()).toBe(true);
    expect(peer.seen).toEqual(['hello']);
    expect(peer.sockets).toHaveLength(1);
  });

  it('silence is silence, also after half an answer', async () => {
    const quiet = await tcpPeer(() => undefined);
    expect(await run(tcp({ waitMs: 30 }), quiet.port)).toMatchObject({ kind: 'silent', received: 0 });
    const half = await tcpPeer(socket => void socket.write('y'));
    const patient = tcp({
      waitMs: 30,
      begin: () => ({ kind: 'send', messages: [Buffer.from('hello')], next: () => ({ kind: 'wait', next: () => expect.fail('once') }) }),
    });
    expect(await run(patient, half.port)).toMatchObject({ kind: 'silent', received: 1, detail: matching(/began to answer/) });
  });

  it('RST is a refusal, and so is an end amid the answer; there is no second try', async () => {
    const peer = await tcpPeer(socket => void socket.resetAndDestroy());
    expect(await run(tcp(), peer.port)).toMatchObject({ kind: 'refused' });
    const shut = await tcpPeer(socket => void socket.end());
    expect(await run(tcp(), shut.port)).toMatchObject({ kind: 'refused', detail: 'it closed the connection' });
    expect([peer.sockets.length, shut.sockets.length]).toEqual([1, 1]);
    const nobody = await tcpPeer(() => undefined);
    await open.pop()?.();
    expect(await run(tcp(), nobody.port)).toMatchObject({ kind: 'refused', sent: 0 });
  });

  it('more than 64 KiB is a refusal', async () => {
    const peer = await tcpPeer(socket => void socket.write(Buffer.alloc(200_000)));
    const patient = tcp({ begin: () => ({ kind: 'send', messages: [Buffer.from('hello')], next: wait }) });
    const outcome = await run(patient, peer.port);
    expect(outcome).toMatchObject({ kind: 'refused', detail: matching(/longer than 65536/) });
  });

  it('a stop is told at once, whether it is open or not, and opens nothing any more', undisturbed, async () => {
    const peer = await tcpPeer(() => undefined);
    const stop = new AbortController();
    const outcome = run(tcp({ waitMs: 60_000 }), peer.port, {}, stop.signal);
    await expect.poll(() => peer.seen).toEqual(['hello']);
    const before = performance.now();
    stop.abort();
    expect(await outcome).toMatchObject({ kind: 'stopped' });
    expect(performance.now() - before).toBeLessThan(500);
    await expect.poll(peer.ended).toBe(true);

    const early = new AbortController();
    const waiting = run(
      tcp(),
      peer.port,
      { mayLeave: () => new Promise(done => early.signal.addEventListener('abort', () => done(true))) },
      early.signal,
    );
    early.abort();
    expect(await waiting).toMatchObject({ kind: 'stopped', sent: 0 });
    const gone = AbortSignal.abort();
    expect(await run(tcp(), peer.port, {}, gone)).toMatchObject({ kind: 'stopped' });
    expect(peer.sockets).toHaveLength(1);
  });

  it('the guard decides about the connection itself, and about each message', async () => {
    const peer = await tcpPeer(() => undefined);
    expect(await run(tcp(), peer.port, { mayLeave: () => Promise.resolve(false) })).toMatchObject({ kind: 'blocked' });
    expect(peer.sockets).toHaveLength(0);
    expect(await run(tcp(), peer.port, { mayLeave: m => Promise.resolve(m.length === 0) })).toMatchObject({ kind: 'blocked', sent: 0 });
    expect(peer.seen).toEqual([]);
  });

  it('a turn that is long in coming takes nothing from the time to answer', undisturbed, async () => {
    const peer = await tcpPeer(socket => void socket.write('yes'));
    const slow = () => new Promise<boolean>(done => setTimeout(() => done(true), 900));
    expect(await run(tcp({ waitMs: 700 }), peer.port, { mayLeave: m => (m.length === 0 ? Promise.resolve(true) : slow()) })).toMatchObject({
      kind: 'answered',
    });
  });
});

describe('what leaves', () => {
  it('a message that fits no template of its probe does not', async () => {
    const peer = await tcpPeer(() => undefined);
    const writes = tcp({ begin: () => ({ kind: 'send', messages: [Buffer.from('write')], next: wait }) });
    expect(await run(writes, peer.port)).toMatchObject({ kind: 'blocked', sent: 0, detail: matching(/template/) });
    expect(peer.seen).toEqual([]);
  });

  it('a broadcast leaves as frames, one for each message, and hears nothing', async () => {
    frames.length = 0;
    const group = helloProbe('ssdp-search', { reach: 'broadcast', medium: { kind: 'udp', to: '239.255.255.250', port: 1900 }, waitMs: 10 });
    const outcome = await ask(group, { own, nonce: new Uint8Array(16), now: 0 }, edge(), new AbortController().signal);
    expect(outcome).toMatchObject({ kind: 'asked', sent: 5, received: 0 });
    const [only] = frames;
    expect(frames).toHaveLength(1);
    expect(Buffer.from(only ?? []).toString('hex')).toMatch(
      /^01005e7ffffa020000000001080045000021000040000111[0-9a-f]{4}7f000001effffffa[0-9a-f]{4}076c000d[0-9a-f]{4}68656c6c6f$/,
    );
  });

  it('a port that takes no frame is a failure of ours', async () => {
    const frame = helloProbe('dcp-identify', { reach: 'broadcast', medium: { kind: 'frame' }, waitMs: 10 });
    const broken = () => {
      throw new Error('Cannot send on v1: no');
    };
    expect(
      await ask(frame, { own, nonce: new Uint8Array(16), now: 0 }, edge({ sendFrame: broken }), new AbortController().signal),
    ).toMatchObject({
      kind: 'failed',
    });
  });
});

describe('datagrams to one device', () => {
  const udp = (more: Partial<ListedProbe> = {}) =>
    helloProbe('snmp-get', { medium: { kind: 'udp', to: 'device', port: 'service' }, ...more });
  const udpPeer = async (answer: string | undefined) => {
    const socket = createSocket('udp4');
    socket.on('message', (_, from) => answer !== undefined && socket.send(answer, from.port, from.address));
    await new Promise<void>(done => socket.bind(0, '127.0.0.1', done));
    open.push(() => new Promise(done => socket.close(() => done())));
    return socket.address().port;
  };

  it('are answered, met by silence, or refused by ICMP', async () => {
    expect(await run(udp(), await udpPeer('yes'))).toMatchObject({ kind: 'answered', received: 3 });
    expect(await run(udp({ waitMs: 20 }), await udpPeer(undefined))).toMatchObject({ kind: 'silent' });
    const gone = await udpPeer(undefined);
    await open.pop()?.();
    expect(await run(udp(), gone)).toMatchObject({ kind: 'refused' });
  });
});

function wait(): ReturnType<ListedProbe['begin']> {
  return { kind: 'wait', next: wait };
}

it('two steps of one probe ask two questions in one connection', async () => {
  const peer = await tcpPeer((socket, bytes) => void socket.write(bytes));
  const templates = [template('one', '6f 6e 65'), template('two', '74 77 6f')] as const;
  const two = probe<number>({
    ...{ name: 's7-szl', spec: 'none', reach: 'device', medium: { kind: 'tcp', port: 'service' }, waitMs: 1000, proofs: [], templates },
    begin: () => ({ kind: 'send', messages: [fill(templates[0])], state: 1 }),
    next: state =>
      state === 1 ? { kind: 'send', messages: [fill(templates[1])], state: 2 } : { kind: 'done', how: 'answered', detail: 'both' },
  });
  expect(await run(two, peer.port)).toMatchObject({ kind: 'answered', sent: 6, messages: [{ template: 'one' }, { template: 'two' }] });
  expect(peer.sockets).toHaveLength(1);
});
