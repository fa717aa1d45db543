import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip, Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const discoveryPort = 10_001;
/** Types of what is told, as those who read it name them; 0x15 is of version 2 only, 0x14 of version 1. */
const types = { address: 0x02, firmware: 0x03, hostname: 0x0b, platform: 0x0c, model: 0x14, model2: 0x15, version: 0x16 } as const;
/** Entries of a message that are read. */
const maxEntries = 48;

/**
 * Discovery of Ubiquiti's radios, access points, switches, routers and cameras, which they send or answer to everybody. No published standard. Version, command and length,
 * then types of one byte and lengths of two. Other versions than 1 and 2 are not read: the port is anybody's.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'Ubiquiti discovery');
  const version = r.u8();
  r.skip(1); // command
  const length = r.u16();
  if ((version !== 1 && version !== 2) || length !== r.left) throw r.fault(`version ${version}, ${length} of ${r.left} bytes`);
  const text = { firmware: '', hostname: '', platform: '', model: '', version: '' };
  const addresses: { readonly mac: Mac; readonly ip: Ip }[] = [];
  for (let i = 0; i < maxEntries && r.left > 0; i++) {
    const type = r.u8();
    const value = r.part(r.u16(), 'Ubiquiti discovery');
    if (type === types.address) addresses.push({ mac: value.mac(), ip: value.ip4() });
    else if (type === types.firmware) text.firmware = value.text(value.left);
    else if (type === types.hostname) text.hostname = value.text(value.left);
    else if (type === types.platform) text.platform = value.text(value.left);
    else if (type === types.model || type === types.model2) text.model = value.text(value.left);
    else if (type === types.version) text.version = value.text(value.left);
  }
  return { ...text, addresses };
}

/** What the sender says of itself; the firmware's name, `XW.ar934x.v5.6.3.28591.151130.1749`, has the version behind the platform. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const own = m.addresses.filter(({ mac, ip }) => mac === packet.source && isHostIp(ip));
  const facts: Fact[] = own.map(({ ip }) => ({ kind: 'address', ip }));
  const model = m.model === '' ? m.platform : m.model;
  if (m.hostname !== '') facts.push({ kind: 'hostname', name: m.hostname });
  if (model !== '') facts.push({ kind: 'maker', text: 'Ubiquiti' }, { kind: 'model', text: model });
  const firmware = m.version === '' ? (/\bv?(\d+\.\d+[\w.+-]*)$/.exec(m.firmware)?.[1] ?? m.firmware) : m.version;
  if (firmware !== '') facts.push({ kind: 'firmware', text: firmware });
  return facts;
}

/** Questions are four bytes without an entry; and other things use this port. */
function wants({ bytes: b, payload: i, end }: Packet): boolean {
  return end - i > 4 && (b[i] === 1 || b[i] === 2) && end - i - 4 === (((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0));
}

export const ubiquiti = collector({
  name: 'ubiquiti',
  spec: 'Ubiquiti discovery',
  matches: udpPorts(discoveryPort),
  wants,
  decode,
  observe,
});
