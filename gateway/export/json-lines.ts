import type { ExportRecord } from './record.ts';

/** The inventory as JSON Lines: one record a line, lossless, UTF-8. Control characters are escaped by JSON, so no text breaks a line. */
export const jsonLines = (records: readonly ExportRecord[]): string => records.map(record => `${JSON.stringify(record)}\n`).join('');
