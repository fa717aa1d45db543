import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { Fragments } from '../../collectors/fragments.ts';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import { fragments4, fragments6 } from '../vectors/frames/fragments.ts';
import { plc, vectors } from '../vectors/frames/index.ts';
import { host } from '../vectors/frames/infrastructure.ts';

const v = (name: string): Uint8Array => vectors[name] ?? new Uint8Array(0);
const managed = v('dhcp-managed-device');
const solicit = v('dhcpv6-solicit');

function feed(frames: readonly Uint8Array[], at = (i: number): number => 1_700_000_000_000 + i) {
  const dissector = new Dissector();
  frames.forEach((bytes, i) => dissector.frame(b.frame(bytes, { number: i + 1, at: at(i) })));
  return dissector.drain(true);
}
const factsOf = (...frames: readonly Uint8Array[]) =>
  feed(frames)
    .observations.filter(o => o.collector !== 'header' && o.fact.kind !== 'protocol')
    .map(o => o.fact);

describe('a datagram in fragments', () => {
  it('says what it says in one frame, in any order of them, over IPv4 and IPv6', () => {
    const [four, six] = [fragments4(managed, 64), fragments6(solicit, 48)];
    expect(four.length).toBeGreaterThan(4);
    expect(factsOf(...four)).toEqual(factsOf(managed));
    expect(factsOf(...four.toReversed())).toEqual(factsOf(managed));
    expect(factsOf(...six)).toEqual(factsOf(solicit));
    expect(factsOf(...six.toReversed())).toEqual(factsOf(solicit));
    expect(feed([...four, ...six]).malformed).toEqual([]);
  });

  it('stands behind tags and in a tunnel as well, and a tunnel may come in fragments itself', () => {
    const tagged = fragments4(managed, 64).map(f => b.bytes(f.subarray(0, 12), b.u16(0x8100), b.u16(42), f.subarray(12)));
    expect(feed(tagged).observations.find(o => o.fact.kind === 'hostname')).toMatchObject({ mac: plc, vlan: 42 });
    const vxlan = (inner: Uint8Array): Uint8Array =>
      b.ethernet(host, plc, 0x0800, b.ipv4('192.0.2.21', '192.0.2.22', 17, b.udp(40_000, 4789, b.bytes([8, 0, 0, 0, 0, 0, 7, 0], inner))));
    expect(factsOf(...fragments4(managed, 64).map(vxlan))).toEqual(factsOf(managed));
    expect(factsOf(...fragments4(vxlan(managed), 128))).toEqual(factsOf(managed));
  });

  it('counts as the frames that it came in', () => {
    const frames = fragments4(managed, 64);
    const dissector = new Dissector();
    frames.forEach((bytes, i) => dissector.frame(b.frame(bytes, { number: i + 1 })));
    expect(dissector.sightings()).toMatchObject([{ packets: frames.length, bytes: frames.reduce((sum, f) => sum + f.length, 0) }]);
  });

  it('may say a fragment again, but one that overlaps with others makes it malformed and unread (RFC 5722)', () => {
    const [first = managed, second = managed, ...rest] = fragments4(managed, 64);
    expect(factsOf(first, first, second, first, ...rest)).toEqual(factsOf(managed));
    const other = second.with(40, (second[40] ?? 0) ^ 1);
    for (const order of [
      [first, second, other, ...rest],
      [first, other, second, ...rest],
    ]) {
      const { observations, malformed } = feed(order);
      expect(observations.filter(o => o.collector === 'dhcpv4')).toEqual([]);
      expect(malformed).toMatchObject([{ mac: plc, collector: 'packet', count: 1, message: /overlap/ }]);
    }
    // Two last ones with different ends.
    const last = rest.at(-1) ?? managed;
    const shorter = b.bytes(last.subarray(0, 16), b.u16(20 + 8), last.subarray(18, 42));
    expect(feed([first, second, ...rest.slice(0, -1), shorter, last]).malformed).toHaveLength(1);
  });

  it('of which one is missing says nothing, and is counted when it is given up', () => {
    const [first = managed, , ...rest] = fragments4(managed, 64);
    expect(factsOf(first, ...rest)).toEqual([]);
    const late = [first, ...rest, ...fragments4(v('dhcp-cable-modem'), 64, 9)];
    const { overflow } = feed(late, i => 1_700_000_000_000 + (i > rest.length ? 31_000 : 0));
    expect(overflow).toEqual([{ port: 'p1', count: 1, what: 'datagrams of which fragments are missing or too many' }]);
  });

  it('that is not whole at the end is counted once, and read all the same when the rest comes then', () => {
    const [first = managed, ...rest] = fragments4(managed, 64);
    const dissector = new Dissector();
    dissector.frame(b.frame(first));
    expect(dissector.drain(true).overflow).toMatchObject([{ count: 1, what: 'datagrams of which fragments are missing or too many' }]);
    expect(dissector.drain(true).overflow).toEqual([]);
    for (const bytes of rest) dissector.frame(b.frame(bytes));
    const { observations, overflow } = dissector.drain(true);
    expect(observations.some(o => o.fact.kind === 'hostname')).toBe(true);
    expect(overflow).toEqual([]);
  });

  it('is not mixed with another one of the same number that came long after', () => {
    const [first = managed, ...rest] = fragments4(managed, 64);
    const { observations } = feed([first, ...fragments4(managed, 64).slice(1, 2), ...rest.slice(1)], i => 1_700_000_000_000 + i * 40_000);
    expect(observations.filter(o => o.collector === 'dhcpv4')).toEqual([]);
  });

  it('that cut the TCP or UDP header in two is no fault of its sender', () => {
    const { malformed, observations } = feed(fragments4(managed, 8));
    expect(malformed).toEqual([]);
    // 64 parts are held: this one has more.
    expect(observations.some(o => o.collector === 'dhcpv4')).toBe(fragments4(managed, 8).length <= 64);
  });
});

describe('what is held of fragments', () => {
  const packet = (n: number, sender: number): Packet => {
    const [first = managed] = fragments4(managed, 64, n);
    const p = new Packet();
    p.peel(b.frame(first.with(11, sender)));
    return p;
  };

  it('has a cap in all and for each sender, so that a flood of one takes no room from others', () => {
    let lost = 0;
    const fragments = new Fragments(() => lost++);
    fragments.add(packet(7, 1), 1, 0);
    for (let n = 0; n < 1000; n++) fragments.add(packet(n, 2), 2, 0);
    expect(fragments.size).toBe(17);
    expect(lost).toBe(1000 - 16);
    for (const part of fragments4(managed, 64, 7).slice(1)) {
      const p = new Packet();
      p.peel(b.frame(part.with(11, 1)));
      if (fragments.add(p, 1, 0) !== undefined) expect(fragments.size).toBe(16);
    }
    expect(fragments.size).toBe(16);
    for (let n = 0; n < 1000; n++) fragments.add(packet(n, n & 255), n, 0);
    expect(fragments.size).toBe(64);
  });

  it('is no more than 16 KiB of one', () => {
    let lost = 0;
    const fragments = new Fragments(() => lost++);
    const long = b.ethernet(plc, host, 0x0800, b.ipv4('192.0.2.10', '192.0.2.21', 17, b.udp(1, 2, new Uint8Array(20_000))));
    for (const part of fragments4(long, 1480)) {
      const p = new Packet();
      p.peel(b.frame(part));
      expect(fragments.add(p, 1, 0)).toBeUndefined();
    }
    expect(lost).toBe(1);
  });
});
