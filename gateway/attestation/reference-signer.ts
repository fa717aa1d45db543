import type { Millis } from '../model/address.ts';
import { diceArc } from '../codec/dice.ts';
import { contentOf, hasDice, hasLayers } from './dice-content.ts';
import { EvidenceError } from './evidence-error.ts';
import { deviceRules, type Path, type Rules } from './path-rules.ts';

/** Who may say what devices should measure: somebody that a vendor's CA names for signing, and never a device, whose key the same CA may have certified. */

/** Purposes of devices, and of others who sign something else (RFC 5280 §4.2.1.12, TCG EK Credential Profile §3.2.16). Vendors' own are many and may be for this. */
const otherPurposes: ReadonlySet<string> = new Set([
  '1.3.6.1.5.5.7.3.1', // serverAuth
  '1.3.6.1.5.5.7.3.2', // clientAuth
  '1.3.6.1.5.5.7.3.4', // emailProtection
  '1.3.6.1.5.5.7.3.8', // timeStamping
  '1.3.6.1.5.5.7.3.9', // OCSPSigning
  '2.23.133.8.1', // tcg-kp-EKCertificate
  '2.23.133.8.2', // tcg-kp-PlatformAttributeCertificate
  '2.23.133.8.3', // tcg-kp-AIKCertificate
]);
const isOther = (purpose: string): boolean => otherPurposes.has(purpose) || purpose.startsWith(diceArc);

/** As paths of devices are checked, but for the purposes: those are looked at by `checkReferenceSigner`. */
export const referenceSignerRules = (now: Millis): Rules => ({ ...deviceRules(now), purpose: 'any' });

/** Throws EvidenceError KEY_USAGE_WRONG for a device, and for a key or CA that is kept for something else; DecodeError for DICE content that cannot be read. */
export function checkReferenceSigner({ certificates }: Path): void {
  for (const [i, certificate] of certificates.entries()) {
    const isDevice = hasLayers(contentOf(certificate)) || (i === 0 && (certificate.hardwareModule !== undefined || hasDice(certificate)));
    const purposes = certificate.extendedKeyUsage;
    if (!isDevice && (purposes.length === 0 || !purposes.every(isOther))) continue;
    throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text} as signer of reference values`, {
      expected: 'a certificate for signing code or documents, or for no purpose, and not of a device',
      seen: isDevice ? 'a device' : purposes.join(', '),
    });
  }
}
