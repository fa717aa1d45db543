import { visibleText } from '../model/visible-text.ts';

/** Characters of one policy file. */
export const maxYaml = 1024 * 1024;

/** Text of files and devices as it may stand in a sentence: one line, no control or direction characters, cut at `max` characters. */
export function clean(text: string, max: number): string {
  const safe = visibleText(text.slice(0, max + 1));
  return safe.length > max ? `${safe.slice(0, max)}…` : safe;
}

/** The same with every long run of hexadecimal digits cut to its first eight. */
export function short(text: string, max: number): string {
  return clean(
    text.replace(/[0-9a-f]{16,}/gi, hex => `${hex.slice(0, 8)}…`),
    max,
  );
}
