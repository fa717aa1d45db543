import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import * as b from '../vectors/frames/build.ts';
import { encodePcap, enhanced, interfaceBlock, section } from '../vectors/frames/encode-capture.ts';
import { plc, server } from '../vectors/frames/index.ts';

const ip4 = b.ipv4('192.0.2.10', '192.0.2.1', 17, b.udp(9, 9, b.bytes('data')));
const ip6 = b.ipv6('2001:db8:0:0:0:0:0:1', 'ff02:0:0:0:0:0:0:1', 17, b.udp(9, 9, b.bytes('data')));
const from4 = b.ethernet('52:79:c0:00:02:0a', '52:79:c0:00:02:01', 0x0800, ip4);
const ofPlc = b.ethernet(plc, server, 0x0800, ip4);

type Got = { readonly bytes: Uint8Array; readonly wireLength: number };
const readFile = (file: Uint8Array): readonly Got[] => {
  const got: Got[] = [];
  const reader = new CaptureReader(f => got.push({ bytes: f.bytes.slice(), wireLength: f.wireLength }));
  reader.push(file);
  reader.finish();
  return got;
};
/** The Ethernet frame that comes of one packet of a link type. */
const read = (link: number, ...packet: readonly b.Part[]): Got | undefined =>
  readFile(encodePcap([b.frame(b.bytes(...packet))], { link }))[0];
const whole = (bytes: Uint8Array): Got => ({ bytes, wireLength: bytes.length });
const nobody = { bytes: b.bytes() };

describe('a packet of a line without hardware addresses is one of its IP address', () => {
  it.each<[string, number, readonly b.Part[]]>([
    ['PPP', 9, [0, 0x21]],
    ['PPP with address and control', 9, [0xff, 3, 0, 0x21]],
    ['PPP with a short protocol', 9, [0xff, 3, 0x21]],
    ['PPP on a serial line', 50, [0xff, 3, 0, 0x21]],
    ['Cisco HDLC on a serial line', 50, [0x0f, 0, 8, 0]],
    ['Cisco HDLC', 104, [0x8f, 0, 8, 0]],
    ['PPPoE', 51, [0x11, 0, 0, 7, 0, 62, 0, 0x21]],
    ['PPP with its direction for an address', 166, [1, 3, 0, 0x21]],
    ['PPP behind its direction', 204, [0, 0xff, 3, 0, 0x21]],
    ['IPsec of OpenBSD', 109, [2, 0, 0, 0, b.u32(7), b.u32(0)]],
    ['IPNET of Solaris', 226, [1, 2, 0, 0, b.u32(44), b.u32(1), b.u32(0), b.u32(0), b.u32(0)]],
    ['the log of pf', 117, [61, Array.from({ length: 63 }, () => 0)]],
    ['PKTAP around raw IP', 258, [12, 0, 0, 0, 1, 0, 0, 0, 101, 0, 0, 0]],
  ])('%s', (_, link, header) => expect(read(link, header, ip4)).toEqual(whole(from4)));

  it('of IPv6 too', () => {
    for (const got of [read(9, 0, 0x57, ip6), read(104, 0x0f, 0, 0x86, 0xdd, ip6)])
      expect(got?.bytes.subarray(12)).toEqual(b.bytes(0x86, 0xdd, ip6));
  });

  it('and one of nobody where it carries no IP', () => {
    const others = [read(9, 0xff, 3, 0xc0, 0x21, 1, 1, 0, 4), read(50, 1, 2, 3, 4, ip4), read(104, 0x8f, 0, 0x80, 0x35, 0), read(9)];
    for (const other of others) expect(other).toMatchObject(nobody);
  });
});

describe('the log of netfilter', () => {
  const tlv = (type: number, little: boolean, body: Uint8Array): Uint8Array => {
    const word = (n: number): readonly number[] => (little ? b.u16(n).toReversed() : b.u16(n));
    return b.bytes(word(4 + body.length), word(type), body, new Uint8Array(-body.length & 3));
  };
  const head = [2, 0, 0, 5];
  it.each([true, false])('shows the packet, in either byte order (little-endian: %s)', little =>
    expect(read(239, head, tlv(10, little, b.bytes('drop ', 0)), tlv(9, little, ip4))).toEqual(whole(from4)),
  );
  it.each([true, false])('shows a packet that is longer than a length read in the other byte order (little-endian: %s)', little => {
    const long = b.ipv4('192.0.2.10', '192.0.2.1', 17, b.udp(9, 9, new Uint8Array(4000)));
    const packetHeader = tlv(1, little, b.bytes(8, 0, 1, 0));
    expect(read(239, head, packetHeader, tlv(9, little, long))?.bytes.length).toBe(14 + long.length);
  });
  it('shows the frame where the kernel says its header', () =>
    expect(read(239, head, tlv(16, true, ofPlc.subarray(0, 14)), tlv(9, true, ip4))).toEqual(whole(ofPlc)));
  it('without a packet, or cut, is of nobody', () => {
    for (const rest of [b.bytes(), tlv(10, true, b.bytes('x')), b.bytes(200, 0, 9, 0, ip4), b.bytes(0, 0, 0, 0)])
      expect(read(239, head, rest)).toMatchObject(nobody);
  });
});

