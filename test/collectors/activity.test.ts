import { describe, expect, it } from 'vitest';
import { Activity } from '../../collectors/activity.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { Packet } from '../../collectors/packet.ts';
import { SlowKnocks } from '../../collectors/slow-knocks.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';
import { flags, segment } from '../vectors/frames/tcp-segment.ts';

const start = 1_700_000_000_000;
const { syn, ack, rst } = flags;
type Sent = readonly [at: number, bytes: Uint8Array];

/** What a sensor without collectors says that was done, with the frame and who did it. */
function deeds(sent: readonly Sent[]): readonly (Fact & { readonly mac: string; readonly frame: number })[] {
  const dissector = new Dissector({ collectors: [] });
  sent.forEach(([at, bytes], i) => dissector.frame(b.frame(bytes, { at: start + at, number: i + 1 })));
  // Made-up senders that use many addresses by turns are told of too (turns.test.ts); that is not what is asked here.
  const told = dissector.drain().observations.filter(o => o.collector === 'activity' && o.fact.kind !== 'turned');
  return told.map(o => ({ ...o.fact, mac: o.mac, frame: o.frame }));
}
const details = (sent: readonly Sent[]): readonly string[] =>
  deeds(sent).map(d => (d.kind === 'acted' ? `${d.target} ${d.detail}` : d.kind));
const times = <T>(n: number, make: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => make(i));

const zero = '00:00:00:00:00:00';
const asks = (i: number, source = server): Uint8Array =>
  b.ethernet(source, b.broadcast, 0x0806, b.arp(1, source, '192.0.2.1', zero, `198.51.${100 + (i >> 8)}.${i & 255}`));
const answers = (i: number): Uint8Array => b.ethernet(plc, server, 0x0806, b.arp(2, plc, `198.51.100.${i}`, server, '192.0.2.1'));
const knocks = (i: number, flag: number = syn, ip = `198.51.${100 + (i >> 8)}.${i & 255}`): Uint8Array =>
  segment({ sequence: 1, flags: flag, to: [plc, ip, 502] });
const replies = (i: number, flag: number): Uint8Array =>
  segment({ sequence: 1, flags: flag, from: [plc, `198.51.100.${i}`, 502], to: [server, '192.0.2.1', 40_000] });
const pings = (i: number, type = 8): Uint8Array =>
  b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', `198.51.100.${i}`, 1, b.bytes(type, 0, 0, 0, 0, 0, 0, 0)));

describe('an ARP scan', () => {
  it('is told at 16, 64 and 256 addresses, with the frame where it began and how many did not answer', () => {
    expect(details(times(300, i => [i * 10, asks(i)]))).toEqual([
      'network 16, 16 of them not answered, since frame 1',
      'network 64, 64 of them not answered, since frame 1',
      'network 256, 256 of them not answered, since frame 1',
    ]);
    const answered = times(20, i => [[i * 10, asks(i)] as Sent, [i * 10 + 1, answers(i)] as Sent]).flat();
    expect(details(answered)).toEqual(['network 16, 1 of them not answered, since frame 1']);
  });

  it('is neither the same address again and again, nor an announcement, nor one now and then', () => {
    expect(details(times(300, i => [i, asks(i % 15)]))).toEqual([]);
    expect(
      details(
        times(300, i => [i, b.ethernet(server, b.broadcast, 0x0806, b.arp(1, server, `192.0.2.${i % 250}`, zero, `192.0.2.${i % 250}`))]),
      ),
    ).toEqual([]);
    expect(details(times(300, i => [i * 5000, asks(i)]))).toEqual([]);
  });
});

describe('a port scan', () => {
  it('is told by those who refused', () => {
    const sent = times(70, i => [[i * 10, knocks(i)] as Sent, [i * 10 + 1, replies(i, rst | ack)] as Sent]).flat();
    expect(deeds(sent)).toEqual([
      { kind: 'acted', action: 'scan-ports', target: 'network', detail: '16, since frame 1', mac: server, frame: 32 },
      { kind: 'acted', action: 'scan-ports', target: 'network', detail: '64, since frame 1', mac: server, frame: 128 },
    ]);
  });

  it('is told by those who do not answer within three seconds', () => {
    expect(details(times(20, i => [i * 10, knocks(i)]))).toEqual([]);
    expect(details([...times(20, i => [i * 10, knocks(i)] as Sent), [4000, knocks(99)]])).toEqual(['network 16, since frame 1']);
  });

  it('of private addresses is told when it takes an hour, once; of others, where a way out may be shut, it is not', () => {
    const slowly = (first: string, n = 70): readonly Sent[] => times(n, i => [i * 15_000, knocks(i, syn, `${first}.${i >> 8}.${i & 255}`)]);
    expect(details(slowly('10.20'))).toEqual(['network 64 within an hour, since frame 2']);
    expect(details(slowly('172.20', 200))).toEqual(['network 64 within an hour, since frame 2']);
    expect(details(slowly('198.51'))).toEqual([]);
    expect(details(times(200, i => [i * 15_000, knocks(i, syn, `10.20.0.${i % 40}`)]))).toEqual([]);
    expect(details(times(100, i => [i * 120_000, knocks(i, syn, `10.20.0.${i}`)]))).toEqual([]);
  });

  it('of one host names it', () => {
    const port = (i: number): Uint8Array => segment({ sequence: 1, flags: syn, to: [plc, '192.0.2.10', 1 + i] });
    const refused = (i: number): Uint8Array =>
      segment({ sequence: 1, flags: rst | ack, from: [plc, '192.0.2.10', 1 + i], to: [server, '192.0.2.1', 40_000] });
    expect(details(times(16, i => [[i, port(i)] as Sent, [i, refused(i)] as Sent]).flat())).toEqual(['192.0.2.10 16, since frame 1']);
  });

  it('is no server that many devices let in, also when their answers take another way', () => {
    const seen = times(200, i => [[i, knocks(i)] as Sent, [i + 1, replies(i, syn | ack)] as Sent]).flat();
    const oneWay = times(200, i => [[i, knocks(i)] as Sent, [i + 1, knocks(i, ack)] as Sent]).flat();
    expect(details([...seen, [9000, knocks(250)]])).toEqual([]);
    expect(details([...oneWay, [9000, knocks(250)]])).toEqual([]);
  });

  it('cannot be put on another by resets that answer nothing', () =>
    expect(details(times(200, i => [i, replies(i, rst | ack)]))).toEqual([]));
});

