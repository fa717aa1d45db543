import { createHash, hash as digestOf } from 'node:crypto';
import type { QuoteState } from '../../model/attestation.ts';
import { hex } from '../../codec/address.ts';
import { concat, sameBytes } from '../../codec/bytes.ts';
import type { ImaEntry } from '../../codec/ima-log.ts';
import { type TpmHash, tpmHashes } from '../../codec/tpm-algorithms.ts';
import { EvidenceError, UnjudgedError } from '../evidence-error.ts';
import type { Slices } from '../slices.ts';
import type { FilesRun } from '../claims.ts';
import type { Step } from './counters.ts';
import { type FilePolicy, isExcluded, isListed } from './file-list.ts';
import type { QuotedPcrs } from './pcrs.ts';
import type { MeasuredList } from './quote-json.ts';

type ImaState = NonNullable<QuoteState['ima']>;
/** How far the list went, and, where the class has a list of files, what it says of them. */
export type Replayed = { readonly state?: ImaState; readonly files?: FilesRun };

/** The PCR of the list, as the kernel has it by default. Never as the list says: another may be one that anybody can reset (16, 23). */
export const imaPcr = 10;

/** Each costs three hashes, some 5 µs: well below a millisecond. */
const entriesAtOnce = 128;

/**
 * Replays the list up to the signed PCR value; what was measured after the quote is not proven and takes no part. Throws EvidenceError
 * LOG_MISMATCH when it leads elsewhere, ROLLED_BACK when it lost entries without a reset. Where a file may not be run, the state stays that of before: whoever
 * asks for the rest only must not forget the file. A slice is `entriesAtOnce`.
 */
export function* checkIma(
  list: MeasuredList,
  quoted: QuotedPcrs,
  step: Step,
  previous: QuoteState | undefined,
  policy: FilePolicy | undefined,
): Slices<Replayed> {
  const bank = quoted.find(b => b.hash.isAccepted && b.values.has(imaPcr));
  const goal = bank?.values.get(imaPcr);
  if (bank === undefined || goal === undefined) throw mismatch(`Cannot replay IMA list: PCR ${imaPcr} is not quoted`);
  const prior = step.kind === 'running' || step.kind === 'resumed' ? previous?.ima : undefined;
  if (prior !== undefined && list.from + list.count < prior.entries) throw shrunk(prior, list);
  let value = beginning(list, prior, bank.hash, policy);
  let count = list.from;
  let odd: FilesRun['odd'];
  for (const entry of list.entries) {
    if (sameBytes(value, goal)) break;
    if (count % entriesAtOnce === 0) yield;
    if (entry.pcr !== imaPcr) throw mismatch(`Cannot replay IMA list: entry ${count + 1} is of PCR ${entry.pcr}`);
    checkTemplate(entry, count + 1);
    if (policy !== undefined) odd ??= oddFile(entry, count + 1, policy, quoted);
    value = extended(value, entry, bank.hash);
    count++;
    if (prior?.entries === count && prior.bank === bank.hash.name && prior.value !== hex(value)) throw shrunk(prior, list);
  }
  if (!sameBytes(value, goal)) throw mismatch(`Cannot replay IMA list: its ${count} entries lead elsewhere`, hex(goal), hex(value));
  if (prior !== undefined && count < prior.entries) throw shrunk(prior, list);
  const state = { bank: bank.hash.name, value: hex(value), entries: count };
  if (policy === undefined) return { state };
  const files = { list: policy.name, count };
  if (odd === undefined) return { state: { ...state, policy: policy.id }, files };
  return { ...(prior === undefined ? {} : { state: prior }), files: { ...files, odd } };
}

