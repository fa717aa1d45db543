import { existsSync, readFileSync } from 'node:fs';
import { type ReferenceFile, readCorim } from '../../attestation/corim.ts';
import { readReferenceFile, type ReferenceKey, ReferenceFileError } from '../../attestation/reference-values.ts';

/** Longest file that is read, bytes. CBOR has its own cap, far below. */
const maxFile = 4 * 1024 * 1024;

/** A file of a folder `reference-values` by its end: values of our own, a CoRIM. Signatures lie beside it as `.sig`. */
export const isReferenceFile = (name: string): boolean => /\.(?:json|corim)$/.test(name);

/** One file, with its detached signature where it has one. Throws ReferenceFileError, or what the file system says. */
export function readReferences(path: string, name: string, keys: readonly ReferenceKey[]): ReferenceFile {
  const bytes = readFileSync(path);
  if (bytes.length > maxFile) throw new ReferenceFileError(`Cannot read ${path}: ${bytes.length} bytes`);
  const signature = existsSync(`${path}.sig`) ? readFileSync(`${path}.sig`, 'utf8') : undefined;
  return openReferences(name, bytes, keys, signature);
}

/** Reads what a file of that name holds, by its end. Throws ReferenceFileError. */
export function openReferences(
  name: string,
  bytes: Uint8Array,
  keys: readonly ReferenceKey[],
  signature: string | undefined,
): ReferenceFile {
  if (name.endsWith('.corim')) return readCorim(name, bytes, keys, signature);
  if (!name.endsWith('.json')) throw new ReferenceFileError(`Cannot use ${name}: neither .json nor .corim`);
  if (signature === undefined) throw new ReferenceFileError(`Cannot trust ${name}: ${name}.sig is missing`);
  return { sets: readReferenceFile(name, bytes, signature, keys), keys: [], unused: [], replaces: [] };
}
