import { DecodeError } from './reader.ts';
import { decodeText } from './text.ts';

/** Longest line that is waited for, bytes. */
const maxLine = 1024;

/** The text of a greeting of one line, the first group of `form`. Undefined while the line has not ended. Throws DecodeError for another line; `what` names the protocol. */
export function decodeGreeting(bytes: Uint8Array, form: RegExp, what: string): string | undefined {
  const end = bytes.subarray(0, maxLine).indexOf(0x0a);
  if (end < 0 && bytes.length < maxLine) return undefined;
  const line = decodeText(bytes.subarray(0, Math.max(end, 0)), maxLine).replace(/\uFFFD$/, ''); // CR
  const found = form.exec(line);
  if (found === null) throw new DecodeError(`Cannot read ${what}: no greeting`);
  return (found[1] ?? '').trim().slice(0, 255);
}
