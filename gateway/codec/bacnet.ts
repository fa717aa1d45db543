import type { Ip } from '../model/address.ts';
import { ip4 } from './address.ts';
import { DecodeError, Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Object types, properties and services that are read. ASHRAE 135 §21. */
const bacnetObjects = { device: 8 } as const;
export const bacnetProperties = {
  applicationSoftware: 12,
  description: 28,
  firmware: 44,
  location: 58,
  modelName: 70,
  objectName: 77,
  vendorIdentifier: 120,
  vendorName: 121,
  serialNumber: 372,
} as const;
export const bacnetServices = { iAm: 0, iHave: 1, writeGroup: 10, readProperty: 12, whoAmI: 13, readPropertyMultiple: 14 } as const;
/** Any device: no instance of its own. §12.1.1. */
export const wildcardInstance = 0x3f_ffff;

/** A tagged value of the kinds that are read; others are undefined. */
export type BacnetValue = string | number | undefined;

/** An application message. `properties` are those of the device object, first element only. */
export type BacnetApdu =
  | { readonly kind: 'i-am'; readonly instance: number; readonly vendor: number }
  | { readonly kind: 'device'; readonly instance: number; readonly properties: ReadonlyMap<number, BacnetValue> }
  | { readonly kind: 'request'; readonly service: number; readonly isConfirmed: boolean }
  | BacnetSegment
  | { readonly kind: 'other' };

/** A part of an answer, §20.1.5. `sequence` counts them from 0, modulo 256; all have the invoke id of their question. */
export type BacnetSegment = {
  readonly kind: 'segment';
  readonly invoke: number;
  readonly sequence: number;
  readonly isLast: boolean;
  readonly service: number;
  readonly data: Uint8Array;
};

/** The network layer, §6.2. `isRouted`: the message comes from another network, through the sender. */
export type BacnetNpdu = { readonly isRouted: boolean; readonly apdu: BacnetApdu };

/** BACnet virtual link of BACnet/IP, §J.2. `origin`: whom a broadcast device forwards it for. Without `npdu`: a message between broadcast devices. */
export function decodeBvlc(bytes: Uint8Array): { readonly origin?: Ip; readonly npdu?: BacnetNpdu } {
  const r = new Reader(bytes, 'BACnet/IP');
  const [type, code, length] = [r.u8(), r.u8(), r.u16()];
  if (type !== 0x81 || length < 4) throw r.fault(`type=${type} length=${length}`);
  const body = new Reader(r.take(length - 4), 'BACnet/IP');
  if (code === 4) {
    const origin = ip4(body.take(4));
    body.skip(2); // port
    return { origin, npdu: decodeNpdu(body.rest()) };
  }
  return code === 9 || code === 10 || code === 11 ? { npdu: decodeNpdu(body.rest()) } : {};
}

/** §6.2.2. */
export function decodeNpdu(bytes: Uint8Array): BacnetNpdu {
  const r = new Reader(bytes, 'BACnet');
  const [version, control] = [r.u8(), r.u8()];
  if (version !== 1) throw r.fault(`version ${version}`);
  const [hasTarget, isRouted] = [(control & 0x20) !== 0, (control & 0x08) !== 0];
  if (hasTarget) {
    r.skip(2);
    r.skip(r.u8());
  }
  if (isRouted) {
    r.skip(2);
    r.skip(r.u8());
  }
  if (hasTarget) r.skip(1); // hop count
  const isNetworkMessage = (control & 0x80) !== 0;
  return { isRouted, apdu: isNetworkMessage ? { kind: 'other' } : readApdu(r) };
}

/** §20.1. */
function readApdu(r: Reader): BacnetApdu {
  const first = r.u8();
  const isSegmented = (first & 8) !== 0;
  switch (first >> 4) {
    case 0:
      r.skip(isSegmented ? 4 : 2); // sizes, invoke id, sequence, window
      return { kind: 'request', service: r.u8(), isConfirmed: true };
    case 1:
      return readUnconfirmed(r);
    case 3: {
      const invoke = r.u8();
      if (!isSegmented) return readAnswer(r.u8(), r);
      const sequence = r.u8();
      r.skip(1); // window
      return { kind: 'segment', invoke, sequence, isLast: (first & 4) === 0, service: r.u8(), data: r.rest() };
    }
    default:
      return { kind: 'other' };
  }
}

/** What a service answers, whole. */
export const readBacnetAnswer = (service: number, data: Uint8Array): BacnetApdu => readAnswer(service, new Reader(data, 'BACnet answer'));

function readAnswer(service: number, r: Reader): BacnetApdu {
  if (service === bacnetServices.readProperty) return readOne(r);
  return service === bacnetServices.readPropertyMultiple ? readSeveral(r) : { kind: 'other' };
}

function readUnconfirmed(r: Reader): BacnetApdu {
  const service = r.u8();
  if (service === bacnetServices.iAm) {
    const [type, instance] = objectId(need(r, 12));
    const limits = [need(r, 2), need(r, 9)];
    const vendor = unsigned(need(r, 2));
    return type === bacnetObjects.device && limits.length === 2 ? { kind: 'i-am', instance, vendor } : { kind: 'other' };
  }
  if (service === bacnetServices.iHave) {
    const [type, instance] = objectId(need(r, 12));
    if (type !== bacnetObjects.device) return { kind: 'other' };
    // The device has an object of this name: the name is its own where the object is itself.
    const [object] = objectId(need(r, 12));
    const name = object === bacnetObjects.device ? characterString(need(r, 7)) : undefined;
    return { kind: 'device', instance, properties: new Map(name === undefined ? [] : [[bacnetProperties.objectName, name]]) };
  }
  // §16.12: a device without an instance yet says its maker, model and serial number.
  if (service === bacnetServices.whoAmI) {
    const { vendorIdentifier, modelName, serialNumber } = bacnetProperties;
    const vendor = unsigned(need(r, 2));
    const [model, serial] = [characterString(need(r, 7)), characterString(need(r, 7))];
    const properties = new Map<number, BacnetValue>([[vendorIdentifier, vendor]]);
    return { kind: 'device', instance: wildcardInstance, properties: properties.set(modelName, model).set(serialNumber, serial) };
  }
  return { kind: 'request', service, isConfirmed: false };
}

/** §15.5.1.2: object, property, index if any, value. */
function readOne(r: Reader): BacnetApdu {
  const [type, instance] = objectId(context(r, 0));
  const property = unsigned(context(r, 1));
  let tag = readTag(r);
  if (tag.number === 2 && tag.isContext) {
    r.skip(tag.length);
    tag = readTag(r);
  }
  if (!tag.isOpening || tag.number !== 3) throw r.fault('no property value');
  if (type !== bacnetObjects.device) return { kind: 'other' };
  return { kind: 'device', instance, properties: new Map([[property, readValue(r)]]) };
}

/** §15.7.1.2: for each object a list of properties with a value or an error. */
function readSeveral(r: Reader): BacnetApdu {
  let found: BacnetApdu = { kind: 'other' };
  while (r.left > 0) {
    const [type, instance] = objectId(context(r, 0));
    if (!readTag(r).isOpening) throw r.fault('no list of results');
    const properties = new Map<number, BacnetValue>();
    for (let tag = readTag(r); !tag.isClosing; tag = readTag(r)) {
      const property = unsigned(r.take(tag.length));
      let inner = readTag(r);
      if (!inner.isOpening) {
        r.skip(inner.length); // array index
        inner = readTag(r);
      }
      if (!inner.isOpening) throw r.fault('no property value');
      if (inner.number === 4) properties.set(property, readValue(r, true));
      else skipTo(r);
    }
    if (type === bacnetObjects.device) found = { kind: 'device', instance, properties };
  }
  return found;
}

type Tag = {
  readonly number: number;
  readonly isContext: boolean;
  readonly isOpening: boolean;
  readonly isClosing: boolean;
  readonly length: number;
};

/** §20.2.1. */
function readTag(r: Reader): Tag {
  const first = r.u8();
  const isContext = (first & 8) !== 0;
  const number = first >> 4 === 15 ? r.u8() : first >> 4;
  const low = first & 7;
  const [isOpening, isClosing] = [isContext && low === 6, isContext && low === 7];
  if (isOpening || isClosing) return { number, isContext, isOpening, isClosing, length: 0 };
  // A boolean is in the tag itself.
  let length = !isContext && number === 1 ? 0 : low;
  if (low === 5 && !(number === 1 && !isContext)) {
    length = r.u8();
    if (length === 254) length = r.u16();
    else if (length === 255) length = r.u32();
  }
  return { number, isContext, isOpening, isClosing, length };
}

/** The first value up to the closing tag, which is left behind; with `toEnd` the rest of the list is passed over. */
function readValue(r: Reader, toEnd = false): BacnetValue {
  const tag = readTag(r);
  if (tag.isClosing) return undefined;
  if (tag.isOpening || tag.isContext) {
    if (!tag.isOpening) r.skip(tag.length);
    if (toEnd) skipTo(r, tag.isOpening ? 2 : 1);
    return undefined;
  }
  const bytes = r.take(tag.length);
  if (toEnd) skipTo(r);
  if (tag.number === 7) return characterString(bytes);
  return tag.number === 2 && bytes.length > 0 && bytes.length <= 4 ? unsigned(bytes) : undefined;
}

/** Passes over values until `depth` more closing than opening tags have come. */
function skipTo(r: Reader, depth = 1): void {
  for (let open = depth; open > 0; ) {
    const tag = readTag(r);
    open += tag.isOpening ? 1 : tag.isClosing ? -1 : 0;
    r.skip(tag.length);
  }
}

/** §20.2.9: 0 is UTF-8, 4 is UCS-2, 5 is ISO 8859-1; others are not read. */
function characterString(bytes: Uint8Array): string | undefined {
  const [charset, text] = [bytes[0], bytes.subarray(1)];
  if (charset === 0) return decodeText(text).trim();
  const size = charset === 5 ? 1 : 2;
  if (charset !== 4 && charset !== 5) return undefined;
  let found = '';
  for (let i = 0; i + size <= Math.min(text.length, 255 * size); i += size)
    found += String.fromCharCode(size === 1 ? (text[i] ?? 0) : ((text[i] ?? 0) << 8) | (text[i + 1] ?? 0));
  return decodeText(new TextEncoder().encode(found)).trim();
}

/** The bytes of an application value that must have this tag. */
function need(r: Reader, number: number): Uint8Array {
  const tag = readTag(r);
  if (tag.isContext || tag.number !== number) throw r.fault(`tag ${tag.number} instead of ${number}`);
  return r.take(tag.length);
}

function context(r: Reader, number: number): Uint8Array {
  const tag = readTag(r);
  if (!tag.isContext || tag.number !== number || tag.isOpening || tag.isClosing) throw r.fault(`tag ${tag.number} instead of ${number}`);
  return r.take(tag.length);
}

function objectId(bytes: Uint8Array): readonly [type: number, instance: number] {
  if (bytes.length !== 4) throw new DecodeError(`Cannot read BACnet object identifier: ${bytes.length} bytes`);
  const value = unsigned(bytes);
  return [value >>> 22, value & wildcardInstance];
}

function unsigned(bytes: Uint8Array): number {
  if (bytes.length < 1 || bytes.length > 4) throw new DecodeError(`Cannot read BACnet number: ${bytes.length} bytes`);
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
