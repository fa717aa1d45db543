import { fromBase64Url } from './bytes.ts';
import { bytesOf, CborTag, type CborValue, decodeCbor, intOf, listOf, mapOf, textOf } from './cbor.ts';
import { DerReader, tags } from './der.ts';
import { decodeJson } from './json.ts';
import { DecodeError } from './reader.ts';

/** One conceptual message under its type: a media type, or the number of a CoAP Content-Format. `indicator` says what it is; absent: its type says it. */
export type CmwRecord = {
  readonly kind: 'record';
  readonly type: string | number;
  readonly value: Uint8Array;
  readonly indicator?: number;
};
/** A map of labels to messages, of a type that its maker named or left out. */
export type CmwCollection = { readonly kind: 'collection'; readonly type?: string; readonly entries: ReadonlyMap<string | number, Cmw> };
/** Conceptual Message Wrapper (draft-ietf-rats-msg-wrap §3). Nothing in it is trusted: it is an envelope without a seal. */
export type Cmw = CmwRecord | CmwCollection;

/** Bits of the indicator (§3.1). */
export const cmwIndicators = { referenceValues: 1, endorsements: 2, evidence: 4, attestationResults: 8, policy: 16 } as const;
/** Deepest nesting of collections, and most entries of one. */
const maxDepth = 4;
const maxEntries = 32;
const typeLabel = '__cmwc_t';
/** Tags that stand for Content-Formats (RFC 9277 §4.3): 255 to each 256, since the last octet of a tag is never zero. */
const firstTag = 1_668_546_817;
const formats = 65_025;

/** Reads either form. Throws DecodeError. */
export const decodeCmw = (bytes: Uint8Array, form: 'cbor' | 'json'): Cmw =>
  read(form === 'cbor' ? decodeCbor(bytes, { lenient: true }) : decodeJson(bytes), form, 0);

/** The extension id-pe-cmw of a certificate, CRL or request (§6): JSON in UTF8String, or CBOR in OCTET STRING. Throws DecodeError. */
export function decodeCmwExtension(value: Uint8Array): Cmw {
  const reader = new DerReader(value);
  const { tag, content } = reader.next();
  reader.end('CMW extension');
  if (tag !== tags.utf8String && tag !== tags.octetString) throw new DecodeError(`Cannot read CMW extension: tag ${tag}`);
  return decodeCmw(content, tag === tags.utf8String ? 'json' : 'cbor');
}

function read(value: CborValue, form: 'cbor' | 'json', depth: number): Cmw {
  if (depth > maxDepth) throw new DecodeError(`Cannot read CMW: nested deeper than ${maxDepth}`);
  if (value instanceof CborTag) return { kind: 'record', type: formatOf(value.number), value: bytesOf(value.value, 'CMW value') };
  if (value instanceof Map) return collection(value, form, depth);
  return record(listOf(value, 'CMW'), form);
}

function record([type, value, indicator, ...more]: readonly CborValue[], form: 'cbor' | 'json'): CmwRecord {
  if (more.length > 0) throw new DecodeError('Cannot read CMW record: more than three parts');
  const bits = indicator === undefined ? undefined : intOf(indicator, 'CMW indicator');
  if (bits !== undefined && (bits < 0 || bits > 0xffffffff)) throw new DecodeError(`Cannot read CMW indicator: ${bits}`);
  return {
    kind: 'record',
    type: typeOf(type),
    value: form === 'cbor' ? bytesOf(value, 'CMW value') : fromBase64Url(textOf(value, 'CMW value', 131_072)),
    ...(bits === undefined ? {} : { indicator: bits }),
  };
}

function typeOf(value: CborValue): string | number {
  if (typeof value === 'string') {
    if (!/^[\w.+!#$&^-]{1,127}\/[\w.+!#$&^-]{1,127}(?:\s*;[\x20-\x7e]{0,255})?$/.test(value))
      throw new DecodeError('Cannot read CMW type: no media type');
    return value;
  }
  const format = intOf(value, 'CMW type');
  if (format < 0 || format > 0xffff) throw new DecodeError(`Cannot read CMW type: Content-Format ${format}`);
  return format;
}

function formatOf(tag: number): number {
  const at = tag - firstTag;
  const format = Math.floor(at / 256) * 255 + (at % 256);
  if (at < 0 || format >= formats || at % 256 === 255) throw new DecodeError(`Cannot read CMW: tag ${tag} is no Content-Format`);
  return format;
}

function collection(value: CborValue, form: 'cbor' | 'json', depth: number): CmwCollection {
  const map = mapOf(value, 'CMW collection');
  if (map.size > maxEntries) throw new DecodeError(`Cannot read CMW collection: ${map.size} entries`);
  const entries = new Map<string | number, Cmw>();
  for (const [label, inner] of map) {
    if (label === typeLabel) continue;
    entries.set(typeof label === 'string' ? textOf(label, 'CMW label') : intOf(label, 'CMW label'), read(inner, form, depth + 1));
  }
  if (entries.size === 0) throw new DecodeError('Cannot read CMW collection: it is empty');
  const type = map.get(typeLabel);
  return { kind: 'collection', ...(type === undefined ? {} : { type: textOf(type, 'CMW collection type', 1024) }), entries };
}

/** All records, in their order, of however many collections. */
export const recordsOf = (cmw: Cmw): readonly CmwRecord[] => (cmw.kind === 'record' ? [cmw] : [...cmw.entries.values()].flatMap(recordsOf));
