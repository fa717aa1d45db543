import { DecodeError } from '../../../codec/reader.ts';
import { decodePcrBlob, type PcrValues } from '../../../codec/tpm-pcr-blob.ts';
import { hex } from '../../../codec/address.ts';
import { fromBase64 } from '../../../codec/bytes.ts';
import { decodeAttest } from '../../../codec/tpm.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import type { Evidence, QuoteState } from '../../../model/attestation.ts';

/** The fields of `application/vnd.sallyport.tpm-quote+json` (`attestation/tpm/quote-json.ts`) as a channel has them: base64 as the device wrote it. */
export type QuoteFields = {
  readonly quote: string;
  readonly signature: string;
  readonly ak: { readonly certificates?: readonly string[]; readonly listed?: string };
  readonly pcrs: PcrValues;
  readonly eventLog?: string;
  /** The list of files that it ran, from this entry on, as the kernel writes it: as text, or in base64. */
  readonly imaLog?: { readonly from: number; readonly ascii: string } | { readonly from: number; readonly binary: string };
};

/** Evidence of what a device answered. Nothing is read here that the scheme reads again; what is broken stays so and fails there. */
export function quoteEvidence({ pcrs, ...fields }: QuoteFields): Evidence {
  const banks = Object.fromEntries(
    [...pcrs].map(([bank, values]) => [bank, Object.fromEntries([...values].map(([pcr, value]) => [pcr, hex(value)]))]),
  );
  return messageEvidence('application/vnd.sallyport.tpm-quote+json', new TextEncoder().encode(JSON.stringify({ ...fields, pcrs: banks })));
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
