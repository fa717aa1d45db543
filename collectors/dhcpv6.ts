import { hex, ip6, isHostIp } from '../gateway/codec/address.ts';
import { macAt } from '../gateway/codec/address-at.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { type Ip, isGroupMac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { plateOf } from './dhcpv4-options.ts';
import { isLinkLocal } from './on-link.ts';
import type { Packet } from './packet.ts';

const [clientPort, serverPort] = [546, 547];

/** RFC 8415 §7.3. */
export const messageTypes = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
} as const;

/** RFC 8415 §21, RFC 4704 (39), RFC 8520 §10 (112). */
export const options = {
  clientId: 1,
  serverId: 2,
  nonTemporary: 3,
  address: 5,
  optionRequest: 6,
  userClass: 15,
  vendorClass: 16,
  vendorInformation: 17,
  fqdn: 39,
  mudUrl: 112,
} as const;

/** DUID types that carry a link-layer address. RFC 8415 §11. */
const duidTypes = { linkLayerTime: 1, linkLayer: 3 } as const;

/** Caps: option codes that are printed, bytes of a DUID (RFC 8415 §11.1: 128 behind the type), classes that are joined, addresses, vendors. */
const [maxRequested, maxDuid, maxClasses, maxAddresses, maxVendors] = [64, 130, 8, 4, 4];

/** Dynamic Host Configuration Protocol for IPv6. RFC 8415. What relays pass on is about hosts of another segment and is not read. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'DHCPv6');
  const type = r.u8();
  if (type < messageTypes.solicit || type > messageTypes.relayReply) throw r.fault(`type ${type}`);
  const isRelay = type === messageTypes.relayForward || type === messageTypes.relayReply;
  r.skip(isRelay ? 33 : 3); // hop count, link and peer address; or transaction id
  const found = new Map<number, Uint8Array>();
  const addresses: Ip[] = [];
  // One option for each vendor, RFC 8415 §21.16, §21.17.
  const classes: string[] = [];
  const plate: Fact[] = [];
  while (r.left > 0) {
    const [code, value] = [r.u16(), r.take(r.u16())];
    if (code === options.nonTemporary && !isRelay) readAddresses(value, addresses);
    else if (code === options.vendorClass && classes.length < maxVendors)
      classes.push(readClasses(value, 4)); // behind the enterprise number
    else if (code === options.vendorInformation && plate.length === 0) plate.push(...readPlate(value));
    else if (!found.has(code)) found.set(code, value);
  }
  const one = (code: number): Uint8Array => found.get(code) ?? new Uint8Array(0);
  return {
    type,
    clientId: readDuid(one(options.clientId)),
    serverId: readDuid(one(options.serverId)),
    requested: readCodes(one(options.optionRequest)),
    vendorClass: classes
      .filter(text => text !== '')
      .join(' ')
      .slice(0, maxText),
    plate,
    userClass: readClasses(one(options.userClass), 0),
    fqdn: readName(one(options.fqdn)),
    mudUrl: decodeText(one(options.mudUrl)).trim(),
    addresses,
  };
}

/** The addresses of an Identity Association: IAID, T1, T2, options. RFC 8415 §21.4, §21.6. */
function readAddresses(value: Uint8Array, addresses: Ip[]): void {
  const r = new Reader(value, 'DHCPv6 IA_NA');
  r.skip(12);
  while (r.left > 0) {
    const [code, body] = [r.u16(), new Reader(r.take(r.u16()), 'DHCPv6 IA address')];
    if (code === options.address && addresses.length < maxAddresses) addresses.push(ip6(body.take(16)));
  }
}

/** A DUID, and the Ethernet address in it where it has one. */
function readDuid(value: Uint8Array): { readonly text: string; readonly mac?: string } {
  if (value.length === 0) return { text: '' };
  const r = new Reader(value, 'DHCPv6 DUID');
  if (value.length > maxDuid) throw r.fault(`${value.length} bytes`);
  const [type, text] = [r.u16(), hex(value)];
  if (type !== duidTypes.linkLayer && type !== duidTypes.linkLayerTime) return { text };
  const hardware = r.u16();
  if (type === duidTypes.linkLayerTime) r.skip(4);
  return hardware === 1 && r.left === 6 ? { text, mac: macAt(r.take(6), 0) } : { text };
}

function readCodes(value: Uint8Array): readonly number[] {
  const r = new Reader(value, 'DHCPv6 option request');
  const codes: number[] = [];
  while (r.left > 0) codes.push(r.u16());
  return codes.slice(0, maxRequested);
}

