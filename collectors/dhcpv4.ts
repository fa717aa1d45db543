import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { hexAt } from '../gateway/codec/address-at.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { cableDeviceOf, deviceOf, machineOf, readFqdn, readUserClass, readVendorClasses, relayAgentOf } from './dhcpv4-options.ts';
import type { Packet } from './packet.ts';

const [serverPort, clientPort] = [67, 68];
const magicCookie = 0x63825363;

/** Option codes that we read. RFC 2132, RFC 3004 (77), RFC 4702 (81), RFC 3046 (82), RFC 4578 (97), RFC 3925 (124, 125), RFC 8520 §10 (161). */
export const options = {
  router: 3,
  hostName: 12,
  vendorSpecific: 43,
  requestedAddress: 50,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  vendorClass: 60,
  clientIdentifier: 61,
  userClass: 77,
  fqdn: 81,
  relayAgent: 82,
  machine: 97,
  vendorClasses: 124,
  vendorInformation: 125,
  mudUrl: 161,
} as const;

/** Option 53, RFC 2132 §9.6. */
export const messageTypes = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7, inform: 8 } as const;

/** By code: 1 for those options; the others are passed over. */
const isRead = new Uint8Array(256);
for (const code of Object.values(options)) isRead[code] = 1;

/** An option that has grown so long by joining its parts takes no more, bytes. */
const maxOption = 1024;

