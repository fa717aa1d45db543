import { describe, expect, it } from 'vitest';
import { type Collector, etherType } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { collectors } from '../../collectors/index.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import * as b from '../vectors/frames/build.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';
import { plc, server, vectors } from '../vectors/frames/index.ts';
import { drained, drainedAll } from './observe.ts';

const v = (name: string): Uint8Array => vectors[name] ?? new Uint8Array(0);
const start = 1_700_000_000_000;
const minute = 60_000;
const arpOf = (ip: string, source = plc): Uint8Array => b.ethernet(source, b.broadcast, 0x0806, b.arp(2, source, ip, server, '192.0.2.1'));
const named = (name: string): Uint8Array =>
  b.ethernet(
    plc,
    b.broadcast,
    0x0800,
    b.ipv4(
      '0.0.0.0',
      '255.255.255.255',
      17,
      b.udp(
        68,
        67,
        b.dhcp({
          op: 1,
          chaddr: plc,
          options: [
            [53, [1]],
            [12, name],
          ],
        }),
      ),
    ),
  );

describe('the header stage', () => {
  it('reports an address the first time it is seen on a port and VLAN, whatever it says', () => {
    const silent = b.ethernet(plc, server, 0x88b5, b.bytes('x'));
    const tagged = b.tagged(plc, server, [[0x8100, 7]], 0x88b5, b.bytes('x'));
    const { observations } = drained(b.frame(silent), b.frame(silent), b.frame(tagged), b.frame(silent, { port: 'p2', number: 4 }));
    expect(observations).toEqual([
      { at: start, port: 'p1', vlan: 0, mac: plc, collector: 'header', frame: 1, fact: { kind: 'seen' } },
      { at: start, port: 'p1', vlan: 7, mac: plc, collector: 'header', frame: 1, fact: { kind: 'seen' } },
      { at: start, port: 'p2', vlan: 0, mac: plc, collector: 'header', frame: 4, fact: { kind: 'seen' } },
    ]);
  });

  it('never takes a group or zero address, or a frame without one, for a device', () => {
    const { observations, overflow } = drained(
      b.ethernet('01:00:5e:00:00:fb', plc, 0x0806, b.bytes()),
      b.ethernet(b.broadcast, plc, 0x0806, b.arp(2, b.broadcast, '192.0.2.1', plc, '192.0.2.2')),
      b.ethernet('00:00:00:00:00:00', plc, 0x0806, b.bytes()),
      b.bytes(1, 2, 3),
    );
    expect(observations).toEqual([]);
    expect(overflow).toEqual([
      { port: 'p1', count: 3, what: 'frames from a group or zero address' },
      { port: 'p1', count: 1, what: 'frames too short to name a sender' },
    ]);
  });

  it('counts what each address sent since it was last asked', () => {
    const dissector = new Dissector();
    const send = (at: number, wireLength: number) => dissector.frame(b.frame(v('arp-request'), { at, wireLength }));
    send(start, 60);
    send(start + 5, 64);
    const place = { port: 'p1', vlan: 0, mac: plc };
    expect(dissector.sightings()).toEqual([{ ...place, packets: 2, bytes: 124, unicast: 0, firstAt: start, lastAt: start + 5 }]);
    expect(dissector.sightings()).toEqual([]);
    send(start + 9, 100);
    dissector.frame(b.frame(b.ethernet(plc, server, 0x88b5, b.bytes('x')), { at: start + 9, wireLength: 60 }));
    expect(dissector.sightings()).toEqual([{ ...place, packets: 2, bytes: 160, unicast: 1, firstAt: start + 9, lastAt: start + 9 }]);
  });

  it('counts each address once when it is asked for a few of them at a time, also those that speak meanwhile', () => {
    const dissector = new Dissector();
    const send = (last: number) =>
      dissector.frame(b.frame(b.ethernet(`00:1b:1b:00:00:0${last}`, server, 0x88b5, b.bytes('x')), { at: start, wireLength: 60 }));
    const take = () => dissector.sightings(2).map(({ mac, packets }) => `${mac.slice(-1)}: ${packets}`);
    for (const last of [1, 2, 3, 1]) send(last);
    expect(take()).toEqual(['1: 2', '2: 1']);
    for (const last of [1, 3]) send(last);
    expect([take(), take(), take()]).toEqual([['3: 2', '1: 1'], [], []]);
    send(3);
    expect(take()).toEqual(['3: 1']);
  });

  it('counts frames and those that bear identity, per port', () =>
    expect(
      drained(v('arp-request'), b.ethernet(plc, server, 0x88b5, b.bytes('x')), v('dhcp-ack'), b.frame(v('arp-reply'), { port: 'p2' }))
        .counters,
    ).toEqual([
      { port: 'p1', frames: 3, identityFrames: 2 },
      { port: 'p2', frames: 1, identityFrames: 1 },
    ]));
});

