import { hex } from '../gateway/codec/address.ts';
import {
  cipClasses,
  cipOpenings,
  type CipQuestion,
  type CipRequest,
  cipServices,
  isCipQuestion,
  readCipOpening,
  readCipQuestions,
  readCipRequests,
} from '../gateway/codec/cip.ts';
import { type CipIdentity, type CipTold, readCipAnswers, readCipIdentity } from '../gateway/codec/cip-answers.ts';
import { cipVendors, nameOf } from '../gateway/codec/industrial-vendors.ts';
import { u16leAt } from '../gateway/codec/number-at.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';
import { PerSensor, Questions } from './questions.ts';

const enipPort = 44_818;
const headerSize = 24;

/** Encapsulation commands. CIP Volume 2 §2-3.2. */
const commands = { listIdentity: 0x63, sendRrData: 0x6f, sendUnitData: 0x70 } as const;
/** All of them, in one byte. */
const known: ReadonlySet<number> = new Set([0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70]);
/** Common packet format items. CIP Volume 2 §2-6. */
const items = { identity: 0x0c, connectedAddress: 0xa1, connectedData: 0xb1, unconnectedData: 0xb2 } as const;
const replyBit = 0x80;

/** Device profiles in our words. CIP Volume 1 §6-7. A communications adapter (12) stands before controllers and before I/O, so it is neither. */
const deviceKinds: { readonly [type: number]: string } = {
  0x02: 'drive',
  0x07: 'io',
  0x0e: 'plc',
  0x13: 'drive',
  0x18: 'hmi',
  0x25: 'drive',
  0x2c: 'switch',
};

/** Caps: messages of a segment, items of a message. */
const [maxMessages, maxItems] = [16, 8];

/** What was asked of objects that tell who a device is; and which connections go through a device, by the number that its answers bear. */
const asked = new PerSensor(() => new Questions<readonly CipQuestion[]>());
const opened = new PerSensor(() => new Questions<boolean>({ inAll: 256, perSender: 32, ageMillis: 24 * 3_600_000 }));

type Message = {
  /** ListIdentity's answer: the device's own. */
  readonly own?: CipIdentity;
  /** What objects answered that were read: of the device, or of modules behind it. */
  readonly told: readonly CipTold[];
  readonly requests: readonly CipRequest[];
  /** Questions, by what their answer repeats. */
  readonly asks?: { readonly id: string; readonly questions: readonly CipQuestion[] };
  readonly opens?: { readonly id: string; readonly isRouted: boolean };
};
const nothing: Message = { told: [], requests: [] };

/** EtherNet/IP encapsulation with the explicit messages of CIP, one datagram or segment. CIP Volume 2 §2. A message that is not whole is left out behind whole ones. */
export function decode(bytes: Uint8Array, packet: Packet): readonly Message[] {
  const r = new Reader(bytes, 'EtherNet/IP');
  const found: Message[] = [];
  do {
    if (found.length > 0 && r.left < headerSize) break;
    const [command, length, session, status] = [r.u16le(), r.u16le(), r.u32le(), r.u32le()];
    const context = hex(r.take(8));
    r.skip(4); // options
    if (found.length > 0 && length > r.left) break;
    found.push(readMessage({ command, status, id: `${session} ${context}` }, new Reader(r.take(length), 'EtherNet/IP'), packet));
  } while (r.left > 0 && found.length < maxMessages);
  return found;
}

/** `id`: by which an answer without a connection is known. */
type Head = { readonly command: number; readonly status: number; readonly id: string };

function readMessage({ command, status, id }: Head, r: Reader, packet: Packet): Message {
  if (status !== 0 || r.left === 0) return nothing;
  if (command !== commands.listIdentity && command !== commands.sendRrData && command !== commands.sendUnitData) return nothing;
  if (command !== commands.listIdentity) r.skip(6); // interface handle, time-out
  const count = Math.min(r.u16le(), maxItems);
  let connection = 0;
  for (let i = 0; i < count; i++) {
    const type = r.u16le();
    const item = new Reader(r.take(r.u16le()), 'EtherNet/IP item');
    if (type === items.identity && command === commands.listIdentity) {
      item.skip(18); // encapsulation version, socket address
      return { ...nothing, own: readCipIdentity(item) };
    }
    if (type === items.connectedAddress) connection = item.u32le();
    if (type === items.connectedData) return readExplicit(`sequence ${item.u16le()}`, connection, item.rest(), packet);
    if (type === items.unconnectedData) return readExplicit(id, undefined, item.rest(), packet);
  }
  return nothing;
}