/** The value before the first entry that was sent: zero, or where the last quote ended. */
function beginning(list: MeasuredList, prior: ImaState | undefined, hash: TpmHash, policy: FilePolicy | undefined): Uint8Array {
  if (list.from === 0) return new Uint8Array(hash.bytes);
  if (prior?.entries === list.from && prior.bank === hash.name && prior.policy === policy?.id)
    return Uint8Array.from(prior.value.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
  throw mismatch('Cannot replay IMA list: what comes before it was not seen', 'from 0, or from where the last quote ended', `${list.from}`);
}

/** A violation is extended as all ones, since nobody knows what was run. */
function extended(before: Uint8Array, entry: ImaEntry, hash: TpmHash): Uint8Array {
  const digest = entry.isViolation ? new Uint8Array(hash.bytes).fill(0xff) : digestOf(hash.name, entry.data, 'buffer');
  return digestOf(hash.name, concat(before, digest), 'buffer');
}

const byLength = new Map<number, TpmHash>(
  [tpmHashes[0x0004], tpmHashes[0x000b], tpmHashes[0x000c], tpmHashes[0x000d]].map(h => [h.bytes, h]),
);

/** The list's own column must fit too; the PCR of a bank of ours alone decides, so this only tells where a list is broken. */
function checkTemplate(entry: ImaEntry, at: number): void {
  const hash = byLength.get(entry.templateHash.length);
  if (entry.isViolation) return;
  if (hash !== undefined && sameBytes(digestOf(hash.name, entry.data, 'buffer'), entry.templateHash)) return;
  throw mismatch(`Cannot replay IMA list: the template hash of entry ${at} is not that of its template`);
}

const aggregate = 'boot_aggregate';

/** What is wrong with a file, by the list; undefined: it may be run, or is not judged. */
function oddFile(entry: ImaEntry, at: number, policy: FilePolicy, quoted: QuotedPcrs): FilesRun['odd'] {
  const { path, digest, isViolation } = entry;
  if (path === aggregate && !isViolation && isAggregate(entry, quoted)) return undefined;
  if (isListed(policy, entry) || isExcluded(policy, path)) return undefined;
  if (isViolation) return { code: 'FILE_VIOLATION', at, expected: 'a file that nobody writes to', seen: path };
  const expected = [...(policy.files.get(path) ?? [])].slice(0, 4).join(', ') || 'no such file';
  return { code: 'FILE_NOT_LISTED', at, expected, seen: `${path} ${digest}` };
}

/** The first entry ties the list to the boot: the hash over PCR 0 to 9, to 7 before Linux 5.8 (boot_aggregate). True where PCR 0 to 7 are not quoted to compare with. */
function isAggregate(entry: ImaEntry, quoted: QuotedPcrs): boolean {
  const [algorithm, digest] = entry.digest.split(':');
  const bank = quoted.find(b => b.hash.name === algorithm);
  const first = [0, 1, 2, 3, 4, 5, 6, 7].flatMap(pcr => bank?.values.get(pcr) ?? []);
  if (bank === undefined || first.length < 8) return true;
  const more = [8, 9].flatMap(pcr => bank.values.get(pcr) ?? []);
  const over = (values: readonly Uint8Array[]): string => values.reduce((h, v) => h.update(v), createHash(bank.hash.name)).digest('hex');
  return digest === over(first) || (more.length === 2 ? digest === over([...first, ...more]) : true);
}

/** What was too long to be kept says nothing of its files any more; whoever sends a message without the list that it names hides it. */
export function checkThere({ isGone }: MeasuredList, isLive: boolean): void {
  if (isGone !== true) return;
  const Fault = isLive ? EvidenceError : UnjudgedError;
  throw new Fault('LOG_MISMATCH', 'measured', 'Cannot judge the files that were run: their list is not here', {
    expected: 'the list itself',
    seen: 'its size and its SHA-256',
  });
}

const mismatch = (message: string, expected?: string, seen?: string): EvidenceError =>
  new EvidenceError('LOG_MISMATCH', 'measured', message, {
    ...(expected === undefined ? {} : { expected }),
    ...(seen === undefined ? {} : { seen }),
  });

const shrunk = (prior: ImaState, list: MeasuredList): EvidenceError =>
  new EvidenceError('ROLLED_BACK', 'measured', 'Cannot accept IMA list: it lost entries that it had, and the device was not reset', {
    expected: `at least ${prior.entries} entries, the first of them as before`,
    seen: `${list.from + list.count}`,
  });
