import { expect, it } from 'vitest';
import { Packet } from '../../collectors/packet.ts';
import { decode } from '../../collectors/pppoe.ts';
import * as b from '../vectors/frames/build.ts';
import { concentrator, discovery, offer, pppoeVectors as v, session, subscriber } from '../vectors/frames/pppoe.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

it('an offer names the concentrator and its services', () =>
  expect(factsOf(concentrator, v['pppoe-offer'] ?? b.bytes())).toEqual([
    { kind: 'hostname', name: 'bras-north-2' },
    { kind: 'description', text: 'PPPoE access concentrator, services plant-line' },
    { kind: 'device-kind', text: 'router' },
  ]));

it('a client that repeats the name in its request is not called so', () => {
  for (const code of [9, 0x19, 0xa7])
    expect(factsOf(subscriber, b.ethernet(subscriber, concentrator, 0x8863, discovery(code, [0x0102, 'bras-north-2'])))).toEqual([]);
});

it('tags end where they say, and so many are read', () => {
  expect(decode(discovery(7, [0, ''], [0x0102, 'late'])).concentrator).toBe('');
  expect(decode(discovery(7, ...Array.from({ length: 100 }, (_, i) => [0x0101, `s${i}`] as const))).services).toHaveLength(4);
});

it('another version is malformed, and what is cut anywhere', () => {
  expect(() => decode(offer.with(0, 0x21))).toThrow('version and type 33');
  expect(cutsThatDecode(offer, decode)).toEqual([]);
});

it('what its end says over IP in a session is told of it', () =>
  expect(factsOf(subscriber, v['pppoe-session'] ?? b.bytes())).toContainEqual({
    kind: 'description',
    text: 'Vendor Gate G-9 login:',
    of: 'telnet',
  }));

it('a session with another protocol, version or code shows no IP', () => {
  const packet = new Packet();
  const ip = b.ipv4('192.0.2.77', '198.51.100.1', 17, b.udp(1, 2, b.bytes()));
  for (const [bytes, version] of [
    [session(0x0021, ip), 4],
    [session(0x0057, b.ipv6('fe80:0:0:0:0:0:0:1', 'fe80:0:0:0:0:0:0:2', 17, b.udp(1, 2, b.bytes()))), 6],
    [session(0xc021, ip), 0],
    [session(0x0021, ip).with(14, 0x12), 0],
    [session(0x0021, ip).with(15, 7), 0],
    [session(0x0021, ip).subarray(0, 21), 0],
  ] as const) {
    expect(packet.peel(b.frame(bytes))).toBe(true);
    expect(packet.ipVersion).toBe(version);
  }
  expect(drained(session(0xc021, b.bytes(1, 1, 0, 4))).malformed).toEqual([]);
});