/** `connection`: undefined where there is none. */
function readExplicit(id: string, connection: number | undefined, bytes: Uint8Array, packet: Packet): Message {
  const service = bytes[0] ?? 0;
  if ((service & replyBit) === 0) {
    const opening = readOpening(service, bytes);
    const requests = readCipRequests(bytes);
    if (opening !== undefined) return { ...nothing, requests, opens: opening };
    if (!requests.some(request => isCipQuestion(request.service, request.classId))) return { ...nothing, requests };
    // Without a connection a message is for the device itself, unless it says that it goes on.
    const questions = readCipQuestions(bytes, connection === undefined ? false : undefined);
    return { ...nothing, requests, asks: { id, questions } };
  }
  if (packet.sourcePort !== enipPort) return nothing;
  // Of a connection whose opening nobody saw it may be either: then it is one of the modules, lest they seem to change the device.
  const isRouted = connection === undefined ? undefined : (opened.of(packet).answered(packet, openingId(connection)) ?? true);
  const told = readCipAnswers(bytes, asked.of(packet).answered(packet, id));
  return { ...nothing, told: told.map(one => ({ ...one, isRouted: one.isRouted ?? isRouted })) };
}

const openingId = (connection: number): string => `connection ${connection}`;

function readOpening(service: number, bytes: Uint8Array): Message['opens'] {
  if (service !== cipOpenings.small && service !== cipOpenings.large) return undefined;
  const opening = readCipOpening(bytes);
  return opening === undefined ? undefined : { id: openingId(opening.connection), isRouted: opening.isRouted };
}

/** A device tells who it is. What an Identity object says that was read through a device is of a module behind it. */
export function observe(messages: readonly Message[], packet: Packet): readonly Said[] {
  const said: Said[] = [];
  if (packet.sourcePort === enipPort)
    for (const { own, told } of messages) {
      if (own !== undefined) said.push(...fromIdentity(own), ...fromSerial(own));
      for (const one of told) said.push(...fromTold(one));
    }
  if (packet.targetPort !== enipPort) return said;
  for (const { asks, opens } of messages) {
    if (asks !== undefined) asked.of(packet).ask(packet, asks.id, asks.questions);
    if (opens !== undefined) opened.of(packet).ask(packet, opens.id, opens.isRouted);
  }
  return [
    ...said,
    ...acted(
      messages.flatMap(m => m.requests.map(actOf)),
      packet,
    ),
  ];
}

/** Where it is not known whether the device or a module answered, no serial number is told: those tell devices apart. */
function fromTold({ identity, hostName, isRouted }: CipTold): readonly Said[] {
  if (isRouted === true) return fromModule(identity);
  const name: readonly Said[] = hostName === undefined || hostName === '' ? [] : [{ kind: 'hostname', name: hostName }];
  return [...name, ...fromIdentity(identity), ...(isRouted === false ? fromSerial(identity) : [])];
}

function fromModule({ productName = '', revision, serial = 0 }: CipIdentity): readonly Said[] {
  const words = [productName, productName === '' ? undefined : revision, serial === 0 ? undefined : `serial ${serialText(serial)}`];
  const text = words.filter(word => word !== undefined && word !== '').join(' ');
  return text === '' ? [] : [{ kind: 'inventory', of: 'module', text }];
}

function fromIdentity({ vendor, productName = '', revision, deviceType = -1 }: CipIdentity): readonly Said[] {
  const said: Said[] = [];
  if (vendor !== undefined) said.push({ kind: 'maker', text: nameOf(cipVendors, vendor) });
  if (productName !== '') said.push({ kind: 'model', text: productName });
  if (revision !== undefined) said.push({ kind: 'firmware', text: revision });
  const kind = deviceKinds[deviceType];
  return kind === undefined ? said : [...said, { kind: 'device-kind', text: kind }];
}

