import type { Row } from './tshark.ts';

/** One thing that a frame says of its sender, as tshark prints it: one of `texts` must be found. `exact`: as a whole, not as a part of a text. */
export type Claim = { readonly field: string; readonly texts: readonly string[]; readonly exact?: true };

/** What is judged of one protocol: the collectors that may have found it, and what tshark's fields claim. */
export type Judged = {
  readonly protocol: string;
  readonly collectors: readonly string[];
  readonly fields: readonly string[];
  readonly claims: (row: Row) => readonly Claim[];
};

export const claim = (field: string, ...texts: readonly string[]): Claim => ({ field, texts });
export const exact = (field: string, ...texts: readonly string[]): Claim => ({ field, texts, exact: true });
/** Every value of these fields. */
export const each = (row: Row, ...fields: readonly string[]): readonly Claim[] =>
  fields.flatMap(f => row.all(f).map(text => claim(f, text)));
export const eachExact = (row: Row, ...fields: readonly string[]): readonly Claim[] =>
  fields.flatMap(f => row.all(f).map(text => exact(f, text)));
export const is = (row: Row, field: string, ...values: readonly string[]): boolean => row.all(field).some(v => values.includes(v));

/** Bytes that tshark prints in hex, as the text that they are where they are text. */
export function hexText(hex: string): readonly string[] {
  const text = Buffer.from(hex.replaceAll(':', ''), 'hex').toString('utf8').replaceAll('\0', ' ').trim();
  return /^[\x20-\x7e]+$/.test(text) ? [text, hex] : [hex];
}
export const decimal = (hex: string): string => String(Number(hex));
export const isHost = (ip: string): boolean => !/^(0\.|127\.|22[4-9]\.|23\d\.|24\d\.|25\d\.|::1?$|ff)/.test(ip);

export const simple = (protocol: string, collectors: readonly string[], ...fields: readonly string[]): Judged => ({
  protocol,
  collectors,
  fields,
  claims: row => each(row, ...fields),
});
