import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import * as b from '../vectors/frames/build.ts';
import { linux, segment, windows } from '../vectors/frames/tcp-syn.ts';

const start = 1_700_000_000_000;
const [box, peer, own] = ['00:00:5e:00:53:66', '00:00:5e:00:53:07', '192.0.2.1'];
const says = b.ethernet(box, b.broadcast, 0x0806, b.arp(1, box, own, '00:00:00:00:00:00', own));
const udp = (ttl: number, from = own): Uint8Array =>
  b.ethernet(box, peer, 0x0800, b.ipv4(from, '192.0.2.10', 17, b.udp(4000, 4001, b.bytes('x')), { ttl }));
const opens = (ttl: number, options: readonly number[], port = 40_000): Uint8Array =>
  b.ethernet(box, peer, 0x0800, b.ipv4(own, '192.0.2.10', 6, segment(port, 443, 2, options), { ttl }));
/** What Apple systems offer: size, filler, scale, fillers, times, SACK. */
const apple = [2, 4, 5, 180, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 4, 2, 0, 0];

/** What is told of these frames, two minutes apart. */
function told(...frames: readonly Uint8Array[]): readonly string[] {
  const dissector = new Dissector();
  [says, ...frames].forEach((bytes, i) => dissector.frame(b.frame(bytes, { at: start + i * 120_000, number: i + 1 })));
  return dissector
    .drain()
    .observations.flatMap(({ fact }) => (fact.kind === 'acted' ? [`${fact.action} ${fact.target}: ${fact.detail}`] : []));
}

describe('several systems behind one address', () => {
  it('are two first times to live with a hop counted', () =>
    expect(told(udp(63), udp(127))).toEqual([`translate ${own}: systems with time to live 64 and time to live 128 behind it`]));

  it('are two kinds of first segments with one time to live', () =>
    expect(told(udp(63), opens(63, linux), opens(63, apple))).toEqual([
      `translate ${own}: systems with time to live 64, TCP option 4 behind the first and time to live 64, TCP option 1 behind the first behind it`,
    ]));

  it('are told once, and anew of another sender in the same place', () =>
    expect(told(udp(63), udp(127), udp(63), udp(127), udp(254))).toHaveLength(1));

  it('are none of one system with containers, of a search for the way, of programs that make their own segments, and of two without a hop', () => {
    expect(told(udp(64), udp(63), opens(63, linux), opens(64, linux), udp(63))).toEqual([]);
    expect(told(...Array.from({ length: 60 }, (_, i) => udp(i + 1)), udp(63))).toEqual([]);
    expect(told(opens(63, linux), opens(63, [2, 4, 5, 180]), opens(63, []))).toEqual([]);
    expect(told(udp(64), udp(128), udp(255), opens(64, linux), opens(128, windows))).toEqual([]);
    expect(
      told(opens(63, linux), opens(63, [2, 4, 5, 180, 1, 3, 3, 7]), opens(63, [1, 3, 3, 7, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0])),
    ).toEqual([]);
    expect(told(udp(63), udp(100), udp(200))).toEqual([]);
    expect(told(udp(63), udp(127, '203.0.113.9'))).toEqual([]);
  });
});
