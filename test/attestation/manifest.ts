import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Other people's vectors, read in place. */
export const published = join(import.meta.dirname, '../../../shared/vectors');
const manifest = join(published, 'MANIFEST.tsv');
export const hasVectors = existsSync(manifest);
if (!hasVectors) process.stderr.write('skip: ../shared/vectors/MANIFEST.tsv is absent\n');

/** One file, and the verdict that the manifest expects, in words for people. */
export type Row = { readonly file: string; readonly expected: string };

const rows: readonly Row[] = hasVectors
  ? readFileSync(manifest, 'utf8')
      .split('\n')
      .slice(1)
      .filter(line => line !== '')
      .map(line => line.split('\t'))
      .map(([file = '', , , expected = '']) => ({ file, expected }))
  : [];

/** The rows of the files whose path matches; none where the vectors are absent. */
export const rowsOf = (path: RegExp): readonly Row[] => rows.filter(({ file }) => path.test(file));
export const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(join(published, file)));
export const textOf = (file: string): string => readFileSync(join(published, file), 'utf8');
