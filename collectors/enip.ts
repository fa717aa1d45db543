import { type CipIdentity, type CipRequest, cipClasses, cipServices, readCipIdentity, readCipRequests } from '../gateway/codec/cip.ts';
import { cipVendors, nameOf } from '../gateway/codec/industrial-vendors.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';

const enipPort = 44_818;
const headerSize = 24;

/** Encapsulation commands. CIP Volume 2 §2-3.2. */
const commands = { listIdentity: 0x63, sendRrData: 0x6f, sendUnitData: 0x70 } as const;
/** All of them, in one byte. */
const known: ReadonlySet<number> = new Set([0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70]);
/** Common packet format items. CIP Volume 2 §2-6. */
const items = { identity: 0x0c, connectedData: 0xb1, unconnectedData: 0xb2 } as const;
const replyBit = 0x80;

/** Device profiles in our words. CIP Volume 1 §6-7. A communications adapter (12) stands before controllers and before I/O, so it is neither. */
export const deviceKinds: { readonly [type: number]: string } = {
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

type Message = {
  readonly command: number;
  /** ListIdentity's answer: the device's own. */
  readonly own?: CipIdentity;
  /** What an Identity object answered to Get_Attributes_All: that of the device, or of a module behind it. */
  readonly read?: CipIdentity;
  readonly requests: readonly CipRequest[];
};

/** EtherNet/IP encapsulation with the explicit messages of CIP, one datagram or segment. CIP Volume 2 §2. A message that is not whole is left out behind whole ones. */
export function decode(bytes: Uint8Array): readonly Message[] {
  const r = new Reader(bytes, 'EtherNet/IP');
  const found: Message[] = [];
  do {
    if (found.length > 0 && r.left < headerSize) break;
    const [command, length] = [r.u16le(), r.u16le()];
    r.skip(4); // session
    const status = r.u32le();
    r.skip(12); // sender context, options
    if (found.length > 0 && length > r.left) break;
    found.push(readMessage(command, status, new Reader(r.take(length), 'EtherNet/IP')));
  } while (r.left > 0 && found.length < maxMessages);
  return found;
}

function readMessage(command: number, status: number, r: Reader): Message {
  const nothing = { command, requests: [] };
  if (status !== 0 || r.left === 0) return nothing;
  if (command !== commands.listIdentity && command !== commands.sendRrData && command !== commands.sendUnitData) return nothing;
  if (command !== commands.listIdentity) r.skip(6); // interface handle, time-out
  const count = Math.min(r.u16le(), maxItems);
  for (let i = 0; i < count; i++) {
    const type = r.u16le();
    const item = new Reader(r.take(r.u16le()), 'EtherNet/IP item');
    if (type === items.identity && command === commands.listIdentity) {
      item.skip(18); // encapsulation version, socket address
      return { command, own: readCipIdentity(item), requests: [] };
    }
    if (type === items.connectedData) item.skip(2); // sequence count
    if (type === items.connectedData || type === items.unconnectedData) return { command, ...readExplicit(item.rest()) };
  }
  return nothing;
}

function readExplicit(bytes: Uint8Array): { readonly read?: CipIdentity; readonly requests: readonly CipRequest[] } {
  const service = bytes[0] ?? 0;
  if ((service & replyBit) === 0) return { requests: readCipRequests(bytes) };
  // Service, reserved, general status, size of the additional status.
  if (service !== (0x01 | replyBit) || bytes[2] !== 0 || bytes[3] !== 0) return { requests: [] };
  const data = bytes.subarray(4);
  // Answers do not say which object answered: it is an Identity object when its name fits to the end, or to a few attributes before it.
  const behind = data.length - 15 - (data[14] ?? 0);
  const name = data.subarray(15, 15 + (data[14] ?? 0));
  const isIdentity = name.length > 2 && behind >= 0 && behind <= 8 && name.every(byte => byte >= 0x20 && byte < 0x7f);
  return isIdentity ? { read: readCipIdentity(new Reader(data, 'CIP identity')), requests: [] } : { requests: [] };
}

/**
 * A device tells who it is. What an Identity object that was read says may be of a module behind the device, so it names no serial number:
 * those tell devices apart.
 */
export function observe(messages: readonly Message[], packet: Packet): readonly Said[] {
  const said = messages.flatMap(({ own, read }) => {
    const identity = own ?? read;
    if (packet.sourcePort !== enipPort || identity === undefined) return [];
    return [...fromIdentity(identity), ...(own === undefined ? [] : fromSerial(identity))];
  });
  if (packet.targetPort !== enipPort) return said;
  return [
    ...said,
    ...acted(
      messages.flatMap(m => m.requests.map(actOf)),
      packet,
    ),
  ];
}

function fromIdentity(i: CipIdentity): readonly Said[] {
  const said: Said[] = [{ kind: 'maker', text: nameOf(cipVendors, i.vendor) }];
  if (i.productName !== '') said.push({ kind: 'model', text: i.productName });
  said.push({ kind: 'firmware', text: `${i.major}.${i.minor}` });
  const kind = deviceKinds[i.deviceType];
  return kind === undefined ? said : [...said, { kind: 'device-kind', text: kind }];
}

/** CIP Volume 1 §5A-2: vendor and serial number together are unique; 0 is none. */
function fromSerial({ vendor, serial }: CipIdentity): readonly Said[] {
  if (serial === 0) return [];
  const text = serial.toString(16).padStart(8, '0');
  return [
    { kind: 'serial', text },
    { kind: 'identifier', scheme: 'cip-serial', value: `${vendor}:${text}` },
  ];
}

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

/** True for services that change something or wrap others. */
const isNotable = (service: number): boolean =>
  service === 0x02 || (service >= 0x04 && service <= 0x09) || service === 0x10 || service === 0x4d || service === 0x4e || service === 0x53;

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean => end - i >= headerSize && b[i + 1] === 0 && known.has(b[i] ?? 0);

/** Explicit messages are mostly reads: only the service is looked at, in place. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: p, end } = packet;
  const u16 = (i: number): number => (b[i] ?? 0) | ((b[i + 1] ?? 0) << 8);
  const command = u16(p);
  if (p + headerSize + u16(p + 2) < end) return known.has(command);
  if (command !== commands.sendRrData && command !== commands.sendUnitData) return command === commands.listIdentity;
  const second = p + headerSize + 12 + u16(p + headerSize + 10);
  const at = second + 4 + (u16(second) === items.connectedData ? 2 : 0);
  const service = b[at] ?? 0;
  if (service === (0x01 | replyBit) || isNotable(service) || service === 0x52) return true;
  return service === 0x0a && packsNotable(b, at, end);
}

/** A look at the services inside a Multiple Service Packet. */
function packsNotable(b: Uint8Array, at: number, end: number): boolean {
  const start = at + 2 + (b[at + 1] ?? 0) * 2;
  const count = Math.min((b[start] ?? 0) | ((b[start + 1] ?? 0) << 8), 64);
  for (let i = start + 2; i < start + 2 + count * 2; i += 2) {
    const inner = start + ((b[i] ?? 0) | ((b[i + 1] ?? 0) << 8));
    const service = inner < end ? (b[inner] ?? 0) : 0;
    if (isNotable(service) || service === 0x0a || service === 0x52) return true;
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
