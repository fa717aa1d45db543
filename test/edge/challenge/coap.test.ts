import { encode } from 'cborg';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  blockOf,
  blockValue,
  type CoapMessage,
  coapOptions as options,
  coapTypes,
  decodeCoap,
  encodeCoap,
} from '../../../gateway/codec/coap.ts';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { coap } from '../../../gateway/edge/challenge/channels/coap.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { instance, listedKey, psaSet } from '../../attestation/token-world.ts';
import { blockwise, nonceIn, response, token } from './coap-answers.ts';
import { Site } from './site.ts';

const open: Socket[] = [];
const sites: Site[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) {
    socket.close();
    await once(socket, 'close');
  }
  for (const site of sites.splice(0)) await site.close();
});

type Reply = (datagram: Uint8Array) => void;
type Answer = (request: CoapMessage, reply: Reply, from: RemoteInfo) => void;
/** A CoAP server over UDP that does this with each request. */
async function serve(answer: Answer, address = '127.0.0.1'): Promise<number> {
  const socket = createSocket('udp4', (bytes, from) =>
    answer(decodeCoap(new Uint8Array(bytes)), datagram => socket.send(datagram, from.port, from.address), from),
  );
  open.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket.address().port;
}
const endless = new Uint8Array(1_000_000);
const target = (remotePort: number) => ({
  ip: '127.0.0.1',
  remotePort,
  nonce: () => makeNonce({ random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort }, 0),
});
const ask = async (answer: Answer, left = 30_000): Promise<Exchange> => coap.ask(target(await serve(answer)), left);

describe('a device that answers FETCH', () => {
  const trust = { anchors: [], referenceSets: [psaSet], keys: [listedKey] };
  const device = async (answer: Answer): Promise<Site> => {
    const site = await Site.open(
      [{ channel: 'coap', port: await serve(answer, '127.0.0.7'), path: '/.well-known/rats' }],
      trust,
      `serial: "${instance}"`,
    );
    sites.push(site);
    return site;
  };
  let made: Uint8Array | undefined;
  it.each<readonly [string, Answer]>([
    ['at once', (request, reply) => reply(response(request, token(nonceIn(request))))],
    ['in blocks of 64 bytes', (request, reply) => reply(blockwise(request, (made ??= token(nonceIn(request))), 64, Uint8Array.of(1)))],
    [
      'after an acknowledgement, by itself',
      (request, reply) => {
        if (request.type === coapTypes.acknowledgement) return;
        reply(
          encodeCoap({
            ...request,
            type: coapTypes.acknowledgement,
            code: 0,
            token: new Uint8Array(),
            options: new Map(),
            payload: new Uint8Array(),
          }),
        );
        reply(response({ ...request, messageId: 7 }, token(nonceIn(request)), { type: coapTypes.confirmable }));
      },
    ],
    [
      'as what it has, where it has no CWT',
      (request, reply) =>
        reply(
          request.options.has(options.accept)
            ? response(request, new Uint8Array(), { code: 0x86 })
            : response(request, encode([263, token(nonceIn(request))]), { format: 273 }),
        ),
    ],
  ])('%s is admitted', async (_, answer) => {
    const paths: string[] = [];
    const site = await device((request, reply, from) => {
      if (request.code !== 0)
        paths.push((request.options.get(options.uriPath) ?? []).map(part => new TextDecoder().decode(part)).join('/'));
      answer(request, reply, from);
    });
    const view = await site.asked();
    expect(view.attestation.checks.filter(c => c.outcome === 'failed' || c.outcome === 'warned')).toEqual([]);
    expect(new Set(paths)).toEqual(new Set(['.well-known/rats']));
    expect([view.attestation.status, view.decision.access]).toEqual(['affirming', 'admit']);
  });

  it('that answers with what it answered before is contraindicated', async () => {
    let kept: Uint8Array | undefined;
    const site = await device((request, reply) => reply(response(request, (kept ??= token(nonceIn(request))))));
    await site.asked();
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
  });

  it('that lost our message is asked again with the same one', async () => {
    const seen: number[] = [];
    const answered = await ask((request, reply) => {
      seen.push(request.messageId);
      if (seen.length > 1) reply(response(request, token(nonceIn(request))));
    });
    expect(answered.kind).toBe('answered');
    expect(new Set(seen).size).toBe(1);
  });
});

