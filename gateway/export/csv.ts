import { columns } from './record.ts';
import type { ExportRecord } from './record.ts';

/**
 * Characters that make a spreadsheet take a cell for a formula or a command (OWASP ASVS 1.2.10), their full-width twins, and control
 * characters, before which some spreadsheets skip. Spaces before them do not help.
 */
const dangerous = /^[\s\u0000-\u001f\u007f]*[=+\-@|%\t\r\n\u0000\uff1d\uff0b\uff0d\uff20]|^[\u0000-\u001f\u007f]/u;

/** A cell that a spreadsheet takes for text: `'` goes before a dangerous beginning. Importers strip it. */
export const harmlessCell = (text: string): string => (dangerous.test(text) ? `'${text}` : text);

/** Quotes always, so that no separator of any locale inside a cell splits it; a quote is doubled (RFC 4180 §2.7). */
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** NUL ends the file for some readers, and lone surrogates have no UTF-8: both become U+FFFD. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed();

/** The text of one cell before quoting. The items of a list are joined by `;`, which inside an item becomes `,`. */
export function cellOf(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'object') return harmlessCell(storable(value.map(item => harmlessCell(item).replaceAll(';', ',')).join(';')));
  return typeof value === 'string' ? harmlessCell(storable(value)) : String(value);
}

/** The inventory as CSV, RFC 4180: CRLF, a header, UTF-8 without a mark. */
export function csv(records: readonly ExportRecord[]): string {
  const lines = records.map(record => columns.map(column => quoted(cellOf(record[column]))).join(','));
  return [columns.join(','), ...lines].map(line => `${line}\r\n`).join('');
}
