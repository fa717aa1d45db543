import { Met } from './met.ts';
import { DecodeError } from './reader.ts';

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

/** One element, where it stands. The views of it are made for who asks: most elements are only walked into. */
export class Element {
  readonly tag: number;
  readonly depth: number;
  readonly #within: Uint8Array;
  readonly #start: number;
  readonly #from: number;
  readonly #end: number;

  /** The element from `start` to `end` of `within`, its content from `from` on. */
  constructor(tag: number, depth: number, within: Uint8Array, start: number, from: number, end: number) {
    this.tag = tag;
    this.depth = depth;
    this.#within = within;
    this.#start = start;
    this.#from = from;
    this.#end = end;
  }

  /** Content octets: a view into the bytes that were given. */
  get content(): Uint8Array {
    return this.#within.subarray(this.#from, this.#end);
  }

  /** With identifier and length octets. */
  get whole(): Uint8Array {
    return this.#within.subarray(this.#start, this.#end);
  }

  /** The elements inside a constructed element. `longest` is the cap of one of them, bytes. */
  inside(longest = maxLength): DerReader {
    return new DerReader(this.#within, this.depth + 1, longest, this.#from, this.#end);
  }

  /** Its content as that of an OBJECT IDENTIFIER (X.690 §8.19), as dotted text. */
  oid(): string {
    return oidAt(this.#within, this.#from, this.#end);
  }

  /** What was read of such an element, as a whole, before. */
  met<T>(before: Met<T>, read: (whole: Uint8Array) => T): T {
    return before.at(this.#within, this.#start, this.#end, read);
  }

  /** Its octets as text, one character each. */
  latin1(): string {
    return latin1At(this.#within, this.#from, this.#end);
  }
}

/** Walks the elements of one constructed value. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  readonly #longest: number;
  readonly #from: number;
  readonly #end: number;
  #at: number;

  /** `longest` is the cap of one element here, bytes; what is opened inside has the usual one. */
  constructor(bytes: Uint8Array, depth = 0, longest = maxLength, from = 0, end = bytes.length) {
    if (depth > maxDepth) throw new DecodeError(`Cannot read DER: nested deeper than ${maxDepth}`);
    this.#bytes = bytes;
    this.#depth = depth;
    this.#longest = longest;
    this.#from = from;
    this.#end = end;
    this.#at = from;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  /** Identifier octet of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  /** The next element, whatever its tag. */
  next(): Element {
    const start = this.#at;
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw this.#fault('high tag number');
    const length = this.#length();
    const from = this.#at;
    if (length > this.#end - from) throw this.#short(length);
    this.#at = from + length;
    return new Element(tag, this.#depth, this.#bytes, start, from, from + length);
  }

  /** The next element, which must have this tag. `what` and `which` name it in errors. */
  take(tag: number, what: string, which = ''): Element {
    const seen = this.peek();
    if (seen === tag) return this.next();
    throw new DecodeError(`Cannot read ${named(what, which)}: tag ${seen === undefined ? 'none' : `0x${seen.toString(16)}`}`);
  }

  /** The next element if it has this tag. */
  maybe(tag: number): Element | undefined {
    return this.peek() === tag ? this.next() : undefined;
  }

  /** The inside of the next element, which must have this tag. */
  open(tag: number, what: string): DerReader {
    return this.take(tag, what).inside();
  }

  /** The next element, which must be an OBJECT IDENTIFIER, as dotted text. */
  oid(what: string): string {
    return this.take(tags.oid, what).oid();
  }

  end(what: string, which = ''): void {
    if (!this.done) throw new DecodeError(`Cannot read ${named(what, which)}: ${this.#end - this.#at} bytes left over`);
  }

  /** X.690 §10.1: definite form, fewest octets. */
  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw this.#fault(`length octet 0x${first.toString(16)}`);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet();
    if (length < 0x80 || length < 256 ** (count - 1)) throw this.#fault('a length that is not minimal');
    if (length > this.#longest) throw this.#fault(`an element of ${length} bytes`);
    return length;
  }

  #octet(): number {
    const octet = this.peek();
    if (octet === undefined) throw this.#short(1);
    this.#at += 1;
    return octet;
  }

  #short(wanted: number): DecodeError {
    return this.#fault(`${wanted} bytes wanted, ${this.#end - this.#at} left`, true);
  }

  #fault(found: string, isShort = false): DecodeError {
    return new DecodeError(`Cannot read DER: ${found} at byte ${this.#at - this.#from}`, isShort);
  }
}

const named = (what: string, which: string): string => (which === '' ? what : `${what} ${which}`);

/** The elements inside a constructed element. */
export const inside = (element: Element): DerReader => element.inside();

/** Exactly one element with this tag and nothing after it, opened. */
export function openWhole(bytes: Uint8Array, tag: number, what: string): DerReader {
  const outer = new DerReader(bytes);
  const element = outer.take(tag, what);
  outer.end(what);
  return element.inside();
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

/** A few dozen stand in nearly every certificate. */
const identifiers = new Met<string>(256, 32);

function oidAt(bytes: Uint8Array, from: number, end: number): string {
  if (end === from || end - from > 64) throw new DecodeError(`Cannot read OBJECT IDENTIFIER: ${end - from} bytes`);
  return identifiers.at(bytes, from, end, dotted);
}

function dotted(content: Uint8Array): string {
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
  if (content.length < maxShort && content.every(byte => byte < 0x80)) return latin1(content);
  try {
    return strictUtf8.decode(content);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DecodeError(`Cannot read ${what}: no UTF-8`);
  }
}
/** Of texts shorter than this, octets, asking the decoder costs more than reading them. */
const maxShort = 32;

/** One octet, one character: PrintableString, IA5String and TeletexString as they are found. Injective. */
export const latin1 = (content: Uint8Array): string => latin1At(content, 0, content.length);

function latin1At(bytes: Uint8Array, from: number, end: number): string {
  let out = '';
  for (let i = from; i < end; i++) out += String.fromCharCode(bytes[i] ?? 0);
  return out;
}
