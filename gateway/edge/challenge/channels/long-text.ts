import { concat } from '../../../codec/bytes.ts';
import { DecodeError } from '../../../codec/reader.ts';

/**
 * Takes the text of one member out of a JSON message, as UTF-8: a list of files of 20 MB as text of JavaScript, twice, is more than this process may hold.
 * `rest` is the message with `null` in its place. `value` is in the memory of `json`, which is no message any more. Where the member stands several times the
 * first text is taken; JSON that is none stays none. Throws DecodeError.
 */
export function liftText(json: Uint8Array, member: string): { readonly rest: Uint8Array; readonly value?: Uint8Array } {
  const name = new TextEncoder().encode(member);
  for (let open = json.indexOf(quote); open >= 0; ) {
    const close = endOfText(json, open);
    const next = json.indexOf(quote, close + 1);
    const isIt = close - open - 1 === name.length && name.every((byte, i) => json[open + 1 + i] === byte);
    if (isIt && next >= 0 && isColon(json, close + 1, next)) {
      const end = endOfText(json, next);
      const rest = concat(json.subarray(0, next), new TextEncoder().encode('null'), json.subarray(end + 1));
      return { rest, value: unescaped(json.subarray(next + 1, end)) };
    }
    open = next;
  }
  return { rest: json };
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const fault = (): DecodeError => new DecodeError('Cannot read JSON: a text in it is broken');

/** Where the text that begins here ends: at the first quote without an odd number of backslashes before it. */
function endOfText(json: Uint8Array, open: number): number {
  for (let at = json.indexOf(quote, open + 1); at >= 0; at = json.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return at;
  }
  throw fault();
}

/** True iff between the two there is one colon, and white space. */
function isColon(json: Uint8Array, from: number, to: number): boolean {
  let colons = 0;
  for (let at = from; at < to; at++) {
    if (json[at] === colon) colons++;
    else if (json[at] !== 0x20 && json[at] !== 0x0a && json[at] !== 0x0d && json[at] !== 0x09) return false;
  }
  return colons === 1;
}

const short: ReadonlyMap<number, number> = new Map(
  ['"', '\\', '/', 'b', 'f', 'n', 'r', 't'].map((sign, i) => [sign.charCodeAt(0), [0x22, 0x5c, 0x2f, 8, 12, 10, 13, 9][i] ?? 0]),
);

/** In its own memory: what an escape stands for is never longer than the escape. */
function unescaped(text: Uint8Array): Uint8Array {
  let to = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte < 0x20) throw fault();
    if (byte !== backslash) {
      text[to++] = byte;
      continue;
    }
    const escape = text[++at] ?? 0;
    const one = short.get(escape);
    if (one !== undefined) {
      text[to++] = one;
      continue;
    }
    if (escape !== 0x75) throw fault();
    const [high, low] = [unit(text, at + 1), text[at + 5] === backslash && text[at + 6] === 0x75 ? unit(text, at + 7) : 0];
    const isPair = high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
    at += isPair ? 10 : 4;
    // Half a pair alone becomes U+FFFD, as everywhere in UTF-8.
    const utf8 = new TextEncoder().encode(isPair ? String.fromCharCode(high, low) : String.fromCharCode(high));
    text.set(utf8, to);
    to += utf8.length;
  }
  return text.subarray(0, to);
}

function unit(text: Uint8Array, at: number): number {
  const digits = String.fromCharCode(...text.subarray(at, at + 4));
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw fault();
  return Number.parseInt(digits, 16);
}
