import { hex } from '../../codec/address.ts';
import { fromBase64 } from '../../codec/bytes.ts';
import type { Certificate } from '../../codec/x509.ts';
import type { MatterLedger, MatterRecord } from '../../model/trust.ts';

/** What a site knows from Matter's ledger, ready to be asked. `revoked` absent: nobody brought a revocation set, so nothing can be told. */
export type Ledger = { readonly revoked?: ReadonlySet<string>; readonly certified: readonly MatterRecord[] };

/** Of a site that brought nothing. */
export const emptyLedger: Ledger = { certified: [] };

/** Throws DecodeError when an issuer is no base64: `readMatterFile` has checked it. */
export function prepareLedger({ revoked, certified = [] }: MatterLedger): Ledger {
  if (revoked === undefined) return { certified };
  const keys = revoked.flatMap(entry => {
    const issuer = hex(fromBase64(entry.issuer));
    return entry.serials.map(serial => keyOf(entry.issuerKeyId, issuer, serial));
  });
  return { revoked: new Set(keys), certified };
}

/** True iff the set names it, by the issuer's key identifier and name and its serial number; `undefined` when there is no set. */
export function isRevoked({ revoked }: Ledger, certificate: Certificate): boolean | undefined {
  const { authorityKeyId, issuer, serialNumber } = certificate;
  return revoked?.has(keyOf(authorityKeyId === undefined ? '' : hex(authorityKeyId), hex(issuer.der), serialNumber));
}

/** Serial numbers are numbers: sets write them with and without the sign octet. */
const keyOf = (keyId: string, issuer: string, serial: string): string =>
  `${keyId.toLowerCase()} ${issuer} ${serial.toLowerCase().replace(/^0+/, '')}`;
