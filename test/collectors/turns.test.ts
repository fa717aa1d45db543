import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { passesOn, plain, registers, udp } from '../detection/said.ts';
import * as b from '../vectors/frames/build.ts';

const [mac, a, z] = ['00:00:5e:00:53:01', '192.0.2.10', '192.0.2.11'];

/** What turned, as `ttl 64>128 1`, with these frames one after the other. */
function turnsOf(...frames: readonly Uint8Array[]): readonly string[] {
  const dissector = new Dissector();
  frames.forEach((bytes, i) => dissector.frame({ number: i + 1, at: i * 10, port: 'v1', bytes, wireLength: bytes.length }));
  const facts: readonly Fact[] = dissector.drain(true).observations.map(({ fact }) => fact);
  return facts.flatMap(fact => (fact.kind === 'turned' ? [`${fact.sign} ${fact.from}>${fact.to} ${fact.times}`] : []));
}
const group = (ttl: number): Uint8Array => udp(mac, { from: a, to: '224.0.0.251', ttl, target: b.mdnsMac }, 4000, 4001, b.bytes('x'));
const overIpv6 = (hops: number): Uint8Array =>
  b.ethernet(
    mac,
    '00:00:5e:00:53:02',
    0x86dd,
    b.ipv6('fe80:0:0:0:0:0:0:1', 'fe80:0:0:0:0:0:0:2', 17, b.udp(4000, 4001, b.bytes('x')), [], hops),
  );
const ping = (ttl: number): Uint8Array => b.ethernet(mac, b.broadcast, 0x0800, b.ipv4(a, z, 1, b.bytes(8, 0, 0, 0, 0, 1, 0, 1), { ttl }));

describe('what a sender shows by turns', () => {
  it('one time to live, and another, and the first again', () =>
    expect(turnsOf(plain(mac, a), plain(mac, a), plain(mac, a, 128), registers(mac, a, 'X', 128), plain(mac, a))).toEqual([
      'ttl 64>128 1',
      'ttl 128>64 2',
    ]));
  it('one address and another', () =>
    expect(turnsOf(plain(mac, a), plain(mac, z), plain(mac, a))).toEqual([`source ${a}>${z} 1`, `source ${z}>${a} 2`]));
  it('is nothing that a router passes on, nothing to a group, no ICMP, and no address that hosts give themselves', () =>
    expect(
      turnsOf(
        plain(mac, a),
        passesOn(mac, z),
        plain(mac, a, 127),
        group(255),
        group(1),
        ping(255),
        plain(mac, '169.254.7.7'),
        plain(mac, '0.0.0.0'),
        // What some systems begin with, and what others show three routers on.
        plain(mac, a, 60),
        overIpv6(64),
        overIpv6(255),
      ),
    ).toEqual([]));
  it('is told six times, whatever comes; a third value counts anew', () => {
    const flips = Array.from({ length: 10_000 }, (_, i) => plain(mac, a, i % 2 === 0 ? 64 : 128));
    expect(turnsOf(...flips)).toHaveLength(6);
    expect(turnsOf(...flips, plain(mac, a, 255)).at(-1)).toBe('ttl 128>255 1');
  });
  it('is told 24 times in all, though each value is another', () => {
    const many = Array.from({ length: 200 }, (_, i) => plain(mac, `192.0.2.${i + 1}`));
    expect(turnsOf(...many)).toEqual(Array.from({ length: 24 }, (_, i) => `source 192.0.2.${i + 1}>192.0.2.${i + 2} 1`));
  });
});
