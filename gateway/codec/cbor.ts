import { decode, encode, Token, Tokenizer, Type } from 'cborg';
import { DecodeError, Reader } from './reader.ts';
import { ofWhole } from './whole.ts';

/**
 * CBOR (RFC 8949) of strangers. Before cborg sees a byte, `checkShape` walks all heads without recursion: depth, number of items, lengths, UTF-8 and
 * kinds of map keys. cborg then refuses what is not well-formed and repeated keys. Everything throws DecodeError and nothing else.
 */

/** Longest message, bytes: the cap of all Evidence. */
const maxBytes = 65_536;
/** Longest file of reference values, bytes. A person put it there or is signed in, and it is read once, not for each device. */
export const maxCborFile = 1_048_576;
/** Deepest nesting of arrays, maps and tags. A token needs about six. */
const maxDepth = 16;
/** Most items of one message, each key and value counted. */
const maxItems = 8192;
const maxFileItems = 131_072;

/** A value under a tag (RFC 8949 §3.4). */
export class CborTag {
  readonly number: number;
  readonly value: CborValue;

  constructor(number: number, value: CborValue) {
    this.number = number;
    this.value = value;
  }
}

/** A floating-point number (RFC 8949 §3.3): one that is whole is no integer all the same, for CDDL tells them apart (RFC 8610 §3.3). */
export class CborFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}
export type CborKey = number | bigint | string;
export type CborMap = ReadonlyMap<CborKey, CborValue>;
/** A number is an integer; beyond 2^53 it is a bigint. Bytes are views. Of JSON, whose numbers have one type only, a number may have a fraction. */
export type CborValue = CborKey | boolean | null | undefined | Uint8Array | CborTag | CborFloat | readonly CborValue[] | CborMap;

/**
 * `lenient` also takes what is not deterministic but says the same thing: longer heads than needed, indefinite arrays and maps (RFC 9711 §6.3); and NaN, which is
 * the heading of who stands still (§4.2.10). `file`: the bytes are of a file of ours and may be as long as such are.
 */
export type CborRules = { readonly lenient?: boolean; readonly file?: boolean };

/** Reads one item, which must be all the bytes. */
export function decodeCbor(bytes: Uint8Array, { lenient = false, file = false }: CborRules = {}): CborValue {
  const shape = ofWhole(() => checkShape(bytes, lenient, file));
  const tags = Object.fromEntries([...shape.tags].map(n => [n, (inner: () => unknown) => new CborTag(n, cborValue(inner()))]));
  const options = { strict: !lenient, allowIndefinite: lenient, allowNaN: lenient, allowInfinity: false, useMaps: true, tags };
  const apart = shape.hasFloats ? { tokenizer: new FloatsApart(bytes, options) } : {};
  try {
    return cborValue(decode(bytes, { ...options, ...apart, rejectDuplicateMapKeys: true }));
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('CBOR decode error'))) throw error;
    throw new DecodeError(`Cannot read CBOR: ${error.message.slice(19, 200)}`);
  }
}

/** Most messages have no floats, and cost nothing by it. */
class FloatsApart extends Tokenizer {
  override next(): Token {
    const token = super.next();
    return Type.equals(token.type, Type.float) ? new Token(Type.float, new CborFloat(Number(token.value)), token.encodedLength) : token;
  }
}

/** One array of at most 23 ASCII texts and byte strings, as the structures are that COSE signs (RFC 9052 §4.4). Deterministic. */
export function encodeCborArray(items: readonly (string | Uint8Array)[]): Uint8Array {
  const all = new Uint8Array(items.reduce((sum, item) => sum + headLength(item.length) + item.length, 1));
  all[0] = 0x80 | items.length;
  let at = 1;
  for (const item of items) {
    at = writeHead(all, at, typeof item === 'string' ? 0x60 : 0x40, item.length);
    if (typeof item === 'string') for (let i = 0; i < item.length; i++) all[at + i] = item.charCodeAt(i);
    else all.set(item, at);
    at += item.length;
  }
  return all;
}

/** Octets of a head (RFC 8949 §3) with this argument, below 2^32, in its shortest form. */
const headLength = (value: number): number => (value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5);

/** Returns where the content starts. */
function writeHead(into: Uint8Array, at: number, major: number, value: number): number {
  const length = headLength(value);
  into[at] = major | (length === 1 ? value : length === 2 ? 24 : length === 3 ? 25 : 26);
  for (let i = 1; i < length; i++) into[at + i] = value >>> (8 * (length - 1 - i));
  return at + length;
}

/** A byte string with its head, as SUIT digests them. */
export const encodeCborBytes = (bytes: Uint8Array): Uint8Array => encode(bytes);

/** What cborg hands over, proved to be of our kinds; deep, within the depth that was checked. */
function cborValue(value: unknown): CborValue {
  if (value === null || value === undefined || value instanceof Uint8Array || value instanceof CborTag) return value;
  if (value instanceof CborFloat) return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(cborValue);
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [cborKey(key), cborValue(inner)]));
  throw new DecodeError(`Cannot read CBOR: a value of type ${typeof value}`);
}

function cborKey(key: unknown): CborKey {
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'string') return key;
  throw new DecodeError(`Cannot read CBOR: a map key of type ${typeof key}`);
}

type Head = { readonly major: number; readonly info: number; readonly value: number };
/** `left` counts what is still to come; of an indefinite item nothing is known but that a break ends it. */
type Level = { left: number; readonly isMap: boolean; readonly isOpen: boolean; isValue: boolean };
const level = (left: number, isMap = false, isOpen = false): Level => ({ left, isMap, isOpen, isValue: false });
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What is to be known of a message before it is decoded: the tag numbers that occur. */
type Shape = { readonly tags: ReadonlySet<number>; readonly hasFloats: boolean };