describe('facts come out', () => {
  it('once, until they differ; drained after each frame or at the end alike', () => {
    const frames = [arpOf('192.0.2.10'), arpOf('192.0.2.10'), arpOf('192.0.2.11'), arpOf('192.0.2.10'), named('a'), named('a'), named('b')];
    const each = new Dissector();
    const got = frames.flatMap((f, i) => {
      each.frame(b.frame(f, { number: i + 1, at: start + i }));
      return each.drain().observations;
    });
    expect(got).toEqual(drainedAll(...frames).observations);
    expect(got.map(o => [o.frame, o.fact.kind])).toEqual([
      [1, 'seen'],
      [1, 'address'],
      [1, 'protocol'],
      [3, 'address'],
      [5, 'hostname'],
      [5, 'protocol'],
      [7, 'hostname'],
    ]);
  });

  it('at the same instant: an empty drain is one shared object', () => {
    const dissector = new Dissector();
    expect(dissector.drain()).toBe(dissector.drain());
  });

  it('once each when two values take turns, and again when the present one falls silent', () => {
    const dissector = new Dissector({ idleMs: 10 * minute });
    const say = (name: string, at: number) => {
      dissector.frame(b.frame(named(name), { at: start + at }));
      return dissector.drain().observations.filter(o => o.fact.kind === 'hostname').length;
    };
    expect([say('a', 0), say('b', 1), say('a', 2), say('b', 3), say('a', 4)]).toEqual([1, 1, 0, 0, 0]);
    expect([say('a', 9 * minute), say('a', 10 * minute + 4), say('b', 11 * minute)]).toEqual([0, 1, 0]);
  });

  it('again after a resync, each as it was said', () => {
    const dissector = new Dissector();
    for (const [i, f] of [v('arp-request'), v('dhcp-request'), v('dhcp-ack'), v('mdns-printer')].entries())
      dissector.frame(b.frame(f, { number: i + 1, at: start + i }));
    const before = dissector.drain().observations;
    expect(dissector.drain().observations).toEqual([]);
    dissector.resync();
    const order = (list: typeof before) => list.map(o => JSON.stringify(o)).toSorted();
    expect(order(dissector.drain().observations)).toEqual(order(before));
  });

  it('from a capture file exactly as from single frames', () => {
    const frames = Object.values(vectors).map((bytes, i) => b.frame(bytes, { number: i + 1, at: start + i, port: 'file' }));
    const [single, file] = [new Dissector(), new Dissector()];
    for (const f of frames) single.frame(f);
    const reader = new CaptureReader(f => file.frame(f));
    reader.push(encodePcap(frames));
    reader.finish();
    expect(file.drain(true)).toEqual(single.drain(true));
  });
});

describe('caps', () => {
  it('keep eight addresses of a sender; the next takes the place of one that fell silent', () => {
    const dissector = new Dissector({ idleMs: minute });
    const claim = (n: number, at: number) => {
      dissector.frame(b.frame(arpOf(`192.0.2.${n}`), { at: start + at }));
      return dissector.drain().observations.filter(o => o.fact.kind === 'address').length;
    };
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(n => claim(n, 0))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(claim(9, 1)).toBe(0);
    expect(claim(8, minute)).toBe(0);
    expect(claim(9, minute + 2)).toBe(1);
    expect(dissector.drain(true).overflow).toEqual([{ port: 'p1', count: 1, what: 'facts beyond the cap of their address or port' }]);
  });

  it('hold back a sender who changes its name with every frame, and let the last name come when it is said later', () => {
    const dissector = new Dissector();
    for (let i = 0; i < 5000; i++) dissector.frame(b.frame(named(`n${i}`), { at: start + i }));
    expect(dissector.drain().observations.length).toBeLessThanOrEqual(242);
    dissector.frame(b.frame(named('n4999'), { at: start + 2 * minute }));
    expect(dissector.drain().observations.map(o => o.fact)).toEqual([{ kind: 'hostname', name: 'n4999' }]);
  });
});

describe('what goes wrong in a collector', () => {
  const failing = (error: Error): Collector => ({
    name: 'failing',
    spec: 'none',
    matches: etherType(0x0806),
    said: () => {
      throw error;
    },
  });

  it('is shown as our defect, and costs no other collector the frame', () => {
    const dissector = new Dissector({ collectors: [failing(new TypeError('x is undefined')), ...collectors] });
    dissector.frame(b.frame(v('arp-request')));
    const { observations, malformed } = dissector.drain(true);
    expect(observations.map(o => o.fact.kind)).toEqual(['seen', 'address', 'protocol']);
    expect(malformed).toMatchObject([{ mac: plc, collector: 'failing', message: 'defect: x is undefined', count: 1 }]);
  });

  it('is nobody’s fault when the capture cut the frame', () => {
    const cut = b.frame(v('dhcp-request').subarray(0, 256), { wireLength: v('dhcp-request').length });
    expect(drained(cut)).toMatchObject({ malformed: [], overflow: [{ what: 'identity frames cut by the capture length', count: 1 }] });
  });

  it('is a broken layer too, with its sender', () =>
    expect(drained(v('dhcp-request').with(14, 0x44)).malformed).toMatchObject([
      { mac: plc, collector: 'packet', message: expect.stringContaining('IPv4') as string },
    ]));
});
