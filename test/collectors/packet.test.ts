import { describe, expect, it } from 'vitest';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';

const body = b.bytes('payload');
const datagram = b.udp(68, 67, body);

function peel(bytes: Uint8Array, wireLength = bytes.length) {
  const packet = new Packet();
  const isNamed = packet.peel(b.frame(bytes, { wireLength }));
  const { vlan, innerVlan, etherType, ipVersion, ipProtocol, sourcePort, targetPort, fault } = packet;
  return {
    isNamed,
    vlan,
    innerVlan,
    etherType,
    ipVersion,
    ipProtocol,
    sourcePort,
    targetPort,
    fault,
    text: new TextDecoder().decode(packet.body),
    ip: packet.sourceIp,
    mac: packet.source,
  };
}
const eth = (type: number, l3: Uint8Array) => b.ethernet(plc, server, type, l3);
const v4 = (over: Parameters<typeof b.ipv4>[4] = {}, inner = datagram) => eth(0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 17, inner, over));
const v6 = (extensions: Parameters<typeof b.ipv6>[4], inner = datagram) =>
  eth(0x86dd, b.ipv6('2001:db8:0:0:0:0:0:1', '2001:db8:0:0:0:0:0:2', 17, inner, extensions));
const ports = { ipProtocol: 17, sourcePort: 68, targetPort: 67, text: 'payload', fault: 'none', mac: plc };
const noPorts = { ipProtocol: 0, sourcePort: 0, targetPort: 0, fault: 'none' };

describe('the layers of a frame', () => {
  it('are peeled down to the ports', () => {
    expect(peel(v4())).toMatchObject({ ...ports, ipVersion: 4, vlan: 0, ip: '192.0.2.10' });
    expect(peel(v6([]))).toMatchObject({ ...ports, ipVersion: 6, ip: '2001:db8::1' });
  });

  it('are peeled behind IPv4 options, without the padding of short frames', () => {
    expect(peel(v4({ options: [0x94, 4, 0, 0] }))).toMatchObject(ports);
    expect(peel(b.padded(60, v4()))).toMatchObject(ports);
  });

  it('are peeled behind tags; the outer tag counts and a priority tag is no VLAN', () => {
    const inner = b.ipv4('192.0.2.10', '192.0.2.1', 17, datagram);
    const tags = (...list: readonly (readonly [number, number])[]) => peel(b.tagged(plc, server, list, 0x0800, inner));
    expect(tags([0x8100, 0xe005])).toMatchObject({ ...ports, vlan: 5 });
    expect(tags([0x88a8, 7], [0x8100, 9])).toMatchObject({ ...ports, vlan: 7, innerVlan: 9 });
    expect(tags([0x9100, 7], [0x8100, 9])).toMatchObject({ ...ports, vlan: 7 });
    expect(tags([0x8100, 0x6000])).toMatchObject({ ...ports, vlan: 0 });
    // More tags than switches set do not hide what is behind them; endless ones are told as what they are.
    expect(tags([0x8100, 1], [0x8100, 2], [0x8100, 3])).toMatchObject({ ...ports, vlan: 1, innerVlan: 2 });
    const many = (count: number) => tags(...Array.from({ length: count }, (): [number, number] => [0x8100, 1]));
    expect(many(8)).toMatchObject({ ...ports, vlan: 1 });
    expect(many(9)).toMatchObject({ ...noPorts, vlan: 1, etherType: 0x8100 });
    expect(tags([0x8100, 4095])).toMatchObject({ fault: 'vlan', etherType: 0 });
    const hsr = b.bytes(b.u16(0x1000 | (inner.length + 6)), b.u16(9), b.u16(0x0800), inner);
    expect(peel(b.ethernet(plc, server, 0x892f, hsr))).toMatchObject({ ...ports, etherType: 0x0800 });
    expect(peel(b.tagged(plc, server, [[0x8100, 5]], 0x892f, hsr))).toMatchObject({ ...ports, vlan: 5 });
    // The R-TAG of IEEE 802.1CB is as long.
    expect(peel(b.ethernet(plc, server, 0xf1c1, hsr))).toMatchObject({ ...ports, etherType: 0x0800 });
    expect(peel(b.ethernet(plc, server, 0x892f, hsr.subarray(0, 5)))).toMatchObject({ ...noPorts, etherType: 0x892f, fault: 'none' });
  });

  it('name ports in the first fragment only', () => {
    expect(peel(v4({ fragment: 0x2000 }))).toMatchObject(ports);
    expect(peel(v4({ fragment: 0x2001 }))).toMatchObject({ ...noPorts, ipVersion: 4 });
    expect(peel(v4({ fragment: 0x2000 }, datagram.subarray(0, 12)))).toMatchObject({ sourcePort: 68, text: 'payl', fault: 'none' });
    expect(peel(v6([[44, [0, 0, 0, 1, 0, 0, 0, 9]]]))).toMatchObject(ports);
    expect(peel(v6([[44, [0, 0, 0, 8, 0, 0, 0, 9]]]))).toMatchObject({ ...noPorts, ipVersion: 6 });
  });

  it('are peeled behind IPv6 extension headers, of which few are walked', () => {
    const hop = [0, [0, 0, 1, 4, 0, 0, 0, 0]] as const;
    const options = [60, [0, 1, ...Array.from({ length: 14 }, () => 0)]] as const;
    const authentication = [51, [0, 4, ...Array.from({ length: 22 }, () => 0)]] as const;
    expect(peel(v6([hop, options, authentication]))).toMatchObject(ports);
    expect(peel(v6(Array.from({ length: 8 }, () => options)))).toMatchObject(ports);
    expect(peel(v6(Array.from({ length: 9 }, () => options)))).toMatchObject({ ...noPorts, fault: 'ipv6' });
    expect(peel(v6([[60, [0, 255, 0, 0, 0, 0, 0, 0]]]))).toMatchObject({ ...noPorts, fault: 'ipv6' });
  });

  it('of TCP keep their flags, and options are not payload', () => {
    const packet = new Packet();
    const segment = b.tcp(502, 40_000, 0x12, body);
    const withOptions = b.bytes(segment.subarray(0, 12), 0x60, segment.subarray(13, 20), 2, 4, 5, 180, body);
    packet.peel(b.frame(eth(0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, withOptions))));
    expect(packet).toMatchObject({ ipProtocol: 6, sourcePort: 502, targetPort: 40_000, tcpFlags: 0x12 });
    expect(packet.body).toEqual(body);
  });

  it('that no host can have are no source address', () => {
    for (const ip of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '127.0.0.1'])
      expect(peel(eth(0x0800, b.ipv4(ip, '192.0.2.1', 17, datagram))).ip).toBeUndefined();
  });
});

