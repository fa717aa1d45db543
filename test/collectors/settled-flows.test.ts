import { describe, expect, it } from 'vitest';
import { arp } from '../../collectors/arp.ts';
import { type Collector, tcpPorts, udpPorts } from '../../collectors/collector.ts';
import { tcpSyn } from '../../collectors/tcp-syn.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { Packet } from '../../collectors/packet.ts';
import { SettledFlows } from '../../collectors/settled-flows.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';
import { peeled } from './peeled.ts';

const at = 1_700_000_000_000;
const data = (flags = 0x10, source = '192.0.2.10', ports: readonly [number, number] = [40_000, 9999], mac = plc): Uint8Array =>
  b.ethernet(mac, server, 0x0800, b.ipv4(source, '192.0.2.1', 6, b.tcp(ports[0], ports[1], flags, b.bytes('some bytes of a stream'))));
const edited = (frame: Uint8Array, edits: readonly (readonly [number, number])[]): Uint8Array => {
  const copy = Uint8Array.from(frame);
  for (const [i, value] of edits) copy[i] = value;
  return copy;
};
const find = (flows: SettledFlows, frame: Uint8Array, when = at, port = 0, isCut = false): number =>
  flows.isOpen(when) ? flows.find(frame, 0, frame.length, isCut, port) : -1;

function settled(frame = data(), slot = 5, slots = 64): SettledFlows {
  const flows = new SettledFlows(slots);
  flows.note(peeled(frame), slot, 0);
  return flows;
}

describe('a settled flow', () => {
  it('is known by its headers, whatever it carries', () => {
    expect(find(settled(), data())).toBe(5);
    expect(find(settled(), edited(data(), [[60, 0xff]]))).toBe(5);
  });

  it.each([
    ['another sender', data(0x10, '192.0.2.10', [40_000, 9999], server)],
    ['another IP address', data(0x10, '192.0.2.11')],
    ['another port', data(0x10, '192.0.2.10', [40_001, 9999])],
    ['a SYN', data(0x02)],
    ['a FIN', data(0x11)],
    ['a RST', data(0x04)],
    ['another TTL', edited(data(), [[22, 9]])],
    ['another protocol', edited(data(), [[23, 17]])],
    ['a fragment', edited(data(), [[20, 0x20]])],
    ['IP options', edited(data(), [[14, 0x46]])],
    ['a total length beyond the frame', edited(data(), [[16, 0xff]])],
    ['a TCP header that is too long', edited(data(), [[46, 0xf0]])],
    ['a TCP header that is too short', edited(data(), [[46, 0x40]])],
    ['a frame too short for its headers', data().subarray(0, 50)],
    ['a tagged frame', b.tagged(plc, server, [[0x8100, 7]], 0x0800, data().subarray(14))],
    [
      'two tags',
      b.tagged(
        plc,
        server,
        [
          [0x8100, 7],
          [0x8100, 8],
        ],
        0x0800,
        data().subarray(14),
      ),
    ],
  ])('is not %s', (_, frame) => expect(find(settled(), frame)).toBe(-1));

  it('is not seen at another port of ours, nor in another VLAN', () => {
    expect(find(settled(), data(), at, 1)).toBe(-1);
    const tagged = b.tagged(plc, server, [[0x8100, 7]], 0x0800, data().subarray(14));
    expect(find(settled(tagged), tagged)).toBe(5);
    expect(find(settled(tagged), data())).toBe(-1);
  });

  it('is looked at as a whole again after a while, when the clock jumps back, and when something new is known of its sender', () => {
    const flows = settled();
    expect(find(flows, data(), at + 29_000)).toBe(5);
    expect(find(flows, data(), at + 30_000)).toBe(-1);
    expect(find(flows, data(), at - 1)).toBe(-1);
    flows.unsettle(4);
    expect(find(flows, data())).toBe(5);
    flows.unsettle(5);
    expect(find(flows, data())).toBe(-1);
  });

  it('is none once it was opened anew', () => {
    const flows = settled();
    const packet = new Packet();
    packet.peel(b.frame(data(0x02)));
    flows.forget(packet);
    expect(find(flows, data())).toBe(-1);
  });

  it.each([
    [64, 1024],
    [8192, 131_072],
    [65_536, 131_072],
  ])('is never taken for one of the others in a flood, with room for %i addresses and %i flows', (slots, places) => {
    const flood = 200_000;
    const first = data();
    /** The same from another address: its source stands at byte 26. */
    const flow = (i: number) =>
      edited(
        first,
        [0, 8, 16].map((shift, at) => [27 + at, (i >> shift) & 255] as const),
      );
    const flows = settled(data(), 5, slots);
    const packet = new Packet();
    for (let i = 0; i < flood; i++) {
      packet.peel(b.frame(flow(i)));
      const slot = find(flows, packet.bytes);
      if (slot !== -1) throw new Error(`flow ${i} was taken for that of slot ${slot}`);
      flows.note(packet, i & 63, 0);
    }
    const kept = [...Array(flood).keys()].filter(i => find(flows, flow(i)) >= 0);
    expect(kept.length).toBeGreaterThan(places / 2);
    expect(kept.length).toBeLessThanOrEqual(places);
    expect(kept.filter(i => find(flows, flow(i)) !== (i & 63))).toEqual([]);
  });
});

