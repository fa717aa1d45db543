import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { starttls } from '../../collectors/starttls.ts';
import { tls } from '../../collectors/tls.ts';
import { tlsOffset, upgradePorts } from '../../gateway/codec/starttls.ts';
import * as b from '../vectors/frames/build.ts';
import { confirm, request } from '../vectors/frames/rdp.ts';
import { before, clientTls } from '../vectors/frames/starttls.ts';
import { conversation, fromClient, fromServer, opening } from '../vectors/frames/stream.ts';
import { greaseHello, record, serverFlight } from '../vectors/frames/tls.ts';
import { protocolsOf } from './observe.ts';
import { told } from './stream-facts.ts';

const hello = record(22, greaseHello);
const plain = told(tls, conversation(443, { client: hello })).client;

describe.each(Object.entries(before))('port %s', (name, { client, server }) => {
  const port = Number(name);

  it.each([1400, 11, 1])('the client is told as one of TLS on a port of its own, in segments of %i bytes', size => {
    // So many looks are enough for a hello in segments of any usual size.
    const begun =
      size === 1 ? [...conversation(port, { client }, 100), fromClient(port, hello, { sequence: 1 + client.length })] : undefined;
    expect(told(starttls, begun ?? conversation(port, { client: b.bytes(client, hello) }, size))).toEqual({
      client: plain,
      host: [],
      malformed: [],
    });
  });

  it('the server is known to speak TLS', () => {
    const { host, malformed } = told(starttls, conversation(port, { server: b.bytes(server, serverFlight) }));
    expect(host).toEqual([expect.objectContaining({ kind: 'service', port })]);
    expect(malformed).toEqual([]);
    expect(protocolsOf('00:00:5e:00:53:22', ...conversation(port, { server: b.bytes(server, serverFlight) }))).toContain('tls');
  });

  it('cut anywhere it waits, and finds TLS at the end of what stands before', () => {
    const upgrade = upgradePorts.get(port) ?? 'lines';
    for (const [bytes, isServer] of [
      [client, false],
      [server, true],
    ] as const) {
      for (let length = 1; length < bytes.length; length++)
        expect(tlsOffset(upgrade, bytes.subarray(0, length), isServer), `${length}`).toBe('more');
      expect(tlsOffset(upgrade, b.bytes(bytes, hello), isServer)).toBe(bytes.length);
    }
  });

  it('what goes on without TLS tells nothing and is no fault', () => {
    const on = b.bytes('USER operator\r\nPASS secret\r\n'.repeat(400));
    expect(told(starttls, conversation(port, { client: b.bytes(client, on), server: b.bytes(server, on) }))).toEqual({
      client: [],
      host: [],
      malformed: [],
    });
  });
});

it('a remote desktop’s client is told; its cookie is not', () => {
  expect(told(starttls, conversation(3389, { client: b.bytes(request, hello), server: confirm(2) })).client).toEqual(plain);
});

it('what a router passes on tells nothing', () => {
  const routed = [
    fromClient(25, b.bytes(before[25]?.client ?? [], hello), { ttl: 63 }),
    fromServer(25, b.bytes(before[25]?.server ?? [], serverFlight), { ttl: 63 }),
  ];
  expect(told(starttls, routed)).toMatchObject({ client: [], host: [] });
});

it('text without end is given up, and so is a name without TLS', () => {
  for (const text of ['250-x\r\n'.repeat(60), 'x'.repeat(5000)]) expect(tlsOffset('lines', b.bytes(text), true)).toBe('never');
  expect(tlsOffset('lines', b.bytes('USER operator\r\n'), false)).toBe('never');
  expect(tlsOffset('lines', b.bytes('EHLO x\r\nMAIL FROM:<a@b>\r\n'), false)).toBe('never');
  expect(tlsOffset('lines', b.bytes('EHLO x\r\n\0'), false)).toBe('never');
});

it('a flood of connections that never go on keeps to the caps of streams', () => {
  const dissector = new Dissector({ collectors: [starttls] });
  for (let port = 0; port < 2000; port++)
    for (const f of [...opening(25), fromClient(25, b.bytes('EHLO x\r\n'), { from: 10_000 + port })]) dissector.frame(b.frame(f));
  for (const f of conversation(25, { client: b.bytes(before[25]?.client ?? [], clientTls) }))
    dissector.frame(b.frame(f, { at: 1_700_000_100_000 }));
  expect(dissector.drain(true).observations.some(o => o.fact.kind === 'print')).toBe(true);
});
