import { berHeader } from '../gateway/codec/ber-header.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { ActionName } from '../gateway/model/fact.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const isoTsap = 102;

/** TPKT (RFC 1006 §6), COTP data (X.224 §13.7), session "give tokens" and "data transfer" (X.225 §8.3): a DT with user data of an open association. */
const cotpData = 0xf0;
const sessionData = 0x01000100;

/** MMSpdu and the services of confirmed-RequestPDU and -ResponsePDU that we read. ISO 9506-2 §7. */
const pdus = { request: 0xa0, response: 0xa1 } as const;
const identifyResponse = 0xa2;
const actions: { readonly [service: number]: readonly [ActionName, string] } = {
  0xa5: ['write', 'write'],
  0xba: ['download', 'initiateDownloadSequence'],
  0xbd: ['upload', 'initiateUploadSequence'],
  0xbf28: ['control', 'start'],
  0xbf29: ['control', 'stop'],
  0xbf2a: ['control', 'resume'],
  0xbf2b: ['control', 'reset'],
  0xbf2c: ['control', 'kill'],
};

/** Manufacturing Message Specification in its ISO layers: one confirmed request or response in one segment. ISO 9506-2, IEC 61850-8-1. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'MMS');
  if (r.u16() !== 0x0300) throw r.fault('no TPKT');
  r.skip(2); // length: segments may hold more
  const [cotpLength, cotp] = [r.u8(), r.u8()];
  if (cotpLength !== 2 || cotp !== cotpData) throw r.fault(`COTP ${cotp}`);
  r.skip(1); // TPDU number, end of TSDU
  if (r.u32() !== sessionData) throw r.fault('no session data');
  // fully-encoded-data of X.226 §8.4: one PDV list, whose context identifier precedes single-ASN1-type [0].
  for (const wanted of [0x61, 0x30, 0x02, 0xa0]) {
    const element = berHeader(r);
    if (element.tag !== wanted) throw r.fault(`presentation tag ${element.tag}`);
    if (wanted === 0x02) r.skip(element.length);
  }
  const pdu = berHeader(r);
  if (pdu.tag !== pdus.request && pdu.tag !== pdus.response) return { pdu: pdu.tag, service: 0, identity: undefined };
  const invoke = berHeader(r);
  if (invoke.tag !== 0x02) throw r.fault(`invoke id tag ${invoke.tag}`);
  r.skip(invoke.length);
  const service = berHeader(r);
  const isIdentity = pdu.tag === pdus.response && service.tag === identifyResponse;
  return {
    pdu: pdu.tag,
    service: service.tag,
    identity: isIdentity ? identify(new Reader(r.take(service.length), 'MMS identify')) : undefined,
  };
}

/** Identify-Response: vendorName [0], modelName [1], revision [2]. ISO 9506-2 §8.4. */
function identify(r: Reader): { readonly vendor: string; readonly model: string; readonly revision: string } {
  const text = (wanted: number): string => {
    const { tag, length } = berHeader(r);
    if (tag !== wanted) throw r.fault(`tag ${tag}`);
    return decodeText(r.take(length)).trim();
  };
  return { vendor: text(0x80), model: text(0x81), revision: text(0x82) };
}

/** Data of an open association: TPKT, COTP DT, the two session PDUs and the presentation's tag. */
export function speaks({ bytes: b, payload: i }: Packet): boolean {
  return b[i] === 3 && b[i + 4] === 2 && b[i + 5] === cotpData && b[i + 7] === 1 && b[i + 8] === 0 && b[i + 9] === 1 && b[i + 11] === 0x61;
}

/** Only what is an identify response or a request that acts: reads and reports are most of the traffic. */
export function wants(packet: Packet): boolean {
  if (!speaks(packet)) return false;
  const [b, i] = [packet.bytes, packet.payload];
  // Headers may be written with long lengths, so each is stepped over: presentation 61 30 02 a0, then the PDU, its invoke id, its service.
  let at = i + 11;
  let pdu = 0;
  for (const step of [0, 0, 1, 0, 2, 1, 3]) {
    const tag = b[at] ?? 0;
    if (step === 2) pdu = tag;
    if (step === 3) {
      const service = (tag & 0x1f) === 0x1f ? (tag << 8) | (b[at + 1] ?? 0) : tag;
      return pdu === pdus.response ? service === identifyResponse : pdu === pdus.request && actions[service] !== undefined;
    }
    const short = b[at + 1] ?? 0;
    at += short < 0x80 ? 2 : 2 + (short & 3);
    if (step === 1) at += short;
  }
  return false;
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.identity !== undefined) {
    const { vendor, model, revision } = m.identity;
    const said: Said[] = [];
    if (vendor !== '') said.push({ kind: 'maker', text: vendor });
    if (model !== '') said.push({ kind: 'model', text: model });
    if (revision !== '') said.push({ kind: 'firmware', text: revision });
    return said;
  }
  const action = m.pdu === pdus.request ? actions[m.service] : undefined;
  return action === undefined ? [] : [{ kind: 'acted', action: action[0], target: packet.target, detail: `MMS ${action[1]}` }];
}

export const mms = collector({ name: 'mms', spec: 'ISO 9506-2', matches: tcpPorts(isoTsap), wants, speaks, decode, observe });
