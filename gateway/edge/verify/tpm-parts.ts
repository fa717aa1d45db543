import { createPublicKey } from 'node:crypto';
import { DecodeError } from '../../codec/reader.ts';
import { decodePcrBlob, decodePcrDigests, type PcrValues } from '../../codec/tpm-pcr-blob.ts';
import { decodeTpmPublic } from '../../codec/tpm-public.ts';
import { decodeAttest, type PcrBank, tpmGenerated } from '../../codec/tpm.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import type { Evidence } from '../../model/attestation.ts';
import { publicKeyOf } from '../../attestation/tpm/keys.ts';
import { quoteEvidence, type QuoteFields } from '../challenge/channels/quote-message.ts';
import { type Piece, textOf, VerifyCallError } from './pieces.ts';

/**
 * A quote in the parts that tpm2-tools write, put together as one message of the scheme: `tpm2_quote -m MSG -s SIG -o PCRS` (either form), `tpm2_readpublic
 * -f tss -o AK.pub`, certificates of the attestation or the endorsement key, the firmware's event log, the list of IMA. Each is known by how it begins.
 */
type Part = 'quote' | 'signature' | 'public' | 'eventLog' | 'imaAscii' | 'imaBinary' | 'pcrs';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether one of them is a quote of tpm2-tools. */
export const hasQuote = (pieces: readonly Piece[]): boolean =>
  pieces.some(piece => piece.kind === 'message' && partOf(piece.bytes) === 'quote');

/** The Evidence, as a channel would have made it. Throws VerifyCallError when a part is missing or there twice; DecodeError for what a part holds. */
export function quoteOf(pieces: readonly Piece[]): Evidence {
  const parts = new Map<Part, Uint8Array>();
  for (const piece of pieces) {
    if (piece.kind === 'certificates') continue;
    const part = partOf(piece.bytes);
    if (parts.has(part)) throw new VerifyCallError(`Cannot put the quote together: ${piece.path} is a second ${part}`);
    parts.set(part, piece.bytes);
  }
  const need = (part: Part): Uint8Array => {
    const bytes = parts.get(part);
    if (bytes === undefined) throw new VerifyCallError(`Cannot put the quote together: no file is its ${part}`);
    return bytes;
  };
  const quote = withoutSize(need('quote'));
  const attest = decodeAttest(quote);
  const pcrs = valuesOf(need('pcrs'), attest.kind === 'quote' ? attest.banks : []);
  const [eventLog, ascii, binary] = [parts.get('eventLog'), parts.get('imaAscii'), parts.get('imaBinary')];
  const [form, list] = binary === undefined ? (['ascii', ascii] as const) : (['binary', binary] as const);
  return quoteEvidence({
    quote: base64(quote),
    signature: base64(need('signature')),
    ...keys(
      parts.get('public'),
      pieces.flatMap(piece => (piece.kind === 'certificates' ? piece.certificates : [])),
    ),
    pcrs,
    ...(eventLog === undefined ? {} : { eventLog: base64(eventLog) }),
    ...(list === undefined ? {} : { imaLog: { from: 0, form, list } }),
  });
}

/** A list of files beside a message that was kept without it. */
export const isFileList = ({ bytes }: Piece): boolean => ['imaAscii', 'imaBinary'].includes(partOf(bytes));

/** By how it begins; what begins like nothing else is PCR values, which begin with anything. */
function partOf(bytes: Uint8Array): Part {
  if (bytes.length < 8) return 'pcrs';
  const [first, second, little] = [view(bytes).getUint16(0), view(bytes).getUint16(2), view(bytes).getUint32(0, true)];
  if (view(withoutSize(bytes)).getUint32(0) === tpmGenerated) return 'quote';
  // TPMT_SIGNATURE: scheme, hash and then a length within the file. TPM2B_PUBLIC: its own length, then RSA or ECC.
  if ([0x14, 0x16, 0x18].includes(first) && second < 0x30 && view(bytes).getUint16(4) <= bytes.length - 6) return 'signature';
  if (first === bytes.length - 2 && [0x0001, 0x0023].includes(second)) return 'public';
  if (textOf(bytes.subarray(32, 45)) === 'Spec ID Event' || (little === 0 && view(bytes).getUint32(4, true) === 3)) return 'eventLog';
  if (/^\d{1,2} [0-9a-f]{40,64} ima/.test(textOf(bytes.subarray(0, 80)))) return 'imaAscii';
  if (little === 10 && textOf(bytes.subarray(0, 64)).includes('ima')) return 'imaBinary';
  return 'pcrs';
}

/** A TPM2B_ATTEST without its length. */
const withoutSize = (bytes: Uint8Array): Uint8Array =>
  bytes.length > 6 && view(bytes).getUint16(0) === bytes.length - 2 && view(bytes).getUint32(2) === tpmGenerated
    ? bytes.subarray(2)
    : bytes;

function valuesOf(bytes: Uint8Array, banks: readonly PcrBank[]): PcrValues {
  const plain = banks.reduce((sum, bank) => sum + bank.pcrs.length * bank.hash.bytes, 0);
  return bytes.length === plain ? decodePcrDigests(bytes, banks) : decodePcrBlob(bytes);
}

/** Certificates of the attestation key's own, when the first of them is of it; else of the endorsement key above it. */
function keys(akPublic: Uint8Array | undefined, certificates: readonly Uint8Array[]): Pick<QuoteFields, 'ak' | 'ek'> {
  const [leaf] = certificates;
  const chain = certificates.map(base64);
  if (akPublic === undefined) return { ak: { certificates: chain } };
  const own = { public: base64(akPublic) };
  if (leaf === undefined) return { ak: own };
  return isOf(akPublic, leaf) ? { ak: { ...own, certificates: chain } } : { ak: own, ek: { certificates: chain } };
}

function isOf(akPublic: Uint8Array, leaf: Uint8Array): boolean {
  try {
    const { spki } = decodeCertificate(leaf);
    return publicKeyOf(decodeTpmPublic(akPublic)).equals(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  } catch (error) {
    // What cannot be read is said by the scheme, with its reason.
    if (error instanceof DecodeError) return true;
    throw error;
  }
}
