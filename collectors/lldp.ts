import { hex, ip4, ip6, isHostIp, mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeSystemIdentification } from '../gateway/codec/system-identification.ts';
import { decodeLine, decodeText } from '../gateway/codec/text.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

const lldpType = 0x88cc;

/** IEEE 802.1AB §8.4, table 8-1. */
const tlv = {
  end: 0,
  chassisId: 1,
  portId: 2,
  timeToLive: 3,
  portDescription: 4,
  systemName: 5,
  systemDescription: 6,
  capabilities: 7,
  managementAddress: 8,
  organisation: 127,
} as const;

/** Organisations whose TLVs are read: ANSI/TIA-1057 (MED), IANA (RFC 8520 §11). Those of PROFINET only show that it is spoken. */
const [med, iana, profinet] = [0x0012bb, 0x00005e, 0x000ecf];

/** ANSI/TIA-1057 §10.2.6: the inventory. */
const medSubtypes = { hardware: 5, firmware: 6, software: 7, serial: 8, manufacturer: 9, model: 10, asset: 11 } as const;

/** System capabilities, IEEE 802.1AB table 8-4. */
const capabilities = { bridge: 0x04, accessPoint: 0x08, router: 0x10, telephone: 0x20, station: 0x80, bridges: 0x704 } as const;

/** Chassis and port identifiers that hold a hardware or network address; the others are text. IEEE 802.1AB §8.5.2.2, §8.5.3.2. */
const [chassisMac, chassisNetwork, portMac, portNetwork] = [4, 5, 3, 4];

/** Cap on management addresses. */
const maxAddresses = 8;

type Message = {
  readonly chassis: string;
  /** As it stands in the message, behind its subtype. */
  readonly chassisBytes: Uint8Array;
  readonly portId: string;
  readonly ttlSeconds: number;
  /** An End TLV was there. It is optional, and padding looks like it; without it the rest may be missing. */
  isEnded: boolean;
  portDescription?: string;
  name?: string;
  description?: string;
  capable?: number;
  enabled?: number;
  mudUrl?: string;
  isProfinet?: true;
  readonly addresses: Ip[];
  /** The MED inventory, by subtype. */
  readonly inventory: Map<number, string>;
};

/** Link Layer Discovery Protocol with the inventory of LLDP-MED and the MUD URL. IEEE 802.1AB, ANSI/TIA-1057, RFC 8520 §11. Padding behind the end is not looked at. */
export function decode(bytes: Uint8Array): Message {
  const r = new Reader(bytes, 'LLDP');
  // The first three are mandatory, in this order. IEEE 802.1AB §8.2.
  const chassisTlv = next(r, tlv.chassisId);
  const chassisBytes = chassisTlv.rest();
  const chassis = readId(new Reader(chassisBytes, 'LLDP chassis'), chassisMac, chassisNetwork);
  const portId = readId(next(r, tlv.portId), portMac, portNetwork);
  const message: Message = {
    chassis,
    chassisBytes: chassisBytes.subarray(1),
    portId,
    ttlSeconds: next(r, tlv.timeToLive).u16(),
    isEnded: false,
    addresses: [],
    inventory: new Map(),
  };
  while (r.left > 0 && !message.isEnded) {
    const head = r.u16();
    readTlv(message, head >> 9, r.take(head & 0x1ff));
  }
  return message;
}

function next(r: Reader, type: number): Reader {
  const head = r.u16();
  if (head >> 9 !== type) throw r.fault(`TLV ${head >> 9} instead of ${type}`);
  return new Reader(r.take(head & 0x1ff), `LLDP TLV ${type}`);
}

function readId(r: Reader, macSubtype: number, networkSubtype: number): string {
  const subtype = r.u8();
  if (r.left === 0) throw r.fault('empty identifier');
  if (subtype === macSubtype) return mac(r.rest());
  if (subtype === networkSubtype) {
    const family = r.u8();
    const address = r.rest();
    // Of other families the bytes: all devices of a family are not one.
    return readAddress(family, address) ?? `unknown-${family} ${hex(address)}`;
  }
  return decodeText(r.rest()).trim();
}

/** IANA address family numbers 1 and 2. */
function readAddress(family: number, bytes: Uint8Array): Ip | undefined {
  return family === 1 ? ip4(bytes) : family === 2 ? ip6(bytes) : undefined;
}

