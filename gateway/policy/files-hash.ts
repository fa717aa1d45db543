import { createHash } from 'node:crypto';
import type { Hex } from '../model/address.ts';
import type { PolicyFile } from './policy.ts';

export const byPath = (files: readonly PolicyFile[]): readonly PolicyFile[] => files.toSorted((a, b) => (a.path < b.path ? -1 : 1));

/** Of files in the order of `byPath`. Lengths stand before the texts, so that no two sets of files have the same bytes. */
export function hashOf(files: readonly PolicyFile[]): Hex {
  const hash = createHash('sha256');
  for (const f of files) hash.update(`${JSON.stringify(f.path)} ${f.text.length}\n${f.text}\n`);
  return hash.digest('hex');
}
