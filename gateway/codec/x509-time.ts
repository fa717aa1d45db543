import type { Millis } from '../model/address.ts';
import { DecodeError } from './reader.ts';
import { type Element, latin1, tags } from './der.ts';

/** Time of a certificate (RFC 5280 §4.1.2.5): UTCTime or GeneralizedTime with seconds, in UTC (`Z`), without fractions. 99991231235959Z is no end. */
export function time(element: Element): Millis {
  const text = latin1(element.content);
  const utc = element.tag === tags.utcTime;
  if (!utc && element.tag !== tags.generalizedTime) throw new DecodeError(`Cannot read time: tag 0x${element.tag.toString(16)}`);
  const found = (utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(text);
  if (found === null) throw new DecodeError(`Cannot read time: ${JSON.stringify(text.slice(0, 32))}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(utc ? year + (year < 50 ? 2000 : 1900) : year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCHours() !== hour || minute > 59 || second > 59)
    throw new DecodeError(`Cannot read time: ${text} does not exist`);
  return date.getTime();
}
