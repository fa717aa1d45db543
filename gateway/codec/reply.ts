import { DecodeError } from './reader.ts';
import { decodeText } from './text.ts';

/** Longest greeting that is read, bytes, and lines of it that are kept. */
const [maxReply, maxLines] = [2048, 8];

/** A reply of FTP or SMTP: a code of three digits and text, of several lines when a hyphen follows the code. */
export type Reply = { readonly code: number; readonly text: string };

/** Reads the first reply of a server. RFC 959 §4.2, RFC 5321 §4.2. Undefined while its last line has not ended. Throws DecodeError. */
export function decodeReply(bytes: Uint8Array): Reply | undefined {
  const texts: string[] = [];
  const whole = bytes.subarray(0, maxReply);
  let code = '';
  for (let at = 0, end = whole.indexOf(10); end >= 0; at = end + 1, end = whole.indexOf(10, at)) {
    const line = decodeText(whole.subarray(at, end)).replace(/\uFFFD$/, ''); // CR
    const found = /^(\d{3})([ -]|$)(.*)$/.exec(line);
    if (code === '' && found === null) break;
    code ||= found?.[1] ?? '';
    const isOwn = found?.[1] === code;
    if (texts.length < maxLines) texts.push((isOwn ? (found?.[3] ?? '') : line).trim());
    if (isOwn && found?.[2] !== '-')
      return {
        code: Number(code),
        text: texts
          .filter(t => t !== '')
          .join(' ')
          .slice(0, 255),
      };
  }
  if (bytes.length >= maxReply || (code === '' && whole.includes(10))) throw new DecodeError('Cannot read reply: no code and text');
  return undefined;
}