describe('a broken layer', () => {
  const set = (frame: Uint8Array, at: number, value: number): Uint8Array => frame.with(at, value);
  it.each([
    ['IPv4 of version 5', set(v4(), 14, 0x55), 'ipv4'],
    ['IPv4 header of 16 bytes', set(v4(), 14, 0x44), 'ipv4'],
    ['IPv4 total length beyond the frame', set(v4(), 17, 200), 'ipv4'],
    ['IPv4 total length within its header', set(v4(), 17, 19), 'ipv4'],
    ['IPv6 of version 4', set(v6([]), 14, 0x40), 'ipv6'],
    ['IPv6 payload beyond the frame', set(v6([]), 19, 200), 'ipv6'],
    ['UDP length of 7', set(v4(), 39, 7), 'udp'],
    ['UDP length beyond the datagram', set(v4(), 39, 100), 'udp'],
    ['TCP header of 16 bytes', set(eth(0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, b.tcp(1, 2, 2))), 46, 0x40), 'tcp'],
    ['TCP header beyond the datagram', set(eth(0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, b.tcp(1, 2, 2))), 46, 0xf0), 'tcp'],
  ])('is named, and so is the sender: %s', (_, bytes, fault) =>
    expect(peel(bytes)).toMatchObject({ isNamed: true, mac: plc, fault, ipProtocol: 0 }),
  );

  it('is none when a host left the IPv4 length to its network card: the packet ends with the frame', () => {
    const frame = v4().with(16, 0).with(17, 0);
    expect(peel(frame)).toMatchObject({ ...ports, fault: 'none' });
    expect(peel(frame.subarray(0, 30))).toMatchObject({ fault: 'ipv4', ipProtocol: 0 });
  });

  it('is none in an IPv6 jumbogram, whose length is an option', () => {
    const jumbo = (length: number, option = 0xc2): Uint8Array =>
      v6([[0, [0, 0, option, 4, 0, 0, 0, length]]])
        .with(18, 0)
        .with(19, 0);
    expect(peel(jumbo(8 + datagram.length))).toMatchObject(ports);
    expect(peel(b.bytes(jumbo(8 + datagram.length), 'trailer'))).toMatchObject(ports);
    expect(peel(jumbo(9 + datagram.length))).toMatchObject({ fault: 'ipv6', ipProtocol: 0 });
    expect(peel(jumbo(8 + datagram.length, 0xc3))).toMatchObject({ fault: 'ipv6', ipProtocol: 0 });
    expect(peel(v6([]).with(18, 0).with(19, 0))).toMatchObject({ fault: 'udp', ipProtocol: 0 });
  });

  it('is nobody’s fault when the capture cut it', () => {
    for (const frame of [v4(), v6([])])
      for (let length = 14; length < frame.length; length++) expect(peel(frame.subarray(0, length), frame.length).fault).toBe('none');
  });

  it('is none when only what stands behind the IP packet was not captured', () => {
    const isCut = (frame: Uint8Array, missing: number): boolean => {
      const packet = new Packet();
      packet.peel(b.frame(frame.subarray(0, frame.length - missing), { wireLength: frame.length }));
      return packet.isCut;
    };
    for (const frame of [v4(), v6([])]) {
      expect(isCut(b.bytes(frame, new Uint8Array(4)), 4)).toBe(false); // check sequence
      expect(isCut(b.bytes(frame, new Uint8Array(4)), 5)).toBe(true);
    }
    expect(isCut(eth(0x88cc, body), 1)).toBe(true);
    const arp = b.bytes(eth(0x0806, b.arp(1, plc, '192.0.2.10', server, '192.0.2.1')), new Uint8Array(40)); // padding
    expect([isCut(arp, 40), isCut(arp, 41)]).toEqual([false, true]);
    const llc = b.bytes(eth(4, b.bytes(0x42, 0x42, 3, 0)), new Uint8Array(42)); // 802.3: the length counts four bytes
    expect([isCut(llc, 42), isCut(llc, 43)]).toEqual([false, true]);
  });

  it('leaves no sender only when the frame is shorter than an Ethernet header', () => {
    const frame = v4();
    for (let length = 0; length <= frame.length; length++) expect(peel(frame.subarray(0, length)).isNamed).toBe(length >= 14);
  });

  it('is not read beyond: 802.3 length fields are no EtherType', () =>
    expect(peel(eth(0x05dc, body))).toMatchObject({ etherType: 0, fault: 'none' }));
});
