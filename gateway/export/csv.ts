import { visibleText } from '../model/visible-text.ts';
import { columns } from './record.ts';
import type { ExportRecord } from './record.ts';

/** Beginnings that make a spreadsheet take a cell for a formula or a command (OWASP ASVS 1.2.10), their full-width twins too. Space before them does not help. */
const dangerous = /^[\s\u0000-\u001f\u007f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\u0000-\u001f\u007f]/u;

/** A cell that a spreadsheet takes for text: `'` goes before a dangerous beginning. Importers strip it. */
const harmlessCell = (text: string): string => (dangerous.test(text) ? `'${text}` : text);

/** Quotes always, so that no separator of any locale inside a cell splits it; a quote is doubled (RFC 4180 §2.7). */
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** One line without hidden characters: CSV is read by people and by tools that count lines. JSON Lines keeps every character. */
const oneLine = (text: string): string => visibleText(text.replace(/\r\n|[\r\n\t]/g, ' '));

/** The text of one cell before quoting. The items of a list are joined by `;`, which inside an item becomes `,`. */
export function cellOf(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'object') return harmlessCell(value.map(item => harmlessCell(oneLine(item)).replaceAll(';', ',')).join(';'));
  return typeof value === 'string' ? harmlessCell(oneLine(value)) : String(value);
}

/** The first line: the columns. */
export const csvHeader = `${columns.join(',')}\r\n`;

/** One line for each record. */
export const csvLines = (records: readonly ExportRecord[]): string =>
  records.map(record => `${columns.map(column => quoted(cellOf(record[column]))).join(',')}\r\n`).join('');

/** The inventory as CSV, RFC 4180: CRLF, a header, UTF-8 without a mark. */
export const csv = (records: readonly ExportRecord[]): string => csvHeader + csvLines(records);
