import type { Millis } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import type { Certificate } from '../codec/x509.ts';
import { unknownCritical } from './critical.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkAlgorithm, checkKey, isSignedBy, type KeyCache } from './keys.ts';
import type { Anchor } from './trust.ts';

/** A checked path: leaf first, without the anchor. Every certificate in it is authentic at the instant that was asked about. */
export type Path = { readonly certificates: readonly Certificate[]; readonly anchor: Anchor };

/**
 * Checks the chain as sent, leaf first, up to one of our anchors, sent along or not (RFC 5280 §6.1 without policies and name constraints).
 * There is no path building: what is out of order, missing or does not chain by exact name is refused. Certificates after the anchor take
 * no part. Throws EvidenceError with the reason code of the first broken rule, judged from the anchor downwards.
 */
export function checkPath(chain: readonly Certificate[], anchors: readonly Anchor[], now: Millis, keys: KeyCache): Path {
  const path = link(chain, anchors, keys);
  checkIssuer(path.anchor.certificate, intermediatesBelow(path.certificates, path.certificates.length));
  for (let i = path.certificates.length - 1; i >= 0; i--) {
    const certificate = path.certificates[i];
    if (certificate === undefined) break;
    const issuer = path.certificates[i + 1];
    // The one under the anchor was verified when the anchor was found.
    if (issuer !== undefined) checkSignature(certificate, issuer, keys);
    checkKey(certificate);
    checkDates(certificate, now);
    checkExtensions(certificate);
    checkPurpose(certificate);
    if (i > 0) checkIssuer(certificate, intermediatesBelow(path.certificates, i));
    else checkLeaf(certificate);
  }
  return path;
}

/** Follows names upwards until an anchor's key verifies. */
function link(chain: readonly Certificate[], anchors: readonly Anchor[], keys: KeyCache): Path {
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    const named = anchors.filter(a => sameBytes(a.certificate.subject.der, certificate.issuer.der));
    const chains = issuer !== undefined && sameBytes(issuer.subject.der, certificate.issuer.der);
    if (named.length > 0) {
      checkAlgorithm(certificate);
      const anchor = named.find(a => isSignedBy(certificate, a.certificate, keys));
      if (anchor !== undefined) return { certificates: chain.slice(0, i + 1), anchor };
      if (!chains || isSelfIssued(issuer)) throw wrongSignature(certificate, named[0]?.certificate ?? certificate);
    }
    if (!chains) throw noAnchor(certificate, issuer, i);
  }
  throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', 'Cannot follow chain: it is empty');
}

function noAnchor(certificate: Certificate, next: Certificate | undefined, at: number): EvidenceError {
  if (isSelfIssued(certificate))
    return new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot trust chain: ${certificate.subject.text} signed itself and is no anchor`, {
      expected: 'an anchor of policies/anchors',
      seen: certificate.subject.text,
    });
  if (next === undefined && at > 0)
    return new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot trust chain: ${certificate.issuer.text} is no anchor`, {
      expected: 'an anchor of policies/anchors',
      seen: certificate.issuer.text,
    });
  const seen = next === undefined ? 'nothing' : next.subject.text;
  return new EvidenceError(
    'CHAIN_INCOMPLETE',
    'chain',
    `Cannot follow chain: the issuer of ${certificate.subject.text} does not follow it`,
    {
      expected: certificate.issuer.text,
      seen,
    },
  );
}

const isSelfIssued = (c: Certificate): boolean => sameBytes(c.subject.der, c.issuer.der);

const wrongSignature = (certificate: Certificate, issuer: Certificate): EvidenceError =>
  new EvidenceError(
    'SIGNATURE_INVALID',
    'chain',
    `Cannot verify ${certificate.subject.text}: its signature is not by the key of ${issuer.subject.text}`,
  );

function checkSignature(certificate: Certificate, issuer: Certificate, keys: KeyCache): void {
  checkAlgorithm(certificate);
  if (!isSignedBy(certificate, issuer, keys)) throw wrongSignature(certificate, issuer);
}

/** A notAfter of 99991231235959Z has no end (RFC 5280 §4.1.2.5); devices without a clock use it. */
function checkDates(certificate: Certificate, now: Millis): void {
  const day = (at: Millis): string => new Date(at).toISOString().slice(0, 19).concat('Z');
  if (now < certificate.notBefore)
    throw new EvidenceError('CERT_NOT_YET_VALID', 'chain', `Cannot accept ${certificate.subject.text}: it is not valid yet`, {
      expected: `from ${day(certificate.notBefore)}`,
      seen: day(now),
    });
  if (now > certificate.notAfter)
    throw new EvidenceError('CERT_EXPIRED', 'chain', `Cannot accept ${certificate.subject.text}: it has ended`, {
      expected: `until ${day(certificate.notAfter)}`,
      seen: day(now),
    });
}

function checkExtensions(certificate: Certificate): void {
  const unknown = unknownCritical(certificate);
  if (unknown === undefined) return;
  throw new EvidenceError('CRITICAL_EXTENSION_UNKNOWN', 'chain', `Cannot accept ${certificate.subject.text}: unknown critical extension`, {
    expected: 'known critical extensions',
    seen: unknown,
  });
}

/** Purposes that have nothing to do with devices (RFC 5280 §4.2.1.12). Vendors' own and TCG's purposes are many, so what is unknown may pass. */
const otherPurposes: readonly string[] = [
  '1.3.6.1.5.5.7.3.3', // codeSigning
  '1.3.6.1.5.5.7.3.4', // emailProtection
  '1.3.6.1.5.5.7.3.8', // timeStamping
  '1.3.6.1.5.5.7.3.9', // OCSPSigning
];

/** A CA or key that is kept for mail or code only does not vouch for devices, though the same vendor's root signed it. */
function checkPurpose(certificate: Certificate): void {
  const purposes = certificate.extendedKeyUsage;
  if (purposes.length === 0 || purposes.some(p => !otherPurposes.includes(p))) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text}: it is kept for other purposes`, {
    expected: 'a purpose of servers, clients or devices, or none',
    seen: purposes.join(', '),
  });
}

/** RFC 5280 §6.1.4 (k) to (n). `below` is how many CA certificates stand between it and the leaf, self-issued ones not counted. */
function checkIssuer(certificate: Certificate, below: number): void {
  const constraints = certificate.basicConstraints;
  if (constraints?.ca !== true)
    throw new EvidenceError('CERT_NOT_CA', 'chain', `Cannot accept ${certificate.subject.text} as issuer: it is no CA`);
  if (certificate.keyUsage?.keyCertSign === false)
    throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text} as issuer: no keyCertSign`, {
      expected: 'keyCertSign',
      seen: 'a key usage without it',
    });
  if (constraints.pathLength !== undefined && below > constraints.pathLength)
    throw new EvidenceError('PATH_TOO_LONG', 'chain', `Cannot accept ${certificate.subject.text} as issuer: too many CAs below it`, {
      expected: `at most ${constraints.pathLength}`,
      seen: `${below}`,
    });
}

/** CA certificates at positions 1 to `at` - 1, without the self-issued ones. */
const intermediatesBelow = (path: readonly Certificate[], at: number): number => path.slice(1, at).filter(c => !isSelfIssued(c)).length;

/** The leaf's key signed the handshake (RFC 8446 §4.4.2.2). */
function checkLeaf(certificate: Certificate): void {
  if (certificate.keyUsage?.digitalSignature === false)
    throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text} as leaf: no digitalSignature`, {
      expected: 'digitalSignature',
      seen: 'a key usage without it',
    });
}
