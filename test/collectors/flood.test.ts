import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, selfPointing, server } from '../vectors/frames/index.ts';

const start = 1_700_000_000_000;
const flood = 100_000;

/** Source of the n-th frame of a flood: globally administered, all different. */
const madeUp = (n: number): string => `00:00:5f:${[n >> 16, n >> 8, n].map(x => (x & 255).toString(16).padStart(2, '0')).join(':')}`;
const arp = (source: string, ip: string): Uint8Array => b.ethernet(source, b.broadcast, 0x0806, b.arp(2, source, ip, server, '192.0.2.1'));

/** A frame whose source and sender address are overwritten, so that the flood itself costs little. */
function flooder(): (n: number) => Uint8Array {
  const frame = arp(madeUp(0), '198.51.100.1');
  return n => {
    for (const at of [6, 22]) {
      frame[at + 3] = n >> 16;
      frame[at + 4] = n >> 8;
      frame[at + 5] = n;
    }
    frame[31] = 1 + (n % 200);
    return frame;
  };
}

describe('a flood of 100,000 made-up source addresses', () => {
  const dissector = new Dissector();
  const make = flooder();
  let observations = 0;

  const known = (at: number, port = 'p1') => dissector.frame(b.frame(arp(plc, '192.0.2.10'), { at, port }));

  it('is capped: addresses, facts, observations and memory', () => {
    known(start);
    for (let i = 0; i < 2000; i++) dissector.frame(b.frame(make(i), { at: start + i }));
    dissector.drain();
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 2000; i < flood; i++) {
      dissector.frame(b.frame(make(i), { at: start + i }));
      if (i % 1000 === 0) known(start + i);
      observations += dissector.drain().observations.length;
    }
    global.gc?.();
    expect(dissector.size).toEqual({ addresses: 1024, facts: 2048 });
    expect(observations).toBe(0);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30e6);
  });

  it('is counted in one number', () =>
    expect(dissector.drain(true).overflow).toEqual([{ port: 'p1', count: flood - 1023, what: 'frames of addresses beyond the cap' }]));

  it('does not push out who was known and active: it is counted to the last frame', () => {
    known(start + flood);
    expect(dissector.sightings().find(s => s.mac === plc)).toMatchObject({ packets: 1 + 98 + 1, lastAt: start + flood });
  });

  it('does not keep new devices of other ports out', () => {
    known(start + flood, 'p2');
    expect(dissector.drain().observations.map(o => [o.port, o.fact.kind])).toEqual([
      ['p2', 'seen'],
      ['p2', 'address'],
      ['p2', 'protocol'],
    ]);
  });

  it('gives way to new devices of its port when it has fallen silent', () => {
    dissector.frame(b.frame(arp(server, '192.0.2.1'), { at: start + flood + 901_000 }));
    expect(dissector.drain().observations.map(o => [o.mac, o.fact.kind])).toEqual([
      [server, 'seen'],
      [server, 'address'],
      [server, 'protocol'],
    ]);
    expect(dissector.size.addresses).toBeLessThan(10);
  });

  it('of malformed frames is folded under a cap', () => {
    const body = b.udp(5353, 5353, selfPointing);
    for (let i = 0; i < 5000; i++) {
      const source = madeUp(i);
      const frame = b.ethernet(source, b.mdnsMac, 0x0800, b.ipv4('192.0.2.9', '224.0.0.251', 17, body));
      for (const port of ['p3', 'p4']) dissector.frame(b.frame(frame, { at: start + flood, port }));
    }
    expect(dissector.drain(true).malformed.length).toBe(1024);
  });
});

it('a flood over many ports stays under the cap in all', () => {
  const dissector = new Dissector();
  const make = flooder();
  for (let i = 0; i < 40_000; i++) dissector.frame(b.frame(make(i), { at: start + i, port: `p${i % 16}` }));
  expect(dissector.size).toEqual({ addresses: 8192, facts: 16_384 });
  expect(dissector.drain(true).overflow.reduce((sum, o) => sum + o.count, 0)).toBe(40_000 - 8192);
});

it('a SYN flood makes no memory grow and hides no later service', () => {
  const dissector = new Dissector();
  const tcp = (from: string, to: string, source: string, body: Uint8Array) => b.ethernet(source, plc, 0x0800, b.ipv4(from, to, 6, body));
  for (let i = 0; i < 20_000; i++)
    dissector.frame(
      b.frame(tcp(`198.51.${(i >> 8) & 255}.${i & 255}`, '192.0.2.10', server, b.tcp(1024 + (i % 200), 9999, 2)), { at: start }),
    );
  dissector.frame(b.frame(tcp('192.0.2.1', '192.0.2.10', server, b.tcp(40_000, 9999, 2)), { at: start }));
  dissector.frame(b.frame(tcp('192.0.2.10', '192.0.2.1', plc, b.tcp(9999, 40_000, 0x12)), { at: start }));
  expect(
    dissector
      .drain()
      .observations.filter(o => o.fact.kind === 'service')
      .map(o => o.mac),
  ).toEqual([plc]);
});

it('facts that fill their cap hide no scan', () => {
  const dissector = new Dissector({ maxFacts: 2 });
  // One each 100 ms, since an address counts once nobody has answered for it.
  for (let i = 0; i < 64; i++)
    dissector.frame(
      b.frame(b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '192.0.2.10', server, `198.51.100.${i}`)), { at: start + 100 * i }),
    );
  expect(dissector.size.facts).toBe(2);
  expect(dissector.drain().observations.map(o => o.fact.kind)).toContain('acted');
});
