import { visibleText } from '../model/visible-text.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });

/** From so many bytes on the decoder is quicker than the characters one by one. */
const decoderFrom = 32;

/** Longest text that a fact keeps, in UTF-16 units. */
export const maxText = 255;

/** UTF-8 bytes from outside as text that is safe to store and show; wrong UTF-8 becomes U+FFFD, NULs at the end (C strings in fixed fields) are dropped. */
export const decodeText = (bytes: Uint8Array, max = maxText): string => textAt(bytes, 0, bytes.length, max);

/** The same of a field of fixed size whose text ends with the first zero: what stands behind it is nobody's. */
export function decodeField(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end)).trim();
}

/** The same of UTF-16 in little-endian order, as Windows and some controllers write it. */
export const decodeUtf16 = (bytes: Uint8Array, max = maxText): string =>
  visibleText(utf16.decode(bytes.subarray(0, max * 2)).replace(/\0+$/, ''));

/** The same of the bytes from `from` to before `to`; the caller knows that they are there. */
export function textAt(bytes: Uint8Array, from: number, to: number, max = maxText): string {
  let end = Math.min(to, from + max * 4);
  while (end > from && bytes[end - 1] === 0) end--;
  const hash = end - from > max ? -1 : hashOfPlain(bytes, from, end);
  if (hash < 0) return visibleText(utf8.decode(bytes.subarray(from, end)).slice(0, max));
  if (end - from > maxKept) return utf8.decode(bytes.subarray(from, end));
  const place = hash & (places - 1);
  const known = kept[place] ?? '';
  if (isTextOf(known, bytes, from, end)) return known;
  const said = bytes.subarray(from, end);
  const made = said.length < decoderFrom ? String(Reflect.apply(String.fromCharCode, undefined, said)) : utf8.decode(said);
  kept[place] = made;
  return made;
}

/**
 * Short texts that were made lately: labels, names and header fields are the same few again and again. By place: a new one takes the place of an older one
 * with the same hash; all characters are compared.
 */
const [places, maxKept] = [2048, 128];
const kept: string[] = Array.from({ length: places }, () => '');

function isTextOf(text: string, bytes: Uint8Array, from: number, end: number): boolean {
  if (text.length !== end - from) return false;
  for (let i = from; i < end; i++) if (text.charCodeAt(i - from) !== bytes[i]) return false;
  return true;
}

/** Text that may have several lines, as one line: what ends or indents a line becomes a space. */
export function decodeLine(bytes: Uint8Array, max = maxText): string {
  const line = bytes.slice(0, max * 4);
  for (let i = 0; i < line.length; i++) if (line[i] === 0x0a || line[i] === 0x0d || line[i] === 0x09) line[i] = 0x20;
  return decodeText(line, max).replace(/ {2,}/g, ' ').trim();
}

/** Of printable ASCII, in which nothing can hide or reorder text, as most is: its hash (FNV-1a); else -1. */
function hashOfPlain(bytes: Uint8Array, from: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = from; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return -1;
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return (value ^ (value >>> 15)) & 0x7fffffff;
}
