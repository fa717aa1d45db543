import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';

/** What is left unread of these frames, as `layer number (name): frames`. */
function unread(most: number, ...frames: readonly Uint8Array[]): readonly string[] {
  const dissector = new Dissector();
  for (const bytes of frames) dissector.frame(b.frame(bytes));
  return dissector.unread
    .take(most)
    .flatMap(({ layer, busiest, others, otherFrames }) => [
      ...busiest.map(({ what, name, frames: count }) => `${layer} ${what}${name === undefined ? '' : ` (${name})`}: ${count}`),
      ...(others > 0 ? [`${layer}, ${others} more: ${otherFrames}`] : []),
    ]);
}
const ip = (protocol: number, payload: Uint8Array): Uint8Array =>
  b.ethernet(plc, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', protocol, payload));
const udp = (from: number, to: number): Uint8Array => ip(17, b.udp(from, to, b.bytes('x')));
const llc = (dsap: number, ...rest: readonly number[]): Uint8Array => {
  const body = b.bytes(dsap, dsap, 3, ...rest);
  return b.ethernet(plc, server, body.length, body);
};

describe('what nobody reads', () => {
  it('is also what tunnels carry that is no Ethernet frame, or is one more tunnel', () => {
    const gre = (type: number, inner: Uint8Array): Uint8Array => ip(47, b.bytes(b.u16(0), b.u16(type), inner));
    expect(unread(8, gre(0x0800, b.bytes('x')), gre(0x6558, gre(0x6558, udp(1, 2))))).toEqual([
      'IP protocol 47 (GRE without a frame that is read): 2',
    ]);
    expect(unread(8, gre(0x6558, b.ethernet(plc, server, 0x0806, b.arp(1, plc, '192.0.2.10', plc, '192.0.2.1'))))).toEqual([]);
    expect(unread(8, ip(17, b.udp(40_000, 4789, new Uint8Array(8))))).toEqual(['UDP port 4789: 1']);
  });

  it('is counted by EtherType, LLC address, SNAP protocol, IP protocol and the smaller port', () => {
    expect(
      unread(
        8,
        b.ethernet(plc, server, 0x88e1, b.bytes('x')),
        b.ethernet(plc, server, 0x88e1, b.bytes('x')),
        llc(0xe0, 1, 2),
        llc(0xaa, 0, 0, 0x0c, 0x99, 0x99, 1),
        ip(132, b.bytes('x')),
        udp(40_000, 5250),
        udp(5250, 40_001),
        udp(2222, 2222),
      ),
    ).toEqual([
      'EtherType 0x88e1 (HomePlug AV): 2',
      'LLC SAP 0xe0 (IPX): 1',
      'SNAP protocol 0x00000c/0x9999: 1',
      'IP protocol 132 (SCTP): 1',
      'UDP port 5250: 2',
      'UDP port 2222: 1',
    ]);
  });

  it('is not what a collector is asked about, nor a later fragment', () => {
    const arp = b.ethernet(plc, b.broadcast, 0x0806, b.arp(1, plc, '192.0.2.10', plc, '192.0.2.1'));
    const later = udp(5250, 5250);
    later[20] = 0x00;
    later[21] = 0x10; // fragment offset
    expect(unread(8, arp, later, udp(40_000, 53))).toEqual([]);
  });

  it('names the busiest and sums the rest; ports that both ends chose are named only when they are busy', () => {
    const busy = Array.from({ length: 30 }, () => udp(51_001, 51_002));
    const lone = Array.from({ length: 10 }, (_, i) => udp(40_000 + i, 60_000));
    expect(unread(2, ...busy, ...lone, udp(7000, 7000), udp(7001, 7001))).toEqual([
      'UDP port 51001: 30',
      'UDP port 7000: 1',
      'UDP port, 11 more: 11',
    ]);
  });

  it('a TCP port counts segments with data until a stream of it was understood', () => {
    const segment = (port: number, text: string, flags: number, sequence: number): Uint8Array =>
      ip(6, b.bytes(b.u16(40_000), b.u16(port), b.u32(sequence), b.u32(1), 0x50, flags, b.u16(1024), b.u16(0), b.u16(0), text));
    const strange = [segment(8530, '', 2, 1), segment(8530, 'hello', 24, 2)];
    const read = [segment(9443, '', 2, 1), segment(9443, 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b/1\r\n\r\n', 24, 2)];
    expect(unread(8, ...strange, ...read)).toEqual(['TCP port 8530: 1']);
  });

  it('under a flood of SNAP protocols keeps the first 256', () => {
    const frames = Array.from({ length: 1000 }, (_, i) => llc(0xaa, 0xaa, 0xbb, i >> 8, i & 255, 1));
    expect(unread(1, ...frames)).toEqual(['SNAP protocol 0xaabb00/0x0001: 1', 'SNAP protocol, 255 more: 255']);
  });
});