/** Walks every head. */
function checkShape(bytes: Uint8Array, lenient: boolean, file: boolean): Shape {
  const most = file ? maxFileItems : maxItems;
  if (bytes.length > (file ? maxCborFile : maxBytes)) throw new DecodeError(`Cannot read CBOR: ${bytes.length} bytes`);
  const reader = new Reader(bytes, 'CBOR');
  const tags = new Set<number>();
  const open: Level[] = [level(1)];
  let items = 0;
  let hasFloats = false;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.left === 0 && !top.isOpen) {
      open.pop();
      continue;
    }
    const head = readHead(reader, lenient);
    if (head.major === 7 && head.info === 31) {
      if (!top.isOpen || top.isValue) throw reader.fault('an unexpected break');
      open.pop();
      continue;
    }
    hasFloats ||= head.major === 7 && head.info >= 25;
    if (++items > most) throw reader.fault(`more than ${most} items`);
    if (top.isMap && !top.isValue && head.major !== 0 && head.major !== 1 && head.major !== 3)
      throw reader.fault('a map key that is neither integer nor text');
    top.isValue = top.isMap && !top.isValue;
    if (!top.isOpen) top.left--;
    const inner = enter(reader, head, tags);
    if (inner !== undefined) open.push(inner);
    if (open.length > maxDepth + 1) throw reader.fault(`nested deeper than ${maxDepth}`);
  }
  reader.end();
  return { tags, hasFloats };
}

/** Steps over what the head announces; what it opens is returned. */
function enter(reader: Reader, { major, info, value }: Head, tags: Set<number>): Level | undefined {
  switch (major) {
    case 2:
      reader.skip(value);
      return undefined;
    case 3:
      checkText(reader, value);
      return undefined;
    case 4:
      return info === 31 ? level(0, false, true) : level(fitting(reader, value));
    case 5:
      return info === 31 ? level(0, true, true) : level(fitting(reader, value * 2), true);
    case 6:
      if (!Number.isSafeInteger(value)) throw reader.fault('a tag beyond 2^53');
      tags.add(value);
      return level(1);
    default:
      return undefined;
  }
}

/** Every item takes at least one byte, so no count can be larger than what is left. */
function fitting(reader: Reader, count: number): number {
  if (count > reader.left) throw reader.fault(`${count} items announced, ${reader.left} bytes left`, true);
  return count;
}

function checkText(reader: Reader, length: number): void {
  const bytes = reader.take(length);
  try {
    utf8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw reader.fault('text that is no UTF-8');
  }
}

/** One head: major type, additional information and argument (RFC 8949 §3). Numbers beyond 2^53 lose digits here; they are only compared as too large. */
function readHead(reader: Reader, lenient: boolean): Head {
  const first = reader.u8();
  const [major, info] = [first >> 5, first & 31];
  if (info < 24) {
    if (major === 7 && info < 20) throw reader.fault(`simple value ${info}`);
    return { major, info, value: info };
  }
  if (info === 31) {
    if (!lenient || !(major === 4 || major === 5 || major === 7)) throw reader.fault('an indefinite length');
    return { major, info, value: 0 };
  }
  if (info > 27) throw reader.fault(`additional information ${info}`);
  const value = info === 24 ? reader.u8() : info === 25 ? reader.u16() : info === 26 ? reader.u32() : Number(reader.u64());
  if (major === 7) {
    if (info === 24) throw reader.fault(`simple value ${value}`);
    return { major, info, value };
  }
  const least = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x10000 : 0x100000000;
  if (!lenient && value < least) throw reader.fault('a length or number that is not minimal');
  return { major, info, value };
}

/** The map, or DecodeError that names what it should have been. */
export function mapOf(value: CborValue, what: string): CborMap {
  if (value instanceof Map) return value;
  throw wrong(what, value);
}

const isList = (value: CborValue): value is readonly CborValue[] => Array.isArray(value);

export function listOf(value: CborValue, what: string): readonly CborValue[] {
  if (isList(value)) return value;
  throw wrong(what, value);
}

/** Bytes of at least `min` and at most `max` octets. */
export function bytesOf(value: CborValue, what: string, min = 0, max = maxBytes): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrong(what, value);
  if (value.length < min || value.length > max) throw new DecodeError(`Cannot read ${what}: ${value.length} bytes`);
  return value;
}

/** Text of at most `max` UTF-16 units. Untrusted. */
export function textOf(value: CborValue, what: string, max = 255): string {
  if (typeof value !== 'string') throw wrong(what, value);
  if (value.length > max) throw new DecodeError(`Cannot read ${what}: ${value.length} characters`);
  return value;
}

/** A number that may have a fraction: an integer or a float. */
export function numberOf(value: CborValue, what: string): number {
  const found = value instanceof CborFloat ? value.value : value;
  if (typeof found === 'number') return found;
  throw wrong(what, value);
}

/** An integer within ±2^53. */
export function intOf(value: CborValue, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wrong(what, value);
}

function wrong(what: string, value: CborValue): DecodeError {
  if (typeof value === 'number' || typeof value === 'boolean') return new DecodeError(`Cannot read ${what}: ${value}`);
  if (value instanceof CborFloat) return new DecodeError(`Cannot read ${what}: the float ${value.value}`);
  const kind = value instanceof Uint8Array ? 'bytes' : value instanceof CborTag ? `tag ${value.number}` : typeof value;
  return new DecodeError(`Cannot read ${what}: ${value === undefined ? 'it is missing' : kind}`);
}
