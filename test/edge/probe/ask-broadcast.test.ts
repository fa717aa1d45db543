import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, type AskEdge } from '../../../gateway/edge/probe/ask.ts';
import { listens, probe, type ListedProbe } from '../../../gateway/probing/probe.ts';
import { fill, template } from '../../../gateway/probing/template.ts';
import { context } from '../../probing/emitted.ts';

const question = template('question', '0102 <n:1>');
const asks = (port: number, localPort?: number): ListedProbe =>
  probe({
    name: 'ssdp-search',
    spec: 'none',
    reach: 'broadcast',
    medium: { kind: 'udp', to: 'subnet', port, ...(localPort === undefined ? {} : { localPort }) },
    templates: [question],
    waitMs: 150,
    proofs: [],
    begin: ({ nonce }) => ({ kind: 'send', messages: [fill(question, { n: nonce.slice(0, 1) })], state: undefined }),
    next: listens,
  });
const here = { ...context, own: { ...context.own, ip: '127.0.0.1', prefix: '127.0.0.1/32' } };
const edge: AskEdge = { now: () => 0, mayLeave: () => Promise.resolve(true), sendFrame: () => undefined, subnetBroadcast: '127.0.0.1' };
const run = (p: ListedProbe) => ask(p, here, edge, new AbortController().signal);

describe('a question to everybody', () => {
  const open: Socket[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });
  const bound = (onMessage: (bytes: Uint8Array, port: number, socket: Socket) => void): Promise<number> =>
    new Promise(resolve => {
      const socket = createSocket('udp4', (bytes, from) => onMessage(bytes, from.port, socket));
      open.push(socket);
      socket.bind(0, '127.0.0.1', () => resolve(socket.address().port));
    });

  it('leaves from the port by which its answers are known, also twice at once', async () => {
    const from: number[] = [];
    const port = await bound((_, source) => from.push(source));
    const outcomes = await Promise.all([run(asks(port, 61_999)), run(asks(port, 61_999))]);
    expect(outcomes.map(o => o.kind)).toEqual(['silent', 'silent']);
    expect(from).toEqual([61_999, 61_999]);
  });

  it('waits for its turn as long as it takes, and for answers only after that', async () => {
    const heard: number[] = [];
    const port = await bound(bytes => heard.push(bytes.length));
    const turn = (): Promise<boolean> => new Promise(resolve => setTimeout(resolve, 400, true));
    const outcome = await ask(asks(port), here, { ...edge, mayLeave: turn }, new AbortController().signal);
    expect(outcome).toMatchObject({ kind: 'silent', sent: 3 });
    expect(heard).toEqual([3]);
  });

  it('hears an answer from any port, counts it and says nothing more', async () => {
    const heard: Uint8Array[] = [];
    const elsewhere = createSocket('udp4');
    open.push(elsewhere);
    const port = await bound((bytes, source) => {
      heard.push(Uint8Array.from(bytes));
      elsewhere.send(Uint8Array.of(9, 9, 9), source, '127.0.0.1');
    });
    expect(await run(asks(port))).toMatchObject({ kind: 'answered', sent: 3, received: 3 });
    expect(heard).toEqual([Uint8Array.of(1, 2, 0xa0)]);
  });
});
