import type { Hex } from '../../model/address.ts';
import { fromBase64 } from '../../codec/bytes.ts';
import { decodeImaAscii, decodeImaBinary, type ImaEntry, maxImaBytes } from '../../codec/ima-log.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeEventLog, maxEventLog, type TcgEventLog } from '../../codec/tcg-event-log.ts';
import { type Attest, decodeAttest, decodeTpmSignature, type TpmSignature } from '../../codec/tpm.ts';
import { tpmHashNamed } from '../../codec/tpm-algorithms.ts';
import { decodeTpmPublic, type TpmPublic } from '../../codec/tpm-public.ts';
import { decodeNvCertificate } from '../../codec/x509-nv.ts';
import { type Certificate, decodeCertificate } from '../../codec/x509.ts';
import { maxCertificates, maxChainBytes } from '../evidence.ts';
import { listBeside } from './list-beside.ts';

/**
 * `application/vnd.sallyport.tpm-quote+json`, every field as named and none other; bytes in base64:
 *   quote: TPMS_ATTEST · signature: TPMT_SIGNATURE
 *   ak: { public?: TPM2B_PUBLIC, certificates?: [DER, leaf first], listed?: hex }, at least one of them; listed: as whom the device shows itself,
 *     for which its key is listed
 *   ek?: { certificates: [DER, leaf first] }: with `ak.public`, for a key that was activated and not certified
 *   pcrs: { sha256: { "7": hex } }, exactly the PCRs that the quote selects
 *   eventLog?: the firmware's log · imaLog?: { from: entries left out, ascii: text } or { from, binary } or { from, beside: … } (`list-beside.ts`)
 */
export type QuoteEvidence = {
  readonly attestBytes: Uint8Array;
  readonly attest: Attest;
  readonly signature: TpmSignature;
  readonly akPublic?: TpmPublic;
  readonly akChain: readonly Certificate[];
  /** Whose listed key it says that it is: a hint where to look, never a proof. */
  readonly akListed?: Hex;
  readonly ekChain: readonly Certificate[];
  /** By our names of the banks, then by PCR. */
  readonly pcrs: ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>;
  readonly eventLog?: TcgEventLog;
  readonly ima?: MeasuredList;
};

/** Entries from `from` on. Those of a list that came beside the message are read one by one, and throw DecodeError where they are broken. */
export type MeasuredList = {
  readonly from: number;
  readonly count: number;
  readonly entries: Iterable<ImaEntry>;
  /** Set iff it was too long to be kept with the message: nothing is known of its entries any more. */
  readonly isGone?: true;
};

/** Longest message, bytes: a whole IMA list and a log in base64. */
export const maxQuoteBytes = 12 << 20;

/** Reads the message and all that is in it, certificates by `decode`; `list`: what came beside it. Throws DecodeError. */
export function decodeQuoteEvidence(
  bytes: Uint8Array,
  list?: Uint8Array,
  decode: (der: Uint8Array) => Certificate = decodeCertificate,
): QuoteEvidence {
  if (bytes.length > maxQuoteBytes) throw new DecodeError(`Cannot read TPM quote: ${bytes.length} bytes`);
  const all = object('TPM quote', parse(bytes), ['quote', 'signature', 'ak', 'pcrs'], ['ek', 'eventLog', 'imaLog']);
  const ak = object('ak', all.get('ak'), [], ['public', 'certificates', 'listed']);
  const attestBytes = binary('quote', all.get('quote'), 4096);
  const [akPublic, eventLog, imaLog] = [ak.get('public'), all.get('eventLog'), all.get('imaLog')];
  const akChain = ak.has('certificates') ? chain('ak.certificates', ak.get('certificates'), decode) : [];
  const akListed = ak.has('listed') ? instance(ak.get('listed')) : undefined;
  if (akPublic === undefined && akChain.length === 0 && akListed === undefined)
    throw new DecodeError('Cannot read ak: neither public nor certificates, nor for whom it is listed');
  return {
    attestBytes,
    attest: decodeAttest(attestBytes),
    signature: decodeTpmSignature(binary('signature', all.get('signature'), 4096)),
    ...(akPublic === undefined ? {} : { akPublic: decodeTpmPublic(binary('ak.public', akPublic, 4096)) }),
    akChain,
    ...(akListed === undefined ? {} : { akListed }),
    ekChain: all.has('ek') ? chain('ek.certificates', object('ek', all.get('ek'), ['certificates'], []).get('certificates'), decode) : [],
    pcrs: banks(all.get('pcrs')),
    ...(eventLog === undefined ? {} : { eventLog: decodeEventLog(binary('eventLog', eventLog, maxEventLog)) }),
    ...(imaLog === undefined ? {} : { ima: ima(imaLog, list) }),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new DecodeError('Cannot read TPM quote: no JSON in UTF-8');
  }
}

