import { utf8 } from './der.ts';
import { DecodeError, Reader } from './reader.ts';

/**
 * Matter TLV (Matter Core Specification, Appendix A): little-endian, a control octet of tag form (3 bits) and element type (5 bits), tag,
 * length, value. Read whole and strictly, with caps on size, depth and count. Everything throws DecodeError and nothing else.
 */

/** Tag of an element (A.2.1). `id` names a fully-qualified, common or implicit tag by form and octets. */
export type TlvTag =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'context'; readonly number: number }
  | { readonly kind: 'profile'; readonly id: string };

export type TlvValue =
  | { readonly kind: 'integer'; readonly value: bigint; readonly signed: boolean }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'float'; readonly octets: Uint8Array }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'octets'; readonly value: Uint8Array }
  | { readonly kind: 'null' }
  | { readonly kind: 'structure' | 'array' | 'list'; readonly members: readonly TlvElement[] };

/** One element with its tag. Octets are views into the bytes that were given. */
export type TlvElement = { readonly tag: TlvTag; readonly value: TlvValue };

/** Longest message, bytes; deepest nesting; most elements. Attestation elements have 900 bytes at most, a declaration 112 elements. */
const maxBytes = 4096;
const maxDepth = 8;
const maxElements = 1024;

const endOfContainer = 0x18;
const containers: { readonly [type: number]: 'structure' | 'array' | 'list' } = { 0x15: 'structure', 0x16: 'array', 0x17: 'list' };

/** Reads exactly one element, which must fill the bytes. Throws DecodeError. */
export function decodeTlv(bytes: Uint8Array, what: string): TlvElement {
  if (bytes.length > maxBytes) throw new DecodeError(`Cannot read ${what}: ${bytes.length} bytes`);
  const reader = new Reader(bytes, what);
  const count = { left: maxElements };
  const found = element(reader, reader.u8(), 0, count);
  reader.end();
  return found;
}

function element(reader: Reader, control: number, depth: number, count: { left: number }): TlvElement {
  if (count.left-- <= 0) throw reader.fault(`more than ${maxElements} elements`);
  const tag = readTag(reader, control >> 5);
  return { tag, value: readValue(reader, control & 0x1f, depth, count) };
}

/** A.7.2: anonymous, context (1 octet), common profile (2, 4), implicit profile (2, 4), fully qualified (6, 8). */
function readTag(reader: Reader, form: number): TlvTag {
  if (form === 0) return { kind: 'anonymous' };
  if (form === 1) return { kind: 'context', number: reader.u8() };
  const length = [2, 4, 2, 4, 6, 8][form - 2] ?? 8;
  return { kind: 'profile', id: `${form}:${[...reader.take(length)].join('.')}` };
}

function readValue(reader: Reader, type: number, depth: number, count: { left: number }): TlvValue {
  if (type <= 0x03) return { kind: 'integer', value: signed(reader, 1 << type), signed: true };
  if (type <= 0x07) return { kind: 'integer', value: unsigned(reader, 1 << (type - 4)), signed: false };
  if (type <= 0x09) return { kind: 'boolean', value: type === 0x09 };
  if (type <= 0x0b) return { kind: 'float', octets: reader.take(type === 0x0a ? 4 : 8) };
  if (type <= 0x0f) return { kind: 'text', value: utf8(counted(reader, type - 0x0c), 'TLV text') };
  if (type <= 0x13) return { kind: 'octets', value: counted(reader, type - 0x10) };
  if (type === 0x14) return { kind: 'null' };
  const kind = containers[type];
  if (kind === undefined) throw reader.fault(`element type 0x${type.toString(16)}`);
  return { kind, members: readMembers(reader, kind, depth + 1, count) };
}

/** A structure's members each have a tag of their own, an array's have none (A.5.1, A.5.2). */
function readMembers(reader: Reader, kind: 'structure' | 'array' | 'list', depth: number, count: { left: number }): readonly TlvElement[] {
  if (depth > maxDepth) throw reader.fault(`nested deeper than ${maxDepth}`);
  const members: TlvElement[] = [];
  const seen = new Set<string>();
  for (let control = reader.u8(); control !== endOfContainer; control = reader.u8()) {
    const member = element(reader, control, depth, count);
    const name = member.tag.kind === 'context' ? `${member.tag.number}` : member.tag.kind === 'profile' ? member.tag.id : '';
    if (kind === 'array' && name !== '') throw reader.fault('a tag inside an array');
    if (kind === 'structure' && name === '') throw reader.fault('a member without a tag');
    if (kind === 'structure' && seen.has(name)) throw reader.fault(`the tag ${name} twice`);
    seen.add(name);
    members.push(member);
  }
  return members;
}

const unsigned = (reader: Reader, octets: number): bigint =>
  octets === 1 ? BigInt(reader.u8()) : octets === 2 ? BigInt(reader.u16le()) : octets === 4 ? BigInt(reader.u32le()) : reader.u64le();
const signed = (reader: Reader, octets: number): bigint => BigInt.asIntN(octets * 8, unsigned(reader, octets));

/** Octets after a length of 1, 2, 4 or 8 octets. A length over 2^53 is over the bytes that are left all the same. */
const counted = (reader: Reader, power: number): Uint8Array => reader.take(Number(unsigned(reader, 1 << power)));

/**
 * The context-tagged members of one anonymous structure whose tags must rise (`[tag-order]`, A.2.4). Members with profile tags are the
 * vendor's own and are passed over. Throws DecodeError.
 */
export function tagOrdered(found: TlvElement, what: string): ReadonlyMap<number, TlvValue> {
  if (found.tag.kind !== 'anonymous' || found.value.kind !== 'structure') throw new DecodeError(`Cannot read ${what}: no structure`);
  const members = new Map<number, TlvValue>();
  let last = -1;
  for (const { tag, value } of found.value.members) {
    if (tag.kind !== 'context') continue;
    if (tag.number <= last) throw new DecodeError(`Cannot read ${what}: tag ${tag.number} after tag ${last}`);
    last = tag.number;
    members.set(tag.number, value);
  }
  return members;
}
