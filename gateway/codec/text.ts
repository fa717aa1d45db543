import { visibleText } from '../model/visible-text.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Longest text that a fact keeps, in UTF-16 units. */
export const maxText = 255;

/** UTF-8 bytes from outside as text that is safe to store and show; wrong UTF-8 becomes U+FFFD, NULs at the end (C strings in fixed fields) are dropped. */
export function decodeText(bytes: Uint8Array, max = maxText): string {
  let end = Math.min(bytes.length, max * 4);
  while (end > 0 && bytes[end - 1] === 0) end--;
  const ascii = end <= max ? printableAscii(bytes, end) : undefined;
  return ascii ?? visibleText(utf8.decode(bytes.subarray(0, end)).slice(0, max));
}

/** Text that may have several lines, as one line: what ends or indents a line becomes a space. */
export function decodeLine(bytes: Uint8Array, max = maxText): string {
  const line = bytes.slice(0, max * 4).map(byte => (byte === 0x0a || byte === 0x0d || byte === 0x09 ? 0x20 : byte));
  return decodeText(line, max).replace(/ {2,}/g, ' ').trim();
}

/** The short way, which most text takes: undefined when a byte is not a printable ASCII character. */
function printableAscii(bytes: Uint8Array, end: number): string | undefined {
  let text = '';
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
