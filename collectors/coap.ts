import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { uuidOf } from './announced.ts';
import type { Packet } from './packet.ts';

const coapPort = 5683;
/** RFC 7252 §5.10, §12.3; code 2.05 is Content, 0.02 is POST. */
export const options = { uriPath: 11, contentFormat: 12, uriQuery: 15 } as const;
const [post, content, linkFormat, payloadMarker] = [0x02, 0x45, 40, 0xff];
/** Option numbers above are not assigned; values of a repeated option that are kept. */
const [maxOptionNumber, maxRepeats] = [65_804, 16];
/** Links of a list that are read. */
const maxLinks = 32;

/** Constrained Application Protocol. RFC 7252 §3. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'CoAP');
  const first = r.u8();
  const tokenLength = first & 15;
  if (first >> 6 !== 1 || tokenLength > 8) throw r.fault(`version=${first >> 6} token length=${tokenLength}`);
  const code = r.u8();
  r.skip(2 + tokenLength); // message id, token
  const found = new Map<number, Uint8Array[]>();
  let number = 0;
  while (r.left > 0) {
    const byte = r.u8();
    if (byte === payloadMarker) {
      if (r.left === 0) throw r.fault('a payload marker without payload');
      break;
    }
    number += extended(r, byte >> 4);
    const value = r.take(extended(r, byte & 15));
    if (number > maxOptionNumber) throw r.fault(`option ${number}`);
    const values = found.get(number) ?? [];
    if (values.length < maxRepeats) values.push(value);
    found.set(number, values);
  }
  if (code === 0 && bytes.length > 4) throw r.fault('an empty message that is not empty');
  return { code, options: found, payload: r.rest() };
}

/** Delta and length: 13 and 14 announce one and two bytes more, 15 is reserved. RFC 7252 §3.1. */
function extended(r: Reader, nibble: number): number {
  if (nibble === 15) throw r.fault('a reserved option delta or length');
  return nibble < 13 ? nibble : nibble === 13 ? r.u8() + 13 : r.u16() + 269;
}

/** A server tells its resources (RFC 6690); a LwM2M client registers with its endpoint name (LwM2M Core §6.2.1). */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (m.code === post) return registration(m.options);
  const isResponse = m.code >= 0x40 && m.code < 0xc0;
  if (!isResponse || packet.sourcePort !== coapPort) return [];
  const facts: Fact[] = [{ kind: 'service', protocol: 'udp', port: coapPort, name: 'coap' }];
  const format = m.options.get(options.contentFormat)?.[0];
  if (m.code !== content || format?.length !== 1 || format[0] !== linkFormat) return facts;
  const types = [...new Set(decodeText(m.payload, 2048).split(',', maxLinks).flatMap(resourceTypes))].join(' ').slice(0, 240);
  return types === '' ? facts : [...facts, { kind: 'description', text: `CoAP ${types}` }];
}

/** The attribute `rt` of a link, `</sensors>;rt="temperature-c light-lux";if="sensor"`. RFC 6690 §3.1. */
function resourceTypes(link: string): readonly string[] {
  const found = /;rt="?([^";,]{1,128})/.exec(link);
  return (found?.[1] ?? '').split(' ', 8).filter(type => type !== '');
}

function registration(found: ReadonlyMap<number, readonly Uint8Array[]>): readonly Fact[] {
  const path = (found.get(options.uriPath) ?? []).map(part => decodeText(part));
  const queries = (found.get(options.uriQuery) ?? []).map(part => decodeText(part));
  const endpoint = queries.find(query => query.startsWith('ep='))?.slice(3) ?? '';
  if (path.length !== 1 || path[0] !== 'rd' || endpoint === '' || !queries.some(query => query.startsWith('lwm2m='))) return [];
  const uuid = uuidOf(endpoint);
  const facts: Fact[] = [{ kind: 'description', text: `LwM2M ${endpoint}`.slice(0, 255) }];
  if (uuid !== undefined) facts.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  // urn:imei:########## and urn:dev:os:<org>-<serial> are others of the forms of LwM2M Core §6.3.1; only the first is told alone.
  const imei = /^urn:imei:(\d{15})$/.exec(endpoint)?.[1];
  return imei === undefined ? facts : [...facts, { kind: 'serial', text: imei }];
}

export const coap = collector({ name: 'coap', spec: 'RFC 7252, RFC 6690', matches: udpPorts(coapPort), decode, observe });
