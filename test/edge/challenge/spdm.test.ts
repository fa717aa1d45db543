import { describe, expect, it } from 'vitest';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { spdm } from '../../../gateway/edge/challenge/channels/spdm.ts';
import { type ResponderSpec, SpdmResponder } from '../../vectors/spdm-responder.ts';
import { serveSpdm } from '../../vectors/spdm-server.ts';
import { good, judge, keys, now, verdict } from '../../attestation/spdm-world.ts';
import { closedPort, tcp, untilTheTestEnds } from './servers.ts';

const on = untilTheTestEnds();
let drawn = 0;
const ask = (remotePort: number, left = 30_000): Promise<Exchange> =>
  spdm.ask(
    {
      ip: '127.0.0.1',
      remotePort,
      nonce: () => makeNonce({ random: new Uint8Array(32).fill(++drawn), mac: '', ip: '127.0.0.1', remotePort }, now),
    },
    left,
  );
const responder = (spec: Partial<ResponderSpec> = {}): Promise<number> =>
  on(tcp(socket => serveSpdm(socket, new SpdmResponder({ ...good, ...spec }))));
const judged = async (port: number): Promise<string> => {
  const exchange = await ask(port);
  if (exchange.kind === 'failed') return `${exchange.failure}: ${exchange.detail}`;
  expect(exchange.evidence.certificates).toEqual([]);
  return verdict(judge(exchange.evidence.bytes, { freshness: exchange.freshness }));
};

describe('SPDM over TCP', () => {
  it.each([0x11, 0x12, 0x13])('gives measurements of version %i that affirm', async version => {
    expect(await judged(await responder({ versions: [version] }))).toBe('affirming');
  });

  it('waits when it is asked to', async () => {
    expect(await judged(await responder({ notReady: 1, portion: 512 }))).toBe('affirming');
  });

  it('asks with a new nonce each time, and a responder that answers as before is found out', async () => {
    const first = new SpdmResponder(good);
    const kept = new Map<number, Uint8Array>();
    const port = await on(
      tcp(socket =>
        serveSpdm(socket, {
          respond: request => {
            const code = request[1] ?? 0;
            const answer = kept.get(code) ?? first.respond(request);
            if (code === 0xe0 || code === 0x83) kept.set(code, answer);
            return answer;
          },
        }),
      ),
    );
    expect(await judged(port)).toBe('affirming');
    expect(await judged(port)).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('brings what is signed by another key, in debug or of unknown firmware to be judged', async () => {
    expect(await judged(await responder({ key: keys.other.privateKey }))).toBe('contraindicated SIGNATURE_INVALID');
    expect(await judged(await responder({ blocks: [{ index: 1, type: 1, value: new Uint8Array(32) }] }))).toBe(
      'contraindicated DIGEST_UNKNOWN',
    );
  });

  it('tells a port that does not speak it from one that is shut, silent or gone', async () => {
    expect(await judged(await closedPort())).toMatch(/^refused: /);
    expect(await judged(await on(tcp(s => s.end())))).toBe('reset: closed before it had answered');
    expect(await judged(await on(tcp(s => s.resetAndDestroy())))).toMatch(/^reset: /);
    expect(await judged(await on(tcp(s => s.write('220 ready\r\n'))))).toMatch(/^refused: /);
    expect(await judged(await on(tcp(s => s.on('data', () => s.write('HTTP/1.1 400 Bad Request\r\n\r\n')))))).toBe(
      'refused: Cannot read SPDM over TCP: binding version 84 at byte 4',
    );
    expect(await ask(await on(tcp(() => {})), 300)).toMatchObject({ failure: 'timeout', detail: 'not done within 300 ms' });
  });

  it('says that a responder has errors, in the binding and in SPDM', async () => {
    expect(await judged(await on(tcp(s => s.on('data', () => s.write(Uint8Array.of(0, 0, 1, 0xc3))))))).toBe(
      'refused: Cannot read SPDM over TCP: it is no responder',
    );
    expect(await judged(await on(tcp(s => serveSpdm(s, { respond: () => Uint8Array.of(0x10, 0x7f, 4, 0) }))))).toBe(
      'refused: it answered getVersion with error 0x4',
    );
  });

  it('ends a responder that drips, that floods, that answers twice, and that has it wait without end', async () => {
    const drip = on(
      tcp(s => {
        s.once('data', () => {
          s.write(Uint8Array.of(0xff, 0xff, 1, 5));
          const beat = setInterval(() => (s.destroyed ? clearInterval(beat) : s.write(Uint8Array.of(0))), 5);
        });
      }),
    );
    expect(await ask(await drip, 400)).toMatchObject({ failure: 'timeout' });
    const flood = on(tcp(s => s.on('data', () => s.write(new Uint8Array(1 << 20).fill(0xff)))));
    expect(await judged(await flood)).toMatch(/^refused: /);
    const long = Buffer.concat([Uint8Array.of(0xff, 0xff, 1, 5), new Uint8Array(200_000)]);
    expect(await judged(await on(tcp(s => s.on('data', () => s.write(long)))))).toMatch(/^refused: (more than 65537 bytes|Cannot read)/);
    const twice = on(tcp(s => serveSpdm(s, new SpdmResponder(good), 2)));
    expect(await judged(await twice)).toMatch(/^refused: (talks without being asked|Cannot read SPDM over TCP: \d+ bytes left over)/);
    const late = on(
      tcp(s =>
        serveSpdm(s, { respond: r => Uint8Array.of(r[0] ?? 0, 0x7f, 0x42, 0, 12, r[1] === 0xff ? (r[2] ?? 0) : (r[1] ?? 0), 1, 1) }),
      ),
    );
    expect(await judged(await late)).toBe('refused: it asked for time more than 8 times');
  });

  it('leaves from the port that it is told to', async () => {
    const seen: number[] = [];
    const port = await on(tcp(s => (seen.push(s.remotePort ?? 0), serveSpdm(s, new SpdmResponder(good)))));
    const free = await closedPort();
    const { nonce } = { nonce: () => makeNonce({ random: new Uint8Array(32), mac: '', ip: '127.0.0.1', remotePort: port }, now) };
    expect((await spdm.ask({ ip: '127.0.0.1', remotePort: port, localAddress: '127.0.0.1', localPort: free, nonce }, 30_000)).kind).toBe(
      'answered',
    );
    expect(seen).toEqual([free]);
  });
});
