import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { innerFrame, isTunnel } from '../../collectors/tunnel.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server, vectors } from '../vectors/frames/index.ts';
import { drained } from './observe.ts';
import { peeled } from './peeled.ts';

/** The host that is watched through the tunnel; what `server` sends is the outer packet. */
const host = '00:00:5e:00:53:77';
const arp = b.ethernet(host, b.broadcast, 0x0806, b.arp(2, host, '192.0.2.77', plc, '192.0.2.10'));
const outer = (protocol: number, body: Uint8Array): Uint8Array =>
  b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', '192.0.2.10', protocol, body));
const gre = (flags: number, type: number, ...parts: readonly b.Part[]): Uint8Array =>
  outer(47, b.bytes(b.u16(flags), b.u16(type), ...parts));
const erspanWord = (version: number, vlan: number, encapsulation: number, session: number, isCut = 0): readonly number[] =>
  b.u32(((version << 28) | (vlan << 16) | (encapsulation << 11) | (isCut << 10) | session) >>> 0);
const label = (value: number, isLast: 0 | 1): readonly number[] => b.u32(((value << 12) | (isLast << 8) | 64) >>> 0);

const tunnels: { readonly [name: string]: Uint8Array } = {
  'GRE, transparent Ethernet': gre(0, 0x6558, arp),
  'GRE with checksum, key and sequence number': gre(0xb000, 0x6558, b.u32(0), b.u32(42), b.u32(1), arp),
  'ERSPAN I': gre(0, 0x88be, arp),
  'ERSPAN II': gre(0x1000, 0x88be, b.u32(1), erspanWord(1, 0, 0, 42), b.u32(0), arp),
  'ERSPAN III': gre(0x1000, 0x22eb, b.u32(1), erspanWord(2, 0, 0, 42), b.u32(0), b.u32(0), arp),
  'ERSPAN III with its subheader': gre(0x1000, 0x22eb, b.u32(1), erspanWord(2, 0, 0, 42), b.u32(0), b.u32(1), b.u32(0), b.u32(0), arp),
  VXLAN: outer(17, b.udp(50_000, 4789, b.bytes(8, 0, 0, 0, 0, 0, 42, 0, arp))),
  'VXLAN-GPE': outer(17, b.udp(50_000, 4790, b.bytes(0x0c, 0, 0, 3, 0, 0, 42, 0, arp))),
  'EtherIP, bridged Ethernet': outer(97, b.bytes(0x30, 0, arp)),
  'MPLS pseudowire': b.ethernet(server, plc, 0x8847, b.bytes(label(17, 0), label(42, 1), b.u32(0), arp)),
  NSH: b.ethernet(server, plc, 0x894f, b.bytes(0x0f, 0xc2, 1, 3, 0, 0, 42, 255, arp)),
  'backbone bridges': b.ethernet(server, plc, 0x88e7, b.bytes(0, 0, 0, 42, arp)),
  Geneve: outer(17, b.udp(50_000, 6081, b.bytes(1, 0, b.u16(0x6558), 0, 0, 42, 0, b.u32(0), arp))),
};
const addressed = { mac: host, port: 'p1', fact: { kind: 'address', ip: '192.0.2.77' } };

describe.each(Object.entries(tunnels))('%s', (name, bytes) => {
  it('carries a frame of its own sender; the outer sender is counted too', () => {
    const dissector = new Dissector();
    dissector.frame(b.frame(bytes));
    expect(dissector.sightings().map(s => [s.mac, s.bytes])).toEqual([
      [server, bytes.length],
      [host, arp.length],
    ]);
    expect(dissector.drain(true)).toMatchObject({ malformed: [], counters: [{ frames: 1 }] });
    expect(drained(bytes).observations).toContainEqual(expect.objectContaining(addressed));
  });

  it('names its network', () => {
    const segment = /Ethernet|ERSPAN I$/.test(name) ? 0 : 42;
    expect(innerFrame(peeled(bytes))?.segment).toBe(segment);
  });

  it('cut anywhere says no more than the whole', () => {
    for (let length = 14; length < bytes.length; length++)
      for (const o of drained(bytes.subarray(0, length)).observations) expect([server, host]).toContain(o.mac);
  });
});

