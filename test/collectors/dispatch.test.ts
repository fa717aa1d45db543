import { describe, expect, it } from 'vitest';
import { type Collector, etherType, ipProtocol, llc, type Match, snap, tcpPorts, tcpStream, udpPorts } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { Packet } from '../../collectors/packet.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';

/** Collects the bodies that a collector with these matches gets. */
function bodies(matches: Match | readonly Match[], frames: readonly Uint8Array[], over: Partial<Collector> = {}): readonly string[] {
  const got: string[] = [];
  const said = (p: Packet): readonly [] => {
    got.push(new TextDecoder().decode(p.body));
    return [];
  };
  const dissector = new Dissector({ collectors: [{ name: 'test', spec: 'none', matches, said, ...over }] });
  for (const f of frames) dissector.frame(b.frame(f));
  expect(dissector.drain(true).malformed).toEqual([]);
  return got;
}
/** An 802.3 frame: its length counts what follows; 60 bytes at least on the wire. */
const ieee = (body: Uint8Array): Uint8Array => {
  const frame = b.ethernet(plc, server, body.length, body);
  return b.padded(Math.max(60, frame.length), frame);
};
const v4 = (protocol: number, body: Uint8Array, over = {}): Uint8Array =>
  b.ethernet(plc, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', protocol, body, over));
const v6 = (protocol: number, body: Uint8Array): Uint8Array =>
  b.ethernet(plc, server, 0x86dd, b.ipv6('fe80:0:0:0:0:0:0:1', 'ff02:0:0:0:0:0:0:1', protocol, body, [[0, [0, 0, 5, 2, 0, 0, 1, 0]]], 1));
const data = b.bytes('data');

describe('a collector gets', () => {
  it('LLC frames by DSAP, without padding', () => {
    expect(bodies(llc(0x42), [ieee(b.bytes(0x42, 0x42, 3, data))])).toEqual(['data']);
    expect(bodies(llc(0x42), [ieee(b.bytes(0x82, 0x82, 3, data)), ieee(b.bytes(0x42))])).toEqual([]);
  });

  it('LLC information frames behind their control field of two bytes', () =>
    expect(bodies(llc(0xf0), [ieee(b.bytes(0xf0, 0xf0, 0, 0, data))])).toEqual(['data']));

  it('SNAP frames by organisation and protocol, also tagged', () => {
    const cdp = b.bytes(0xaa, 0xaa, 3, 0, 0, 12, 0x20, 0, data);
    const tagged = b.tagged(plc, server, [[0x8100, 5]], cdp.length, cdp);
    expect(bodies(snap(0x00000c, 0x2000), [ieee(cdp), tagged])).toEqual(['data', 'data']);
    expect(bodies([snap(0x00000c, 0x2001), snap(0, 0x2000), llc(0xaa)], [ieee(cdp)])).toEqual([]);
  });

  it('SNAP frames of RFC 1042 as the EtherType that they carry', () => {
    const ip = b.ipv4('192.0.2.10', '192.0.2.1', 17, b.udp(1, 9, data));
    expect(bodies(udpPorts(9), [ieee(b.bytes(0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ip))])).toEqual(['data']);
    expect(bodies(etherType(0x0806), [ieee(b.bytes(0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 6, data))])).toEqual(['data']);
  });

  it('what IP carries by protocol, behind extension headers, with its own header', () => {
    expect(bodies(ipProtocol(112), [v4(112, data), v6(112, data), v4(2, data)])).toEqual(['data', 'data']);
    expect(bodies(ipProtocol(17), [v4(17, b.udp(0x4142, 9, data))])[0]).toMatch(/^AB/);
    expect(bodies(ipProtocol(6), [v4(6, b.tcp(0x4142, 9, 2))])[0]).toMatch(/^AB/);
  });

  it('no later fragment', () => {
    expect(bodies(ipProtocol(112), [v4(112, data, { fragment: 0x2001 })])).toEqual([]);
    const packet = new Packet();
    packet.peel(b.frame(v4(112, data, { fragment: 0x2001 })));
    expect(packet).toMatchObject({ isLaterFragment: true, ipProtocol: 0 });
  });

  it('TCP segments with payload by port', () => {
    const ack = v4(6, b.tcp(502, 40_000, 0x10));
    expect(bodies(tcpPorts(502, 102), [v4(6, b.tcp(40_000, 502, 0x18, data)), v4(6, b.tcp(102, 1, 0x18, data)), ack])).toEqual([
      'data',
      'data',
    ]);
  });

  it('a frame once, even when several of its matches fit', () => {
    expect(bodies([udpPorts(9), udpPorts(10, 9)], [v4(17, b.udp(9, 10, data))])).toEqual(['data']);
    expect(bodies([etherType(0x88cc), etherType(0x88cc)], [b.ethernet(plc, server, 0x88cc, data)])).toEqual(['data']);
  });

  it('nothing that it does not want, and such frames are not counted', () => {
    const wants = (p: Packet): boolean => p.bytes[p.payload] === 0x64;
    const frames = [v4(17, b.udp(9, 1, data)), v4(17, b.udp(9, 1, b.bytes('other')))];
    expect(bodies(udpPorts(9), frames, { wants })).toEqual(['data']);
  });

  it('must have `wants` to see the streams of every port', () => expect(() => bodies(tcpStream(), [])).toThrow('it has no `wants`'));
});

describe('the sender', () => {
  const said = (fact: Fact, frame: Uint8Array, matches: Match = udpPorts(9)): readonly string[] => {
    const dissector = new Dissector({ collectors: [{ name: 'test', spec: 'none', matches, said: () => [fact] }] });
    dissector.frame(b.frame(frame));
    return dissector.drain().observations.map(o => o.fact.kind);
  };
  const from = (ttl: number, ip = '192.0.2.10'): Uint8Array =>
    b.ethernet(plc, server, 0x0800, b.ipv4(ip, '192.0.2.1', 17, b.udp(9, 9, data), { ttl }));
  const model: Fact = { kind: 'model', text: 'M' };

  it('has spoken the protocol: a fact, once', () => expect(said(model, from(64))).toEqual(['seen', 'model', 'protocol']));

  it('is not described by what it only routes: a hop has been counted', () => {
    expect(said(model, from(63))).toEqual(['seen']);
    expect(said({ kind: 'acted', action: 'write', target: 'x', detail: '' }, from(63))).toEqual(['seen', 'acted']);
  });

  it('is described by what it sends to a group with few hops, and from no address', () => {
    const group = b.ethernet(plc, '01:00:5e:7f:ff:fa', 0x0800, b.ipv4('192.0.2.10', '239.255.255.250', 17, b.udp(9, 9, data), { ttl: 4 }));
    expect(said(model, group)).toEqual(['seen', 'model', 'protocol']);
    expect(said(model, from(1, '0.0.0.0'))).toEqual(['seen', 'model', 'protocol']);
  });

  it('of TCP headers has spoken no protocol', () => {
    const dissector = new Dissector();
    dissector.frame(b.frame(v4(6, b.tcp(502, 40_000, 0x12))));
    expect(dissector.drain().observations.flatMap(o => (o.collector === 'tcp-services' ? [o.fact.kind] : []))).toEqual(['service']);
  });
});
