import { mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, ipProtocol } from './collector.ts';
import { ownerOf } from './on-link.ts';
import type { Packet } from './packet.ts';

/** IP protocol of VRRP, which CARP uses too. */
export const vrrpProtocol = 112;

/** Version 2 and type 1, in one byte as in VRRP; the length of the digest in words of four bytes; and of the whole. OpenBSD carp(4). */
const [versionAndType, digestWords, wholeLength] = [0x21, 7, 36];

/**
 * True for CARP, false for VRRP: the fourth byte, there the count of addresses, is 7 here, and with so many addresses VRRP version 2 has
 * 44 bytes. RFC 3768 §5.1.
 */
export const isCarp = ({ bytes, payload, end }: Pick<Packet, 'bytes' | 'payload' | 'end'>): boolean =>
  bytes[payload] === versionAndType && bytes[payload + 3] === digestWords && end - payload === wholeLength;

/** Common Address Redundancy Protocol of the BSDs. Its addresses are hidden in a digest. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'CARP');
  const [first, group, skew, words, demotion, base] = [r.u8(), r.u8(), r.u8(), r.u8(), r.u8(), r.u8()];
  if (first !== versionAndType || words !== digestWords) throw r.fault(`version and type ${first}, digest of ${words} words`);
  if (group === 0) throw r.fault('group 0');
  r.skip(2 + 8 + 20); // checksum, counter, digest
  r.end();
  return { group, skew, demotion, base, mac: mac(Uint8Array.of(0, 0, 0x5e, 0, 1, group)) };
}

/** The sender stands in for a virtual host. What has crossed a router counts for nothing. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (packet.ttl !== 255) return [];
  return [
    { kind: 'router', protocol: 'carp', detail: `group ${m.group}, each ${m.base} s, skew ${m.skew}`, mac: m.mac, ...ownerOf(packet) },
  ];
}

export const carp = collector({
  name: 'carp',
  spec: 'OpenBSD carp(4)',
  matches: ipProtocol(vrrpProtocol),
  wants: isCarp,
  decode,
  observe,
});