describe('a frame with the tag of a switch chip is the frame on its port', () => {
  const [macs, rest] = [ofPlc.subarray(0, 12), ofPlc.subarray(12)];
  it.each<[string, number, readonly b.Part[]]>([
    ['Marvell', 284, [macs, 0xc0, 0x18, 0, 7, rest]],
    ['Marvell, with an EtherType', 285, [macs, 0xda, 0xda, 0, 0, 0xc0, 0x18, 0, 7, rest]],
    ['Broadcom', 281, [macs, 0, 0, 0, 5, rest]],
    ['Broadcom, before the frame', 282, [0, 0, 0, 5, ofPlc]],
  ])('%s', (_, link, packet) => expect(read(link, packet)).toEqual(whole(ofPlc)));
  it('and keeps its VLAN tag', () => {
    const tagged = b.tagged(plc, server, [[0x8100, 0x6007]], 0x0800, ip4);
    expect(read(284, macs, 0xe0, 0x18, 0x70, 7, rest)).toEqual(whole(tagged));
    expect(read(285, macs, 0xda, 0xda, 0, 0, 0xe0, 0x18, 0x70, 7, rest)).toEqual(whole(tagged));
  });
});

describe('a frame of IEEE 802.11', () => {
  const bss = '02:00:5e:00:53:01';
  const snap = b.bytes(0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ip4);
  const frame = (first: number, flags: number, addresses: readonly string[], body: b.Part): Uint8Array =>
    b.bytes(first, flags, 0, 0, addresses.slice(0, 3).map(b.mac), 0, 0, addresses.slice(3).map(b.mac), body);

  it.each<[string, Uint8Array]>([
    ['to the access point', frame(0x08, 1, [bss, plc, server], snap)],
    ['from the access point', frame(0x08, 2, [server, bss, plc], snap)],
    ['between two stations', frame(0x08, 0, [server, plc, bss], snap)],
    ['relayed between access points', frame(0x08, 3, [bss, bss, server, plc], snap)],
    ['with quality of service', frame(0x88, 1, [bss, plc, server], b.bytes(0, 0, snap))],
    ['with quality of service and HT control', frame(0x88, 0x81, [bss, plc, server], b.bytes(0, 0, 0, 0, 0, 0, snap))],
  ])('is that of its sender: %s', (_, packet) => expect(read(105, packet)).toEqual(whole(ofPlc)));

  it.each<[string, number, readonly b.Part[]]>([
    ['Prism', 119, [Array.from({ length: 144 }, () => 0)]],
    ['AVS', 163, [0x80, 0x21, 0x10, 1, 0, 0, 0, 64, Array.from({ length: 56 }, () => 0)]],
    ['PPI', 192, [0, 0, 8, 0, 105, 0, 0, 0]],
    ['radiotap', 127, [0, 0, 8, 0, 0, 0, 0, 0]],
    ['radiotap with time and flags', 127, [0, 0, 17, 0, 3, 0, 0, 0, Array.from({ length: 9 }, () => 0)]],
    ['radiotap with two words', 127, [0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0]],
  ])('is read behind what the card says: %s', (_, link, head) =>
    expect(read(link, head, frame(0x08, 1, [bss, plc, server], snap))).toEqual(whole(ofPlc)),
  );

  it('is read without its check sequence and padding, and not at all when it was received broken', () => {
    const flags = (n: number) => b.bytes(0, 0, 9, 0, 2, 0, 0, 0, n);
    const qos = frame(0x88, 1, [bss, plc, server], b.bytes(0, 0));
    expect(read(127, flags(0x10), frame(0x08, 1, [bss, plc, server], snap), b.u32(7))).toEqual(whole(ofPlc));
    expect(read(127, flags(0x20), qos, 0, 0, snap)).toEqual(whole(ofPlc));
    expect(read(127, flags(0x40), qos, snap)).toMatchObject(nobody);
  });

  it('shows who speaks to whom where it is encrypted, without a body or management', () => {
    const presence = whole(b.ethernet(plc, server, 0, b.bytes()));
    expect(read(105, frame(0x08, 0x41, [bss, plc, server], snap))).toEqual(presence);
    expect(read(105, frame(0x48, 1, [bss, plc, server], b.bytes()))).toEqual(presence);
    expect(read(105, frame(0x88, 1, [bss, plc, server], b.bytes(0x80, 0, snap)))).toEqual(presence);
    expect(read(105, frame(0x80, 0, [server, plc, bss], b.bytes(0, 1, 2)))).toEqual(presence);
    expect(read(105, b.bytes(0xd4, 0, 0, 0, b.mac(plc)))).toMatchObject(nobody);
  });

  it('with LLC but no SNAP is an 802.3 frame', () =>
    expect(read(105, frame(0x08, 2, [server, bss, plc], b.bytes(0x42, 0x42, 3)))).toEqual(
      whole(b.ethernet(plc, server, 3, b.bytes(0x42, 0x42, 3))),
    ));
});