it('a ping sweep is told, over IPv6 too', () => {
  expect(details(times(16, i => [i, pings(i)]))).toEqual(['network 16, 16 of them not answered, since frame 1']);
  const v6 = (i: number): Uint8Array =>
    b.ethernet(
      server,
      plc,
      0x86dd,
      b.ipv6('fe80:0:0:0:0:0:0:1', `fe80:0:0:0:0:0:1:${i.toString(16)}`, 58, b.bytes(128, 0, 0, 0, 0, 0, 0, 0)),
    );
  expect(details(times(16, i => [i, v6(i)]))).toEqual(['network 16, 16 of them not answered, since frame 1']);
  expect(details(times(16, i => [i, pings(i, 13)]))).toEqual([]);
});

describe('a host behind the sender', () => {
  const says = b.ethernet(server, b.broadcast, 0x0806, b.arp(1, server, '192.0.2.1', zero, '192.0.2.1'));
  const from = (ip: string, ttl: number, target = plc): Uint8Array =>
    b.ethernet(server, target, 0x0800, b.ipv4(ip, '192.0.2.10', 17, b.udp(9, 9, b.bytes('x')), { ttl }));
  const behind = (...frames: readonly Uint8Array[]): readonly string[] => {
    const dissector = new Dissector();
    frames.forEach((f, i) => dissector.frame(b.frame(f, { at: start + i })));
    return dissector.drain().observations.flatMap(o => (o.fact.kind === 'behind' ? [o.fact.ip] : []));
  };

  it('is seen by another address with a hop counted, once', () =>
    expect(behind(says, from('10.0.0.7', 63), from('10.0.0.7', 63), from('10.0.0.8', 127))).toEqual(['10.0.0.7', '10.0.0.8']));

  it('is not the sender’s own address, an uncounted hop, a group, or a guess before its own address is known', () => {
    expect(behind(says, from('192.0.2.1', 63), from('10.0.0.7', 64), from('10.0.0.7', 60), from('10.0.0.7', 1))).toEqual([]);
    expect(behind(says, from('10.0.0.7', 63, '01:00:5e:00:00:fb'))).toEqual([]);
    expect(behind(from('10.0.0.7', 63))).toEqual([]);
  });

  it('is named for sixteen addresses at most', () => expect(behind(says, ...times(100, i => from(`10.0.0.${i + 1}`, 63))).length).toBe(16));
});

it('floods of senders and targets stay under their caps, and one sender is told still', () => {
  const activity = new Activity(1);
  const packet = new Packet();
  const frame = b.bytes(asks(0));
  for (let i = 0; i < 200_000; i++) {
    frame[8] = i >> 16;
    frame[9] = i >> 8;
    frame[10] = i;
    packet.peel(b.frame(frame, { at: start + i / 100 }));
    activity.note(packet, 0);
  }
  expect(activity.size).toBeLessThanOrEqual(2048);
  for (let i = 0; i < 300_000; i++) {
    frame[11] = i >> 13;
    frame[38] = i >> 16;
    frame[39] = i >> 8;
    frame[40] = i;
    packet.peel(b.frame(frame, { at: start + 120_000 + i / 100 }));
    activity.note(packet, 0);
  }
  expect(activity.size).toBeLessThanOrEqual(65_536);
  const told = times(64, i => {
    packet.peel(b.frame(asks(i), { at: start + 300_000 + i }));
    return activity.note(packet, 0);
  });
  expect(told.filter(Boolean).length).toBe(2);
});

it('a flood of slow senders stays under the cap', () => {
  const [slow, packet] = [new SlowKnocks(), new Packet()];
  packet.peel(b.frame(knocks(1), { at: start }));
  for (let i = 0; i < 100_000; i++) slow.note(i, [2 * i + 1], packet);
  expect(slow.size).toBe(1024);
});
