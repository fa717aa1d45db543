import { fromBase64Url } from './bytes.ts';
import { bytesOf, type CborValue, intOf, listOf, textOf } from './cbor.ts';
import { DecodeError } from './reader.ts';

/** How a token is encoded, which says how its byte strings and its enumerations are written (RFC 9711 §4). */
export type EatForm = 'cbor' | 'json';

/** Octets: in JSON as base64url without padding. */
export const octets = (value: CborValue, form: EatForm, what: string, min: number, max: number): Uint8Array =>
  bytesOf(form === 'cbor' ? value : fromBase64Url(textOf(value, what, 131_072)), what, min, max);

/** The same where RFC 9711 counts the characters of JSON so that padding has room: `eat_nonce` and the 16 octets of `oemid` (§4.1, §4.2.3.1). */
export const paddedOctets = (value: CborValue, form: EatForm, what: string, min: number, max: number): Uint8Array =>
  octets(typeof value === 'string' ? value.replace(/={1,2}$/, '') : value, form, what, min, max);

export function uintOf(value: CborValue, what: string): number {
  const found = intOf(value, what);
  if (found < 0) throw new DecodeError(`Cannot read ${what}: ${found}`);
  return found;
}

/** One of these words, which CBOR writes as numbers from `first` on. */
export function wordOf<T extends string>(value: CborValue, form: EatForm, what: string, words: readonly T[], first: number): T {
  const found = form === 'cbor' ? words[intOf(value, what) - first] : words.find(word => word === value);
  if (found === undefined) throw new DecodeError(`Cannot read ${what}: no word of it`);
  return found;
}

export function booleanOf(value: CborValue, what: string): boolean {
  if (typeof value !== 'boolean') throw new DecodeError(`Cannot read ${what}: neither true nor false`);
  return value;
}

/** A list of `min` to `max` members. */
export function fewOf(value: CborValue, what: string, min: number, max: number): readonly CborValue[] {
  const list = listOf(value, what);
  if (list.length < min || list.length > max) throw new DecodeError(`Cannot read ${what}: ${list.length} of them`);
  return list;
}

/** [version, ? scheme] (RFC 9711 §4.2.5, §4.2.7): the version. */
export function versionOf(value: CborValue, what: string): string {
  const [version, scheme] = fewOf(value, what, 1, 2);
  if (scheme !== undefined && typeof scheme !== 'string') intOf(scheme, `${what} scheme`);
  return textOf(version, what);
}
