import type { Millis } from '../model/address.ts';
import { DecodeError } from './reader.ts';
import { type Element, latin1, tags } from './der.ts';

/** Time of a certificate (RFC 5280 §4.1.2.5): UTCTime or GeneralizedTime with seconds, in UTC (`Z`), without fractions. 99991231235959Z is no end. */
export function time(element: Element): Millis {
  const { tag, content } = element;
  const utc = tag === tags.utcTime;
  if (!utc && tag !== tags.generalizedTime) throw new DecodeError(`Cannot read time: tag 0x${tag.toString(16)}`);
  const from = utc ? 2 : 4;
  if (content.length !== from + 11 || content[from + 10] !== 0x5a) throw unreadable(content);
  const two = (at: number): number => digit(content, at) * 10 + digit(content, at + 1);
  const year = utc ? two(0) + (two(0) < 50 ? 2000 : 1900) : two(0) * 100 + two(2);
  const [month, day, hour, minute, second] = [two(from), two(from + 2), two(from + 4), two(from + 6), two(from + 8)];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const millis = date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCHours() !== hour || minute > 59 || second > 59)
    throw new DecodeError(`Cannot read time: ${latin1(content)} does not exist`);
  return millis;
}

function digit(content: Uint8Array, at: number): number {
  const value = (content[at] ?? 0) - 0x30;
  if (value < 0 || value > 9) throw unreadable(content);
  return value;
}

const unreadable = (content: Uint8Array): DecodeError =>
  new DecodeError(`Cannot read time: ${JSON.stringify(latin1(content.subarray(0, 32)))}`);
