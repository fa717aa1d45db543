import { existsSync, readFileSync } from 'node:fs';
import { type ReferenceFile, readCorim } from '../../attestation/corim.ts';
import { readReferenceFile, type ReferenceKey, ReferenceFileError } from '../../attestation/reference-values.ts';
import { readSuit } from '../../attestation/suit.ts';
import { readSuitMap, type SuitMap } from '../../attestation/suit-map.ts';

/** Longest file that is read, bytes. CBOR has its own cap, far below. */
const maxFile = 4 * 1024 * 1024;

/** A file of a folder `reference-values` by its end: values of our own, a CoRIM, a SUIT envelope. Signatures lie beside it as `.sig`. */
export const isReferenceFile = (name: string): boolean => /\.(?:json|corim|suit)$/.test(name) && !isSuitMap(name);
/** How manifests of one class are read; see attestation/suit-map.ts. */
export const isSuitMap = (name: string): boolean => name.endsWith('.suit-map.json');

/** With what files of reference values are read: keys that may sign them, and how SUIT manifests are to be read. */
export type ReferenceReading = { readonly keys: readonly ReferenceKey[]; readonly maps: readonly SuitMap[] };

/** One file, with its detached signature where it has one. Throws ReferenceFileError, or what the file system says. */
export function readReferences(path: string, name: string, reading: ReferenceReading): ReferenceFile {
  return openReferences(name, bounded(path), reading, signatureOf(path));
}

/** The map of a `*.suit-map.json`. Throws the same. */
export function readMap(path: string, name: string, keys: readonly ReferenceKey[]): SuitMap {
  return readSuitMap(name, bounded(path), signed(name, signatureOf(path)), keys);
}

function bounded(path: string): Uint8Array {
  const bytes = readFileSync(path);
  if (bytes.length > maxFile) throw new ReferenceFileError(`Cannot read ${path}: ${bytes.length} bytes`);
  return bytes;
}

const signatureOf = (path: string): string | undefined => (existsSync(`${path}.sig`) ? readFileSync(`${path}.sig`, 'utf8') : undefined);

function signed(name: string, signature: string | undefined): string {
  if (signature === undefined) throw new ReferenceFileError(`Cannot trust ${name}: ${name}.sig is missing`);
  return signature;
}

/** Reads what a file of that name holds, by its end. Throws ReferenceFileError. */
export function openReferences(
  name: string,
  bytes: Uint8Array,
  { keys, maps }: ReferenceReading,
  signature: string | undefined,
): ReferenceFile {
  if (name.endsWith('.corim')) return readCorim(name, bytes, keys, signature);
  if (name.endsWith('.suit')) return readSuit(name, bytes, keys, maps, signature);
  if (!name.endsWith('.json')) throw new ReferenceFileError(`Cannot use ${name}: neither .json nor .corim nor .suit`);
  return { sets: readReferenceFile(name, bytes, signed(name, signature), keys), keys: [], unused: [], replaces: [] };
}
