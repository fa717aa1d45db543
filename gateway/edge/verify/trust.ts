import { createPublicKey } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from '../../model/address.ts';
import type { AnchorMaterial, AnchorUse, MatterLedger, TrustMaterial } from '../../model/trust.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import { sha256 } from '../../attestation/evidence.ts';
import { type PublishedKey, readJwks } from '../../attestation/jwks.ts';
import { KnownKey } from '../../attestation/keys.ts';
import { mergeLedgers, readMatterFile } from '../../attestation/matter/ledger-file.ts';
import { type ReferenceKey, readReferenceKey } from '../../attestation/reference-values.ts';
import { prepareTrust, type Trust, type TrustedVerifier, type VouchedKey } from '../../attestation/trust.ts';
import { listedKeysOf } from '../store/anchor-files.ts';
import { CrlFiles } from '../store/crl-files.ts';
import { fileListsOf } from '../store/file-lists.ts';
import { readReferenceFiles } from '../store/reference-files.ts';
import { readTrust } from '../store/trust-files.ts';
import { attempt, type Found, readText } from '../store/trust-folder.ts';
import { type Piece, readPiece, textOf, VerifyCallError } from './pieces.ts';
import { fileFault } from '../../model/file-fault.ts';

/** What the folders of the command line say whom and what to trust. */
export type Given = { readonly trust: Trust; readonly problems: readonly string[] };

type Folders = {
  readonly kind: string;
  readonly anchors: readonly string[];
  readonly references: readonly string[];
  /** What devices of bare keys and of quotes are. */
  readonly named: { readonly vendor?: string; readonly model?: string };
};

/**
 * Reads folders that a person names for one call. A folder of the form of `policies` (with `anchors`, `reference-values` or `matter` in it) is read as that.
 * Of any other every file counts. For anchors: certificates, for what KIND needs unless the name says for what; public keys (PEM, JWK, JWK Set), which vouch
 * for the token or EAR that they signed, whoever it says it is of, and sign reference values (one named `x.refval.pem` only these); CRLs; lists of keys. For references: signed reference values in every
 * form, and what Matter's ledger says. What cannot be used is left out and named in `problems`. Throws VerifyCallError for a folder that is none.
 */