describe('a hostile server', () => {
  it.each<readonly [string, Answer, object]>([
    [
      'that resets us is not asked on',
      (request, reply) =>
        reply(encodeCoap({ ...request, type: 3, code: 0, token: new Uint8Array(), options: new Map(), payload: new Uint8Array() })),
      { failure: 'refused' },
    ],
    [
      'that has no such resource cannot attest',
      (request, reply) => reply(response(request, new Uint8Array(), { code: 0x84 })),
      { failure: 'refused', detail: 'CoAP 4.04: serves no such thing' },
    ],
    [
      'that is broken has not answered',
      (request, reply) => reply(response(request, new Uint8Array(), { code: 0xa0 })),
      { failure: 'reset' },
    ],
    [
      'that answers with text cannot attest',
      (request, reply) => reply(response(request, Buffer.from('22.5 C'), { format: 0 })),
      { failure: 'refused' },
    ],
    [
      'that answers with what must be understood is refused',
      (request, reply) => reply(response(request, token(nonceIn(request)), { more: [[9, new Uint8Array(1)]] })),
      { failure: 'refused' },
    ],
    [
      'that sends blocks without end is cut off',
      (request, reply) => reply(blockwise(request, endless, 1024)),
      { failure: 'reset', detail: 'answers with more than 262144 bytes' },
    ],
    [
      'that sends empty blocks is cut off',
      (request, reply) =>
        reply(response(request, new Uint8Array(), { more: [[options.block2, blockValue({ number: 0, more: true, size: 64 })]] })),
      { failure: 'reset' },
    ],
    [
      'that changes its mind between two blocks is refused',
      (request, reply) =>
        reply(
          blockwise(request, token(nonceIn(request)), 64, Uint8Array.of(blockOf(request.options.get(options.block2)?.[0])?.number ?? 0)),
        ),
      { failure: 'reset', detail: 'its answer changed between two blocks' },
    ],
    [
      'that sends the wrong block is refused',
      (request, reply) =>
        reply(response(request, new Uint8Array(64), { more: [[options.block2, blockValue({ number: 0, more: true, size: 64 })]] })),
      { failure: 'reset' },
    ],
    [
      'that floods is cut off',
      (request, reply) => {
        for (let i = 0; i < 200; i++) reply(response({ ...request, token: Uint8Array.of(i) }, new Uint8Array(1000)));
      },
      { failure: 'reset', detail: 'sends more than 64 datagrams for one answer' },
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await ask(answer)).toMatchObject({ kind: 'failed', ...expected });
  });

  it('that answers rubbish, or with the token of another question, has not answered', async () => {
    const rubbish = ask((request, reply) => {
      reply(Uint8Array.of(0xff, 1));
      reply(response({ ...request, token: new Uint8Array(8) }, token(nonceIn(request))));
    }, 500);
    expect(await rubbish).toMatchObject({ failure: 'timeout' });
  });

  it('that nobody listens at has refused', async () => {
    const port = await serve(() => {});
    const [socket] = open.splice(0);
    socket?.close();
    expect(await coap.ask(target(port), 30_000)).toMatchObject({ failure: 'refused' });
  });

  it('elsewhere is not heard: only the address and port that were asked', async () => {
    const stranger = createSocket('udp4');
    open.push(stranger);
    const result = await ask((request, _, from) => stranger.send(response(request, token(nonceIn(request))), from.port, '127.0.0.1'), 500);
    expect(result).toMatchObject({ failure: 'timeout' });
  });
});
