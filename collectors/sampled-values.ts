import { berHeader } from '../gateway/codec/ber-header.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, etherType, type Said } from './collector.ts';
import type { Packet } from './packet.ts';

const sampledValuesType = 0x88ba;

/** Tags of savPdu and its ASDUs, IEC 61850-9-2 §8.5. `pdu`, `asdus` and `asdu` hold the others. */
const tags = { pdu: 0x60, asdus: 0xa2, asdu: 0x30, svId: 0x80, dataSet: 0x81, smpCnt: 0x82, confRev: 0x83 } as const;

/** Most elements from the front to the sample counter of the first ASDU. */
const maxElements = 10;
const bodyStart = 8;

/** Sampled Values, up to the sample counter of the first ASDU. IEC 61850-9-2. Lengths of what holds the others are not trusted: publishers get them wrong. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'SV');
  const appId = r.u16();
  r.skip(6); // length, reserved 1 and 2
  let [svId, dataSet, isInside] = ['', '', false];
  for (let n = 0; n < maxElements; n++) {
    const { tag, length } = berHeader(r);
    if (n === 0 && tag !== tags.pdu) throw r.fault(`PDU tag ${tag}`);
    if (tag === tags.asdu) isInside = true;
    if (tag === tags.pdu || tag === tags.asdus || tag === tags.asdu) continue;
    const value = r.take(length);
    if (!isInside) continue;
    if (tag === tags.svId) svId = decodeText(value, 129);
    if (tag === tags.dataSet) dataSet = decodeText(value, 129);
    if (tag === tags.smpCnt) return { appId, svId, dataSet };
  }
  throw r.fault('no sample counter');
}

/** A merging unit sends thousands of these each second, all alike: every eighth is read. Integers only. */
export function wants(packet: Packet): boolean {
  const b = packet.bytes;
  let i = packet.payload + bodyStart;
  for (let n = 0; n < maxElements && i + 4 <= packet.end; n++) {
    const [tag, short] = [b[i] ?? 0, b[i + 1] ?? 0];
    const size = short < 0x80 ? 2 : short === 0x81 ? 3 : 4;
    const length = short < 0x80 ? short : short === 0x81 ? (b[i + 2] ?? 0) : ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
    if (tag === tags.smpCnt) return ((b[i + size + length - 1] ?? 0) & 7) === 0;
    i += tag === tags.pdu || tag === tags.asdus || tag === tags.asdu ? size : size + length;
  }
  return true; // broken: decode says how
}

/** One merging unit may publish several streams: their ids stand side by side. */
export const observe = (m: ReturnType<typeof decode>): readonly Said[] =>
  m.svId === ''
    ? []
    : [
        { kind: 'identifier', scheme: 'iec61850-control-block', value: m.svId },
        { kind: 'device-kind', text: 'merging-unit' },
      ];

export const sampledValues = collector({
  name: 'sampled-values',
  spec: 'IEC 61850-9-2',
  matches: etherType(sampledValuesType),
  wants,
  decode,
  observe,
});
