import { visibleJson } from '../model/visible-text.ts';
import type { ExportRecord } from './record.ts';

/** The inventory as JSON Lines: one record a line, lossless. Hidden characters are escapes, so no text breaks a line or a terminal. */
export const jsonLines = (records: readonly ExportRecord[]): string => records.map(record => `${visibleJson(record)}\n`).join('');