/** An object with these fields and no others. */
function object(at: string, value: unknown, required: readonly string[], allowed: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DecodeError(`Cannot read ${at}: no object`);
  const found = new Map<string, unknown>(Object.entries(value));
  const missing = required.find(key => !found.has(key));
  if (missing !== undefined) throw new DecodeError(`Cannot read ${at}: ${missing} is missing`);
  for (const key of found.keys())
    if (!required.includes(key) && !allowed.includes(key))
      throw new DecodeError(`Cannot read ${at}: unknown field ${JSON.stringify(key.slice(0, 40))}`);
  return found;
}

function binary(at: string, value: unknown, most: number): Uint8Array {
  if (typeof value !== 'string' || value.length > Math.ceil(most / 3) * 4)
    throw new DecodeError(`Cannot read ${at}: no base64 of its size`);
  return fromBase64(value);
}

function instance(value: unknown): Hex {
  if (typeof value !== 'string' || !/^(?:[0-9a-f]{2}){7,33}$/.test(value))
    throw new DecodeError('Cannot read ak.listed: no instance in hex');
  return value;
}

function chain(at: string, value: unknown, decode: (der: Uint8Array) => Certificate): readonly Certificate[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxCertificates)
    throw new DecodeError(`Cannot read ${at}: not 1 to ${maxCertificates} certificates`);
  const ders = value.map((one: unknown) => binary(at, one, maxChainBytes));
  if (ders.reduce((sum, der) => sum + der.length, 0) > maxChainBytes) throw new DecodeError(`Cannot read ${at}: too many bytes`);
  return ders.map(der => decodeNvCertificate(der, decode));
}

function banks(value: unknown): QuoteEvidence['pcrs'] {
  const found = object('pcrs', value, [], typeof value === 'object' && value !== null ? Object.keys(value).filter(isBank) : []);
  return new Map([...found].map(([bank, values]) => [bank, valuesOf(bank, values)]));
}

const isBank = (name: string): boolean => tpmHashNamed(name) !== undefined;

function valuesOf(bank: string, value: unknown): ReadonlyMap<number, Uint8Array> {
  if (typeof value !== 'object' || value === null) throw new DecodeError(`Cannot read pcrs.${bank}: no object`);
  const length = (tpmHashNamed(bank)?.bytes ?? 0) * 2;
  return new Map(
    Object.entries(value).map(([pcr, digest]: [string, unknown]) => {
      if (!/^(?:[0-9]|[12][0-9]|3[01])$/.test(pcr)) throw new DecodeError(`Cannot read pcrs.${bank}: a PCR that is none`);
      if (typeof digest !== 'string' || digest.length !== length || !/^[0-9a-f]*$/.test(digest))
        throw new DecodeError(`Cannot read pcrs.${bank}.${pcr}: no digest in lower-case hex`);
      return [Number(pcr), Uint8Array.from(digest.match(/../g) ?? [], pair => Number.parseInt(pair, 16))];
    }),
  );
}

function ima(value: unknown, list: Uint8Array | undefined): MeasuredList {
  const log = object('imaLog', value, ['from'], ['ascii', 'binary', 'beside']);
  const [from, ascii, bytes, beside] = [log.get('from'), log.get('ascii'), log.get('binary'), log.get('beside')];
  if (typeof from !== 'number' || !Number.isSafeInteger(from) || from < 0) throw new DecodeError('Cannot read imaLog: from is no count');
  if (log.size !== 2) throw new DecodeError('Cannot read imaLog: not one of ascii, binary and beside');
  if (beside !== undefined) {
    const fields = ['form', 'size', 'sha256', 'begins', 'ends'];
    return { from, ...listBeside(object('imaLog.beside', beside, fields, []), list) };
  }
  if (ascii !== undefined && typeof ascii !== 'string') throw new DecodeError('Cannot read imaLog.ascii: no text');
  const entries = ascii === undefined ? decodeImaBinary(binary('imaLog.binary', bytes, maxImaBytes)) : decodeImaAscii(ascii);
  return { from, count: entries.length, entries };
}