export function readGiven({ kind, anchors, references, named }: Folders): Given {
  const problems: string[] = [];
  const isPolicies = (folder: string): boolean => ['anchors', 'reference-values', 'matter'].some(sub => existsSync(join(folder, sub)));
  const { trust: shipped, problems: wrong } = readTrust([...new Set([...anchors, ...references].filter(isPolicies))]);
  problems.push(...wrong);
  const anchorFiles = anchors.filter(folder => !isPolicies(folder)).flatMap(filesOf);
  const referenceFiles = references.filter(folder => !isPolicies(folder)).flatMap(filesOf);
  const listed = listedKeysOf(anchorFiles, problems);
  const crls = new CrlFiles().read(
    anchorFiles.filter(f => f.name.endsWith('.crl')),
    problems,
  );
  const pieces = anchorFiles.filter(f => !/\.(crl|ya?ml)$/.test(f.name)).flatMap(f => attempt(f.path, problems, () => [readPiece(f.path)]));
  // A key that is named as one for reference values is no device's.
  const keys = pieces
    .filter(({ path }) => !/\.refval\.\w+$/.test(path))
    .flatMap(piece => attempt(piece.path, problems, () => keysIn(piece)));
  const signers = anchorFiles.filter(f => f.name.endsWith('.pem')).flatMap(f => attempt(f.path, [], () => [signerOf(f)]));
  const isLedger = ({ name, path }: Found): boolean => name.endsWith('.json') && !existsSync(`${path}.sig`);
  const values = readReferenceFiles(
    referenceFiles.filter(f => !isLedger(f)),
    signers,
    problems,
  );
  const fileLists = [...(shipped.fileLists ?? []), ...fileListsOf([referenceFiles], problems)];
  const ledgers = referenceFiles
    .filter(isLedger)
    .flatMap(f => attempt<MatterLedger>(f.path, problems, () => [readMatterFile(f.name, readText(f.path))]));
  const known = [...(shipped.matter === undefined ? [] : [shipped.matter]), ...ledgers];
  const material: TrustMaterial = {
    ...shipped,
    anchors: [...shipped.anchors, ...pieces.flatMap(piece => anchorsIn(piece, kind))],
    referenceSets: [...shipped.referenceSets, ...values.flatMap(file => file.sets)],
    keys: [...(shipped.keys ?? []), ...listed, ...values.flatMap(file => file.keys)],
    ...(fileLists.length === 0 ? {} : { fileLists }),
    ...(known.length === 0 ? {} : { matter: mergeLedgers(known) }),
    ...(crls.length === 0 ? {} : { crls: [...(shipped.crls ?? []), ...crls] }),
  };
  const { trust, problems: unusable } = prepareTrust(material);
  const vouched = keys.map(key => vouchedBy(key, named));
  const own = kind === 'ear' ? trust.keys : new KeysOfAnybody(trust.keys, vouched);
  const verifiers = [...(trust.verifiers ?? []), ...keys.map(key => verifierBy(key, named))];
  return { trust: { ...trust, keys: own, verifiers }, problems: [...problems, ...unusable] };
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

  /** Those that were named by hand too: a quote says of no instance, and is by one of these keys or by none. */
  override values(): MapIterator<readonly VouchedKey[]> {
    return [...super.values(), this.#keys].values();
  }
}

/** Who names a key by hand takes its word for whole. */
const verifierBy = (key: PublishedKey, named: Folders['named']): TrustedVerifier => ({
  ...vouchedBy(key, named).voucher,
  key: new KnownKey(key.spki),
  most: 'affirming',
  maxAgeSeconds: earAgeSeconds,
});
/** How old an EAR may be. */
const earAgeSeconds = 3600;

const vouchedBy = ({ spki, keyId }: PublishedKey, { vendor, model }: Folders['named']): VouchedKey => ({
  voucher: {
    name: `the key ${keyId ?? `sha-256:${sha256(spki)}`}`,
    keyHash: sha256(spki),
    ...(vendor === undefined ? {} : { vendor }),
  },
  key: new KnownKey(spki),
  ...(model === undefined ? {} : { model }),
});

function filesOf(folder: string): readonly Found[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.startsWith('.') && !/\.(sig|md)$/.test(entry.name))
      .map(({ name }) => ({ path: join(folder, name), name, shown: join(folder, name) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new VerifyCallError(`Cannot read folder ${folder}: ${fileFault(error)}`);
    throw error;
  }
}

const usesByName: readonly (readonly [RegExp, AnchorUse])[] = [
  [/\.device-ca\.\w+$/, 'identity'],
  [/\.attest-ca\.\w+$/, 'attest'],
  [/\.tpm-ek\.\w+$/, 'tpm-ek'],
  [/\.matter-paa\.\w+$/, 'matter-paa'],
  [/\.refval-ca\.\w+$/, 'reference-signer'],
  [/\.cd-signer\.\w+$/, 'cd-signer'],
  [/\.cd-signer-test\.\w+$/, 'cd-signer-test'],
];

function anchorsIn(piece: Piece, kind: string): readonly AnchorMaterial[] {
  if (piece.kind !== 'certificates') return [];
  const file = piece.path.split('/').at(-1) ?? piece.path;
  return piece.certificates.map((der, i) => {
    const use = usesByName.find(([end]) => end.test(file))?.[1];
    const uses = use === undefined ? usesFor(kind, der) : [use];
    return { name: i === 0 ? file : `${file}#${i + 1}`, certificate: Buffer.from(der).toString('base64'), uses };
  });
}

/**
 * Of Matter, a CA names devices and anything else signs declarations; for every other kind an anchor names devices, and their attestation keys and TPMs: who hands it over by
 * hand means it for what is judged. A name such as `acme.device-ca.pem` says otherwise, as it does for the gateway.
 */
function usesFor(kind: string, der: Uint8Array): readonly AnchorUse[] {
  if (kind === 'matter') return [useInMatter(der)];
  return kind === 'tpm-quote' || kind === 'auto' ? ['identity', 'attest', 'tpm-ek'] : ['identity', 'attest'];
}

function useInMatter(der: Uint8Array): AnchorUse {
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

const signerOf = ({ name, path }: Found): ReferenceKey => readReferenceKey(name, readText(path));