/** Dynamic Host Configuration Protocol for IPv4. RFC 2131, 2132, 3396. Clients with six-byte addresses only, Ethernet or IEEE 802; plain BOOTP is rejected. A missing end option is not. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'DHCP');
  const op = r.u8();
  const htype = r.u8();
  const hlen = r.u8();
  if (op !== 1 && op !== 2) throw r.fault(`op=${op}`);
  if ((htype !== 1 && htype !== 6) || hlen !== 6) throw r.fault(`htype=${htype} hlen=${hlen}`);
  r.skip(1); // hops
  r.u32(); // xid
  r.skip(4); // secs, flags
  const ciaddr = r.ip4();
  const yiaddr = r.ip4();
  r.skip(4); // siaddr
  r.skip(4); // giaddr
  const chaddr = r.part(16, 'DHCP').mac();
  const sname = r.part(64, 'DHCP: sname');
  const file = r.part(128, 'DHCP: file');
  const cookie = r.u32();
  if (cookie !== magicCookie) throw r.fault(`magic cookie ${cookie.toString(16)}`);
  const found: Options = new Map();
  walk(r, found);
  // Option 52 says that file (1), sname (2) or both (3) carry options too; they follow in this order. RFC 3396 §5.
  const overload = found.get(options.overload)?.[0] ?? 0;
  if ((overload & 1) !== 0) walk(file, found);
  if ((overload & 2) !== 0) walk(sname, found);
  return { op, ciaddr, yiaddr, chaddr, options: found };
}

type Options = Map<number, Uint8Array>;

/** The option field: code, length, value; 0 is padding, 255 ends it. An option that occurs again goes on (RFC 3396 §7). */
function walk(r: Reader, found: Options): void {
  while (r.left > 0) {
    const code = r.u8();
    if (code === 255) return;
    if (code === 0) continue;
    const length = r.u8();
    if (isRead[code] === 0) {
      r.skip(length);
      continue;
    }
    const value = r.take(length);
    const before = found.get(code);
    if (before === undefined) found.set(code, value);
    else if (before.length < maxOption) found.set(code, concat(before, value));
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

type Message = ReturnType<typeof decode>;

/** A client speaks about itself; a server names itself, and with an ACK the lease of its client. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  const type = m.options.get(options.messageType)?.[0];
  // Clients do not look from which port it comes.
  if (m.op === 2) return packet.sourcePort === serverPort || packet.targetPort === clientPort ? fromServer(m, type, packet) : [];
  // Only in its own frame: else any host could name another. What a relay passes on is about hosts of another segment.
  return m.chaddr === packet.source && packet.targetPort === serverPort ? fromClient(m, type) : [];
}

/** What a client sends. Of an address that it gives back or declines it says nothing, of itself as much as ever. */
const fromClients: ReadonlySet<number | undefined> = new Set([
  messageTypes.discover,
  messageTypes.request,
  messageTypes.decline,
  messageTypes.release,
  messageTypes.inform,
]);

function fromClient(m: Message, type: number | undefined): readonly Said[] {
  if (!fromClients.has(type)) return [];
  const facts: Fact[] = [];
  // A client fills ciaddr only while it uses that address. RFC 2131 §2, table 1.
  if ((type === messageTypes.request || type === messageTypes.inform) && isHostIp(m.ciaddr)) facts.push({ kind: 'address', ip: m.ciaddr });
  const wished = type === messageTypes.discover || type === messageTypes.request ? m.options.get(options.requestedAddress) : undefined;
  if (wished?.length === 4 && isHostIp(ip4(wished))) facts.push({ kind: 'asks-address', ip: ip4(wished) });
  const name = nameOf(m);
  const vendorClass = textOf(m, options.vendorClass) || readOf(m, options.vendorClasses, readVendorClasses, '');
  const userClass = readOf(m, options.userClass, readUserClass, '');
  const url = textOf(m, options.mudUrl);
  if (name !== '') facts.push({ kind: 'hostname', name });
  if (vendorClass !== '') facts.push({ kind: 'vendor-class', text: vendorClass });
  if (userClass !== '') facts.push({ kind: 'description', of: 'dhcp-user-class', text: userClass });
  const parameters = m.options.get(options.parameterRequestList);
  if (parameters !== undefined) facts.push({ kind: 'dhcp-parameters', options: numbersOf(parameters) });
  const id = m.options.get(options.clientIdentifier);
  if (id !== undefined && id.length > 0) facts.push({ kind: 'dhcp-client-id', id: hexAt(id, 0, Math.min(id.length, 255)) });
  if (url !== '') facts.push({ kind: 'mud-url', url });
  facts.push(...readOf(m, options.machine, machineOf, []), ...readOf(m, options.relayAgent, relayAgentOf, []));
  const device = readOf(m, options.vendorInformation, deviceOf, []);
  if (device.length > 0) return [...facts, ...device];
  return [...facts, ...readOf(m, options.vendorSpecific, value => cableDeviceOf(vendorClass, value), [])];
}

/** The host name (12), or the full one (81) where there is no other or it goes on behind it. RFC 4702 §3.1 wants only one of them. */
function nameOf(m: Message): string {
  const [name, full] = [textOf(m, options.hostName), readOf(m, options.fqdn, readFqdn, '')];
  return name === '' || full.toLowerCase().startsWith(`${name.toLowerCase()}.`) ? full || name : name;
}

function readOf<T>(m: Message, code: number, read: (value: Uint8Array) => T, none: T): T {
  const value = m.options.get(code);
  return value === undefined ? none : read(value);
}

function numbersOf(bytes: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  for (let i = 0; i < Math.min(bytes.length, 255); i++) numbers.push(bytes[i] ?? 0);
  return numbers;
}

function textOf(m: Message, code: number): string {
  const value = m.options.get(code);
  return value === undefined ? '' : decodeText(value).trim();
}

function fromServer(m: Message, type: number | undefined, packet: Packet): readonly Said[] {
  if (type !== messageTypes.offer && type !== messageTypes.ack && type !== messageTypes.nak) return [];
  const id = m.options.get(options.serverIdentifier);
  const server = id?.length === 4 ? ip4(id) : packet.sourceIp;
  if (server === undefined || !isHostIp(server)) return [];
  const said: Said[] = [{ kind: 'dhcp-server', ip: server }];
  if (type !== messageTypes.ack || !isHostIp(m.yiaddr)) return said;
  // The first one is the preferred one, RFC 2132 §3.5.
  const routers = m.options.get(options.router);
  const router = routers !== undefined && routers.length >= 4 ? ip4(routers.subarray(0, 4)) : undefined;
  const lease: Fact = { kind: 'dhcp-lease', ip: m.yiaddr, server };
  said.push({ about: m.chaddr, fact: router !== undefined && isHostIp(router) ? { ...lease, router } : lease });
  return said;
}

export const dhcpv4 = collector({ name: 'dhcpv4', spec: 'RFC 2131', matches: udpPorts(serverPort, clientPort), decode, observe });
