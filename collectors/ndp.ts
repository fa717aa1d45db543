import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip, Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, ipProtocol, type Said } from './collector.ts';
import { isLinkLocal } from './on-link.ts';
import type { Packet } from './packet.ts';

const icmpv6 = 58;

/** ICMPv6 types of Neighbour Discovery. RFC 4861 §4. */
export const types = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
} as const;

/** RFC 4861 §4.6, RFC 8106 §5 (recursive DNS servers). */
export const options = { sourceLinkAddress: 1, targetLinkAddress: 2, prefix: 3, dnsServers: 25 } as const;

/** Router preference, RFC 4191 §2.1; 2 is reserved and means medium. */
const preferences = ['medium', 'high', 'medium', 'low'] as const;

/** Caps: prefixes and DNS servers of a Router Advertisement that are kept. */
const [maxPrefixes, maxServers] = [8, 4];

/** Neighbour Discovery for IPv6: solicitations and advertisements of neighbours and routers. RFC 4861. The checksum is not looked at. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'NDP');
  const type = r.u8();
  const code = r.u8();
  if (code !== 0) throw r.fault(`code ${code}`);
  r.skip(2); // checksum
  switch (type) {
    case types.routerSolicitation:
      r.skip(4);
      return { type, ...readOptions(r) };
    case types.routerAdvertisement: {
      r.skip(1); // hop limit to use
      const flags = r.u8();
      const lifetimeSeconds = r.u16();
      r.skip(8); // reachable time, retransmission timer
      return { type, flags, lifetimeSeconds, ...readOptions(r) };
    }
    case types.neighbourSolicitation:
    case types.neighbourAdvertisement: {
      const flags = r.u8();
      r.skip(3);
      return { type, flags, target: r.ip6(), ...readOptions(r) };
    }
    case types.redirect:
      r.skip(4);
      return { type, target: r.ip6(), destination: r.ip6(), ...readOptions(r) };
    default:
      throw r.fault(`type ${type}`);
  }
}

type Options = {
  readonly sourceMac: Mac | undefined;
  readonly targetMac: Mac | undefined;
  /** On-link or autonomous prefixes in CIDR form. */
  readonly prefixes: readonly string[];
  readonly dnsServers: readonly Ip[];
};

/** Type, length in units of eight bytes, value. A length of zero is forbidden (RFC 4861 §4.6). */
function readOptions(r: Reader): Options {
  let sourceMac: Mac | undefined;
  let targetMac: Mac | undefined;
  const prefixes: string[] = [];
  const dnsServers: Ip[] = [];
  while (r.left > 0) {
    const type = r.u8();
    const units = r.u8();
    if (units === 0) throw r.fault('option of length 0');
    const o = r.part(units * 8 - 2, 'NDP option');
    if (type === options.sourceLinkAddress) sourceMac = o.mac();
    else if (type === options.targetLinkAddress) targetMac = o.mac();
    else if (type === options.prefix && prefixes.length < maxPrefixes) {
      const length = o.u8();
      o.skip(13); // flags, lifetimes
      prefixes.push(`${o.ip6()}/${length}`);
    } else if (type === options.dnsServers) {
      o.skip(6); // reserved, lifetime
      while (o.left >= 16 && dnsServers.length < maxServers) dnsServers.push(o.ip6());
    }
  }
  return { sourceMac, targetMac, prefixes, dnsServers };
}

type Message = ReturnType<typeof decode>;

/**
 * What it tells us about the sender. A message that a router passed on has no hop limit of 255 and counts for nothing (RFC 4861 §6.1, §7.1).
 * A solicitation from the unspecified address only tries an address (RFC 4862 §5.4.2), so it names none.
 */
export function observe(m: Message, packet: Packet): readonly Said[] {
  if (packet.ttl !== 255) return [];
  const ip = packet.sourceIp;
  if (m.type === types.neighbourAdvertisement) return fromAdvertisement(m, packet, ip);
  // Whoever redirects wants to be believed as a router, RFC 4861 §8.1; its options are of the better first hop.
  if (m.type === types.redirect)
    return isHostIp(m.target) ? [{ kind: 'router', protocol: 'redirect', ip: m.target, detail: `for ${m.destination}` }] : [];
  if (ip === undefined) return [];
  if (m.sourceMac !== undefined && m.sourceMac !== packet.source) return [{ kind: 'claimed-mac', mac: m.sourceMac, ip }];
  const address: Fact = { kind: 'address', ip };
  // Only a link-local address makes a valid Router Advertisement, RFC 4861 §6.1.2.
  if (m.type !== types.routerAdvertisement || !isLinkLocal(ip)) return [address];
  return [address, { kind: 'router', protocol: 'ra', ip, detail: describe(m), ...preferred(m) }];
}

/** The target is the sender's own, unless it stands in for another: a proxy leaves the override flag out (RFC 4861 §7.2.8) or speaks for another address. */
function fromAdvertisement(m: Extract<Message, { flags: number; target: Ip }>, packet: Packet, ip: Ip | undefined): readonly Said[] {
  if (!isHostIp(m.target)) return [];
  if (m.targetMac !== undefined && m.targetMac !== packet.source) return [{ kind: 'claimed-mac', mac: m.targetMac, ip: m.target }];
  const facts: Fact[] = ip === undefined ? [] : [{ kind: 'address', ip }];
  const isOverride = (m.flags & 0x20) !== 0;
  if (isOverride && m.target !== ip) facts.push({ kind: 'address', ip: m.target });
  return facts;
}

/** RFC 4191 §2.2. A lifetime of zero is no default router at all. */
const preferred = (m: Extract<Message, { lifetimeSeconds: number }>): { readonly isPreferred?: true } =>
  m.lifetimeSeconds > 0 && preferences[(m.flags >> 3) & 3] === 'high' ? { isPreferred: true } : {};

/** Nothing that counts down is named, else each advertisement would be news. */
function describe(m: Extract<Message, { lifetimeSeconds: number }>): string {
  const managed = (m.flags & 0x80) !== 0 ? ['addresses by DHCP'] : [];
  const prefixes = m.prefixes.length === 0 ? [] : [`prefixes ${m.prefixes.join(' ')}`];
  const servers = m.dnsServers.length === 0 ? [] : [`DNS ${m.dnsServers.join(' ')}`];
  const preference = preferences[(m.flags >> 3) & 3] ?? 'medium';
  return [`lifetime ${m.lifetimeSeconds} s`, `preference ${preference}`, ...managed, ...prefixes, ...servers].join(', ');
}

const wants = (packet: Packet): boolean => {
  const type = packet.bytes[packet.payload] ?? 0;
  return packet.ipVersion === 6 && type >= types.routerSolicitation && type <= types.redirect;
};

export const ndp = collector({ name: 'ndp', spec: 'RFC 4861', matches: ipProtocol(icmpv6), wants, decode, observe });
