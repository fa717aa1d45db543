import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import * as b from '../vectors/frames/build.ts';
import { encodePcap, enhanced, interfaceBlock, section } from '../vectors/frames/encode-capture.ts';
import { plc, server } from '../vectors/frames/index.ts';

const ip4 = b.ipv4('192.0.2.10', '192.0.2.1', 17, b.udp(9, 9, b.bytes('data')));
const ip6 = b.ipv6('2001:db8:0:0:0:0:0:1', 'ff02:0:0:0:0:0:0:1', 17, b.udp(9, 9, b.bytes('data')));
const sll = (kind: number, protocol: number, body: Uint8Array, length = 6): Uint8Array =>
  b.bytes(b.u16(kind), b.u16(1), b.u16(length), b.mac(plc), 0, 0, b.u16(protocol), body);
const sll2 = (kind: number, protocol: number, body: Uint8Array): Uint8Array =>
  b.bytes(b.u16(protocol), 0, 0, b.u32(3), b.u16(1), kind, 6, b.mac(plc), 0, 0, body);

/** The Ethernet frames that come of packets of a link type. */
function read(link: number, ...packets: readonly Uint8Array[]): readonly { readonly bytes: Uint8Array; readonly wireLength: number }[] {
  const got: { bytes: Uint8Array; wireLength: number }[] = [];
  const reader = new CaptureReader(f => got.push({ bytes: f.bytes.slice(), wireLength: f.wireLength }));
  reader.push(
    encodePcap(
      packets.map(p => b.frame(p)),
      { link },
    ),
  );
  reader.finish();
  return got;
}
const zero = '00:00:00:00:00:00';

describe('a Linux cooked packet', () => {
  it.each([
    ['SLL', 113, sll],
    ['SLL2', 276, sll2],
  ] as const)('(%s) is a frame of its sender, to nobody, all or a group', (_, link, make) => {
    const frames = read(link, make(0, 0x0800, ip4), make(1, 0x0806, ip4), make(2, 0x86dd, ip6));
    const wanted = [
      b.ethernet(plc, zero, 0x0800, ip4),
      b.ethernet(plc, b.broadcast, 0x0806, ip4),
      b.ethernet(plc, '01:00:00:00:00:00', 0x86dd, ip6),
    ];
    expect(frames).toEqual(wanted.map(bytes => ({ bytes, wireLength: bytes.length })));
  });

  it('with an LLC header is an 802.3 frame', () =>
    expect(read(113, sll(2, 4, b.bytes(0x42, 0x42, 3)))[0]?.bytes.subarray(12)).toEqual(b.bytes(0, 3, 0x42, 0x42, 3)));

  it('of a sender without a hardware address names none beside those that have one', () =>
    expect(read(113, sll(0, 0x0800, ip4), sll(0, 0x0800, ip4, 8))[1]?.bytes).toEqual(b.ethernet(zero, zero, 0x0800, ip4)));
});

describe('a packet without hardware addresses', () => {
  const from4 = b.ethernet('52:79:c0:00:02:0a', '52:79:c0:00:02:01', 0x0800, ip4);

  it('is a frame of an address made of the IP address', () => {
    for (const link of [12, 14, 101, 228]) expect(read(link, ip4)[0]?.bytes).toEqual(from4);
    for (const link of [0, 108]) expect(read(link, b.bytes(2, 0, 0, 0, ip4))).toEqual([{ bytes: from4, wireLength: from4.length }]);
  });

  it('of IPv6 too; a group stays a group', () => {
    const [frame] = read(229, ip6);
    expect(frame?.bytes[0]).toBe(0x53);
    expect(frame?.bytes.subarray(6, 8)).toEqual(b.bytes(0x52, 0x79));
    expect(frame?.bytes.subarray(12)).toEqual(b.bytes(0x86, 0xdd, ip6));
  });

  it('shows its host with its IP address', () => {
    const dissector = new Dissector();
    const reader = new CaptureReader(f => dissector.frame(f));
    reader.push(encodePcap([b.frame(ip4), b.frame(ip4)], { link: 101 }));
    expect(dissector.drain().observations.map(o => [o.mac, o.fact])).toEqual([
      ['52:79:c0:00:02:0a', { kind: 'seen' }],
      ['52:79:c0:00:02:0a', { kind: 'address', ip: '192.0.2.10' }],
    ]);
  });
});

it('packets too short for their header are frames without a sender', () => {
  for (const link of [0, 101, 113, 276])
    for (let length = 0; length < 20; length++) {
      const dissector = new Dissector();
      const reader = new CaptureReader(f => dissector.frame(f));
      reader.push(encodePcap([b.frame(b.bytes(ip4).subarray(0, length))], { link }));
      expect(dissector.drain(true).malformed.every(m => !m.message.startsWith('defect'))).toBe(true);
    }
});

it('interfaces of a pcapng file may have different link types', () => {
  const got: Uint8Array[] = [];
  const reader = new CaptureReader(f => got.push(f.bytes.slice()));
  const ethernet = b.ethernet(plc, server, 0x0800, ip4);
  reader.push(
    b.bytes(
      section(true),
      interfaceBlock(true),
      interfaceBlock(true, { link: 113 }),
      enhanced(true, 0, 0n, b.frame(ethernet)),
      enhanced(true, 1, 0n, b.frame(sll(0, 0x0800, ip4))),
    ),
  );
  expect(got).toEqual([ethernet, b.ethernet(plc, zero, 0x0800, ip4)]);
});

const capture = join(import.meta.dirname, '../../../shared/captures/zeek/linux_dlt_sll2.pcap');
if (!existsSync(capture)) process.stdout.write('skipped: other people’s captures are not on this machine (../shared)\n');
it.skipIf(!existsSync(capture))('the SLL2 capture of other people names its sender', () => {
  const dissector = new Dissector();
  const reader = new CaptureReader(f => dissector.frame(f));
  reader.push(readFileSync(capture));
  reader.finish();
  expect(dissector.size.addresses).toBeGreaterThan(0);
});
