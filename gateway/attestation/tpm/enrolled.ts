import type { Hex } from '../../model/address.ts';
import type { EnrolledKey } from '../../model/trust.ts';
import { fromBase64 } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeTpmPublic, type TpmPublic } from '../../codec/tpm-public.ts';
import { decodeNvCertificate } from '../../codec/x509-nv.ts';
import type { Certificate } from '../../codec/x509.ts';

/** An attestation key that a TPM showed to us that it holds, with the certificates of that TPM: whether they lead to an anchor is looked at each time. */
export type EnrolledAk = { readonly ak: TpmPublic; readonly ekChain: readonly Certificate[] };

/** By the instance under which the device shows itself. What cannot be read is left out and named. */
export function prepareEnrolled(list: readonly EnrolledKey[]): {
  readonly enrolled: ReadonlyMap<Hex, EnrolledAk>;
  readonly problems: readonly string[];
} {
  const enrolled = new Map<Hex, EnrolledAk>();
  const problems: string[] = [];
  for (const { instance, ak, ekCertificates } of list)
    try {
      const ekChain = ekCertificates.map(der => decodeNvCertificate(fromBase64(der)));
      enrolled.set(instance, { ak: decodeTpmPublic(fromBase64(ak)), ekChain });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      problems.push(`Cannot use the enrolled key of ${instance}: ${error.message}`);
    }
  return { enrolled, problems };
}
