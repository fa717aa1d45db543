import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnchorUse, MatterLedger, TrustMaterial } from '../../model/trust.ts';
import { fromBase64 } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import { EvidenceError } from '../../attestation/evidence-error.ts';
import { mergeLedgers, readMatterFile } from '../../attestation/matter/ledger-file.ts';
import { readReferenceKey, ReferenceFileError } from '../../attestation/reference-values.ts';
import { readAnchor } from '../../attestation/trust.ts';
import { isReferenceFile, isSuitMap, readMap, readReferences } from './reference-files.ts';

/** Longest file that is read, bytes. */
const maxFile = 4 * 1024 * 1024;

/** What an anchor file is for, by the end of its name. */
const usesOf: readonly (readonly [end: string, use: AnchorUse])[] = [
  ['.device-ca.pem', 'identity'],
  ['.matter-paa.pem', 'matter-paa'],
  ['.cd-signer.pem', 'cd-signer'],
  ['.cd-signer-test.pem', 'cd-signer-test'],
];

type Found = { readonly path: string; readonly name: string };

/**
 * Reads the trust material of policy folders: `anchors/*.device-ca.pem` (CA certificates that name devices), `anchors/*.matter-paa.pem`,
 * `*.cd-signer.pem` and `*.cd-signer-test.pem` (Matter), `anchors/*.refval.pem` (public keys that sign reference values),
 * `reference-values/*.json` with `*.json.sig`, `*.corim` and `*.suit`, signed or with `.sig`, `matter/*.json` (what the ledger says). Folders and
 * files that do not exist are no problem; what is there and cannot be used is left out and named in `problems`. The caller keeps the last good
 * trust when there are any.
 */
export function readTrust(folders: readonly string[]): { readonly trust: TrustMaterial; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const attempt = <T>(what: string, read: () => readonly T[]): readonly T[] => {
    try {
      return read();
    } catch (error) {
      problems.push(explain(what, error));
      return [];
    }
  };
  const anchorFiles = folders.flatMap(f => attempt(f, () => filesIn(join(f, 'anchors'))));
  const anchors = anchorFiles.flatMap(f => {
    const use = usesOf.find(([end]) => f.name.endsWith(end))?.[1];
    return use === undefined ? [] : attempt(f.path, () => anchorsOf(f.name, readText(f.path), use));
  });
  const keys = anchorFiles
    .filter(f => f.name.endsWith('.refval.pem'))
    .flatMap(f => attempt(f.path, () => [readReferenceKey(f.name, readText(f.path))]));
  const referenceFiles = folders.flatMap(f => attempt(f, () => filesIn(join(f, 'reference-values'))));
  const maps = referenceFiles.filter(f => isSuitMap(f.name)).flatMap(f => attempt(f.path, () => [readMap(f.path, f.name, keys)]));
  const references = referenceFiles
    .filter(f => isReferenceFile(f.name))
    .flatMap(f => attempt(f.path, () => [readReferences(f.path, f.name, { keys, maps })]));
  const referenceSets = references.flatMap(r => r.sets);
  const listed = references.flatMap(r => r.keys);
  const ledgers = folders
    .flatMap(f => attempt(f, () => filesIn(join(f, 'matter'))))
    .filter(f => f.name.endsWith('.json'))
    .flatMap(f => attempt<MatterLedger>(f.path, () => [readMatterFile(f.name, readText(f.path))]));
  const more = listed.length === 0 ? {} : { keys: listed };
  return { trust: { anchors, referenceSets, ...more, ...(ledgers.length === 0 ? {} : { matter: mergeLedgers(ledgers) }) }, problems };
}

/** Files of one folder by name; none when there is no such folder. */
function filesIn(folder: string): readonly Found[] {
  try {
    return readdirSync(folder)
      .sort()
      .map(name => ({ path: join(folder, name), name }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function readText(path: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path));
}

function readBytes(path: string): Uint8Array {
  const bytes = readFileSync(path);
  if (bytes.length > maxFile) throw new ReferenceFileError(`Cannot read ${path}: ${bytes.length} bytes`);
  return bytes;
}

/** Every certificate of a PEM file; the second and later ones are named `file#2` and so on. */
function anchorsOf(name: string, pem: string, use: AnchorUse): TrustMaterial['anchors'] {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)].map(m => m[1] ?? '');
  if (blocks.length === 0) throw new ReferenceFileError(`Cannot read ${name}: it holds no PEM certificate`);
  return blocks.map((block, i) => {
    const anchor = { name: i === 0 ? name : `${name}#${i + 1}`, certificate: block.replace(/\s+/g, '') };
    readAnchor(anchor.name, fromBase64(anchor.certificate), [use]);
    // `identity` is what an anchor is for when nothing is said.
    return use === 'identity' ? anchor : { ...anchor, uses: [use] };
  });
}

function explain(what: string, error: unknown): string {
  if (error instanceof ReferenceFileError || error instanceof DecodeError || error instanceof EvidenceError || error instanceof TypeError)
    return `${what}: ${error.message}`;
  if (error instanceof Error && 'code' in error) return `${what}: ${error.message}`;
  throw error;
}