describe('the dissector with settled flows', () => {
  it('counts each of their packets, and looks at a connection that is opened again', () => {
    const dissector = new Dissector({ collectors: [tcpSyn] });
    const syn = b.ethernet(
      plc,
      server,
      0x0800,
      b.ipv4('192.0.2.10', '192.0.2.1', 6, edited(b.tcp(40_000, 9999, 2, b.bytes([2, 4, 5, 180])), [[12, 0x60]])),
    );
    for (let i = 0; i < 100; i++) dissector.frame(b.frame(data(), { number: i + 1, at: at + i }));
    dissector.drain();
    dissector.frame(b.frame(syn, { number: 101, at: at + 101 }));
    expect(dissector.drain().observations.map(({ fact, frame }) => [fact.kind, frame])).toContainEqual(['print', 101]);
    const [seen] = dissector.sightings();
    expect([seen?.packets, seen?.lastAt]).toEqual([101, at + 101]);
  });

  /** How often the collector of a port was asked for, of so many frames of one flow, and what it read. */
  function asked(
    frames: readonly Uint8Array[],
    collector: Pick<Collector, 'matches'>,
  ): { readonly wants: number; readonly read: readonly number[]; readonly packets: number } {
    let wants = 0;
    const read: number[] = [];
    const counting: Collector = {
      name: 'counting',
      spec: 'none',
      ...collector,
      wants: p => {
        wants++;
        return p.bytes[p.payload] === 0x21;
      },
      said: p => {
        read.push(p.number);
        return [];
      },
    };
    const dissector = new Dissector({ collectors: [counting] });
    for (const [i, bytes] of frames.entries()) dissector.frame(b.frame(bytes, { number: i + 1, at: at + i }));
    return { wants, read, packets: dissector.sightings()[0]?.packets ?? 0 };
  }
  const carrying = (text: string, ttl = 64): Uint8Array =>
    b.ethernet(plc, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 17, b.udp(40_000, 9999, b.bytes(text)), { ttl }));

  it('shows each packet of one to the collectors of its ports, whoever else is no longer asked', () => {
    const udp = ['a', 'b', '!', 'c', '!'].map(text => carrying(text));
    expect(asked(udp, { matches: udpPorts(9999) })).toEqual({ wants: 5, read: [3, 5], packets: 5 });
    const tcp = ['a', '!', 'b', '!'].map(text =>
      b.ethernet(plc, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, b.tcp(40_000, 9999, 0x10, b.bytes(text)))),
    );
    expect(asked(tcp, { matches: tcpPorts(9999) })).toEqual({ wants: 4, read: [2, 4], packets: 4 });
  });

  it('counts what comes through a router once it was looked at, and names the host behind it', () => {
    const dissector = new Dissector({ collectors: [arp] });
    const routed = (ip: string): Uint8Array =>
      b.ethernet(plc, server, 0x0800, b.ipv4(ip, '192.0.2.1', 17, b.udp(40_000, 9999, b.bytes('x')), { ttl: 57 }));
    dissector.frame(b.frame(b.ethernet(plc, server, 0x0806, b.arp(1, plc, '192.0.2.10', server, '192.0.2.1')), { number: 1, at }));
    for (let i = 0; i < 20; i++) dissector.frame(b.frame(routed(i < 10 ? '198.51.100.7' : '198.51.100.8'), { number: i + 2, at: at + i }));
    const behind = dissector.drain().observations.filter(({ fact }) => fact.kind === 'behind');
    expect(behind.map(({ fact, frame }) => [fact.kind === 'behind' ? fact.ip : '', frame])).toEqual([
      ['198.51.100.7', 2],
      ['198.51.100.8', 12],
    ]);
    expect(dissector.sightings()[0]?.packets).toBe(21);
  });
});
