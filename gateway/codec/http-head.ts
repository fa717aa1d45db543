import { DecodeError } from './reader.ts';
import { textAt } from './text.ts';

/** Caps: bytes of a head, header fields kept, UTF-16 units of a field's value, bytes of a field's name. */
const [maxHead, maxFields, maxValue, maxName] = [16_384, 64, 512, 64];
/** Empty lines before the first one. */
const maxEmpty = 4;
const [tab, lineFeed, carriageReturn, space, colon] = [9, 10, 13, 32, 58];

/**
 * Start line and header fields as HTTP, SSDP, RTSP and SIP write them. RFC 9112 §§2–5, RFC 2326 §§4, 6, 7, RFC 3261 §7. All text is untrusted and
 * safe to show.
 */
export type HttpHead = {
  readonly start:
    | { readonly kind: 'request'; readonly method: string; readonly target: string; readonly version: string }
    | { readonly kind: 'response'; readonly version: string; readonly status: number; readonly reason: string };
  /** By lower-case name; the first of each name counts. */
  readonly headers: ReadonlyMap<string, string>;
  /** Names in the order and case sent, each field one. */
  readonly names: readonly string[];
  /** The empty line was seen; else the head goes on behind these bytes. */
  readonly isComplete: boolean;
  /** Where the body begins, set iff complete; else the number of bytes. */
  readonly bodyAt: number;
};

/**
 * Reads a head. Throws DecodeError when the first line is none of a request or response, undefined while that line has not ended.
 * `isWhole`: the bytes are a whole datagram, so their end ends the last line and the head; else a line without its end is left out.
 * Lines may end in LF alone (RFC 9112 §2.2) and folded ones are joined (§5.2). A line that is no field is passed over, since small devices send such.
 */
export function decodeHttpHead(bytes: Uint8Array, isWhole: true): HttpHead;
export function decodeHttpHead(bytes: Uint8Array, isWhole?: boolean): HttpHead | undefined;
export function decodeHttpHead(bytes: Uint8Array, isWhole = false): HttpHead | undefined {
  const lines = new Lines(bytes, Math.min(bytes.length, maxHead), isWhole);
  // Empty lines before the first one are passed over, as receivers do: RFC 9112 §2.2, RFC 3261 §7.5.
  let isStarted = lines.next();
  for (let empty = 0; isStarted && lines.from === lines.to && empty < maxEmpty; empty++) isStarted = lines.next();
  if (!isStarted) {
    if (isWhole || bytes.length >= maxHead) throw new DecodeError('Cannot read HTTP head: no first line');
    return undefined;
  }
  const start = startOf(textAt(bytes, lines.from, lines.to, maxHead));
  const headers = new Map<string, string>();
  const names: string[] = [];
  let last: string | undefined;
  while (lines.next()) {
    const { from, to } = lines;
    if (from === to) return { start, headers, names, isComplete: true, bodyAt: lines.at };
    const isFolded = bytes[from] === space || bytes[from] === tab;
    const at = isFolded ? -1 : colonAt(bytes, from, to);
    if (isFolded && last !== undefined)
      headers.set(last, `${headers.get(last) ?? ''} ${textAt(bytes, from, to, maxValue).trim()}`.slice(0, maxValue));
    last = undefined;
    if (at <= from || names.length === maxFields) continue;
    const name = textAt(bytes, from, at).trimEnd();
    names.push(name);
    const key = name.toLowerCase();
    if (headers.has(key)) continue;
    headers.set(key, textAt(bytes, at + 1, to, maxValue).trim());
    last = key;
  }
  return { start, headers, names, isComplete: isWhole, bodyAt: bytes.length };
}

/** Where the name of a field ends; -1 when it has no end or is too long for a name. */
function colonAt(bytes: Uint8Array, from: number, to: number): number {
  const end = Math.min(to, from + maxName + 1);
  for (let at = from; at < end; at++) if (bytes[at] === colon) return at;
  return -1;
}

/** `METHOD target VERSION/1.1`, or `VERSION/1.1 200 reason` (the reason may be missing). */
function startOf(line: string): HttpHead['start'] {
  const [a, b] = [line.indexOf(' '), line.lastIndexOf(' ')];
  const [first, last] = [line.slice(0, a), line.slice(b + 1)];
  if (isVersion(first)) {
    const status = line.slice(a + 1, a + 4);
    if (/^\d{3}$/.test(status) && (line.length === a + 4 || line[a + 4] === ' '))
      return { kind: 'response', version: first, status: Number(status), reason: line.slice(a + 5).slice(0, 255) };
  }
  if (a > 0 && a < b && /^[A-Za-z_-]{1,32}$/.test(first) && isVersion(last))
    return {
      kind: 'request',
      method: first,
      target: line
        .slice(a + 1, b)
        .trim()
        .slice(0, 1024),
      version: last,
    };
  throw new DecodeError(`Cannot read HTTP head: first line ${JSON.stringify(line.slice(0, 40))}`);
}

const isVersion = (text: string): boolean => text.length <= 16 && /^[A-Z]{2,10}\/\d\.\d$/.test(text);

/** The lines of a head, without their ends: from `from` to before `to`. */
class Lines {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #isWhole: boolean;
  from = 0;
  to = 0;
  /** Where the next line begins. */
  at = 0;

  constructor(bytes: Uint8Array, end: number, isWhole: boolean) {
    this.#bytes = bytes;
    this.#end = end;
    this.#isWhole = isWhole;
  }

  /** False when no line is left that has ended. */
  next(): boolean {
    const from = this.at;
    let end = from;
    while (end < this.#end && this.#bytes[end] !== lineFeed) end++;
    const hasEnd = end < this.#end;
    if (!hasEnd && (!this.#isWhole || from === end)) return false;
    this.at = hasEnd ? end + 1 : end;
    this.from = from;
    this.to = end > from && this.#bytes[end - 1] === carriageReturn ? end - 1 : end;
    return true;
  }
}
