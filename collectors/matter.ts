import { type DnsMessage, type DnsRecord, decodeDns } from '../gateway/codec/dns.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const mdnsPort = 5353;
/** `_matter`, with which the label of each of its three services begins: operational, commissionable, commissioner. */
const mark = [0x5f, 0x6d, 0x61, 0x74, 0x74, 0x65, 0x72];

/** Device types of the Matter Device Library, in our words. */
const deviceTypes: ReadonlyMap<number, string> = new Map([
  [0x000a, 'lock'],
  [0x000e, 'gateway'],
  [0x0015, 'sensor'],
  [0x0022, 'media-player'],
  [0x0023, 'media-player'],
  [0x0028, 'media-player'],
  [0x002b, 'fan'],
  [0x002c, 'sensor'],
  [0x0072, 'hvac'],
  [0x0076, 'sensor'],
  [0x0100, 'light'],
  [0x0101, 'light'],
  [0x010a, 'plug'],
  [0x010b, 'plug'],
  [0x010c, 'light'],
  [0x010d, 'light'],
  [0x0106, 'sensor'],
  [0x0107, 'sensor'],
  [0x0202, 'blind'],
  [0x0301, 'thermostat'],
  [0x0302, 'sensor'],
  [0x0303, 'pump'],
  [0x0305, 'sensor'],
  [0x0306, 'sensor'],
  [0x0307, 'sensor'],
]);

/** Matter devices announce themselves by multicast DNS. Matter Core Specification §4.3. */
export const decode = (bytes: Uint8Array): DnsMessage => decodeDns(bytes);

/**
 * A node tells its instance on each fabric (`_matter._tcp`), and while it can be commissioned vendor and product, kind and name (`_matterc._udp`). Border
 * routers announce the nodes of their Thread network: a node is the sender only if its host has the sender's address.
 */
export function observe(m: DnsMessage, packet: Packet): readonly Said[] {
  if (!m.isResponse || m.opcode !== 0 || packet.sourcePort !== mdnsPort) return [];
  const records = m.records.filter(r => r.class === 1 && r.ttlSeconds > 0);
  const hosts = new Set(records.flatMap(r => (r.kind === 'address' && r.ip === packet.sourceIp ? [keyOf(r)] : [])));
  const own = new Set<string>();
  const facts = new Map<string, Fact>();
  for (const r of records) {
    const service = serviceOf(r);
    if (r.kind !== 'srv' || service === undefined || !hosts.has(r.target.join('\0').toLowerCase())) continue;
    own.add(keyOf(r));
    // `<compressed fabric>-<node>`, 16 hexadecimal digits each, §4.3.2.1. One node is in several fabrics: the lowest stands for it.
    const instance = (r.name[0] ?? '').toLowerCase();
    const before = facts.get('instance');
    if (service === '_matter' && /^[0-9a-f]{16}-[0-9a-f]{16}$/.test(instance) && (before?.kind !== 'identifier' || instance < before.value))
      facts.set('instance', { kind: 'identifier', scheme: 'matter-instance', value: instance });
  }
  for (const r of records) if (r.kind === 'txt' && own.has(keyOf(r))) for (const fact of described(r)) facts.set(fact.kind, fact);
  return [...facts.values()];
}

const keyOf = (r: DnsRecord): string => r.name.join('\0').toLowerCase();

/** `_matter` under TCP, `_matterc` and `_matterd` under UDP. */
function serviceOf(r: DnsRecord): string | undefined {
  const [type, protocol] = [r.name.at(-3)?.toLowerCase(), r.name.at(-2)?.toLowerCase()];
  if (type === '_matter') return protocol === '_tcp' ? type : undefined;
  return (type === '_matterc' || type === '_matterd') && protocol === '_udp' ? type : undefined;
}

/** The keys VP (vendor and product), DT (device type), DN (name) of §4.3.1.3 to §4.3.1.7; the discriminator D is drawn anew by some. */
function described(r: DnsRecord & { kind: 'txt' }): readonly Fact[] {
  const facts: Fact[] = [];
  for (const pair of r.strings.slice(0, 32)) {
    const text = decodeText(pair);
    const [key, value] = [text.slice(0, 3), text.slice(3).trim()];
    if (key === 'VP=' && /^\d{1,5}(?:\+\d{1,5})?$/.test(value)) facts.push({ kind: 'print', scheme: 'matter-product', value });
    const kind = key === 'DT=' && /^\d{1,5}$/.test(value) ? deviceTypes.get(Number(value)) : undefined;
    if (kind !== undefined) facts.push({ kind: 'device-kind', text: kind });
    if (key === 'DN=' && value !== '') facts.push({ kind: 'description', text: value });
  }
  return facts;
}

/** True when the mark stands anywhere in the message: most mDNS is about other services. */
function mentionsMatter({ bytes, payload, end }: Packet): boolean {
  for (let at = bytes.indexOf(mark[0] ?? 0, payload); at >= 0 && at + mark.length <= end; at = bytes.indexOf(mark[0] ?? 0, at + 1))
    if (mark.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

export const matter = collector({
  name: 'matter',
  spec: 'Matter Core §4.3',
  matches: udpPorts(mdnsPort),
  wants: mentionsMatter,
  decode,
  observe,
});
