import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { EvidenceError } from '../../attestation/evidence-error.ts';
import { ReferenceFileError } from '../../attestation/reference-values.ts';
import { DecodeError } from '../../codec/reader.ts';

/** Longest file of trust material that is read, bytes. */
export const maxTrustFile = 4 * 1024 * 1024;

/** One file of a policy folder. `shown` is how people know it: `policies.d/anchors/acme.yaml`. */
export type Found = { readonly path: string; readonly name: string; readonly shown: string };

/** Files of one sub folder by name; none when there is no such folder. */
export function filesIn(folder: string, sub: string): readonly Found[] {
  try {
    return readdirSync(join(folder, sub))
      .sort()
      .map(name => ({ path: join(folder, sub, name), name, shown: `${basename(resolve(folder))}/${sub}/${name}` }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Throws ReferenceFileError for a file that is too long. */
export function readBytes(path: string, most = maxTrustFile): Uint8Array {
  const bytes = readFileSync(path);
  if (bytes.length > most) throw new ReferenceFileError(`Cannot read ${path}: ${bytes.length} bytes`);
  return bytes;
}

/** Throws TypeError for what is no UTF-8. */
export const readText = (path: string): string => new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path));

/** What a read gives; what cannot be read gives nothing and is named in `problems`. Anything but a bad file is thrown: it is our defect. */
export function attempt<T>(what: string, problems: string[], read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    problems.push(explain(what, error));
    return [];
  }
}

function explain(what: string, error: unknown): string {
  if (error instanceof ReferenceFileError || error instanceof DecodeError || error instanceof EvidenceError || error instanceof TypeError)
    return `${what}: ${error.message}`;
  if (error instanceof Error && 'code' in error) return `${what}: ${error.message}`;
  throw error;
}
