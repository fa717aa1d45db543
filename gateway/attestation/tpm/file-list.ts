import { createHash } from 'node:crypto';
import type { Hex } from '../../model/address.ts';
import type { QuoteState } from '../../model/attestation.ts';
import type { FileList } from '../../model/trust.ts';
import type { ImaEntry } from '../../codec/ima-log.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { Context } from '../scheme.ts';
import type { Trust } from '../trust.ts';
import { trustAk } from './ak.ts';

/** The list of a class, ready to be asked about each file. `id` is another where anything of it is: what was judged by it must be judged anew. */
export type FilePolicy = {
  readonly id: Hex;
  readonly name: string;
  readonly vendor: string;
  readonly model: string;
  readonly files: ReadonlyMap<string, ReadonlySet<string>>;
  readonly excludes: ReadonlySet<string>;
};

/** The kernel writes underscores for spaces, into the list and into what it measures. */
const asMeasured = (path: string): string => path.replaceAll(' ', '_');

export function prepareFileList({ name, vendor, model, files, excludes }: FileList): FilePolicy {
  const known = new Map<string, Set<string>>();
  for (const [path, digests] of files) {
    const at = asMeasured(path);
    known.set(at, new Set([...(known.get(at) ?? []), ...digests]));
  }
  const id = createHash('sha256')
    .update(JSON.stringify([vendor, model, files, excludes]))
    .digest('hex');
  return { id, name, vendor, model, files: known, excludes: new Set(excludes.map(asMeasured)) };
}

/** The list that judges devices of this class; undefined: nobody listed their files. */
export const fileListFor = (
  { fileLists = [] }: Pick<Trust, 'fileLists'>,
  { vendor, model }: { readonly vendor?: string; readonly model?: string },
): FilePolicy | undefined => fileLists.find(list => list.vendor === vendor && list.model === model);

/** What a person left out: the path itself, or a folder above it. A path that climbs up again is nowhere. */
export function isExcluded({ excludes }: FilePolicy, path: string): boolean {
  if (excludes.size === 0 || /(?:^|\/)\.\.?(?:\/|$)/.test(path)) return false;
  if (excludes.has(path)) return true;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    if (excludes.has(path.slice(0, slash + 1))) return true;
  return false;
}

/** Whether the file may have been run: listed with this digest. Nobody knows what a violation ran. */
export const isListed = ({ files }: FilePolicy, { path, digest, isViolation }: ImaEntry): boolean =>
  !isViolation && files.get(path)?.has(digest) === true;

/** From which entry the list is wanted: where the last good quote ended, unless it was judged by another list of files. */
export const wantedFrom = (previous: QuoteState | undefined, policy: FilePolicy): number =>
  previous?.ima === undefined || previous.ima.policy !== policy.id ? 0 : previous.ima.entries;

/** What a device shows of its attestation key before it quotes: whose listed key it says that it is, or certificates (DER, leaf first). Untrusted. */
export type ShownAk = { readonly listed?: Hex; readonly certificates?: readonly Uint8Array[] };

/**
 * From which entry a device should send the list of what it ran; undefined: it is not wanted. Whoever it says that it is decides only what is asked, and
 * the quote is judged by what is proved.
 */
export function filesWanted(
  { listed, certificates = [] }: ShownAk,
  context: Omit<Context, 'freshness' | 'ttlSeconds'>,
): number | undefined {
  if ((context.trust.fileLists ?? []).length === 0) return undefined;
  try {
    const ak = { akChain: certificates.map(decodeCertificate), ekChain: [], ...(listed === undefined ? {} : { akListed: listed }) };
    const policy = fileListFor(context.trust, trustAk(ak, context).identity);
    return policy && wantedFrom(context.quote?.previous, policy);
  } catch (error) {
    // Its quote will fail for this; then nobody needs the list.
    if (error instanceof EvidenceError || error instanceof DecodeError) return undefined;
    throw error;
  }
}
