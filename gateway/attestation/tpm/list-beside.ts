import { createHash } from 'node:crypto';
import type { Hex } from '../../model/address.ts';
import { latin1 } from '../../codec/der.ts';
import { countImaEntries, imaEntries, type ImaForm } from '../../codec/ima-log.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { MeasuredList } from './quote-json.ts';

/**
 * A list of files too long to stand in its message: some 100,000 entries of a host that runs for weeks are 12 to 20 MB. It goes beside the message, is judged
 * where it arrived, and is then gone. The message, which is kept, names it by its SHA-256 and has how it begins and ends, for people.
 */
export type ListBeside = {
  readonly form: ImaForm;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Hex;
  /** Its first and last bytes, base64: at most `keptEnd` each. Nothing is judged by them. */
  readonly begins: string;
  readonly ends: string;
};

/** Longest list that is judged; longest that stands in the message; what is kept of each end of a longer one. Bytes. */
export const maxListBytes = 32 << 20;
export const maxInlineList = 1 << 20;
export const keptEnd = 32_768;

/** How the message names this list. */
export const nameOfList = (form: ImaForm, list: Uint8Array): ListBeside => ({
  form,
  size: list.length,
  sha256: sha256(list),
  begins: btoa(latin1(list.subarray(0, keptEnd))),
  ends: btoa(latin1(list.subarray(Math.max(keptEnd, list.length - keptEnd)))),
});

/** The entries of the list that the message names; `isGone` where it is not there. Throws DecodeError for another list than that, and for one over the cap. */
export function listBeside(named: ReadonlyMap<string, unknown>, list: Uint8Array | undefined): Omit<MeasuredList, 'from'> {
  const [form, size] = [named.get('form'), named.get('size')];
  if (form !== 'ascii' && form !== 'binary') throw new DecodeError('Cannot read imaLog.beside: form is neither ascii nor binary');
  if (list === undefined) return { count: 0, entries: [], isGone: true };
  if (list.length > maxListBytes) throw new DecodeError(`Cannot read IMA list: ${list.length} bytes, at most ${maxListBytes} are taken`);
  if (list.length !== size || sha256(list) !== named.get('sha256'))
    throw new DecodeError('Cannot read imaLog.beside: the list that came is another than it names');
  return { count: countImaEntries(form, list), entries: imaEntries(form, list) };
}

const sha256 = (bytes: Uint8Array): Hex => createHash('sha256').update(bytes).digest('hex');
