import { DecodeError, Reader } from './reader.ts';

/**
 * ASN.1 Distinguished Encoding Rules (X.690 §§8, 10, 11), read strictly: definite minimal lengths, no high tag numbers, minimal
 * INTEGER and OBJECT IDENTIFIER, depth and size caps. Everything throws DecodeError and nothing else.
 */

/** Identifier octets of the universal types we meet. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Longest element we read, bytes, unless the caller says otherwise: the cap of a whole chain. */
const maxLength = 65_536;
/** Deepest nesting: certificates need about ten. */
const maxDepth = 24;

/** One element. Views into the bytes that were given. */
export class Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly depth: number;
  readonly #within: Uint8Array;
  readonly #start: number;

  constructor(tag: number, content: Uint8Array, depth: number, within: Uint8Array, start: number) {
    this.tag = tag;
    this.content = content;
    this.depth = depth;
    this.#within = within;
    this.#start = start;
  }

  /** With identifier and length octets. Few are asked for it, and a view costs as much as reading one. */
  get whole(): Uint8Array {
    return this.#within.subarray(this.#start, this.content.byteOffset - this.#within.byteOffset + this.content.length);
  }
}

/** Walks the elements of one constructed value. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #reader: Reader;
  readonly #depth: number;
  readonly #longest: number;

  /** `longest` is the cap of one element here, bytes; what is opened inside has the usual one. */
  constructor(bytes: Uint8Array, depth = 0, longest = maxLength) {
    if (depth > maxDepth) throw new DecodeError(`Cannot read DER: nested deeper than ${maxDepth}`);
    this.#bytes = bytes;
    this.#reader = new Reader(bytes, 'DER');
    this.#depth = depth;
    this.#longest = longest;
  }

  get done(): boolean {
    return this.#reader.left === 0;
  }

  /** Identifier octet of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#reader.at];
  }

  /** The next element, whatever its tag. */
  next(): Element {
    const start = this.#reader.at;
    const tag = this.#reader.u8();
    if ((tag & 0x1f) === 0x1f) throw this.#reader.fault('high tag number');
    const content = this.#reader.take(this.#length());
    return new Element(tag, content, this.#depth, this.#bytes, start);
  }

  /** The next element, which must have this tag. */
  take(tag: number, what: string): Element {
    const seen = this.peek();
    if (seen !== tag) throw new DecodeError(`Cannot read ${what}: tag ${seen === undefined ? 'none' : `0x${seen.toString(16)}`}`);
    return this.next();
  }

  /** The next element if it has this tag. */
  maybe(tag: number): Element | undefined {
    return this.peek() === tag ? this.next() : undefined;
  }

  /** The inside of the next element, which must have this tag. */
  open(tag: number, what: string): DerReader {
    return inside(this.take(tag, what));
  }

  end(what: string): void {
    if (!this.done) throw new DecodeError(`Cannot read ${what}: ${this.#reader.left} bytes left over`);
  }

  /** X.690 §10.1: definite form, fewest octets. */
  #length(): number {
    const first = this.#reader.u8();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw this.#reader.fault(`length octet 0x${first.toString(16)}`);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#reader.u8();
    if (length < 0x80 || length < 256 ** (count - 1)) throw this.#reader.fault('a length that is not minimal');
    if (length > this.#longest) throw this.#reader.fault(`an element of ${length} bytes`);
    return length;
  }
}

/** The elements inside a constructed element. */
export const inside = (element: Element): DerReader => new DerReader(element.content, element.depth + 1);

/** Exactly one element with this tag and nothing after it, opened. */
export function openWhole(bytes: Uint8Array, tag: number, what: string): DerReader {
  const outer = new DerReader(bytes);
  const element = outer.take(tag, what);
  outer.end(what);
  return inside(element);
}

/** INTEGER or ENUMERATED content (X.690 §8.3): two's complement, minimal. `maxBytes` caps the work. */
export function integer(content: Uint8Array, what: string, maxBytes = 64): bigint {
  const [first, second] = content;
  if (first === undefined || content.length > maxBytes) throw new DecodeError(`Cannot read ${what}: INTEGER of ${content.length} bytes`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DecodeError(`Cannot read ${what}: INTEGER is not minimal`);
  let value = first >= 0x80 ? -1n : 0n;
  for (const byte of content) value = (value << 8n) | BigInt(byte);
  return value;
}

/** A small non-negative INTEGER as a number, at most 2^31 - 1. */
export function smallInteger(content: Uint8Array, what: string): number {
  const value = integer(content, what, 5);
  if (value < 0n || value > 0x7fff_ffffn) throw new DecodeError(`Cannot read ${what}: ${value}`);
  return Number(value);
}

/** OBJECT IDENTIFIER content (X.690 §8.19) as dotted text. */
export function objectIdentifier(content: Uint8Array): string {
  if (content.length === 0 || content.length > 64) throw new DecodeError(`Cannot read OBJECT IDENTIFIER: ${content.length} bytes`);
  let text = '';
  // Most arcs are small; the few that are not need more than a double has.
  let arc = 0;
  let long: bigint | undefined;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw new DecodeError('Cannot read OBJECT IDENTIFIER: arc is not minimal');
    if (long === undefined && arc >= 2 ** 40) long = BigInt(arc);
    if (long === undefined) arc = arc * 128 + (byte & 0x7f);
    else long = (long << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (text !== '') text += `.${long ?? arc}`;
    else if (long !== undefined) text = `2.${long - 80n}`;
    else text = arc < 80 ? `${Math.floor(arc / 40)}.${arc % 40}` : `2.${arc - 80}`;
    arc = 0;
    long = undefined;
  }
  if (!fresh) throw new DecodeError('Cannot read OBJECT IDENTIFIER: last arc is cut off');
  return text;
}

/** BOOLEAN content (X.690 §11.1): 0xFF or 0x00. */
export function boolean(content: Uint8Array, what: string): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DecodeError(`Cannot read ${what}: BOOLEAN is not DER`);
  return content[0] === 0xff;
}

/** BIT STRING content (X.690 §§8.6, 11.2.1): the count of bits and their octets; unused bits must be zero. */
export function bitString(content: Uint8Array, what: string): { readonly bits: number; readonly octets: Uint8Array } {
  const unused = content[0];
  const octets = content.subarray(1);
  const last = octets[octets.length - 1];
  if (unused === undefined || unused > 7 || (last === undefined && unused !== 0))
    throw new DecodeError(`Cannot read ${what}: BIT STRING header`);
  if (last !== undefined && (last & ((1 << unused) - 1)) !== 0) throw new DecodeError(`Cannot read ${what}: unused bits are not zero`);
  return { bits: octets.length * 8 - unused, octets };
}

/** True iff this bit is set; bit 0 is the most significant bit of the first octet. */
export const hasBit = (bits: { readonly octets: Uint8Array }, bit: number): boolean =>
  ((bits.octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF8String content. Bytes that are no UTF-8 throw, so that two texts are equal iff their bytes are. */
export function utf8(content: Uint8Array, what: string): string {
  try {
    return strictUtf8.decode(content);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DecodeError(`Cannot read ${what}: no UTF-8`);
  }
}

/** One octet, one character: PrintableString, IA5String and TeletexString as they are found. Injective. */
export const latin1 = (content: Uint8Array): string => {
  let out = '';
  for (const byte of content) out += String.fromCharCode(byte);
  return out;
};
