import { existsSync } from 'node:fs';
import type { Millis } from '../../model/address.ts';
import type { AnchorMaterial } from '../../model/trust.ts';
import { type ReferenceFile, readCorim } from '../../attestation/corim.ts';
import { readReferenceFile, readReferenceKey, type ReferenceKey, ReferenceFileError } from '../../attestation/reference-values.ts';
import type { ReferenceSigners } from '../../attestation/signer-doubt.ts';
import { readSuit } from '../../attestation/suit.ts';
import { readSuitMap, type SuitMap } from '../../attestation/suit-map.ts';
import { prepareAnchor } from '../../attestation/trust.ts';
import { anchorsOf } from './anchor-files.ts';
import { CrlFiles, type CrlOfFile } from './crl-files.ts';
import { attempt, filesIn, type Found, readBytes, readText } from './trust-folder.ts';

/**
 * Reads a folder `reference-values`: `X.json` with `X.json.sig`, `X.corim` and `X.suit` signed within or by `.sig` beside them, and `X.suit-map.json` with
 * its `.sig`, which says how manifests of one class are read. What cannot be used is left out and named in `problems`.
 */
export function readReferenceFiles(
  files: readonly Found[],
  keys: readonly ReferenceKey[],
  problems: string[],
  signers?: ReferenceSigners,
): readonly ReferenceFile[] {
  const maps = files.filter(f => isSuitMap(f.name)).flatMap(f => attempt(f.path, problems, () => [readMap(f, keys)]));
  return files
    .filter(f => /\.(?:json|corim|suit)$/.test(f.name) && !isSuitMap(f.name))
    .flatMap(f =>
      attempt(f.path, problems, () => [
        openReferences(f.name, readBytes(f.path), { keys, maps, ...(signers === undefined ? {} : { signers }) }, signatureOf(f)),
      ]),
    );
}

/**
 * A file that a person brings, read with the keys and maps of the site's folders, and the anchors that people brought before. Throws ReferenceFileError; what is wrong with the folders
 * is told elsewhere.
 */
export function openReferencesOfSite(
  folders: readonly string[],
  name: string,
  bytes: Uint8Array,
  signature: string | undefined,
  now: Millis = Date.now(),
  brought: readonly AnchorMaterial[] = [],
): ReferenceFile {
  const anchors = [...folders.flatMap(f => anchorsOf(filesIn(f, 'anchors'), [])), ...brought];
  const keys = folders
    .flatMap(f => filesIn(f, 'anchors'))
    .filter(f => f.name.endsWith('.refval.pem'))
    .flatMap(f => attempt(f.path, [], () => [readReferenceKey(f.name, readText(f.path))]));
  const files = folders.flatMap(f => filesIn(f, 'reference-values'));
  const maps = files.filter(f => isSuitMap(f.name)).flatMap(f => attempt(f.path, [], () => [readMap(f, keys)]));
  const crls = new CrlFiles().read(
    folders.flatMap(f => filesIn(f, 'anchors')).filter(f => f.name.endsWith('.crl')),
    [],
  );
  const file = openReferences(name, bytes, { keys, maps, signers: signersAmong(anchors, now, crls) }, signature);
  const bad = file.sets.find(({ standing }) => standing !== undefined);
  if (bad !== undefined) throw new ReferenceFileError(`Cannot use ${name}: ${bad.notes?.at(-1) ?? bad.standing}`);
  return file;
}

/** How manifests of one class are read; see attestation/suit-map.ts. */
export const isSuitMap = (name: string): boolean => name.endsWith('.suit-map.json');

/** With what files of reference values are read: keys that may sign them, and how SUIT manifests are to be read. */
export type ReferenceReading = {
  readonly keys: readonly ReferenceKey[];
  readonly maps: readonly SuitMap[];
  readonly signers?: ReferenceSigners;
};

/**
 * The anchors whose chains may sign reference values. They can be used: who read them has tried. Whether their certificates are revoked is asked of the same
 * CRL files as for devices; what only the challenger could fetch (an anchor's `hosts`) counts as not told.
 */
export function signersAmong(anchors: readonly AnchorMaterial[], now: Millis, crls: readonly CrlOfFile[]): ReferenceSigners {
  const own = anchors.filter(({ uses }) => uses?.includes('reference-signer') === true).map(prepareAnchor);
  const isAsked = crls.length > 0 || own.some(({ revocation }) => revocation !== undefined);
  const revocation = { crls: crls.map(({ read }) => read), signers: [], ocsp: [], whenUnknown: 'tell' } as const;
  return { anchors: own, now, ...(isAsked ? { revocation } : {}) };
}

const readMap = (file: Found, keys: readonly ReferenceKey[]): SuitMap =>
  readSuitMap(file.name, readBytes(file.path), signed(file.name, signatureOf(file)), keys);

const signatureOf = ({ path }: Found): string | undefined => (existsSync(`${path}.sig`) ? readText(`${path}.sig`) : undefined);

function signed(name: string, signature: string | undefined): string {
  if (signature === undefined) throw new ReferenceFileError(`Cannot trust ${name}: ${name}.sig is missing`);
  return signature;
}

/** Reads what a file of that name holds, by its end. Throws ReferenceFileError. */
export function openReferences(
  name: string,
  bytes: Uint8Array,
  { keys, maps, signers }: ReferenceReading,
  signature: string | undefined,
): ReferenceFile {
  if (name.endsWith('.corim')) return readCorim(name, bytes, keys, signature, signers);
  if (name.endsWith('.suit')) return readSuit(name, bytes, keys, maps, signature);
  if (!name.endsWith('.json')) throw new ReferenceFileError(`Cannot use ${name}: neither .json nor .corim nor .suit`);
  return { sets: readReferenceFile(name, bytes, signed(name, signature), keys), keys: [] };
}
