import { coapCodes, coapOptions, decodeCoap } from '../gateway/codec/coap.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { uuidOf } from './announced.ts';
import type { Packet } from './packet.ts';

const coapPort = 5683;
/** RFC 7252 §5.10, §12.3; code 0.02 is POST. */
export const options = coapOptions;
const [post, linkFormat] = [0x02, 40];
/** Links of a list that are read. */
const maxLinks = 32;

/** Constrained Application Protocol. RFC 7252 §3. */
export const decode = decodeCoap;

/** A server tells its resources (RFC 6690); a LwM2M client registers with its endpoint name (LwM2M Core §6.2.1). */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (m.code === post) return registration(m.options);
  const isResponse = m.code >= 0x40 && m.code < 0xc0;
  if (!isResponse || packet.sourcePort !== coapPort) return [];
  const facts: Fact[] = [{ kind: 'service', protocol: 'udp', port: coapPort, name: 'coap' }];
  const format = m.options.get(options.contentFormat)?.[0];
  if (m.code !== coapCodes.content || format?.length !== 1 || format[0] !== linkFormat) return facts;
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
