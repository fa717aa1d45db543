import { ip4, ip6, isHostIp } from '../gateway/codec/address.ts';
import { berOid } from '../gateway/codec/ber.ts';
import { berTags } from '../gateway/codec/snmp.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeLine, decodeText } from '../gateway/codec/text.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, snap } from './collector.ts';

const [cisco, foundry, cdpProtocol] = [0x00000c, 0x00e052, 0x2000];

/** Types of the fields that are read. Cisco, *Cisco Discovery Protocol*, frame format. */
export const tlvTypes = {
  deviceId: 1,
  addresses: 2,
  portId: 3,
  capabilities: 4,
  softwareVersion: 5,
  platform: 6,
  systemName: 0x14,
  systemObjectId: 0x15,
  managementAddresses: 0x16,
  energyWise: 0x1d,
} as const;

/** Bits of the capabilities. Cisco, *Cisco Discovery Protocol*. */
const capabilities = { router: 0x01, transparentBridge: 0x02, sourceBridge: 0x04, switch: 0x08, host: 0x10, phone: 0x80 } as const;

/** NLPID of IPv4, and the 802.2 header that stands for IPv6. */
const [nlpid, ieee8022] = [1, 2];
const [ipv4Nlpid, ipv6Type] = [0xcc, 0x86dd];
const maxAddresses = 8;

/**
 * Cisco Discovery Protocol, versions 1 and 2, and that of Foundry, which is the same with other addresses. The checksum is not looked at; zeros or
 * a few bytes behind the last field are padding.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'CDP');
  const version = r.u8();
  if (version !== 1 && version !== 2) throw r.fault(`version ${version}`);
  const ttlSeconds = r.u8();
  r.skip(2); // checksum
  const texts = new Map<number, string>();
  const addresses: Ip[] = [];
  let bits = 0;
  let [objectId, plate]: [string?, Plate?] = [];
  while (r.left >= 4) {
    const [type, length] = [r.u16(), r.u16()];
    if (type === 0 && length === 0) break;
    if (length < 4) throw r.fault(`field of length ${length}`);
    const value = r.take(length - 4);
    const field = new Reader(value, `CDP field ${type}`);
    if (type === tlvTypes.capabilities) bits = field.u32();
    else if (type === tlvTypes.addresses || type === tlvTypes.managementAddresses) readAddresses(field, addresses);
    else if (type === tlvTypes.systemObjectId && value.length > 0) objectId = readObjectId(value);
    else if (type === tlvTypes.energyWise && value.length >= plateSize) plate = readPlate(field);
    else if (isText(type)) texts.set(type, decodeLine(value));
  }
  const text = (type: number): string => texts.get(type) ?? '';
  return {
    version,
    ttlSeconds,
    deviceId: text(tlvTypes.deviceId),
    portId: text(tlvTypes.portId),
    platform: text(tlvTypes.platform),
    software: text(tlvTypes.softwareVersion),
    systemName: text(tlvTypes.systemName),
    capabilities: bits,
    addresses,
    ...(objectId === undefined ? {} : { objectId }),
    ...(plate === undefined ? {} : { plate }),
  };
}

/** The bare identifier, or, of NX-OS, with its tag and length before it. No identifier of a system begins with 0.6. */
const readObjectId = (value: Uint8Array): string =>
  berOid(value[0] === berTags.oid && value[1] === value.length - 2 ? value.subarray(2) : value, 'CDP system object id');

type Plate = { readonly model: string; readonly hardware: string; readonly serial: string };
/** Before the plate: something encrypted and two counters. Model, padding, hardware version, serial number. As seen of switches that know EnergyWise. */
const [beforePlate, plateSize] = [28, 60];

function readPlate(r: Reader): Plate {
  r.skip(beforePlate);
  const model = decodeText(r.take(16)).trim();
  r.skip(2);
  return { model, hardware: decodeText(r.take(3)).trim(), serial: decodeText(r.take(11)).trim() };
}

const isText = (type: number): boolean =>
  type === tlvTypes.deviceId ||
  type === tlvTypes.portId ||
  type === tlvTypes.platform ||
  type === tlvTypes.softwareVersion ||
  type === tlvTypes.systemName;

/** A count, then protocol type, protocol, address, each behind its length. */
function readAddresses(r: Reader, found: Ip[]): void {
  const count = r.u32();
  if (count * 5 > r.left) throw r.fault(`${count} addresses in ${r.left} bytes`);
  for (let i = 0; i < count; i++) {
    const type = r.u8();
    const protocol = r.take(r.u8());
    const address = r.take(r.u16());
    if (found.length >= maxAddresses) continue;
    if (type === nlpid && protocol[0] === ipv4Nlpid && address.length === 4) found.push(ip4(address));
    const isIpv6 = type === ieee8022 && (((protocol.at(-2) ?? 0) << 8) | (protocol.at(-1) ?? 0)) === ipv6Type;
    if (isIpv6 && address.length === 16) found.push(ip6(address));
  }
}

type Message = ReturnType<typeof decode>;

/** What the sender says of itself. With a time to live of 0 it takes leave. */
export function observe(m: Message): readonly Fact[] {
  if (m.ttlSeconds === 0) return [];
  // Nexus switches put their serial number behind the name, `switch7(SSI14140643)`.
  const [, name = m.deviceId, serial] = /^([^()]+)\(([A-Z0-9]{11})\)$/.exec(m.deviceId) ?? [];
  const facts: Fact[] = m.deviceId === '' ? [] : [{ kind: 'identifier', scheme: 'cdp-device-id', value: m.deviceId }];
  const host = m.systemName === '' ? name : m.systemName;
  if (host !== '') facts.push({ kind: 'hostname', name: host });
  if (m.deviceId !== '' && m.portId !== '') facts.push({ kind: 'neighbour', protocol: 'cdp', chassis: m.deviceId, portId: m.portId, name });
  if (m.platform !== '') facts.push({ kind: 'model', text: m.platform });
  const { plate } = m;
  const number = serial ?? plate?.serial ?? '';
  if (number !== '') facts.push({ kind: 'serial', text: number });
  const hardware = plate === undefined ? '' : `${plate.model} ${plate.hardware}`.trim();
  if (hardware !== '') facts.push({ kind: 'inventory', of: 'hardware', text: hardware });
  if (m.objectId?.startsWith('1.3.6.1.4.1.') === true) facts.push({ kind: 'print', scheme: 'snmp-object-id', value: m.objectId });
  if (m.software !== '') facts.push({ kind: 'description', text: m.software });
  const firmware = /\bVersion:? ([\w.()[\]-]+)/.exec(m.software)?.[1] ?? (m.software.includes(' ') ? '' : m.software);
  if (firmware !== '') facts.push({ kind: 'firmware', text: firmware });
  const kind = kindOf(m.capabilities);
  if (kind !== undefined) facts.push({ kind: 'device-kind', text: kind });
  for (const ip of new Set(m.addresses.filter(isHostIp))) facts.push({ kind: 'management-address', ip });
  return facts;
}

function kindOf(bits: number): string | undefined {
  if ((bits & capabilities.phone) !== 0) return 'phone';
  if ((bits & capabilities.switch) !== 0) return 'switch';
  // An access point of Cisco says that it is a transparent bridge, and of no switch or router.
  if ((bits & capabilities.router) !== 0) return 'router';
  return (bits & capabilities.transparentBridge) !== 0 ? 'access-point' : undefined;
}

export const cdp = collector({
  name: 'cdp',
  spec: 'Cisco CDP',
  matches: [snap(cisco, cdpProtocol), snap(foundry, cdpProtocol)],
  decode,
  observe,
});
