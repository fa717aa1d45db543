import { DerReader } from './der.ts';
import { type Certificate, decodeCertificate } from './x509.ts';

/**
 * A certificate as it stands in an NV index of a TPM, which some makers make longer than it: what follows is as the index was before, all ones or all zeros. `decode`
 * reads what is left. Throws DecodeError for what is no certificate, or is followed by something else.
 */
export function decodeNvCertificate(bytes: Uint8Array, decode: (der: Uint8Array) => Certificate = decodeCertificate): Certificate {
  const { whole } = new DerReader(bytes).next();
  const rest = bytes.subarray(whole.length);
  const isPadding = [0x00, 0xff].some(fill => rest.every(byte => byte === fill));
  return decode(isPadding ? whole : bytes);
}
