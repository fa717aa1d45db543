import { DecodeError } from '../../../codec/reader.ts';
import { decodePcrBlob, type PcrValues } from '../../../codec/tpm-pcr-blob.ts';
import { hex } from '../../../codec/address.ts';
import { fromBase64 } from '../../../codec/bytes.ts';
import { decodeAttest } from '../../../codec/tpm.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import { maxInlineList, nameOfList } from '../../../attestation/tpm/list-beside.ts';
import type { ImaForm } from '../../../codec/ima-log.ts';
import type { Evidence, QuoteState } from '../../../model/attestation.ts';

/** The fields of `application/vnd.sallyport.tpm-quote+json` (`attestation/tpm/quote-json.ts`) as a channel has them: base64 as the device wrote it. */
export type QuoteFields = {
  readonly quote: string;
  readonly signature: string;
  readonly ak: { readonly public?: string; readonly certificates?: readonly string[]; readonly listed?: string };
  readonly ek?: { readonly certificates: readonly string[] };
  readonly pcrs: PcrValues;
  readonly eventLog?: string;
  /** The list of files that it ran, from this entry on, as the kernel writes it. */
  readonly imaLog?: { readonly from: number; readonly form: ImaForm; readonly list: Uint8Array };
};

/** Evidence of what a device answered. Nothing is read here that the scheme reads again; what is broken stays so and fails there. */
export function quoteEvidence({ pcrs, imaLog, ...fields }: QuoteFields): Evidence {
  const banks = Object.fromEntries(
    [...pcrs].map(([bank, values]) => [bank, Object.fromEntries([...values].map(([pcr, value]) => [pcr, hex(value)]))]),
  );
  const ran = imaLog === undefined ? {} : { imaLog: { from: imaLog.from, ...listIn(imaLog) } };
  const message = new TextEncoder().encode(JSON.stringify({ ...fields, pcrs: banks, ...ran }));
  const evidence = messageEvidence('application/vnd.sallyport.tpm-quote+json', message);
  return imaLog === undefined || isInline(imaLog) ? evidence : { ...evidence, list: imaLog.list };
}

const isInline = ({ list }: NonNullable<QuoteFields['imaLog']>): boolean => list.length <= maxInlineList;

/** A short list stands in the message; a long one goes beside it. */
function listIn(log: NonNullable<QuoteFields['imaLog']>): object {
  const { form, list } = log;
  if (!isInline(log)) return { beside: nameOfList(form, list) };
  return form === 'ascii' ? { ascii: new TextDecoder().decode(list) } : { binary: Buffer.from(list).toString('base64') };
}

/** PCR values in the form of tpm2-tools; none where they cannot be read, which then are not those that the TPM signed. */
export function pcrsIn(base64: string): PcrValues {
  try {
    return decodePcrBlob(fromBase64(base64));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return new Map();
  }
}

/**
 * Whether the TPM was reset since it was last quoted, by a quote that nobody has verified: then its list of files begins anew, and is asked for from its
 * beginning. Who lies about it is asked once more, and is judged by what it signs.
 */
export function saysReset(quote: string, previous: QuoteState | undefined): boolean {
  try {
    const attest = decodeAttest(fromBase64(quote));
    return attest.kind === 'quote' && attest.resetCount !== previous?.resetCount;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
}
