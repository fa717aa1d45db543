import { describe, expect, it } from 'vitest';
import { ask, type AskEdge } from '../../../gateway/edge/probe/ask.ts';
import { listens, probe, type ListedProbe } from '../../../gateway/probing/probe.ts';
import { fill, template } from '../../../gateway/probing/template.ts';
import { context } from '../../probing/emitted.ts';

const question = template('question', '0102 <n:1>');
const asks = (localPort?: number): ListedProbe =>
  probe({
    name: 'ssdp-search',
    spec: 'none',
    reach: 'broadcast',
    medium: { kind: 'udp', to: 'subnet', port: 1900, ...(localPort === undefined ? {} : { localPort }) },
    templates: [question],
    waitMs: 50,
    proofs: [],
    begin: ({ nonce }) => ({ kind: 'send', messages: [fill(question, { n: nonce.slice(0, 1) })], state: undefined }),
    next: listens,
  });
const here = { ...context, own: { ...context.own, ip: '127.0.0.1', prefix: '127.0.0.1/8' } };
/** Source port, destination port and payload of each datagram that left. */
const left: (readonly [number, number, string])[] = [];
const edge: AskEdge = {
  now: () => 0,
  mayLeave: () => Promise.resolve(true),
  sendFrame: frame => {
    const bytes = Buffer.from(frame);
    left.push([bytes.readUInt16BE(34), bytes.readUInt16BE(36), bytes.toString('hex', 42)]);
  },
  subnetBroadcast: '127.255.255.255',
};
const run = (p: ListedProbe, more: Partial<AskEdge> = {}) => {
  left.length = 0;
  return ask(p, here, { ...edge, ...more }, new AbortController().signal);
};

describe('a question to everybody', () => {
  it('leaves from the port by which its answers are known, also twice at once', async () => {
    const outcomes = await Promise.all([run(asks(61_999)), run(asks(61_999))]);
    expect(outcomes.map(o => o.kind)).toEqual(['asked', 'asked']);
    expect(left).toEqual([
      [61_999, 1900, '0102a0'],
      [61_999, 1900, '0102a0'],
    ]);
  });

  it('leaves from a port of the kernel without one, another each time', async () => {
    const ports: number[] = [];
    for (let times = 0; times < 4; times++) {
      await run(asks());
      ports.push(left[0]?.[0] ?? 0);
    }
    expect(Math.min(...ports)).toBeGreaterThan(1023);
    expect(new Set(ports).size, 'by chance the kernel may give one twice').toBeGreaterThan(1);
  });

  it('waits for its turn as long as it takes, and for answers only after that', async () => {
    const turn = (): Promise<boolean> => new Promise(resolve => setTimeout(resolve, 120, true));
    expect(await run(asks(), { mayLeave: turn })).toMatchObject({ kind: 'asked', sent: 3, received: 0 });
    expect(left).toHaveLength(1);
  });
});
