import type { Certificate } from '../codec/x509.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import { diceOids } from '../codec/dice.ts';

/** Critical extensions whose meaning we honour, or carry on as a claim. All others are refused. */
const allowed: ReadonlySet<string> = new Set([
  ...Object.values(extensionOids),
  ...Object.values(diceOids),
  '1.3.6.1.5.5.7.1.35', // id-pe-cmw, draft-ietf-rats-msg-wrap
]);
/** DMTF SPDM certificate extensions (DSP0274 §10.8): markers of device, hardware identity and mutable certificates. */
const spdmArc = '1.3.6.1.4.1.412.274.';
/** Must be understood even when it is marked as not critical (RFC 5280 §4.2.1.10), and we do not implement it. */
const nameConstraints = '2.5.29.30';

/** OID of the first extension that must be understood and is not. */
export const unknownCritical = (certificate: Certificate): string | undefined =>
  certificate.extensions.find(e => e.oid === nameConstraints || (e.critical && !allowed.has(e.oid) && !e.oid.startsWith(spdmArc)))?.oid;
