import { Reader } from './reader.ts';
import { type TpmHash, tpmAlgorithms, tpmHash } from './tpm-algorithms.ts';
import { ofWhole } from './whole.ts';

/**
 * What a TPM 2.0 signs and how it signs it: TPMS_ATTEST and TPMT_SIGNATURE (TPM 2.0 Library, Part 2: Structures, §§10.12, 11.3). Big-endian.
 * Everything throws DecodeError and nothing else, and reads to the end. Nothing in it is true before its signature is checked.
 */

/** TPM_GENERATED_VALUE: the TPM puts it before what it made itself, and signs nothing else of that beginning with a restricted key. */
export const tpmGenerated = 0xff544347;
const attestQuote = 0x8018;

/** Which PCRs of one bank are meant, ascending. */
export type PcrBank = { readonly hash: TpmHash; readonly pcrs: readonly number[] };

/** TPMS_CLOCK_INFO: milliseconds of power, resets of the TPM, resumes since the last reset; `safe` iff the clock was never shown later than this. */
export type ClockInfo = { readonly clock: bigint; readonly resetCount: number; readonly restartCount: number; readonly safe: boolean };

/** TPMS_ATTEST. What is no quote is named and not read further: `magic` decides before anything else. */
export type Attest =
  | { readonly kind: 'foreign'; readonly magic: number }
  | { readonly kind: 'other'; readonly type: number }
  | ({
      readonly kind: 'quote';
      /** Qualified name of the key: nameAlg and digest. */
      readonly qualifiedSigner: Uint8Array;
      readonly extraData: Uint8Array;
      readonly firmwareVersion: bigint;
      readonly banks: readonly PcrBank[];
      readonly pcrDigest: Uint8Array;
    } & ClockInfo);

/** Longest TPM2B that a TPM makes for names, nonces and digests: TPMT_HA of SHA-512, bytes. */
const maxDigest = 66;

export const decodeAttest = (bytes: Uint8Array): Attest => ofWhole(() => attest(new Reader(bytes, 'TPMS_ATTEST')));

function attest(r: Reader): Attest {
  const magic = r.u32();
  if (magic !== tpmGenerated) return { kind: 'foreign', magic };
  const type = r.u16();
  if (type !== attestQuote) return { kind: 'other', type };
  const qualifiedSigner = sized(r, maxDigest, 'name');
  const extraData = sized(r, maxDigest, 'extraData');
  const [clock, resetCount, restartCount, safe] = [r.u64(), r.u32(), r.u32(), r.u8()];
  if (safe > 1) throw r.fault(`safe is ${safe}`);
  const firmwareVersion = r.u64();
  const banks = pcrSelection(r);
  const pcrDigest = sized(r, maxDigest, 'pcrDigest');
  r.end();
  return {
    kind: 'quote',
    qualifiedSigner,
    extraData,
    clock,
    resetCount,
    restartCount,
    safe: safe === 1,
    firmwareVersion,
    banks,
    pcrDigest,
  };
}

/** TPM2B: a length of 16 bits, then as many bytes. */
export function sized(r: Reader, most: number, what: string): Uint8Array {
  const length = r.u16();
  if (length > most) throw r.fault(`${what} of ${length} bytes`);
  return r.take(length);
}

/** HASH_COUNT of any TPM that there is, and 32 PCRs at most (PCR_SELECT_MAX 4). */
const maxBanks = 8;
const maxSelect = 4;

/** TPML_PCR_SELECTION (§10.9.7): of each octet the lowest bit is the lowest PCR. Two selections of one bank would be ambiguous. */
function pcrSelection(r: Reader): readonly PcrBank[] {
  const count = r.u32();
  if (count > maxBanks) throw r.fault(`${count} PCR banks`);
  const banks: PcrBank[] = [];
  for (let i = 0; i < count; i++) {
    const id = r.u16();
    const hash = tpmHash(id);
    const size = r.u8();
    if (hash === undefined || banks.some(b => b.hash === hash)) throw r.fault(`PCR bank 0x${id.toString(16)}`);
    if (size > maxSelect) throw r.fault(`PCR selection of ${size} bytes`);
    banks.push({ hash, pcrs: pcrsOf(r.take(size)) });
  }
  return banks;
}

/** The PCRs of one selection, ascending. */
export const pcrsOf = (select: Uint8Array): readonly number[] => [...select].flatMap((byte, at) => bitsOf(byte).map(bit => at * 8 + bit));
const bitsOf = (byte: number): readonly number[] => [0, 1, 2, 3, 4, 5, 6, 7].filter(bit => ((byte >> bit) & 1) === 1);

/** TPMT_SIGNATURE, of the kinds that sign quotes. */
export type TpmSignature =
  | { readonly kind: 'rsassa' | 'rsapss'; readonly hash: TpmHash; readonly signature: Uint8Array }
  | { readonly kind: 'ecdsa'; readonly hash: TpmHash; readonly r: Uint8Array; readonly s: Uint8Array };

/** RSA of 8192 bits, and a scalar of P-521. */
const maxRsa = 1024;
const maxScalar = 66;

export function decodeTpmSignature(bytes: Uint8Array): TpmSignature {
  return ofWhole(() => {
    const r = new Reader(bytes, 'TPMT_SIGNATURE');
    const found = signature(r);
    r.end();
    return found;
  });
}

function signature(r: Reader): TpmSignature {
  const [scheme, hashId] = [r.u16(), r.u16()];
  const hash = tpmHash(hashId);
  if (hash === undefined) throw r.fault(`hash 0x${hashId.toString(16)}`);
  switch (scheme) {
    case tpmAlgorithms.rsassa:
      return { kind: 'rsassa', hash, signature: sized(r, maxRsa, 'RSA signature') };
    case tpmAlgorithms.rsapss:
      return { kind: 'rsapss', hash, signature: sized(r, maxRsa, 'RSA signature') };
    case tpmAlgorithms.ecdsa:
      return { kind: 'ecdsa', hash, r: sized(r, maxScalar, 'r'), s: sized(r, maxScalar, 's') };
    default:
      throw r.fault(`signature scheme 0x${scheme.toString(16)}`);
  }
}