function readTlv(m: Message, type: number, value: Uint8Array): void {
  const r = new Reader(value, `LLDP TLV ${type}`);
  switch (type) {
    case tlv.end:
      m.isEnded = true;
      return;
    case tlv.portDescription:
      m.portDescription = decodeLine(value);
      return;
    case tlv.systemName:
      m.name = decodeLine(value);
      return;
    case tlv.systemDescription:
      m.description = decodeLine(value);
      return;
    case tlv.capabilities:
      m.capable = r.u16();
      m.enabled = r.u16();
      return;
    case tlv.managementAddress: {
      const address = new Reader(r.take(r.u8()), 'LLDP management address');
      const ip = readAddress(address.u8(), address.rest());
      r.skip(5); // interface numbering and number
      r.take(r.u8()); // object identifier
      if (ip !== undefined && m.addresses.length < maxAddresses) m.addresses.push(ip);
      return;
    }
    case tlv.organisation: {
      const [organisation, subtype] = [(r.u16() << 8) | r.u8(), r.u8()];
      if (organisation === profinet) m.isProfinet = true;
      else if (organisation === iana && subtype === 1) m.mudUrl = decodeText(r.rest()).trim();
      else if (organisation === med && subtype >= medSubtypes.hardware && subtype <= medSubtypes.asset)
        m.inventory.set(subtype, decodeLine(r.rest()));
    }
  }
}

/** What the sender says of itself. With a time to live of 0 it takes leave (IEEE 802.1AB §8.5.4). */
export function observe(m: Message): readonly Fact[] {
  if (m.ttlSeconds === 0) return [];
  const name = m.name !== undefined && m.name !== '' ? { name: m.name } : {};
  const facts: Fact[] = [];
  if (m.chassis !== '') facts.push({ kind: 'identifier', scheme: 'lldp-chassis', value: m.chassis });
  // Without an end the name may be missing.
  if (m.chassis !== '' && m.isEnded) facts.push({ kind: 'neighbour', protocol: 'lldp', chassis: m.chassis, portId: m.portId, ...name });
  const say = (text: string | undefined, fact: (text: string) => Fact): void => {
    if (text !== undefined && text !== '') facts.push(fact(text));
  };
  say(m.name, text => ({ kind: 'hostname', name: text }));
  say(m.description, text => ({ kind: 'description', text }));
  say(kindOf(m.capable ?? 0, m.enabled ?? 0), text => ({ kind: 'device-kind', text }));
  say(m.inventory.get(medSubtypes.manufacturer), text => ({ kind: 'maker', text }));
  say(m.inventory.get(medSubtypes.model), text => ({ kind: 'model', text }));
  say(m.inventory.get(medSubtypes.serial), text => ({ kind: 'serial', text }));
  // Of a phone, the firmware is what starts and the software what runs; only where the first is missing the second counts, and not before the end is read.
  const software = m.isEnded ? m.inventory.get(medSubtypes.software) : undefined;
  const firmware = m.inventory.get(medSubtypes.firmware);
  say(firmware ?? software, text => ({ kind: 'firmware', text }));
  if (firmware !== undefined) say(software, text => ({ kind: 'inventory', of: 'software', text }));
  say(m.inventory.get(medSubtypes.hardware), text => ({ kind: 'inventory', of: 'hardware', text }));
  say(m.inventory.get(medSubtypes.asset), text => ({ kind: 'inventory', of: 'asset', text }));
  if (m.isEnded && m.isProfinet === true) facts.push(...fromProfinet(m));
  say(m.mudUrl, url => ({ kind: 'mud-url', url }));
  for (const ip of m.addresses.filter(isHostIp)) facts.push({ kind: 'management-address', ip });
  return facts;
}

/**
 * A PROFINET device names its station behind the port, `port-001.press-7`, and its type plate as chassis; an older one its station as
 * chassis and the port alone. IEC 61158-6-10, LLDP_PortID, LLDP_ChassisID.
 */
function fromProfinet(m: Message): readonly Fact[] {
  const [, port, behind] = /^(port-\d{3}(?:-\d{5})?)(?:\.(.+))?$/.exec(m.portId) ?? [];
  const station = behind ?? (port === undefined || m.chassis.includes(' ') || m.chassis.includes(':') ? undefined : m.chassis);
  const facts: Fact[] = station === undefined ? [] : [{ kind: 'identifier', scheme: 'profinet-station', value: station }];
  if (station !== undefined && (m.name === undefined || m.name === '')) facts.push({ kind: 'hostname', name: station });
  const plate = decodeSystemIdentification(m.chassisBytes);
  if (plate === undefined) return facts;
  const { order, serial, firmware } = plate;
  if (order !== '') facts.push({ kind: 'model', text: order });
  if (serial !== '') facts.push({ kind: 'serial', text: serial });
  if (firmware !== '') facts.push({ kind: 'firmware', text: firmware });
  return facts;
}

/**
 * The kind that the enabled capabilities show. Bridging alone makes no switch of what may also be a phone, an access point or an end
 * station: those, and controllers with two ports, bridge too.
 */
function kindOf(capable: number, enabled: number): string | undefined {
  if ((enabled & capabilities.telephone) !== 0) return 'phone';
  if ((enabled & capabilities.accessPoint) !== 0) return 'access-point';
  const isOther = (capable & (capabilities.telephone | capabilities.accessPoint | capabilities.station)) !== 0;
  if ((enabled & capabilities.bridges) !== 0) return isOther ? undefined : 'switch';
  return (enabled & capabilities.router) !== 0 ? 'router' : undefined;
}

export const lldp = collector({ name: 'lldp', spec: 'IEEE 802.1AB', matches: etherType(lldpType), decode, observe });
