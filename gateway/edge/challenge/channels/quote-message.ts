import { DecodeError } from '../../../codec/reader.ts';
import { decodePcrBlob, type PcrValues } from '../../../codec/tpm-pcr-blob.ts';
import { hex } from '../../../codec/address.ts';
import { fromBase64 } from '../../../codec/bytes.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import type { Evidence } from '../../../model/attestation.ts';

/** The fields of `application/vnd.sallyport.tpm-quote+json` (`attestation/tpm/quote-json.ts`) as a channel has them: base64 as the device wrote it. */
export type QuoteFields = {
  readonly quote: string;
  readonly signature: string;
  readonly ak: { readonly certificates?: readonly string[]; readonly listed?: string };
  readonly pcrs: PcrValues;
  readonly eventLog?: string;
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
