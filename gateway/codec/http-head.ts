import { DecodeError } from './reader.ts';
import { decodeText } from './text.ts';

/** Caps: bytes of a head, header fields kept, UTF-16 units of a field's value, bytes of a field's name. */
const [maxHead, maxFields, maxValue, maxName] = [16_384, 64, 512, 64];
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
  const lines = new Lines(bytes.subarray(0, maxHead), isWhole);
  const first = lines.next();
  if (first === undefined) {
    if (isWhole || bytes.length >= maxHead) throw new DecodeError('Cannot read HTTP head: no first line');
    return undefined;
  }
  const start = startOf(decodeText(first, maxHead));
  const headers = new Map<string, string>();
  const names: string[] = [];
  let last: string | undefined;
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    if (line.length === 0) return { start, headers, names, isComplete: true, bodyAt: lines.at };
    const isFolded = line[0] === space || line[0] === tab;
    const at = isFolded ? -1 : line.indexOf(colon);
    if (isFolded && last !== undefined)
      headers.set(last, `${headers.get(last) ?? ''} ${decodeText(line, maxValue).trim()}`.slice(0, maxValue));
    last = undefined;
    if (at < 1 || at > maxName || names.length === maxFields) continue;
    const name = decodeText(line.subarray(0, at)).trimEnd();
    names.push(name);
    const key = name.toLowerCase();
    if (headers.has(key)) continue;
    headers.set(key, decodeText(line.subarray(at + 1), maxValue).trim());
    last = key;
  }
  return { start, headers, names, isComplete: isWhole, bodyAt: bytes.length };
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

/** The lines of a head, without their ends. */
class Lines {
  readonly #bytes: Uint8Array;
  readonly #isWhole: boolean;
  at = 0;

  constructor(bytes: Uint8Array, isWhole: boolean) {
    this.#bytes = bytes;
    this.#isWhole = isWhole;
  }

  /** Undefined when no line is left that has ended. */
  next(): Uint8Array | undefined {
    const from = this.at;
    const found = this.#bytes.indexOf(lineFeed, from);
    if (found < 0 && (!this.#isWhole || from === this.#bytes.length)) return undefined;
    const end = found < 0 ? this.#bytes.length : found;
    this.at = found < 0 ? end : found + 1;
    return this.#bytes.subarray(from, this.#bytes[end - 1] === carriageReturn && end > from ? end - 1 : end);
  }
}
