import { expect, it } from 'vitest';
import { Held } from '../../collectors/held.ts';
import type { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import { peeled } from './peeled.ts';

/** A packet of the n-th sender. */
function packetOf(sender: number, at: number): Packet {
  const mac = `02:00:00:00:${[sender >> 8, sender & 255].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`;
  return peeled(b.ethernet(mac, b.broadcast, 0x0806, b.bytes(1)), { at });
}
const held = () => new Held<string>({ inAll: 8, perSender: 2, ageMillis: 1000 });

it('keeps the latest under a key until it is too old or forgotten, whichever way the clock goes', () => {
  const kept = held();
  kept.keep('a', packetOf(1, 5000), 'first');
  kept.keep('a', packetOf(1, 5000), 'second');
  expect([kept.size, kept.find('a', packetOf(1, 6000)), kept.find('a', packetOf(1, 4000))]).toEqual([1, 'second', 'second']);
  expect([kept.find('a', packetOf(1, 6001)), kept.find('a', packetOf(1, 3999)), kept.find('b', packetOf(1, 5000))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  kept.forget('a');
  expect(kept.size).toBe(0);
});

it('a flood of one sender takes the place of its own, one of many that of the oldest', () => {
  const kept = held();
  kept.keep('other', packetOf(2, 5000), 'x');
  for (let n = 0; n < 100; n++) kept.keep(`${n}`, packetOf(1, 5000), 'x');
  expect([kept.size, kept.find('other', packetOf(2, 5000)), kept.find('98', packetOf(1, 5000))]).toEqual([3, 'x', 'x']);
  kept.keep('late', packetOf(3, 7000), 'x');
  expect([kept.size, kept.find('late', packetOf(3, 7000))]).toEqual([1, 'x']);
  kept.keep('other', packetOf(2, 7000), 'x');
  for (let n = 0; n < 1000; n++) kept.keep(`of ${n}`, packetOf(1000 + n, 7000), 'x');
  expect([kept.size, kept.find('other', packetOf(2, 7000))]).toEqual([8, undefined]);
});
