import { createHash } from 'node:crypto';
import type { Hex } from '../../model/address.ts';
import type { AnchorMaterial, AnchorUse, ListedKey, ListedVerifier } from '../../model/trust.ts';
import { prepareAnchor, readListedKey, readVerifier } from '../../attestation/trust.ts';
import { ReferenceFileError } from '../../attestation/reference-values.ts';
import { type AnchorEntry, anchorShape, listedKeyShape, verifierShape } from '../../policy/anchor-shapes.ts';
import { readList } from '../../policy/load.ts';
import type { Placed, Problem } from '../../policy/policy.ts';
import { attempt, type Found, readText } from './trust-folder.ts';

/** What an anchor file is for, by the end of its name; a YAML file may say otherwise. */
const usesOf: readonly (readonly [end: string, use: AnchorUse])[] = [
  ['.device-ca.pem', 'identity'],
  ['.attest-ca.pem', 'attest'],
  ['.tpm-ek.pem', 'tpm-ek'],
  ['.refval-ca.pem', 'reference-signer'],
  ['.matter-paa.pem', 'matter-paa'],
  ['.cd-signer.pem', 'cd-signer'],
  ['.cd-signer-test.pem', 'cd-signer-test'],
];
/** Entries of one YAML file. */
const maxEntries = 1_000;

/** One certificate of a PEM file, base64, not judged yet. */
type Block = { readonly file: Found; readonly name: string; readonly certificate: string; readonly sha256: Hex };

/**
 * The anchors of one folder: each certificate of its PEM files, for the use that the file's name says, limited by what the entries of its YAML files say of
 * it. What cannot be used is left out and named in `problems`; while an entry cannot be read, none is used: without its limits an anchor is trusted too far.
 */
export function anchorsOf(files: readonly Found[], problems: string[]): readonly AnchorMaterial[] {
  const before = problems.length;
  const entries = files
    .filter(f => /\.ya?ml$/.test(f.name) && !isKeyList(f) && !isVerifierList(f))
    .flatMap(f => entriesOf(f, anchorShape, 'certificate', problems));
  const pems = files.filter(f => f.name.endsWith('.pem') && !f.name.endsWith('.refval.pem'));
  const broken: string[] = [];
  const blocks = pems.flatMap(f => attempt(f.path, broken, () => blocksOf(f)));
  const limits = new Map<Block, Placed<AnchorEntry>>();
  for (const entry of entries) {
    const wrong = claim(entry, blocks, limits);
    if (wrong !== undefined) problems.push(`${entry.ref.at}: Cannot limit anchor ${entry.value.certificate}: ${wrong}`);
  }
  const isLimited = problems.length === before;
  problems.push(...broken);
  if (!isLimited) return [];
  return blocks.flatMap(block =>
    attempt(block.file.path, problems, () => {
      const material = materialOf(block, limits.get(block));
      prepareAnchor(material);
      return [material];
    }),
  );
}

/** The keys that the `*.keys.yaml` files of one folder list for single devices. */
export function listedKeysOf(files: readonly Found[], problems: string[]): readonly ListedKey[] {
  return files.filter(isKeyList).flatMap(file =>
    entriesOf(file, listedKeyShape, 'instance', problems).flatMap(({ value: { instance, publicKey: spki, vendor, model }, ref }) =>
      attempt(ref.at, problems, () => {
        const key = { instance, spki, ...(vendor === undefined ? {} : { vendor }), ...(model === undefined ? {} : { model }) };
        readListedKey(key);
        return [key];
      }),
    ),
  );
}

/** The other Verifiers that the `*.verifiers.yaml` files of one folder list. */
export function verifiersOf(files: readonly Found[], problems: string[]): readonly ListedVerifier[] {
  const listed = files.filter(isVerifierList).flatMap(file =>
    entriesOf(file, verifierShape, 'verifier', problems).flatMap(({ value, ref }) =>
      attempt(ref.at, problems, () => {
        const { verifier: name, publicKey: spki, provenance, ...limits } = value;
        const found = { name, spki, ...limits, provenance: { ...provenance, file: ref.at } };
        readVerifier(found);
        return [found];
      }),
    ),
  );
  if (listed.length > maxVerifiers) problems.push(`Cannot use more than ${maxVerifiers} Verifiers: ${listed.length} are listed`);
  return listed.slice(0, maxVerifiers);
}

/** Each costs a check of a signature for whatever calls itself an EAR. */
const maxVerifiers = 16;
const isVerifierList = ({ name }: Found): boolean => /\.verifiers\.ya?ml$/.test(name);
const isKeyList = ({ name }: Found): boolean => /\.keys\.ya?ml$/.test(name);

/** The entries of one YAML file of trust; what is wrong with it is said with `file:line`. `id` names an entry. */
export function entriesOf<T>(
  file: Found,
  shape: Parameters<typeof readList<T>>[1]['shape'],
  id: string & keyof T,
  problems: string[],
): readonly Placed<T>[] {
  return attempt(file.path, problems, () => {
    const found: Problem[] = [];
    const of = { shape, name: (entry: T) => String(entry[id]), word: 'entry', most: maxEntries };
    const entries = readList({ path: file.shown, text: readText(file.path) }, of, found);
    problems.push(...found.map(p => p.text));
    return entries;
  });
}

/** Notes which certificate an entry is about, or says why it is about none. */
function claim(entry: Placed<AnchorEntry>, blocks: readonly Block[], limits: Map<Block, Placed<AnchorEntry>>): string | undefined {
  const inFile = blocks.filter(({ file }) => file.name === entry.value.certificate);
  const block = inFile.find(({ sha256 }) => sha256 === entry.value.sha256);
  if (inFile.length === 0) return 'there is no such file with certificates beside it';
  if (block === undefined) return `no certificate in it has that SHA-256; it has ${inFile.map(b => b.sha256).join(', ')}`;
  const before = limits.get(block);
  if (before !== undefined) return `${before.ref.at} does so`;
  limits.set(block, entry);
  return undefined;
}

/** Every certificate of a PEM file; the second and later ones are named `file#2` and so on. */
function blocksOf(file: Found): readonly Block[] {
  const found = [...readText(file.path).matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)];
  if (found.length === 0) throw new ReferenceFileError(`Cannot read ${file.name}: it holds no PEM certificate`);
  return found.map(([, text = ''], i) => {
    const certificate = text.replace(/\s+/g, '');
    const sha256 = createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex');
    return { file, name: i === 0 ? file.name : `${file.name}#${i + 1}`, certificate, sha256 };
  });
}

function materialOf({ file, name, certificate }: Block, entry: Placed<AnchorEntry> | undefined): AnchorMaterial {
  const byName = usesOf.find(([end]) => file.name.endsWith(end))?.[1];
  const uses = entry?.value.uses ?? (byName === undefined ? undefined : [byName]);
  if (uses === undefined)
    throw new ReferenceFileError(`Cannot use ${name}: neither its name nor an entry of a YAML file says what it is for`);
  // `identity` is what an anchor is for when nothing is said.
  const base = { name, certificate, ...(uses.length === 1 && uses[0] === 'identity' ? {} : { uses }) };
  if (entry === undefined) return base;
  const { certificate: _file, sha256: _hash, uses: _uses, provenance, ...limits } = entry.value;
  return { ...base, ...limits, provenance: { ...provenance, file: entry.ref.at } };
}
