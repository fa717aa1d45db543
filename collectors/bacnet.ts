import {
  type BacnetApdu,
  bacnetProperties,
  bacnetServices,
  type BacnetValue,
  decodeBvlc,
  decodeNpdu,
  readBacnetAnswer,
  wildcardInstance,
} from '../gateway/codec/bacnet.ts';
import { bacnetVendors, nameOf } from '../gateway/codec/industrial-vendors.ts';
import { maxText } from '../gateway/codec/text.ts';
import { BacnetSegments } from './bacnet-segments.ts';
import { collector, llc, type Said, udpPorts } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';
import { PerSensor } from './questions.ts';

const bacnetPort = 47_808;
const bacnetSap = 0x82;
const bvlcType = 0x81;
const { readProperty, readPropertyMultiple } = bacnetServices;

/** Services that change something. ASHRAE 135 §21, BACnetConfirmedServiceChoice. */
export const confirmed: { readonly [service: number]: Act } = {
  7: ['write', 'bacnet atomic-write-file'],
  8: ['write', 'bacnet add-list-element'],
  9: ['write', 'bacnet remove-list-element'],
  10: ['write', 'bacnet create-object'],
  11: ['write', 'bacnet delete-object'],
  15: ['write', 'bacnet write-property'],
  16: ['write', 'bacnet write-property-multiple'],
  17: ['control', 'bacnet device-communication-control'],
  20: ['control', 'bacnet reinitialize-device'],
};
const unconfirmed: { readonly [service: number]: Act } = { 10: ['write', 'bacnet write-group'] };

/** BACnet on UDP and on Ethernet (LLC). ASHRAE 135 §J, §7. */
export const decode = (bytes: Uint8Array, packet: Packet): ReturnType<typeof decodeBvlc> =>
  packet.ipVersion === 0 ? { npdu: decodeNpdu(bytes) } : decodeBvlc(bytes);

/** Answers of which parts have come. */
const segments = new PerSensor(() => new BacnetSegments());

/** What a device says of its own device object. What a router or broadcast device passes on is about others, and so nobody's here. */
export function observe({ origin, npdu }: ReturnType<typeof decodeBvlc>, packet: Packet): readonly Said[] {
  if (npdu === undefined || npdu.isRouted || (origin !== undefined && origin !== packet.sourceIp)) return [];
  const { apdu } = npdu;
  if (apdu.kind !== 'segment') return told(apdu, packet);
  if (apdu.service !== readPropertyMultiple && apdu.service !== readProperty) return [];
  const whole = segments.of(packet).add(packet, apdu);
  return whole === undefined ? [] : told(readBacnetAnswer(apdu.service, whole), packet);
}

function told(apdu: BacnetApdu, packet: Packet): readonly Said[] {
  switch (apdu.kind) {
    case 'request':
      return acted([(apdu.isConfirmed ? confirmed : unconfirmed)[apdu.service]], packet);
    case 'i-am':
      return [...fromInstance(apdu.instance), { kind: 'maker', text: nameOf(bacnetVendors, apdu.vendor) }];
    case 'device':
      return fromDevice(apdu);
    case 'segment':
    case 'other':
      return [];
  }
}

function fromInstance(instance: number): readonly Said[] {
  return instance === wildcardInstance ? [] : [{ kind: 'identifier', scheme: 'bacnet-device', value: String(instance) }];
}

function fromDevice({ instance, properties }: BacnetApdu & { kind: 'device' }): readonly Said[] {
  const get = (property: number): string => {
    const value: BacnetValue = properties.get(property);
    return typeof value === 'string' ? value : '';
  };
  const said: Said[] = [...fromInstance(instance)];
  const vendor = properties.get(bacnetProperties.vendorIdentifier);
  const maker = get(bacnetProperties.vendorName) || (typeof vendor === 'number' ? nameOf(bacnetVendors, vendor) : '');
  const software = get(bacnetProperties.applicationSoftware);
  const firmware = get(bacnetProperties.firmware) || software;
  const [model, serial, name] = [get(bacnetProperties.modelName), get(bacnetProperties.serialNumber), get(bacnetProperties.objectName)];
  if (maker !== '') said.push({ kind: 'maker', text: maker });
  if (model !== '') said.push({ kind: 'model', text: model });
  if (firmware !== '') said.push({ kind: 'firmware', text: firmware });
  if (software !== '' && software !== firmware) said.push({ kind: 'inventory', of: 'software', text: software });
  if (serial !== '') said.push({ kind: 'serial', text: serial });
  if (name !== '') said.push({ kind: 'hostname', name });
  const description = [get(bacnetProperties.description), get(bacnetProperties.location)].filter(word => word !== '').join(', ');
  return description === '' ? said : [...said, { kind: 'description', text: description.slice(0, maxText) }];
}

const speaks = ({ bytes: b, payload: i }: Packet): boolean => b[i] === bvlcType && (b[i + 1] ?? 0) <= 12;

/** Reads of values and their answers are not looked at: the answers of a device object are wanted, and what changes something. */
function wants(packet: Packet): boolean {
  if (packet.ipVersion === 0) return true;
  const { bytes: b, payload: i } = packet;
  if (!speaks(packet)) return false;
  // Without target, source or network message the application message begins at 6.
  if ((b[i + 1] !== 10 && b[i + 1] !== 11) || ((b[i + 5] ?? 0) & 0xa8) !== 0) return true;
  switch ((b[i + 6] ?? 0) >> 4) {
    case 0:
      return ((b[i + 6] ?? 0) & 8) !== 0 || confirmed[b[i + 9] ?? 0] !== undefined;
    case 1:
      return true;
    case 3:
      if (((b[i + 6] ?? 0) & 8) !== 0) return b[i + 10] === readPropertyMultiple || b[i + 10] === readProperty;
      return b[i + 8] === readPropertyMultiple || isDeviceObject(b, i + 9);
    default:
      return false;
  }
}

/** A tagged object identifier of a device: type 8 in the upper ten bits. */
const isDeviceObject = (b: Uint8Array, i: number): boolean => b[i] === 0x0c && b[i + 1] === 2 && ((b[i + 2] ?? 0) & 0xc0) === 0;

export const bacnet = collector({
  name: 'bacnet',
  spec: 'ASHRAE 135',
  matches: [udpPorts(bacnetPort), llc(bacnetSap)],
  wants,
  speaks,
  decode,
  observe,
});
