import { Reader } from './reader.ts';
import { type PcrBank, pcrsOf } from './tpm.ts';
import { tpmHash } from './tpm-algorithms.ts';
import { ofWhole } from './whole.ts';

/** PCR values by our names of the banks, then by PCR. Nobody signed them. */
export type PcrValues = ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>;

/** As tpm2-tools write them on a PC: room for 16 banks of 4 octets of selection each, and lists of 8 digests of at most 64 bytes. */
const [rooms, selectBytes, digestsPerList, maxDigest, maxLists] = [16, 4, 8, 64, 64];

/**
 * The PCR file of `tpm2_quote -o` in its own form (`-F serialized`), which Keylime agents send too: a TPML_PCR_SELECTION and then TPML_DIGESTs as they lie
 * in the memory of a little-endian machine. Throws DecodeError.
 */
export const decodePcrBlob = (bytes: Uint8Array): PcrValues => ofWhole(() => blob(new Reader(bytes, 'PCR blob')));

function blob(r: Reader): PcrValues {
  const count = r.u32le();
  if (count > rooms) throw r.fault(`${count} banks`);
  const all = Array.from({ length: rooms }, () => {
    const [id, size, select] = [r.u16le(), r.u8(), r.take(selectBytes)];
    r.skip(1);
    return { id, size, select };
  });
  const banks = all.slice(0, count).map(({ id, size, select }): PcrBank => {
    const hash = tpmHash(id);
    if (hash === undefined || size > selectBytes) throw r.fault(`bank 0x${id.toString(16)} with a selection of ${size} bytes`);
    return { hash, pcrs: pcrsOf(select.subarray(0, size)) };
  });
  const lists = r.u32le();
  if (lists > maxLists) throw r.fault(`${lists} lists of digests`);
  const digests: Uint8Array[] = [];
  for (let i = 0; i < lists; i++) {
    const used = r.u32le();
    if (used > digestsPerList) throw r.fault(`${used} digests in a list`);
    for (let j = 0; j < digestsPerList; j++) {
      const [size, buffer] = [r.u16le(), r.take(maxDigest)];
      if (size > maxDigest) throw r.fault(`a digest of ${size} bytes`);
      if (j < used) digests.push(buffer.subarray(0, size));
    }
  }
  r.end();
  return inOrder(banks, digests, r);
}

/** The same file with `-F values`: nothing but the digests that the quote selects, in its order. Throws DecodeError. */
export const decodePcrDigests = (bytes: Uint8Array, banks: readonly PcrBank[]): PcrValues =>
  ofWhole(() => {
    const r = new Reader(bytes, 'PCR values');
    const digests = banks.flatMap(({ hash, pcrs }) => pcrs.map(() => r.take(hash.bytes)));
    r.end();
    return inOrder(banks, digests, r);
  });

/** Each digest has its bank's length and its place; two selections of one bank would be ambiguous. */
function inOrder(banks: readonly PcrBank[], digests: readonly Uint8Array[], r: Reader): PcrValues {
  const found = new Map<string, Map<number, Uint8Array>>();
  let at = 0;
  for (const { hash, pcrs } of banks) {
    if (found.has(hash.name)) throw r.fault(`bank ${hash.name} twice`);
    const values = new Map<number, Uint8Array>();
    for (const pcr of pcrs) {
      const digest = digests[at++];
      if (digest?.length !== hash.bytes) throw r.fault(`no digest of ${hash.bytes} bytes for PCR ${pcr} of ${hash.name}`);
      values.set(pcr, digest);
    }
    found.set(hash.name, values);
  }
  if (at !== digests.length) throw r.fault(`${digests.length} digests for ${at} PCRs`);
  return found;
}
