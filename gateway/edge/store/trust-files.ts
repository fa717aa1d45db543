import type { ReferenceSigners } from '../../attestation/signer-doubt.ts';
import type { BroughtTrust } from '../brought-trust.ts';
import type { AnchorMaterial, MatterLedger, ReferenceSet, TrustMaterial } from '../../model/trust.ts';
import type { Millis } from '../../model/address.ts';
import { mergeLedgers, readMatterFile } from '../../attestation/matter/ledger-file.ts';
import { readReferenceKey } from '../../attestation/reference-values.ts';
import { anchorsOf, listedKeysOf, verifiersOf } from './anchor-files.ts';
import { CrlFiles, type CrlOfFile } from './crl-files.ts';
import { fileListsOf } from './file-lists.ts';
import { readReferenceFiles, signersAmong } from './reference-files.ts';
import { attempt, filesIn, type Found, readText } from './trust-folder.ts';

/** What the trust files give. `problems` refuse the load; `notes` are what will become one when nobody does anything. */
export type TrustRead = {
  readonly trust: TrustMaterial;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** Who may sign reference values. */
  readonly signers: ReferenceSigners;
};

/**
 * Reads the trust material of policy folders: `anchors/*.device-ca.pem` (CA certificates that name devices), `anchors/*.matter-paa.pem`,
 * `*.cd-signer.pem` and `*.cd-signer-test.pem` (Matter), `anchors/*.yaml` (what they are limited to), `anchors/*.keys.yaml` (keys of single devices),
 * `anchors/*.verifiers.yaml` (other Verifiers), `anchors/*.crl`, `anchors/*.refval.pem` (public keys that sign reference values), `reference-values/*` (`reference-files.ts`, `file-lists.ts`), `matter/*.json` (what
 * the ledger says). Folders and files that do not exist are no problem; what is there and cannot be used is left out and named in `problems`. The
 * caller keeps the last good trust when there are any. `crlFiles` remembers CRLs between two reads; `brought` is what stands in no file: for its notes,
 * and for who may sign reference values.
 */
export function readTrust(
  folders: readonly string[],
  now: Millis = Date.now(),
  crlFiles = new CrlFiles(),
  brought: BroughtTrust = { anchors: [], verifiers: [] },
): TrustRead {
  const problems: string[] = [];
  const filesOf = (sub: string): readonly (readonly Found[])[] => folders.map(f => attempt(f, problems, () => filesIn(f, sub)));
  const anchorFolders = filesOf('anchors');
  const anchors = anchorFolders.flatMap(files => anchorsOf(files, problems));
  const listed = anchorFolders.flatMap(files => listedKeysOf(files, problems));
  const verifiers = anchorFolders.flatMap(files => verifiersOf(files, problems));
  const crls = crlFiles.read(
    anchorFolders.flat().filter(f => f.name.endsWith('.crl')),
    problems,
  );
  const keys = anchorFolders
    .flat()
    .filter(f => f.name.endsWith('.refval.pem'))
    .flatMap(f => attempt(f.path, problems, () => [readReferenceKey(f.name, readText(f.path))]));
  const signers = signersAmong([...anchors, ...brought.anchors], now, crls);
  const referenceFolders = filesOf('reference-values');
  const references = readReferenceFiles(referenceFolders.flat(), keys, problems, signers);
  const fileLists = fileListsOf(referenceFolders, problems);
  const referenceSets = references.flatMap(r => r.sets);
  const instances = [...listed, ...references.flatMap(r => r.keys)];
  const ledgers = filesOf('matter')
    .flat()
    .filter(f => f.name.endsWith('.json'))
    .flatMap(f => attempt<MatterLedger>(f.path, problems, () => [readMatterFile(f.name, readText(f.path))]));
  const trust = {
    anchors,
    referenceSets,
    ...(ledgers.length === 0 ? {} : { matter: mergeLedgers(ledgers) }),
    ...(instances.length === 0 ? {} : { keys: instances }),
    ...(verifiers.length === 0 ? {} : { verifiers }),
    ...(fileLists.length === 0 ? {} : { fileLists }),
    ...(crls.length === 0 ? {} : { crls: crls.map(({ name, sha256, der }) => ({ name, sha256, der })) }),
  };
  return {
    trust,
    problems,
    signers,
    notes: [
      ...endings([...anchors, ...brought.anchors, ...verifiers, ...brought.verifiers], now),
      ...overdue(crls, now),
      ...doubts(referenceSets),
    ],
  };
}

/** How long before its end an anchor is spoken of, days. */
const noticeDays = 30;
const dayMs = 86_400_000;

/** Of a Verifier iff it has a key. */
type Ending = Pick<AnchorMaterial, 'name' | 'expires'> & { readonly spki?: string };

/** Anchors and Verifiers that end soon or have ended. */
function endings(anchors: readonly Ending[], now: Millis): readonly string[] {
  return anchors.flatMap(({ name: own, expires, spki }) => {
    if (expires === undefined || expires - now > noticeDays * dayMs) return [];
    const name = `${spki === undefined ? 'anchor' : 'Verifier'} ${own}`;
    const day = new Date(expires).toISOString().slice(0, 16).replace('T', ' ');
    if (expires <= now) return [`Cannot admit by ${name}: it was trusted until ${day} UTC`];
    const days = Math.ceil((expires - now) / dayMs);
    return [
      `${name.replace('anchor', 'Anchor')} ends ${days === 1 ? 'within a day' : `in ${days} days`}, at ${day} UTC: what it vouches for is admitted no more then`,
    ];
  });
}

/** Sets whose signer was revoked, or may have been. */
const doubts = (sets: readonly ReferenceSet[]): readonly string[] =>
  sets.filter(({ standing }) => standing !== undefined).map(({ id, notes }) => `Cannot accept ${id.split(' ')[0]}: ${notes?.at(-1)}`);

/** CRLs that say of nobody any more that he is not revoked. */
const overdue = (crls: readonly CrlOfFile[], now: Millis): readonly string[] =>
  crls
    .filter(({ until }) => until === undefined || until < now)
    .map(
      ({ name, until }) =>
        `Cannot rely on CRL ${name}: ${until === undefined ? 'it names no end' : `it ended on ${new Date(until).toISOString().slice(0, 10)}`}, so only what it revoked for good still counts; bring a newer one`,
    );
