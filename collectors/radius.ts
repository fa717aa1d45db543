import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** Authentication and accounting, and the ports of before RFC 2865. */
const ports = [1812, 1813, 1645, 1646];
export const codes = { accessRequest: 1, accountingRequest: 4 } as const;
const replies: ReadonlySet<number> = new Set([2, 3, 5, 11]);
/** RFC 2865 §5, RFC 2869 §5, RFC 3162 §2.1. */
export const attributes = {
  nasIpAddress: 4,
  nasPort: 5,
  callingStation: 31,
  nasIdentifier: 32,
  proxyState: 33,
  nasPortType: 61,
  nasPortId: 87,
} as const;
/** Values of NAS-Port-Type that only one kind of device has. RFC 2865 §5.41. */
const portTypes: ReadonlyMap<number, string> = new Map([
  [15, 'switch'],
  [19, 'access-point'],
]);
const [headerLength, maxLength] = [20, 4096];

/** Remote Authentication Dial In User Service. RFC 2865 §3, RFC 2866. Of each attribute the first is kept, and of none what it says of people. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'RADIUS');
  const [code, , length] = [r.u8(), r.u8(), r.u16()];
  if (length < headerLength || length > maxLength || length > bytes.length) throw r.fault(`length=${length}`);
  r.skip(16); // authenticator
  const a = new Reader(r.take(length - headerLength), 'RADIUS attribute');
  const found = new Map<number, Uint8Array>();
  while (a.left > 0) {
    const [type, size] = [a.u8(), a.u8()];
    if (size < 2) throw a.fault(`type=${type} length=${size}`);
    const value = a.take(size - 2);
    if (!found.has(type)) found.set(type, value);
  }
  return { code, attributes: found };
}

type Message = ReturnType<typeof decode>;

/** A network access server tells of itself, and where a station is plugged in that it asks for; what a proxy passes on is about another one. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (replies.has(m.code)) {
    const port = packet.sourcePort;
    return ports.includes(port) ? [{ kind: 'service', protocol: 'udp', port, name: 'radius' }] : [];
  }
  if ((m.code !== codes.accessRequest && m.code !== codes.accountingRequest) || !ports.includes(packet.targetPort)) return [];
  const [server, ip] = [packet.target, packet.sourceIp];
  const facts: Fact[] = isHostIp(server) ? [{ kind: 'uses-server', service: 'radius', ip: server }] : [];
  const address = m.attributes.get(attributes.nasIpAddress);
  const isOwn = address === undefined || (address.length === 4 && ip4(address) === ip);
  if (!isOwn || ip === undefined || m.attributes.has(attributes.proxyState)) return facts;
  if (address !== undefined) facts.push({ kind: 'address', ip });
  const name = decodeText(m.attributes.get(attributes.nasIdentifier) ?? new Uint8Array(0)).trim();
  if (name !== '') facts.push({ kind: 'hostname', name });
  const kind = portTypes.get(m.attributes.get(attributes.nasPortType)?.[3] ?? -1);
  if (kind !== undefined) facts.push({ kind: 'device-kind', text: kind });
  return [...facts, ...stationOf(m, kind, name === '' ? ip : name)];
}

/** The hardware address of who wants to be let in, in any of the ways in which it is written. RFC 3580 §3.21. */
const hardwareAddress = /^(?:[0-9a-f]{2}[-:.]?){5}[0-9a-f]{2}$|^(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}$/i;

/** Where a station is plugged in, as its switch or access point says. RFC 2865 §5.5, RFC 2869 §5.17. */
function stationOf(m: Message, kind: string | undefined, server: string): readonly Said[] {
  const text = (attribute: number): string => decodeText(m.attributes.get(attribute) ?? new Uint8Array(0)).trim();
  const calling = text(attributes.callingStation);
  if (kind === undefined || !hardwareAddress.test(calling)) return [];
  const about = calling
    .replaceAll(/[^0-9a-f]/gi, '')
    .replace(/..(?!$)/g, '$&:')
    .toLowerCase();
  const number = m.attributes.get(attributes.nasPort);
  const port = text(attributes.nasPortId) || (number?.length === 4 ? String(new Reader(number).u32()) : '');
  return port === '' ? [] : [{ about, fact: { kind: 'relay-agent', circuit: port, remote: server } }];
}

export const radius = collector({ name: 'radius', spec: 'RFC 2865, RFC 2866', matches: udpPorts(...ports), decode, observe });
