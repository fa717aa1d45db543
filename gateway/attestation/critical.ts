import type { Certificate } from '../codec/x509.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import { diceOids } from '../codec/dice.ts';

/** Critical extensions whose meaning we honour. All others but the next are refused (RFC 5280 §4.2). */
const honoured: ReadonlySet<string> = new Set([
  ...Object.values(extensionOids),
  '1.3.6.1.5.5.7.48.1.5', // id-pkix-ocsp-nocheck, which some mark so (RFC 6960 §4.2.2.2.1)
]);
/** Those that we carry on as a claim. */
const carried: ReadonlySet<string> = new Set([
  ...Object.values(diceOids),
  '1.3.6.1.5.5.7.1.35', // id-pe-cmw, draft-ietf-rats-msg-wrap
]);
/** DMTF SPDM certificate extensions (DSP0274 §10.8): markers of device, hardware identity and mutable certificates. */
const spdmArc = '1.3.6.1.4.1.412.274.';
/** OID of the first critical extension that is not understood. What DICE and SPDM mark as critical is understood where a device is judged, and only there. */
export const unknownCritical = (certificate: Certificate, isDevice = true): string | undefined =>
  certificate.extensions.find(e => e.critical && !honoured.has(e.oid) && !(isDevice && (carried.has(e.oid) || e.oid.startsWith(spdmArc))))
    ?.oid;
