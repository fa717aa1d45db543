import { describe, expect, it } from 'vitest';
import { Activity } from '../../collectors/activity.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { Packet } from '../../collectors/packet.ts';
import { KnownDoors } from '../../collectors/known-doors.ts';
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
const knocks = (i: number, flag: number = syn, ip = `198.51.${100 + (i >> 8)}.${i & 255}`): Uint8Array =>
  segment({ sequence: 1, flags: flag, to: [plc, ip, 502] });
const replies = (i: number, flag: number): Uint8Array =>
  segment({ sequence: 1, flags: flag, from: [plc, `198.51.100.${i}`, 502], to: [server, '192.0.2.1', 40_000] });
const pings = (i: number, type = 8): Uint8Array =>
  b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', `198.51.100.${i}`, 1, b.bytes(type, 0, 0, 0, 0, 0, 0, 0)));

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

  it('that ended is told with the next frame of anybody, as its sender’s, from where it began', () => {
    const somebody = b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '192.0.2.10', zero, '192.0.2.10'));
    const met: readonly Sent[] = [
      [0, somebody],
      [1, knocks(200)],
      [2, replies(200, syn | ack)],
    ];
    const burst = times(40, i => [10 + i, knocks(i)] as Sent);
    const told = { kind: 'acted', action: 'scan-ports', target: 'network', detail: '16, since frame 4', mac: server, frame: 45 };
    expect(deeds([...met, ...burst, [2900, somebody], [3200, somebody], [9000, somebody]])).toEqual([told]);
    const late = times(16, i => [2000 + i, replies(i, syn | ack)] as Sent);
    expect(deeds([...met, ...burst.slice(0, 20), ...late, [9000, somebody]])).toEqual([]);
    expect(
      details([...times(16, i => [i, segment({ sequence: 1, flags: syn, to: [plc, '192.0.2.10', 1 + i] })] as Sent), [4000, somebody]]),
    ).toEqual(['192.0.2.10 16, since frame 1']);
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

