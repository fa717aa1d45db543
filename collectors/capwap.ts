import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const controlPort = 5246;
/** RFC 5415 §4.5.1.1. Discovery comes in the clear; all that follows is under DTLS. */
const messages = { discoveryRequest: 1, discoveryResponse: 2, primaryRequest: 19, primaryResponse: 20 } as const;
/** RFC 5415 §4.6. */
const elements = { acName: 4, vendorSpecific: 37, boardData: 38, descriptor: 39 } as const;
/** Parts of the board data and of the descriptor: RFC 5415 §4.6.40, §4.6.41. */
const [boardParts, versionParts] = [
  { model: 0, serial: 1 },
  { hardware: 0, software: 1 },
] as const;
/** Cisco's access points say their name in an element of their own, under the maker's old number. */
const [cisco, ciscoApName] = [0x00409600, 5];
/** Elements of a message and parts of an element that are read. */
const [maxElements, maxParts] = [64, 16];

/**
 * Discovery of CAPWAP, by which an access point looks for its controller and one answers. RFC 5415 §4.3, §4.5. Of what is encrypted, or another message,
 * `message` alone is told, 0 when it cannot be seen.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'CAPWAP');
  const found = { message: 0, name: '', model: '', serial: '', hardware: '', software: '' };
  const preamble = r.u8();
  if ((preamble & 15) !== 0) return found;
  const words = r.u8() >> 3;
  if (preamble !== 0 || words < 2) throw r.fault(`version ${preamble >> 4}, header of ${words * 4} bytes`);
  r.skip(words * 4 - 2);
  found.message = r.u32();
  r.skip(4); // sequence number, length, flags
  if (!isRequest(found.message) && !isResponse(found.message)) return found;
  for (let i = 0; i < maxElements && r.left >= 4; i++) {
    const type = r.u16();
    const value = r.take(r.u16());
    if (type === elements.acName) found.name = decodeText(value);
    else if (type === elements.vendorSpecific) found.name = vendorName(value) ?? found.name;
    else if (type === elements.boardData) {
      const parts = partsOf(new Reader(value, 'CAPWAP board data', Math.min(4, value.length)), false);
      found.model = textOf(parts?.get(boardParts.model));
      found.serial = textOf(parts?.get(boardParts.serial));
    } else if (type === elements.descriptor) {
      const parts = descriptor(value);
      found.hardware = textOf(parts?.get(versionParts.hardware));
      found.software = textOf(parts?.get(versionParts.software));
    }
  }
  return found;
}

const isRequest = (message: number): boolean => message === messages.discoveryRequest || message === messages.primaryRequest;
const isResponse = (message: number): boolean => message === messages.discoveryResponse || message === messages.primaryResponse;

function vendorName(value: Uint8Array): string | undefined {
  const r = new Reader(value, 'CAPWAP vendor payload');
  return r.left > 6 && r.u32() === cisco && r.u16() === ciscoApName ? r.text(r.left) : undefined;
}

/** Behind two numbers of radios stand its ways to encrypt, three bytes each (§4.6.41); of those before the RFC, two bytes in all. What fits is right. */
function descriptor(value: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const start = 3 + 3 * (value[2] ?? 0);
  for (const from of [start, 4]) {
    const parts = partsOf(new Reader(value, 'CAPWAP descriptor', Math.min(from, value.length)), true);
    if (parts !== undefined && parts.size > 0) return parts;
  }
  return undefined;
}

/** Type, length and value, each behind a vendor's number when they `haveVendor`; undefined when they do not end where the element does. */
function partsOf(r: Reader, haveVendor: boolean): ReadonlyMap<number, Uint8Array> | undefined {
  const found = new Map<number, Uint8Array>();
  const header = haveVendor ? 8 : 4;
  for (let i = 0; i < maxParts && r.left >= header; i++) {
    if (haveVendor) r.skip(4);
    const type = r.u16();
    const length = r.u16();
    if (length > r.left) return undefined;
    found.set(type, r.take(length));
  }
  return r.left === 0 ? found : undefined;
}

/** Text; or a version as four numbers. */
function textOf(value: Uint8Array | undefined): string {
  if (value === undefined || value.length === 0) return '';
  const text = decodeText(value);
  if (/^[\x20-\x7e]+$/.test(text)) return text.trim();
  return value.length === 4 ? value.join('.') : '';
}

/** An access point shows what it is to whoever listens; a controller that it is one. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const name: readonly Fact[] = m.name === '' ? [] : [{ kind: 'hostname', name: m.name }];
  if (isResponse(m.message) && packet.sourcePort === controlPort)
    return [{ kind: 'service', protocol: 'udp', port: controlPort, name: 'capwap-control' }, ...name];
  if (!isRequest(m.message) || packet.targetPort !== controlPort) return [];
  const facts: Fact[] = [{ kind: 'device-kind', text: 'access-point' }, ...name];
  if (m.model !== '') facts.push({ kind: 'model', text: m.model });
  if (m.serial !== '') facts.push({ kind: 'serial', text: m.serial });
  if (m.hardware !== '') facts.push({ kind: 'inventory', of: 'hardware', text: m.hardware });
  if (m.software !== '') facts.push({ kind: 'firmware', text: m.software });
  return facts;
}

export const capwap = collector({ name: 'capwap', spec: 'RFC 5415', matches: udpPorts(controlPort), decode, observe });
