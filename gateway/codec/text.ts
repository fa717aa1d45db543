import { visibleText } from '../model/visible-text.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** From so many bytes on the decoder is quicker than the characters one by one. */
const decoderFrom = 32;

/** Longest text that a fact keeps, in UTF-16 units. */
export const maxText = 255;

/** UTF-8 bytes from outside as text that is safe to store and show; wrong UTF-8 becomes U+FFFD, NULs at the end (C strings in fixed fields) are dropped. */
export function decodeText(bytes: Uint8Array, max = maxText): string {
  let end = Math.min(bytes.length, max * 4);
  while (end > 0 && bytes[end - 1] === 0) end--;
  const said = end === bytes.length ? bytes : bytes.subarray(0, end);
  if (end > max || !isPrintableAscii(said)) return visibleText(utf8.decode(said).slice(0, max));
  return end < decoderFrom ? String(Reflect.apply(String.fromCharCode, undefined, said)) : utf8.decode(said);
}

/** Text that may have several lines, as one line: what ends or indents a line becomes a space. */
export function decodeLine(bytes: Uint8Array, max = maxText): string {
  const line = bytes.slice(0, max * 4).map(byte => (byte === 0x0a || byte === 0x0d || byte === 0x09 ? 0x20 : byte));
  return decodeText(line, max).replace(/ {2,}/g, ' ').trim();
}

/** Nothing in it can hide or reorder text: then one step makes the text, as most is. */
function isPrintableAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}
