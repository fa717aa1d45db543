import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../../gateway/codec/bytes.ts';
import { dtlsContent } from '../../../gateway/codec/dtls-record.ts';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { coaps } from '../../../gateway/edge/challenge/channels/coaps.ts';
import type { DtlsServer } from '../../vectors/dtls-server.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { blockwise } from './coap-answers.ts';
import { type Answer, CoapsWorld, target, withToken } from './coaps-world.ts';
import { undisturbed } from '../../undisturbed.ts';

const world = CoapsWorld.make();
let plain: Credential;
beforeAll(async () => {
  plain = await makeSelfSigned({ cn: 'device' });
});
const serve = (answer: Answer, args: readonly string[] = []): Promise<DtlsServer> => world.serve(answer, { ...plain, args });
const ask = async (answer: Answer, left = 30_000): Promise<Exchange> => coaps.ask(target((await serve(answer)).port), left);
/** Answers once and takes leave; what comes after the answer is joined to its datagram. Gives the port to ask. */
async function inOneBreath(answer: Answer): Promise<number> {
  const server = await serve(answer);
  const say = server.heard;
  server.heard = bytes => {
    say(bytes);
    server.hangUp();
  };
  let held: Uint8Array | undefined;
  return world.before(server, (bytes, to) => {
    if (bytes[0] === dtlsContent.applicationData) held = bytes;
    else to(held === undefined ? bytes : concat(held, bytes));
  });
}

describe('a hostile peer', () => {
  it('that is silent costs the time of the channel and no more', undisturbed, async () => {
    const heard: number[] = [];
    const { port } = await world.udp(bytes => heard.push(bytes.length));
    const begun = performance.now();
    expect(await coaps.ask(target(port), 1_500)).toMatchObject({ failure: 'timeout', detail: 'no DTLS handshake within 1500 ms' });
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => heard).toEqual([138, 138, 15]); // at once, after a second, and a goodbye
  });

  it('that nobody listens at has refused', async () => {
    const { socket, port } = await world.udp(() => {});
    socket.close();
    await once(socket, 'close');
    expect(await coaps.ask(target(port), 30_000)).toMatchObject({ failure: 'refused' });
  });

  it('that answers with rubbish, in plain CoAP, or with an alert is told apart', async () => {
    const rubbish = await world.udp((_, reply) =>
      [new Uint8Array(0), new Uint8Array(2000).fill(22), Uint8Array.of(0x60, 0, 1, 2)].forEach(reply),
    );
    expect(await coaps.ask(target(rubbish.port), 500)).toMatchObject({ failure: 'timeout' });
    const alert = await world.udp((_, reply) => reply(Uint8Array.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40])));
    expect(await coaps.ask(target(alert.port), 30_000)).toMatchObject({
      failure: 'not-tls',
      detail: 'alert: handshake failure: it may want a certificate of ours (settings: challengeClient)',
    });
  });

  it('that hangs up, or answers nothing inside, has not answered', async () => {
    expect(await ask(() => undefined, 1_500)).toMatchObject({ failure: 'timeout' });
    const server = await serve(() => undefined);
    server.heard = () => void server.close();
    expect(await coaps.ask(target(server.port), 30_000)).toMatchObject({ kind: 'failed', failure: 'refused' });
  });

  it('that sends without end is cut off', async () => {
    const endless = new Uint8Array(1_000_000);
    expect(await ask(request => blockwise(request, endless, 1024))).toMatchObject({
      failure: 'reset',
      detail: 'answers with more than 262144 bytes',
    });
  });

  it('that answers and hangs up in one breath has answered', async () => {
    expect(await coaps.ask(target(await inOneBreath(withToken)), 30_000)).toMatchObject({ kind: 'answered', freshness: { kind: 'nonce' } });
  });

  it('that hangs up between two blocks is not waited for', undisturbed, async () => {
    const port = await inOneBreath(request => blockwise(request, new Uint8Array(10_000), 64));
    const begun = performance.now();
    expect(await coaps.ask(target(port), 5_000)).toMatchObject({ failure: 'reset', detail: 'closed the connection' });
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  it('elsewhere is not heard, and what was sealed once is not heard twice', async () => {
    const { socket: stranger } = await world.udp(() => {});
    const port = await world.before(await serve(withToken), (bytes, to) => {
      to(bytes, stranger);
      to(bytes);
      to(bytes);
    });
    expect(await coaps.ask(target(port), 30_000)).toMatchObject({ kind: 'answered', freshness: { kind: 'nonce' } });
  });

  it('that asks who we are and then says no more is told from one that never spoke', async () => {
    const server = await serve(withToken, ['-Verify', '2']);
    const port = await world.before(server, (bytes, to) => void (bytes[0] === dtlsContent.handshake && to(bytes)));
    expect(await coaps.ask(target(port), 800)).toMatchObject({
      failure: 'timeout',
      detail: 'no DTLS handshake within 800 ms; it may want a certificate of ours (settings: challengeClient)',
    });
  });

  it('elsewhere alone is as good as none', async () => {
    const { socket: stranger } = await world.udp(() => {});
    const port = await world.before(await serve(withToken), (bytes, to) => to(bytes, stranger));
    expect(await coaps.ask(target(port), 500)).toMatchObject({ failure: 'timeout' });
  });

  it.each([[[0]], [[1]], [[2]], [[1, 4]], [[0, 2, 5]]])(
    'on a link that loses its datagrams %j is asked again until it answers',
    async lost => {
      let count = 0;
      const port = await world.before(await serve(withToken, ['-listen']), (bytes, to) => {
        if (!lost.includes(count++)) to(bytes);
      });
      expect(await coaps.ask(target(port), 30_000)).toMatchObject({ kind: 'answered', freshness: { kind: 'nonce' } });
      expect(count).toBeGreaterThan(Math.max(...lost));
    },
  );
});
