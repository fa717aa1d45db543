import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readSwitch } from '../../../gateway/edge/probe/read-switch.ts';
import { agent, answer, asked, switchRows } from '../../vectors/snmp-agent.ts';

const pace = { answerMs: 60, tries: 3, betweenMs: 0, totalMs: 3_000 };
const access = { version: '2c', community: 'public' } as const;
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** An agent on a socket of its own: what `says` returns goes back, if anything. */
async function serve(
  says: (question: Uint8Array, n: number) => Uint8Array | undefined,
): Promise<{ port: number; questions: Uint8Array[] }> {
  const socket = createSocket('udp4');
  open.push(socket);
  const questions: Uint8Array[] = [];
  socket.on('message', (bytes, from) => {
    questions.push(Uint8Array.from(bytes));
    const reply = says(bytes, questions.length);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>(done => socket.bind(0, '127.0.0.1', done));
  return { port: (socket.address() as AddressInfo).port, questions };
}
const read = (port: number, signal = new AbortController().signal) => readSwitch('127.0.0.1', access, { signal, pace, port });

describe('reading a switch', () => {
  it('gives its tables', async () => {
    const { port } = await serve(agent(switchRows));
    expect(await read(port)).toMatchObject({ kind: 'read', tables: { name: 'dock-sw1' } });
  });

  it('asks again, the same bytes, when an answer is lost', async () => {
    const says = agent(switchRows);
    const { port, questions } = await serve((question, n) => (n % 3 === 0 ? undefined : says(question)));
    expect(await read(port)).toMatchObject({ kind: 'read', tables: { name: 'dock-sw1' } });
    expect(questions[3]).toEqual(questions[2]);
  });

  it('ends as silent after three questions', async () => {
    const { port, questions } = await serve(() => undefined);
    expect(await read(port)).toEqual({ kind: 'silent', detail: 'no answer to 3 questions' });
    expect(questions).toHaveLength(3);
  });

  it('ends as silent where nobody listens', async () => {
    const { port } = await serve(() => undefined);
    open.splice(0).forEach(socket => socket.close());
    expect(await read(port)).toEqual({ kind: 'silent', detail: 'no answer: ECONNREFUSED' });
  });

  it('ends when the agent breaks the rules, and uses nothing of what it said', async () => {
    const { port } = await serve(question => answer(asked(question).requestId, [[asked(question).oid, 4, new Uint8Array(3)]]));
    expect(await read(port)).toEqual({ kind: 'refused', detail: 'the rows of sysDescr do not go up' });
  });

  it('ends at its time, whatever the agent says', async () => {
    let row = 0;
    const aliases = '1.3.6.1.2.1.31.1.1.1.18';
    const { port } = await serve(question => {
      const { requestId, oid } = asked(question);
      return oid.startsWith(aliases) ? answer(requestId, [[`${aliases}.${++row}`, 4, new Uint8Array(1)]]) : answer(requestId, []);
    });
    const reading = await readSwitch('127.0.0.1', access, { signal: new AbortController().signal, pace: { ...pace, totalMs: 150 }, port });
    expect(reading).toEqual({ kind: 'refused', detail: 'not read to its end within 0.15 s' });
  });

  it('stops at once when it is told', async () => {
    const stop = new AbortController();
    const { port, questions } = await serve(() => {
      stop.abort();
      return undefined;
    });
    expect(await read(port, stop.signal)).toEqual({ kind: 'failed', detail: 'stopped' });
    expect(questions).toHaveLength(1);
  });
});
