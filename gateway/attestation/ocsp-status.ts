import { hash } from 'node:crypto';
import type { Millis } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import { DerReader, tags } from '../codec/der.ts';
import { type OcspResponse, type OcspSingle, ocspOids } from '../codec/ocsp.ts';
import { DecodeError } from '../codec/reader.ts';
import { reasonCodes, serialKey } from '../codec/x509-crl-entries.ts';
import { publicKeyBits } from '../codec/x509-key.ts';
import { sameName } from '../codec/x509-name-match.ts';
import { type Certificate, decodeCertificate } from '../codec/x509.ts';
import { clockSkewMillis } from './crl-scope.ts';
import type { Status } from './crl-status.ts';
import { unknownCritical } from './critical.ts';
import { isKeyAccepted } from './keys.ts';
import { isInDate } from './path-rules.ts';
import type { Work } from './work.ts';

/** Hashes of a CertID: names for an issuer, not signatures, so that SHA-1 is good enough (RFC 6960 §4.3). */
const hashes: { readonly [oid: string]: string } = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** How old an answer may be that names no end. */
const maxAgeMillis = 24 * 3_600_000;

/** What an answer is checked with. `nonce` is set iff the answer was asked for with one. `isRevoked` asks the CRLs about a responder. */
export type OcspContext = {
  readonly now: Millis;
  readonly work: Work;
  readonly nonce?: Uint8Array;
  readonly isRevoked: (certificate: Certificate, issuer: Certificate) => boolean;
};

/**
 * What one OCSP response says of a certificate (RFC 6960 §3.2): `unknown` unless it is about this very certificate, signed by its issuer or by a
 * responder that the issuer itself named for that, and of now or revoked for good. Throws EvidenceError when the budget is spent.
 */
export function ocspStatus(response: OcspResponse, certificate: Certificate, issuer: Certificate, context: OcspContext): Status {
  const begun = response.producedAt <= context.now + clockSkewMillis;
  const counts = (s: OcspSingle): boolean => isForGood(s) || (begun && isOfNow(s, context.now));
  const about = response.singles.filter(s => isAbout(s, certificate, issuer) && counts(s) && !hasUnknown(s.extensions));
  if (about.length === 0 || hasUnknown(response.extensions)) return 'unknown';
  if (context.nonce !== undefined && !carries(response, context.nonce)) return 'unknown';
  if (!isAuthorised(response, issuer, context)) return 'unknown';
  if (about.some(s => s.status === 'revoked')) return 'revoked';
  return about.every(s => s.status === 'good') ? 'good' : 'unknown';
}

function isAbout(single: OcspSingle, certificate: Certificate, issuer: Certificate): boolean {
  const name = hashes[single.hashOid];
  return (
    name !== undefined &&
    single.serial === serialKey(certificate.serialNumber) &&
    sameBytes(single.issuerNameHash, hash(name, certificate.issuer.der, 'buffer')) &&
    sameBytes(single.issuerKeyHash, hash(name, publicKeyBits(issuer.spki), 'buffer'))
  );
}

const isOfNow = ({ thisUpdate, nextUpdate }: OcspSingle, now: Millis): boolean =>
  thisUpdate <= now + clockSkewMillis && now <= (nextUpdate ?? thisUpdate + maxAgeMillis) + clockSkewMillis;

/** Only a hold is taken back: what else was once revoked stays so, however old the answer or wrong our clock. */
const isForGood = ({ status, reason }: OcspSingle): boolean => status === 'revoked' && reason !== reasonCodes.certificateHold;

const hasUnknown = (extensions: OcspResponse['extensions']): boolean => extensions.some(e => e.critical && e.oid !== ocspOids.nonce);

/** RFC 9654 §2.1: the nonce is an OCTET STRING inside the extension. */
function carries(response: OcspResponse, nonce: Uint8Array): boolean {
  const value = response.extensions.find(e => e.oid === ocspOids.nonce)?.value;
  if (value === undefined) return false;
  try {
    const outer = new DerReader(value);
    const found = outer.take(tags.octetString, 'OCSP nonce').content;
    outer.end('OCSP nonce');
    return sameBytes(found, nonce);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
}

/** RFC 6960 §4.2.2.2. A responder that its issuer does not vouch for lives short (id-pkix-ocsp-nocheck); any other must not be revoked by what is known. */
function isAuthorised(response: OcspResponse, issuer: Certificate, { now, work, isRevoked }: OcspContext): boolean {
  if (isResponder(response, issuer) && work.verifies(response, issuer)) return true;
  return response.certificates.some(der => {
    const responder = readable(der);
    return (
      responder !== undefined &&
      isResponder(response, responder) &&
      sameName(responder.issuer, issuer.subject) &&
      responder.extendedKeyUsage.includes(ocspOids.signing) &&
      maySign(responder) &&
      isKeyAccepted(responder) &&
      isInDate(responder, now) &&
      unknownCritical(responder, false) === undefined &&
      work.verifies(responder, issuer) &&
      work.verifies(response, responder) &&
      (responder.extensions.some(e => e.oid === ocspOids.noCheck) || !isRevoked(responder, issuer))
    );
  });
}

/** Either use of a signature goes with answering (RFC 5280 §4.2.1.12). */
const maySign = ({ keyUsage }: Certificate): boolean => keyUsage === undefined || keyUsage.digitalSignature || keyUsage.nonRepudiation;

/** byKey is always SHA-1 (§4.2.1). */
const isResponder = ({ responder }: OcspResponse, certificate: Certificate): boolean =>
  responder.kind === 'name'
    ? sameName(responder.name, certificate.subject)
    : sameBytes(responder.hash, hash('sha1', publicKeyBits(certificate.spki), 'buffer'));

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}
