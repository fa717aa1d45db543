import { createPublicKey } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from '../../model/address.ts';
import type { AnchorUse, MatterLedger, ReferenceSet, TrustMaterial } from '../../model/trust.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import { sha256 } from '../../attestation/evidence.ts';
import { EvidenceError } from '../../attestation/evidence-error.ts';
import { type PublishedKey, readJwks } from '../../attestation/jwks.ts';
import { mergeLedgers, readMatterFile } from '../../attestation/matter/ledger-file.ts';
import { readReferenceFile, ReferenceFileError, type ReferenceKey, readReferenceKey } from '../../attestation/reference-values.ts';
import { prepareTrust, type Trust, type VouchedKey } from '../../attestation/trust.ts';
import { readTrust } from '../store/trust-files.ts';
import { type Piece, readFile, readPiece, textOf, VerifyCallError } from './pieces.ts';

/** What the folders of the command line say whom and what to trust. `keys` are public keys as such: for tokens, for EARs, for reference values. */
export type Given = { readonly trust: Trust; readonly keys: readonly PublishedKey[]; readonly problems: readonly string[] };

/** Longest file of trust material, bytes. */
const maxTrustFile = 4 * 1024 * 1024;

type Folders = {
  readonly kind: string;
  readonly anchors: readonly string[];
  readonly references: readonly string[];
  /** What devices of bare keys and of quotes are. */
  readonly named: { readonly vendor?: string; readonly model?: string };
};

/**
 * Reads folders that a person names for one call. A folder of the form of `policies` (with `anchors`, `reference-values` or `matter` in it) is read as that.
 * Of any other every file counts: certificates are anchors for what KIND needs, unless the name says for what; public keys (PEM, JWK, JWK Set) vouch for the
 * token that they signed, whoever it says it is of; `X.json` with `X.json.sig` are reference values; other JSON is what Matter's ledger says. What cannot be
 * used is left out and named in `problems`. Throws VerifyCallError for a folder that is none.
 */
export function readGiven({ kind, anchors, references, named }: Folders): Given {
  const problems: string[] = [];
  const [policies, flat] = parted([...anchors, ...references]);
  const { trust: shipped, problems: wrong } = readTrust(policies);
  problems.push(...wrong);
  const files = flat.flatMap(folder => filesOf(folder));
  const keyFiles = flat.filter(folder => anchors.includes(folder)).flatMap(filesOf);
  const pieces = keyFiles.flatMap(path => attempt(path, problems, () => [readPiece(path)]));
  const certificates = pieces.flatMap(piece => anchorsIn(piece, kind));
  const keys = pieces.flatMap(piece => attempt(piece.path, problems, () => keysIn(piece)));
  const signers = keyFiles.flatMap(path => (path.endsWith('.pem') ? attempt(path, [], () => [signerOf(path)]) : []));
  const sets = files.flatMap(path => (existsSync(`${path}.sig`) ? attempt(path, problems, () => setsIn(path, signers)) : []));
  const ledgers = files.flatMap(path =>
    path.endsWith('.json') && !existsSync(`${path}.sig`) && !keyFiles.includes(path)
      ? attempt<MatterLedger>(path, problems, () => [readMatterFile(nameOf(path), utf8At(path))])
      : [],
  );
  const known = [...(shipped.matter === undefined ? [] : [shipped.matter]), ...ledgers];
  const material: TrustMaterial = {
    ...shipped,
    anchors: [...shipped.anchors, ...certificates],
    referenceSets: [...shipped.referenceSets, ...sets],
    ...(known.length === 0 ? {} : { matter: mergeLedgers(known) }),
  };
  const { trust, problems: unusable } = prepareTrust(material);
  const vouched = keys.map(key => vouchedBy(key, named));
  return { trust: { ...trust, keys: new KeysOfAnybody(trust.keys, vouched) }, keys, problems: [...problems, ...unusable] };
}

/** A person who names a key by hand vouches for the device that holds it, whatever instance the device says it is. */
class KeysOfAnybody extends Map<Hex, readonly VouchedKey[]> {
  readonly #keys: readonly VouchedKey[];