/** CIP Volume 1 §5A-2: vendor and serial number together are unique; 0 is none. */
function fromSerial({ vendor, serial = 0 }: CipIdentity): readonly Said[] {
  if (serial === 0) return [];
  const text = serialText(serial);
  const said: Said = { kind: 'serial', text };
  return vendor === undefined ? [said] : [said, { kind: 'identifier', scheme: 'cip-serial', value: `${vendor}:${text}` }];
}

const serialText = (serial: number): string => serial.toString(16).padStart(8, '0');

function actOf({ service, classId, attribute }: CipRequest): Act | undefined {
  const name = `cip ${nameOf(cipServices, service)}`;
  switch (service) {
    case 0x02:
    case 0x04:
    case 0x10:
      // TCP/IP Interface object: attribute 3 configuration control, 5 interface configuration, 6 host name. CIP Volume 2 §5-4.
      if (classId !== cipClasses.tcpIpInterface) return ['write', name];
      return attribute === 6 ? ['set-name', `${name} host name`] : ['set-address', `${name} TCP/IP interface`];
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
      return ['control', name];
    case 0x4d:
    case 0x53:
      return classId === cipClasses.connectionManager ? undefined : ['write', name];
    case 0x4e: // Forward_Close of the Connection Manager
      return classId === cipClasses.connectionManager ? undefined : ['write', name];
    default:
      return undefined;
  }
}

/** True for services that change something, or open a connection. */
const isNotable = (service: number): boolean =>
  service === 0x02 ||
  (service >= 0x04 && service <= 0x09) ||
  service === 0x10 ||
  service === 0x4d ||
  service === 0x4e ||
  service === 0x53 ||
  service === cipOpenings.small ||
  service === cipOpenings.large;

/** A request that is looked at further: it changes something, wraps another, or asks who the device is. */
const isWanted = (b: Uint8Array, at: number): boolean => {
  const service = b[at] ?? 0;
  return isNotable(service) || service === 0x52 || (b[at + 2] === 0x20 && isCipQuestion(service, b[at + 3] ?? 0));
};

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean => end - i >= headerSize && b[i + 1] === 0 && known.has(b[i] ?? 0);

/** Explicit messages are mostly reads: only the service is looked at, in place. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: p, end } = packet;
  const command = u16leAt(b, p);
  if (p + headerSize + u16leAt(b, p + 2) < end) return known.has(command);
  if (command !== commands.sendRrData && command !== commands.sendUnitData) return command === commands.listIdentity;
  const second = p + headerSize + 12 + u16leAt(b, p + headerSize + 10);
  const at = second + 4 + (u16leAt(b, second) === items.connectedData ? 2 : 0);
  const service = b[at] ?? 0;
  if ((service & replyBit) !== 0) return service === (0x01 | replyBit) || (answering.has(service) && asked.of(packet).mayAnswer(packet));
  return isWanted(b, at) || (service === 0x0a && packsWanted(b, at, end));
}

/** Answers that are looked at while somebody waits for one: to a list of attributes, a packet, a single attribute. */
const answering: ReadonlySet<number> = new Set([0x83, 0x8a, 0x8e]);

/** A look at the services inside a Multiple Service Packet. */
function packsWanted(b: Uint8Array, at: number, end: number): boolean {
  const start = at + 2 + (b[at + 1] ?? 0) * 2;
  const count = Math.min(u16leAt(b, start), 64);
  for (let i = start + 2; i < start + 2 + count * 2; i += 2) {
    const inner = start + u16leAt(b, i);
    if (inner < end && (isWanted(b, inner) || b[inner] === 0x0a)) return true;
  }
  return false;
}

export const enip = collector({
  name: 'enip',
  spec: 'ODVA CIP Volume 2',
  matches: [tcpPorts(enipPort), udpPorts(enipPort)],
  wants,
  speaks,
  decode,
  observe,
});
