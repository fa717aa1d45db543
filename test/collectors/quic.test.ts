import { describe, expect, it } from 'vitest';
import { QuicHellos } from '../../collectors/quic.ts';
import * as b from '../vectors/frames/build.ts';
import * as q from '../vectors/frames/quic.ts';
import { clientHello, greaseHello, serverNameExtension } from '../vectors/frames/tls.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

const print = (scheme: string, value: RegExp): unknown => ({ kind: 'print', scheme, value: expect.stringMatching(value) as unknown });
const told = [
  print('quic-ja3', /^[0-9a-f]{32}$/),
  print('quic-ja4', /^q13d0306h2_[0-9a-f]{12}_[0-9a-f]{12}$/),
  { kind: 'asks', protocol: 'tls', name: 'updates.vendor.example' },
];
const [first, second] = [greaseHello.subarray(0, 60), greaseHello.subarray(60)];
const packets = [q.initial(q.padded(q.cryptoFrame(0, first))), q.initial(q.padded(q.cryptoFrame(60, second)), { number: 3 })].map(p =>
  q.toServer(p),
);

describe('a client of QUIC', () => {
  it('shows prints of its own and whom it asks for', () => {
    for (const version of [q.version1, q.version2]) {
      const frame = q.toServer(q.initial(q.helloFrames, { version }));
      expect(factsOf(host, frame)).toEqual(told);
      expect(protocolsOf(host, frame)).toEqual(['quic']);
    }
  });

  it('whose hello takes two packets is read, in either order and again when sent anew', () => {
    expect(factsOf(host, ...packets)).toEqual(told);
    expect(factsOf(host, ...packets.toReversed())).toEqual(told);
    expect(factsOf(host, ...packets, ...packets)).toEqual(told);
    expect(factsOf(host, ...packets.slice(0, 1))).toEqual([]);
  });

  it('is not read out of packets of two connections', () => {
    const other = q.toServer(q.initial(q.padded(q.cryptoFrame(60, second)), { id: b.bytes(new Uint8Array(8)) }));
    expect(factsOf(host, ...packets.slice(0, 1), other)).toEqual([]);
  });

  it('behind a router, on another port, or of a datagram that is too short tells nothing', () => {
    const packet = q.initial(q.helloFrames);
    for (const frame of [
      q.toServer(packet, { ttl: 63 }),
      q.toServer(packet, { port: 4444 }),
      q.toServer(q.initial(q.cryptoFrame(0, greaseHello))),
    ])
      expect(factsOf(host, frame)).toEqual([]);
  });

  it('that sends no hello, or a broken one, is malformed', () => {
    const broken = (hello: Uint8Array) => drained(q.toServer(q.initial(q.padded(q.cryptoFrame(0, hello))))).malformed;
    expect(broken(greaseHello.with(0, 2))).toMatchObject([{ collector: 'quic', message: 'Cannot read QUIC handshake: type 2 at byte 1' }]);
    expect(broken(clientHello([4], [serverNameExtension('a'), serverNameExtension('b')]))).toMatchObject([{ collector: 'quic', count: 1 }]);
    expect(broken(greaseHello)).toEqual([]);
  });

  it('that opens many connections at once is read so often a second', () => {
    const frames = Array.from({ length: 60 }, (_, i) =>
      q.toServer(
        q.initial(q.padded(q.cryptoFrame(0, clientHello([4], [serverNameExtension(`n${i}.example`)]))), { id: b.bytes(b.u32(i)) }),
      ),
    );
    const hellos = new QuicHellos();
    const read = (at: number) => frames.filter(bytes => hellos.add(peeled(bytes, { at }), bytes.subarray(42)) !== undefined).length;
    expect(read(1_700_000_000_000)).toBe(24);
    expect(read(1_700_000_000_999)).toBe(0);
    expect(read(1_700_000_001_000)).toBe(24);
  });
});

it('a server of QUIC shows that it is one', () => {
  const answer = (from: number, ttl = 64) => datagram(from, 50_443, q.initial(q.helloFrames, { side: 'server in' }), { toPeer: true, ttl });
  expect(factsOf(host, answer(443), answer(443))).toEqual([{ kind: 'service', protocol: 'udp', port: 443, name: 'https' }]);
  expect(factsOf(host, answer(853))).toEqual([{ kind: 'service', protocol: 'udp', port: 853, name: 'quic' }]);
  expect(factsOf(host, answer(443, 63))).toEqual([]);
  expect(factsOf(host, answer(4444))).toEqual([]);
});

it('a flood of hellos that never end leaves few waiting', () => {
  const hellos = new QuicHellos();
  const body = q.initial(q.padded(q.cryptoFrame(0, first)));
  for (let i = 0; i < 400; i++) {
    const bytes = q
      .toServer(body)
      .with(10, i >> 8)
      .with(11, i & 255);
    hellos.add(peeled(bytes, { at: 1_700_000_000_000 + i * 20 }), bytes.subarray(42));
  }
  expect(hellos.size).toBe(64);
  for (let i = 0; i < 400; i++) {
    const bytes = q
      .toServer(body)
      .with(34, i >> 8)
      .with(35, i & 255);
    hellos.add(peeled(bytes, { at: 1_700_000_100_000 + i * 100 }), bytes.subarray(42));
  }
  expect(hellos.size).toBe(8);
});