/** Strings with a length of two bytes each, RFC 8415 §21.15, §21.16. */
function readClasses(value: Uint8Array, start: number): string {
  if (value.length === 0) return '';
  const r = new Reader(value, 'DHCPv6 class');
  r.skip(start);
  const classes: string[] = [];
  while (r.left > 0) {
    const text = decodeText(r.take(r.u16())).trim();
    if (text !== '' && classes.length < maxClasses) classes.push(text);
  }
  return classes.join(' ').slice(0, 255);
}

/** What the vendor's own options, codes and lengths of two bytes, say of the device. RFC 8415 §21.17. */
function readPlate(value: Uint8Array): readonly Fact[] {
  const r = new Reader(value, 'DHCPv6 vendor information');
  const enterprise = r.u32();
  const texts = new Map<number, string>();
  while (r.left > 0) {
    const [code, body] = [r.u16(), r.take(r.u16())];
    if (!texts.has(code)) texts.set(code, decodeText(body).trim());
  }
  return plateOf(enterprise, texts);
}

/** Flags and a name in DNS form, which ends without the root when it is partial. RFC 4704 §4.2. */
function readName(value: Uint8Array): string {
  if (value.length === 0) return '';
  const r = new Reader(value, 'DHCPv6 FQDN');
  r.skip(1);
  const labels: string[] = [];
  while (r.left > 0) {
    const length = r.u8();
    if (length === 0) break;
    if (length > 63) throw r.fault(`label type ${length >> 6}`);
    labels.push(decodeText(r.take(length)));
  }
  return labels.join('.').slice(0, 255);
}

type Message = ReturnType<typeof decode>;

/** A client speaks about itself; a server names itself, and with a Reply the lease of the client that it answers. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  switch (m.type) {
    case messageTypes.advertise:
    case messageTypes.reply:
      return packet.targetPort === clientPort ? fromServer(m, packet) : []; // from any port: clients do not look
    case messageTypes.solicit:
    case messageTypes.request:
    case messageTypes.confirm:
    case messageTypes.renew:
    case messageTypes.rebind:
    case messageTypes.release:
    case messageTypes.decline:
    case messageTypes.informationRequest:
      return packet.targetPort === serverPort ? fromClient(m, packet) : [];
    default:
      return [];
  }
}

function fromClient(m: Message, packet: Packet): readonly Said[] {
  const facts: Fact[] = [];
  const ip = packet.sourceIp;
  // A link-local address is never routed, so it is the sender's own (RFC 4291 §2.5.6).
  if (ip !== undefined && isLinkLocal(ip)) facts.push({ kind: 'address', ip });
  // These two are about addresses in use, RFC 8415 §18.2.4, §18.2.5; the others ask for one or give it up.
  if (m.type === messageTypes.renew || m.type === messageTypes.rebind)
    facts.push(...m.addresses.filter(isHostIp).map(own => ({ kind: 'address', ip: own }) as const));
  if (m.clientId.text !== '') facts.push({ kind: 'identifier', scheme: 'duid', value: m.clientId.text });
  if (m.fqdn !== '') facts.push({ kind: 'hostname', name: m.fqdn });
  if (m.vendorClass !== '') facts.push({ kind: 'vendor-class', text: m.vendorClass });
  if (m.userClass !== '') facts.push({ kind: 'description', of: 'dhcp-user-class', text: m.userClass });
  if (m.requested.length > 0) facts.push({ kind: 'print', scheme: 'dhcpv6-options', value: m.requested.join(',') });
  if (m.mudUrl !== '') facts.push({ kind: 'mud-url', url: m.mudUrl });
  return [...facts, ...m.plate];
}

function fromServer(m: Message, packet: Packet): readonly Said[] {
  const server = packet.sourceIp;
  if (server === undefined) return [];
  const said: Said[] = [{ kind: 'dhcp-server', ip: server }];
  // A relay hands on the server's DUID in its own frame; only one with the sender's address in it is surely the sender's.
  if (m.serverId.mac === packet.source) said.push({ kind: 'identifier', scheme: 'duid', value: m.serverId.text });
  const client = macAt(packet.bytes, packet.start);
  if (m.type === messageTypes.reply && !isGroupMac(client) && client !== '00:00:00:00:00:00')
    said.push(...m.addresses.filter(isHostIp).map(ip => ({ about: client, fact: { kind: 'dhcp-lease', ip, server } as const })));
  return said;
}

export const dhcpv6 = collector({ name: 'dhcpv6', spec: 'RFC 8415', matches: udpPorts(clientPort, serverPort), decode, observe });