it('the VLAN is that of the inner tag, or of the tag that ERSPAN took off', () => {
  const tagged = b.tagged(host, b.broadcast, [[0x8100, 7]], 0x0806, arp.subarray(14));
  const vlans = (f: Uint8Array): readonly number[] =>
    drained(f)
      .observations.filter(o => o.mac === host)
      .map(o => o.vlan);
  expect(vlans(gre(0, 0x6558, tagged))).toEqual([7, 7]);
  expect(vlans(gre(0x1000, 0x88be, b.u32(1), erspanWord(1, 9, 2, 1), b.u32(0), arp))).toEqual([9, 9]);
  expect(vlans(gre(0x1000, 0x88be, b.u32(1), erspanWord(1, 9, 0, 1), b.u32(0), arp))).toEqual([0, 0]);
  expect(vlans(gre(0x1000, 0x88be, b.u32(1), erspanWord(1, 9, 3, 1), b.u32(0), tagged))).toEqual([7, 7]);
});

it('a frame that ERSPAN cut is nobody’s fault', () => {
  const cut = (vectors['dhcp-request'] ?? b.bytes()).subarray(0, 200);
  const { malformed } = drained(gre(0x1000, 0x88be, b.u32(1), erspanWord(1, 0, 0, 1, 1), b.u32(0), cut));
  expect(malformed).toEqual([]);
});

it('a tunnel in a tunnel is not looked into', () => {
  const inner = tunnels['VXLAN'] ?? b.bytes();
  const macs = new Set(drained(outer(17, b.udp(1, 4789, b.bytes(8, 0, 0, 0, 0, 0, 1, 0, inner)))).observations.map(o => o.mac));
  expect(macs).not.toContain(host);
});

it('frames in frames that are no Ethernet, of another version, or do not tell, carry none', () => {
  for (const [type, ...parts] of [
    [0x8847, label(42, 1), arp],
    [0x8847, Array.from({ length: 9 }, () => label(42, 0)), label(42, 1), b.u32(0), arp],
    [0x894f, 0x0f, 0xc2, 1, 1, 0, 0, 42, 255, arp],
    [0x894f, 0x4f, 0xc2, 1, 3, 0, 0, 42, 255, arp],
  ] as const)
    expect(innerFrame(peeled(b.ethernet(server, plc, type, b.bytes(parts))))).toBeUndefined();
  for (const f of [
    outer(97, b.bytes(0x40, 0, arp)),
    outer(17, b.udp(1, 4790, b.bytes(0x0c, 0, 0, 1, 0, 0, 42, 0, arp))),
    outer(17, b.udp(1, 4790, b.bytes(0x08, 0, 0, 3, 0, 0, 42, 0, arp))),
  ])
    expect(innerFrame(peeled(f))).toBeUndefined();
});

it('IP in IP, 6in4 and Teredo tell nobody’s address: no hardware address stands in them', () => {
  const mdns = vectors['mdns-printer']?.subarray(14) ?? b.bytes();
  const frames = [outer(4, mdns), outer(41, vectors['mdns-ipv6']?.subarray(14) ?? b.bytes()), outer(17, b.udp(50_000, 3544, mdns))];
  for (const f of frames) expect(drained(f).observations.filter(o => o.collector !== 'header')).toEqual([]);
});

it('GRE of routed packets, of another version, and other UDP carry no frame', () => {
  for (const f of [
    gre(0, 0x0800, arp),
    gre(1, 0x6558, arp),
    gre(0x4000, 0x6558, arp),
    gre(0x1000, 0x88be, b.u32(1), b.u32(0), b.u32(0), arp),
  ])
    expect(innerFrame(peeled(f))).toBeUndefined();
  expect(innerFrame(peeled(outer(17, b.udp(1, 4789, b.bytes(0, 0, 0, 0, 0, 0, 1, 0, arp)))))).toBeUndefined();
  expect(isTunnel(peeled(outer(17, b.udp(4789, 9, arp))))).toBe(false);
});

const capture = join(import.meta.dirname, '../../../shared/captures/tcpdump/erspan-type-ii-2.pcap');
if (!existsSync(capture)) process.stdout.write('skipped: other people’s captures are not on this machine (../shared)\n');
it.skipIf(!existsSync(capture))('the ERSPAN capture of other people shows the hosts that are watched', () => {
  const dissector = new Dissector();
  const reader = new CaptureReader(f => dissector.frame(f));
  reader.push(readFileSync(capture));
  reader.finish();
  const { observations, malformed } = dissector.drain(true);
  expect(new Set(observations.map(o => o.mac)).size).toBeGreaterThan(1);
  expect(malformed).toEqual([]);
});