describe('other ways to knock', () => {
  it('are segments that belong to no connection: FIN, none of the flags, all but ACK', () => {
    for (const odd of [1, 0, 41])
      expect(details([...times(16, i => [i, knocks(i, odd)] as Sent), [5000, knocks(99, odd)]])).toEqual(['network 16, since frame 1']);
    const cut = knocks(1, 0).subarray(0, 14 + 20 + 12);
    expect(details([...times(40, i => [i, cut.with(33, i)] as Sent), [5000, cut]])).toEqual([]);
  });

  const asked = (i: number, source = 40_000): Uint8Array =>
    b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', `198.51.100.${i}`, 17, b.udp(source, 1000 + i, b.bytes('x'))));
  /** The host says that nobody is there. */
  const refuses = (i: number, source = 40_000): Uint8Array =>
    b.ethernet(
      plc,
      server,
      0x0800,
      b.ipv4(`198.51.100.${i}`, '192.0.2.1', 1, b.bytes(3, 3, 0, 0, b.u32(0), asked(i, source).subarray(14, 42))),
    );
  it('are datagrams that the hosts refuse', () => {
    expect(details(times(16, i => [[i, asked(i)] as Sent, [i, refuses(i)] as Sent]).flat())).toEqual(['network 16, since frame 2']);
    const v6 = (i: number): Uint8Array =>
      b.ipv6('fe80:0:0:0:0:0:0:1', `fe80:0:0:0:0:0:1:${i.toString(16)}`, 17, b.udp(40_000, 161, b.bytes('x')));
    const back = (i: number): Uint8Array =>
      b.ethernet(
        plc,
        server,
        0x86dd,
        b.ipv6(`fe80:0:0:0:0:0:1:${i.toString(16)}`, 'fe80:0:0:0:0:0:0:1', 58, b.bytes(1, 4, 0, 0, b.u32(0), v6(i).subarray(0, 48))),
      );
    const both = times(16, i => [[i, b.ethernet(server, plc, 0x86dd, v6(i))] as Sent, [i, back(i)] as Sent]).flat();
    expect(details(both)).toEqual(['network 16, since frame 2']);
  });

  it('are no answers to who no longer waits, no search for the way, and nothing that was not asked', () => {
    expect(details(times(40, i => [[i, asked(i, 53)] as Sent, [i, refuses(i, 53)] as Sent]).flat())).toEqual([]);
    const trace = (i: number): Uint8Array =>
      b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', '198.51.100.9', 17, b.udp(40_000, 33_434 + i, b.bytes('x'))));
    const end = (i: number): Uint8Array =>
      b.ethernet(plc, server, 0x0800, b.ipv4('198.51.100.9', '192.0.2.1', 1, b.bytes(3, 3, 0, 0, b.u32(0), trace(i).subarray(14, 42))));
    expect(details(times(40, i => [[i, trace(i)] as Sent, [i, end(i)] as Sent]).flat())).toEqual([]);
    expect(details([[0, asked(200)], ...times(40, i => [i, refuses(i)] as Sent)])).toEqual([]);
    for (let cut = 14; cut < 62; cut++)
      expect(details(times(20, i => [[i, asked(i)] as Sent, [i, refuses(i).subarray(0, cut)] as Sent]).flat())).toEqual([]);
  });

  it('are segments with ACK that one host resets, but none that were not sent, had data or answer a SYN', () => {
    const stray = (i: number, body = ''): Uint8Array =>
      segment({ sequence: 1, flags: ack, body, from: [server, '192.0.2.1', 51_000], to: [plc, '192.0.2.10', 1 + i] });
    const resets = (i: number, flag: number = rst): Uint8Array =>
      segment({ sequence: 1, flags: flag, from: [plc, '192.0.2.10', 1 + i], to: [server, '192.0.2.1', 51_000] });
    expect(details(times(17, i => [[i, stray(i)] as Sent, [i, resets(i)] as Sent]).flat())).toEqual(['192.0.2.10 16, since frame 4']);
    expect(details(times(40, i => [i, resets(i)] as Sent))).toEqual([]);
    expect(details(times(40, i => [[i, stray(i, 'x')] as Sent, [i, resets(i)] as Sent]).flat())).toEqual([]);
    expect(details(times(40, i => [[i, stray(i)] as Sent, [i, resets(i, rst | ack)] as Sent]).flat())).toEqual([]);
  });

  it('at doors that once let the sender in are none: all controllers of a poller are switched off', () => {
    const met = times(40, i => [[i, knocks(i)] as Sent, [i, replies(i, syn | ack)] as Sent]).flat();
    const off = times(40, i => [3_600_000 + i, knocks(i)] as Sent);
    expect(details([...met, ...off, [3_610_000, knocks(1)]])).toEqual([]);
    expect(details([...off, [3_610_000, knocks(1)]])).toEqual(['network 16, since frame 1']);
  });
});

it('a door is known for whom it let in, and to nobody else; a flood of others makes it unknown again', () => {
  const doors = new KnownDoors();
  const [one, other] = [0x00005e005301, 0x00005e005302];
  doors.add(one, 7);
  expect([doors.has(one, 7), doors.has(other, 7), doors.has(one, 8), doors.has(one, 0)]).toEqual([true, false, false, false]);
  for (let i = 0; i < 200_000; i++) doors.add(other, i * 2654435761);
  expect(doors.has(one, 7)).toBe(false);
  const few = new KnownDoors();
  few.add(one, 7);
  let wrong = 0;
  for (let i = 0; i < 50_000; i++) if (few.has(one + i * 65_536 + 65_536, 7) || few.has(one, i + 8)) wrong++;
  expect(wrong).toBe(0);
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
  const frame = b.bytes(pings(0));
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
    frame[31] = i >> 16;
    frame[32] = i >> 8;
    frame[33] = i;
    packet.peel(b.frame(frame, { at: start + 120_000 + i / 100 }));
    activity.note(packet, 0);
  }
  expect(activity.size).toBeLessThanOrEqual(65_536);
  const told = times(64, i => {
    packet.peel(b.frame(pings(i), { at: start + 300_000 + i }));
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
