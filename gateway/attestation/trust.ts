import type { Hex } from '../model/address.ts';
import type { ReferenceSet, TrustMaterial } from '../model/trust.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { attribute, attributeTypes } from '../codec/x509-name.ts';
import { type Certificate, decodeCertificate } from '../codec/x509.ts';
import { sha256 } from './evidence.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkKey } from './keys.ts';
import { unknownCritical } from './critical.ts';
import type { RevocationSources } from './revocation.ts';
import { checkConstraints } from './path-rules.ts';

/**
 * A certificate that somebody here trusts to name devices. `vendor` is the O of its subject: the only vendor it speaks for by itself. `whenUnknown` says
 * what becomes of a device below it when nothing tells whether its certificates are revoked: refused, or accepted and told.
 */
export type Anchor = {
  readonly name: string;
  readonly certificate: Certificate;
  readonly keyHash: Hex;
  readonly vendor?: string;
  readonly whenUnknown?: 'refuse' | 'tell';
};

/** Trust material, read and ready: what Evidence is judged by. Without `revocation` nobody asks whether a certificate is revoked. */
export type Trust = {
  readonly anchors: readonly Anchor[];
  readonly referenceSets: readonly ReferenceSet[];
  readonly revocation?: RevocationSources;
};

/**
 * Reads one anchor certificate (DER). Throws DecodeError or EvidenceError when it is none: no CA, weak key, or constraints that cannot be
 * read. Its dates are not judged: an anchor counts until somebody takes it away (RFC 5280 §6.1.1 d), so no calendar cuts a whole plant.
 */
export function readAnchor(name: string, der: Uint8Array): Anchor {
  const certificate = decodeCertificate(der);
  if (certificate.basicConstraints?.ca !== true || certificate.keyUsage?.keyCertSign === false)
    throw new EvidenceError('CERT_NOT_CA', 'chain', `Cannot use anchor ${name}: ${certificate.subject.text} is no CA`);
  checkKey(certificate);
  const unknown = unknownCritical(certificate);
  if (unknown !== undefined)
    throw new EvidenceError('CRITICAL_EXTENSION_UNKNOWN', 'chain', `Cannot use anchor ${name}: it has the critical extension ${unknown}`);
  checkConstraints(certificate);
  const vendor = attribute(certificate.subject, attributeTypes.organization);
  return { name, certificate, keyHash: sha256(certificate.spki), ...(vendor === undefined ? {} : { vendor }) };
}

/** Prepares trust material that `readTrust` has checked. What cannot be read is left out and named in `problems`. */
export function prepareTrust(material: TrustMaterial): { readonly trust: Trust; readonly problems: readonly string[] } {
  const anchors: Anchor[] = [];
  const problems: string[] = [];
  for (const { name, certificate } of material.anchors)
    try {
      anchors.push(readAnchor(name, fromBase64(certificate)));
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
      problems.push(error.message);
    }
  return { trust: { anchors, referenceSets: material.referenceSets }, problems };
}