  constructor(listed: ReadonlyMap<Hex, readonly VouchedKey[]>, keys: readonly VouchedKey[]) {
    super(listed);
    this.#keys = keys;
  }

  override get(instance: Hex): readonly VouchedKey[] | undefined {
    return super.get(instance) ?? (this.#keys.length === 0 ? undefined : this.#keys);
  }
}

const vouchedBy = ({ spki, keyId }: PublishedKey, { vendor, model }: Folders['named']): VouchedKey => ({
  voucher: { name: `the key ${keyId ?? `sha-256:${sha256(spki)}`}`, keyHash: sha256(spki), ...(vendor === undefined ? {} : { vendor }) },
  spki,
  ...(model === undefined ? {} : { model }),
});

/** Folders of the form of `policies`, and the others. */
function parted(folders: readonly string[]): readonly [readonly string[], readonly string[]] {
  const isPolicies = (folder: string): boolean => ['anchors', 'reference-values', 'matter'].some(sub => existsSync(join(folder, sub)));
  return [[...new Set(folders.filter(isPolicies))], [...new Set(folders.filter(folder => !isPolicies(folder)))]];
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.startsWith('.') && !/\.(sig|md)$/.test(entry.name))
      .map(entry => join(folder, entry.name))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new VerifyCallError(`Cannot read folder ${folder}: ${String(error.code)}`);
    throw error;
  }
}

const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
const bytesAt = (path: string): Uint8Array => readFile(path, maxTrustFile);
const utf8At = (path: string): string => new TextDecoder().decode(bytesAt(path));

function attempt<T>(path: string, problems: string[], read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    const isOfFile =
      error instanceof DecodeError ||
      error instanceof EvidenceError ||
      error instanceof ReferenceFileError ||
      error instanceof VerifyCallError;
    if (!isOfFile) throw error;
    problems.push(`${path}: ${error.message}`);
    return [];
  }
}

const usesByName: readonly (readonly [RegExp, AnchorUse])[] = [
  [/\.device-ca\.\w+$/, 'identity'],
  [/\.matter-paa\.\w+$/, 'matter-paa'],
  [/\.cd-signer\.\w+$/, 'cd-signer'],
  [/\.cd-signer-test\.\w+$/, 'cd-signer-test'],
];

function anchorsIn(piece: Piece, kind: string): TrustMaterial['anchors'] {
  if (piece.kind !== 'certificates') return [];
  return piece.certificates.map((der, i) => {
    const use = usesByName.find(([end]) => end.test(piece.path))?.[1] ?? useFor(kind, der);
    const name = nameOf(piece.path);
    return { name: i === 0 ? name : `${name}#${i + 1}`, certificate: Buffer.from(der).toString('base64'), uses: [use] };
  });
}

/** Of Matter, a CA names devices and anything else signs declarations; for every other kind an anchor names devices. */
function useFor(kind: string, der: Uint8Array): AnchorUse {
  if (kind !== 'matter') return 'identity';
  try {
    return decodeCertificate(der).basicConstraints?.ca === true ? 'matter-paa' : 'cd-signer';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return 'identity';
  }
}

/** Public keys of a file; none where it is no file of keys. A private key is refused: it must not lie where trust does. */
function keysIn(piece: Piece): readonly PublishedKey[] {
  if (piece.kind === 'certificates') return [];
  const text = textOf(piece.bytes);
  if (text.includes('PRIVATE KEY')) throw new DecodeError('Cannot use key: it is a private one');
  if (text.includes('BEGIN PUBLIC KEY')) return [{ spki: publicKey(text) }];
  return /^\s*\{/.test(text.slice(0, 64)) && /"(kty|keys)"/.test(text) ? readJwks(piece.bytes) : [];
}

function publicKey(pem: string): Uint8Array {
  try {
    return new Uint8Array(createPublicKey(pem).export({ format: 'der', type: 'spki' }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DecodeError(`Cannot read public key: ${error.message}`);
  }
}

const signerOf = (path: string): ReferenceKey => readReferenceKey(nameOf(path), utf8At(path));
const setsIn = (path: string, signers: readonly ReferenceKey[]): readonly ReferenceSet[] =>
  readReferenceFile(nameOf(path), bytesAt(path), utf8At(`${path}.sig`), signers);
