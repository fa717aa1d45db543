import { describe, expect, it } from 'vitest';
import { type Collector, udpPorts } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';

const start = 1_700_000_000_000;
const from = (mac: string, ip: string, byte: number, ttl = 64): Uint8Array =>
  b.ethernet(mac, server, 0x0800, b.ipv4(ip, '192.0.2.1', 17, b.udp(9, 9, b.bytes(byte)), { ttl }));

/** How often a collector decodes these frames. */
function decoded(sent: readonly (readonly [at: number, bytes: Uint8Array])[], over: Partial<Collector> = {}): number {
  let count = 0;
  const counting: Collector = {
    name: 'counting',
    spec: 'none',
    matches: udpPorts(9),
    sameAs: p => p.bytes[p.payload] ?? 0,
    said: () => {
      count++;
      return [];
    },
    ...over,
  };
  const dissector = new Dissector({ collectors: [counting] });
  for (const [at, bytes] of sent) dissector.frame(b.frame(bytes, { at: start + at }));
  return count;
}
const a = from(plc, '192.0.2.10', 7);

describe('what a collector says to tell the same', () => {
  it('is decoded once a minute', () => {
    expect(
      decoded([
        [0, a],
        [1, a],
        [59_000, a],
      ]),
    ).toBe(1);
    expect(
      decoded([
        [0, a],
        [60_001, a],
        [60_002, a],
      ]),
    ).toBe(2);
  });

  it('is another thing from another sender, IP address or distance, and with another number', () => {
    for (const other of [
      from(server, '192.0.2.10', 7),
      from(plc, '192.0.2.11', 7),
      from(plc, '192.0.2.10', 7, 63),
      from(plc, '192.0.2.10', 8),
    ])
      expect(
        decoded([
          [0, a],
          [1, other],
        ]),
      ).toBe(2);
  });

  it('is decoded each time when the number is 0, or there is none', () => {
    const zero = from(plc, '192.0.2.10', 0);
    expect(
      decoded([
        [0, zero],
        [1, zero],
      ]),
    ).toBe(2);
  });
});

it('who speaks a protocol is told by frames that nobody wants too, once', () => {
  const quiet: Partial<Collector> = { wants: () => false, speaks: p => p.bytes[p.payload] === 7 };
  const collector: Collector = { name: 'quiet', spec: 'none', matches: udpPorts(9), said: () => [], ...quiet };
  const dissector = new Dissector({ collectors: [collector] });
  const routed = from(server, '192.0.2.10', 7, 63);
  for (const f of [from(plc, '192.0.2.10', 8), a, a, routed]) dissector.frame(b.frame(f));
  const { observations, counters } = dissector.drain(true);
  expect(observations.flatMap(o => (o.fact.kind === 'protocol' ? [[o.mac, o.fact.name]] : []))).toEqual([[plc, 'quiet']]);
  expect(counters[0]?.identityFrames).toBe(0);
});
