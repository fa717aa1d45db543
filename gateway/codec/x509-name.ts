import { DecodeError, Reader } from './reader.ts';
import { type DerReader, type Element, inside, openWhole, tags, utf8 } from './der.ts';
import { Met } from './met.ts';

/** One attribute of a distinguished name. `value` is the exact text: equal texts of one type are equal bytes of one string type, `tag`. */
export type Attribute = { readonly type: string; readonly tag: number; readonly value: string };

/** A distinguished name (RFC 5280 §4.1.2.4). `x509-name-match.ts` compares two; `text` is safe to show and nothing else. `rdns` are `attributes` by RDN. */
export type Name = {
  readonly der: Uint8Array;
  readonly rdns: readonly (readonly Attribute[])[];
  readonly attributes: readonly Attribute[];
  readonly text: string;
};

/** A name as it was read. Its text is made for who asks: few names are shown. */
class NameRead implements Name {
  readonly der: Uint8Array;
  readonly rdns: readonly (readonly Attribute[])[];
  readonly attributes: readonly Attribute[];
  #text: string | undefined;

  constructor(der: Uint8Array, rdns: readonly (readonly Attribute[])[]) {
    this.der = der;
    this.rdns = rdns;
    this.attributes = rdns.flat();
  }

  get text(): string {
    return (this.#text ??= this.attributes
      .map(a => `${attributeNames[a.type] ?? a.type}=${printable(a.value)}`)
      .join(', ')
      .slice(0, maxText));
  }
}

/** Attribute types that people know (RFC 4519, RFC 5280 appendix A). */
const attributeNames: { readonly [oid: string]: string } = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.46': 'dnQualifier',
  '0.9.2342.19200300.100.1.25': 'DC',
};
export const attributeTypes = { serialNumber: '2.5.4.5', organization: '2.5.4.10', emailAddress: '1.2.840.113549.1.9.1' } as const;

const maxAttributes = 32;
/** Longest text of a whole name, UTF-16 units. */
const maxText = 1024;

/** The vendor's name stands in each certificate of its devices, a device's in two of them. */
const names = new Met<Name>(128, 512);

/** Reads one RDNSequence; the same bytes may give the same object. Throws DecodeError. */
export const name = (reader: DerReader, what: string): Name =>
  reader.take(tags.sequence, what).met(names, der => new NameRead(der, rdnsOf(openWhole(der, tags.sequence, what), what)));

function rdnsOf(list: DerReader, what: string): readonly (readonly Attribute[])[] {
  const rdns: (readonly Attribute[])[] = [];
  let count = 0;
  while (!list.done) {
    const rdn = relativeName(list.take(tags.set, what, 'RDN'), what);
    rdns.push(rdn);
    count += rdn.length;
    if (count > maxAttributes) throw new DecodeError(`Cannot read ${what}: more than ${maxAttributes} attributes`);
  }
  return rdns;
}

/** The attributes of one RelativeDistinguishedName: its SET, or the same under an implicit tag (nameRelativeToCRLIssuer). */
export function relativeName(element: Element, what: string): readonly Attribute[] {
  const rdn = inside(element);
  const attributes: Attribute[] = [];
  if (rdn.done) throw new DecodeError(`Cannot read ${what}: empty RDN`);
  while (!rdn.done) {
    const pair = inside(rdn.take(tags.sequence, what, 'attribute'));
    const type = pair.take(tags.oid, what, 'attribute type').oid();
    const value = pair.next();
    attributes.push({ type, tag: value.tag, value: stringValue(value, what) });
    pair.end(what, 'attribute');
    if (attributes.length > maxAttributes) throw new DecodeError(`Cannot read ${what}: more than ${maxAttributes} attributes`);
  }
  return attributes;
}

/** Most texts: nothing in them needs an escape, and that is quickly seen. */
const plain = /^[\x20-\x7e]*$/;
/** Text from outside as people may see it: control, format and unassigned characters as escapes, at most 255 characters. Not for comparing. */
export function printable(text: string): string {
  const short = text.slice(0, 255);
  return plain.test(short) ? short : short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, c => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** Value of the first attribute of this type. */
export const attribute = (of: Name, type: string): string | undefined => of.attributes.find(a => a.type === type)?.value;

/** DirectoryString and its kin. An unknown type is shown as its octets, so that it stays injective. */
function stringValue(element: Element, what: string): string {
  switch (element.tag) {
    case tags.utf8String:
      return utf8(element.content, what);
    case tags.printableString:
    case tags.ia5String:
    case tags.teletexString:
    case tags.visibleString:
    case tags.numericString:
      return element.latin1();
    case tags.bmpString:
      if (element.content.length % 2 !== 0) throw new DecodeError(`Cannot read ${what}: BMPString of odd length`);
      return Array.from({ length: element.content.length / 2 }, (_, i) =>
        String.fromCharCode(((element.content[2 * i] ?? 0) << 8) | (element.content[2 * i + 1] ?? 0)),
      ).join('');
    case tags.universalString:
      return utf32(element.content, what);
    default:
      return `#${element.tag}:${element.latin1()}`;
  }
}

/** UniversalString (X.690 §8.23.7): four octets a character. */
function utf32(content: Uint8Array, what: string): string {
  const r = new Reader(content, 'UniversalString');
  let out = '';
  while (r.left > 0) {
    const point = r.u32();
    if (point > 0x10_ffff || (point >= 0xd800 && point < 0xe000)) throw new DecodeError(`Cannot read ${what}: no character ${point}`);
    out += String.fromCodePoint(point);
  }
  return out;
}
