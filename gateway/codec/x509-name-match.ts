import { tags } from './der.ts';
import { sameBytes } from './bytes.ts';
import type { Attribute, Name } from './x509-name.ts';

/** Comparing of distinguished names (RFC 5280 §7.1): string types, case and white space make no difference; other values are equal by their octets. */

/** All that a DirectoryString may be, and its kin: else a name would leave an excluded subtree by another type of string. */
const strings: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.printableString,
  tags.ia5String,
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
  tags.visibleString,
  tags.numericString,
]);
/** Longest text that is folded, UTF-16 units: X.520 allows 64 for most attributes. Longer ones are equal only as they stand. */
const maxFolded = 1024;

/** What RFC 4518 §2.2 maps to nothing: format characters, joiners, variation selectors, controls that are no white space. */
const nothing = /\p{Cf}|\p{Variation_Selector}|\u034f|\u1806|\ufffc|(?![\s\u0085])\p{Cc}/gu;
const space = /[\s\u0085]+/gu;

/** A text as it is compared (RFC 4518 §2): folded, white space made one and trimmed. */
function folded(value: string): string {
  const spaced = value.replace(nothing, '').replace(space, ' ').trim();
  if (spaced.length > maxFolded) return spaced;
  return /^[\x20-\x7e]*$/.test(spaced)
    ? spaced.toLowerCase()
    : caseless(caseless(spaced.normalize('NFKC')).normalize('NFKC'))
        .replace(space, ' ')
        .trim();
}

/** Each letter by itself, as RFC 3454 §B.2 folds it: ß is ss, and sigma the same wherever it stands. A dotless i stays one. */
const caseless = (text: string): string => Array.from(text, c => (c === '\u0131' ? c : c.toUpperCase().toLowerCase())).join('');

const attributeKey = ({ type, tag, value }: Attribute): string =>
  strings.has(tag) ? `${type}=${folded(value)}` : `${type}#${tag}=${value}`;

/** One RDN, in a form that is equal iff the RDNs match. It is a set: the order of its attributes does not count. */
export const rdnKey = (rdn: readonly Attribute[]): string => JSON.stringify(rdn.map(attributeKey).toSorted());

/** Names that were folded, for as long as they live: one is compared with many. */
const keysOfNames = new WeakMap<Name, readonly string[]>();

/** The RDNs of a name, outermost first, each as `rdnKey`. */
export function rdnKeys(name: Name): readonly string[] {
  const known = keysOfNames.get(name);
  if (known !== undefined) return known;
  const keys = name.rdns.map(rdnKey);
  keysOfNames.set(name, keys);
  return keys;
}

/** A name in a form that is equal iff the names match. */
export const nameKey = (name: Name): string => rdnKeys(name).join('/');

/** Whether two names match. The same bytes always do, and most names that match are the same bytes; most that do not differ in a type or a plain text. */
export const sameName = (a: Name, b: Name): boolean =>
  sameBytes(a.der, b.der) || (a.rdns.length === b.rdns.length && a.rdns.every((rdn, i) => sameRdn(rdn, b.rdns[i] ?? [])));

function sameRdn(a: readonly Attribute[], b: readonly Attribute[]): boolean {
  if (a.length !== b.length) return false;
  const [one, other] = [a[0], b[0]];
  // Nearly every RDN has one attribute.
  if (a.length > 1 || one === undefined || other === undefined) return rdnKey(a) === rdnKey(b);
  if (one.type !== other.type) return false;
  return (one.tag === other.tag && one.value === other.value) || attributeKey(one) === attributeKey(other);
}
