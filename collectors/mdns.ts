import { type DnsMessage, type DnsRecord, decodeDns, type Name } from '../gateway/codec/dns.ts';
import { textAt } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { uuidOf } from './announced.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const mdnsPort = 5353;
const internet = 1;

/**
 * TXT keys that tell what the sender is, best first, lower case. Model: model (_device-info), ty (printers, Bonjour Printing §9: with the maker before it), md (HomeKit, Cast), product
 * (in brackets), usb_MDL, am (AirPlay); usb_MFG is the maker of a printer (§9.2), fv the firmware of an AirPlay receiver, UUID an IPP Everywhere printer's (PWG 5100.14 §4.2).
 */
const keys = {
  model: ['model', 'ty', 'md', 'product', 'usb_mdl', 'am'],
  maker: ['manufacturer', 'usb_mfg', 'vendor'],
  firmware: ['fw', 'firmware', 'fwversion', 'fw_version', 'fv'],
  serial: ['serialnumber', 'serial', 'sn'],
} as const;
const saidKinds = ['model', 'maker', 'firmware', 'serial'] as const;

/** Multicast DNS and DNS-based service discovery. RFC 6762, RFC 6763. */
export const decode = (bytes: Uint8Array): DnsMessage => decodeDns(bytes);

/**
 * What a responder says about itself. A name is its own only when the address beside it is the one that it sends from: sleep proxies and
 * reflectors speak for others. Queries tell nothing about the asker, but for the name that it wants to take (RFC 6762 §8.1). A record with TTL 0 takes leave (RFC 6762 §10.1).
 */
export function observe(m: DnsMessage, packet: Packet): readonly Said[] {
  if (m.opcode !== 0 || packet.sourcePort !== mdnsPort) return [];
  const records = m.records.filter(r => r.class === internet && r.ttlSeconds > 0 && isLocal(r.name));
  const own = new Set<string>();
  const foreign = new Set<string>();
  const facts = new Map<string, Fact>();
  const ip = packet.sourceIp;
  for (const r of records) {
    if (r.kind !== 'address') continue;
    if (r.ip !== ip) foreign.add(text(r.name));
    else {
      own.add(text(r.name));
      facts.set('address', { kind: 'address', ip });
    }
  }
  const [host] = own;
  if (host !== undefined) facts.set('hostname', { kind: 'hostname', name: host });
  if (!m.isResponse) return [...facts.values()];
  // A host has several addresses under its name, so a name is foreign only if none of them is the sender's.
  for (const name of own) foreign.delete(name);
  const meant = foreign.size === 0 ? records : withoutForeign(records, foreign);
  for (const r of meant) {
    const service = r.kind === 'srv' ? serviceOf(r) : undefined;
    if (service === undefined) continue;
    const key = `${service.protocol} ${service.port}`;
    if (!facts.has(key)) facts.set(key, service);
  }
  return [...facts.values(), ...described(meant)];
}

/** The records but those of services that stand at a foreign name. */
function withoutForeign(records: readonly DnsRecord[], foreign: ReadonlySet<string>): readonly DnsRecord[] {
  const notOwn = new Set(records.flatMap(r => (r.kind === 'srv' && foreign.has(text(r.target)) ? [r.name.join('\0')] : [])));
  return notOwn.size === 0 ? records : records.filter(r => !notOwn.has(r.name.join('\0')));
}

const isLocal = (name: Name): boolean => name.length > 1 && name.at(-1)?.toLowerCase() === 'local';

/** The host name without `.local`. */
const text = (name: Name): string => name.slice(0, -1).join('.').slice(0, 255);

/** The service of an SRV record, `<instance>._ipp._tcp.local` (RFC 6763 §4.1). */
function serviceOf(r: DnsRecord & { kind: 'srv' }): (Fact & { kind: 'service' }) | undefined {
  const [type, protocol] = [r.name.at(-3), r.name.at(-2)?.toLowerCase()];
  if (type === undefined || !/^_[a-z0-9-]{1,62}$/i.test(type) || r.port === 0) return undefined;
  if (protocol !== '_tcp' && protocol !== '_udp') return undefined;
  return { kind: 'service', protocol: protocol === '_tcp' ? 'tcp' : 'udp', port: r.port, name: type.slice(1).toLowerCase() };
}

/** What the TXT records say; the first of each key counts. */
function described(records: readonly DnsRecord[]): readonly Fact[] {
  const found = new Map<string, string>();
  for (const r of records) {
    if (r.kind !== 'txt') continue;
    for (const pair of r.strings) {
      const split = pair.indexOf(0x3d);
      const key = split > 0 ? textAt(pair, 0, split).toLowerCase() : '';
      const value = textAt(pair, split + 1, pair.length).trim();
      if (value !== '' && !found.has(key)) found.set(key, key === 'product' ? value.replace(/^\((.*)\)$/, '$1') : value);
    }
  }
  const facts: Fact[] = [];
  if (found.size === 0) return facts;
  for (const kind of saidKinds) {
    const best = keys[kind].find(key => found.has(key));
    const text = best === undefined ? undefined : found.get(best);
    if (text !== undefined) facts.push({ kind, text });
  }
  const uuid = uuidOf(found.get('uuid') ?? '');
  if (uuid !== undefined) facts.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  return facts;
}

export const mdns = collector({ name: 'mdns', spec: 'RFC 6762', matches: udpPorts(mdnsPort), decode, observe });