describe('a host that speaks to itself over the loopback interface of Linux', () => {
  const zero = '00:00:00:00:00:00';
  const self4 = b.ipv4('127.0.0.1', '127.0.1.1', 17, b.udp(9, 9, b.bytes('data')));
  const self6 = b.ipv6('0:0:0:0:0:0:0:1', '0:0:0:0:0:0:0:1', 17, b.udp(9, 9, b.bytes('data')));
  it('is one of its IP address', () => {
    expect(read(1, b.ethernet(zero, zero, 0x0800, self4))).toEqual(
      whole(b.ethernet('52:79:7f:00:00:01', '52:79:7f:00:01:01', 0x0800, self4)),
    );
    expect(read(1, b.ethernet(zero, zero, 0x86dd, self6))?.bytes.subarray(6, 8)).toEqual(b.bytes(0x52, 0x79));
  });
  it.each<[string, Uint8Array]>([
    ['a target', b.ethernet(zero, server, 0x0800, self4)],
    ['a sender', b.ethernet('00:00:00:00:00:01', zero, 0x0800, self4)],
    ['no IP', b.ethernet(zero, zero, 0x0806, self4)],
    ['nothing but addresses', b.bytes(b.mac(zero), b.mac(zero))],
    ['a cut header', b.ethernet(zero, zero, 0x0800, self4).subarray(0, 33)],
  ])('but it is none with %s', (_, frame) => expect(read(1, frame)).toEqual(whole(frame)));
});

describe('a capture whose hardware addresses were wiped out', () => {
  const zero = '00:00:00:00:00:00';
  const [wiped, six, arp] = [b.ethernet(zero, zero, 0x0800, ip4), b.ethernet(zero, zero, 0x86dd, ip6), b.ethernet(zero, zero, 0x0806, ip4)];
  const sources = (...frames: readonly Uint8Array[]): readonly Uint8Array[] =>
    readFile(encodePcap(frames.map(f => b.frame(f)))).map(f => f.bytes.subarray(6, 8));
  const [standIn, none] = [b.bytes(0x52, 0x79), b.bytes(0, 0)];
  it('has hosts that are their IP addresses', () => expect(sources(wiped, six, arp, wiped)).toEqual([standIn, standIn, none, standIn]));
  it('is none where there are some: the same hosts would be there twice', () => {
    expect(sources(ofPlc, wiped)).toEqual([b.bytes(b.mac(plc).slice(0, 2)), none]);
    expect(sources(wiped, ofPlc, wiped)).toEqual([standIn, b.bytes(b.mac(plc).slice(0, 2)), none]);
    expect(sources(wiped, b.ethernet('00:00:5e:00:53:01', server, 0x0800, ip4), wiped).at(-1)).toEqual(none);
  });
});

it('packets of an interface that cannot be read cost those of the others nothing, and count', () => {
  const usb = { link: 249 };
  const file = b.bytes(
    section(true),
    interfaceBlock(true),
    interfaceBlock(true, usb),
    enhanced(true, 1, 0n, b.frame(b.bytes('usb'))),
    enhanced(true, 0, 0n, b.frame(ofPlc)),
  );
  expect(readFile(file)).toMatchObject([nobody, whole(ofPlc)]);
  const alone = b.bytes(section(true), interfaceBlock(true, usb), enhanced(true, 0, 0n, b.frame(ofPlc)));
  expect(() => readFile(alone)).toThrow('link type 249 (USB of Windows) is neither Ethernet nor IP');
});

it('a packet of any link type, cut or of any bytes, is a frame: never a throw, never longer than it was', () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
  const links = [9, 50, 51, 104, 105, 109, 117, 119, 127, 149, 163, 166, 192, 204, 226, 239, 258, 281, 282, 284, 285];
  for (const link of links) {
    const packets = Array.from({ length: 300 }, (_, round) =>
      Uint8Array.from({ length: random() % 90 }, () => random() & (round % 3 === 0 ? 3 : 255)),
    );
    const dissector = new Dissector();
    const lengths: number[] = [];
    const reader = new CaptureReader(f => {
      lengths.push(f.bytes.length);
      dissector.frame(f);
    });
    reader.push(
      encodePcap(
        packets.map(p => b.frame(p)),
        { link },
      ),
    );
    expect(lengths.length).toBe(packets.length);
    expect(packets.filter((p, i) => (lengths[i] ?? 0) > p.length + 14)).toEqual([]);
    expect(dissector.drain(true).malformed.filter(m => m.message.startsWith('defect'))).toEqual([]);
  }
});
