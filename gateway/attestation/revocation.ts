import type { Millis } from '../model/address.ts';
import type { OcspResponse } from '../codec/ocsp.ts';
import { serialKey } from '../codec/x509-crl-entries.ts';
import { attribute, attributeTypes } from '../codec/x509-name.ts';
import type { Certificate } from '../codec/x509.ts';
import { CrlStatus, type CrlSources, type Status } from './crl-status.ts';
import { hasDice, hasDiceExtension } from './dice-content.ts';
import { EvidenceError } from './evidence-error.ts';
import { ocspStatus } from './ocsp-status.ts';
import type { Path } from './path-rules.ts';
import type { Anchor } from './trust.ts';
import type { Work } from './work.ts';

/**
 * What may tell that a certificate is revoked: CRLs, certificates of those who sign them, and OCSP responses, stapled or fetched. All of it is untrusted.
 * `nonce` is set iff the responses were asked for with it. `whenUnknown` is what an anchor without a word of its own is held to.
 */
export type RevocationSources = CrlSources & {
  readonly ocsp: readonly OcspResponse[];
  readonly nonce?: Uint8Array;
  readonly whenUnknown: 'refuse' | 'tell';
  /** Told of each certificate of a good path that somebody could tell of, with what is known: somebody may go and ask. */
  readonly asked?: (about: Asked) => void;
};
export type Asked = {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly anchor: Anchor;
  readonly status: Status;
  /** What told the status; absent: nothing did. */
  readonly by?: 'OCSP' | 'CRL';
};

/**
 * What is known of each certificate of a path, leaf first. `unknown` stands here where the anchor lets it pass: it is shown, never taken for good.
 * `never told` where its issuer says that it tells of no revocation (noRevAvail, RFC 9608), or is a CA inside the device.
 */
export type RevocationState = {
  readonly certificate: Certificate;
  readonly status: 'good' | 'unknown' | 'never told';
  readonly by?: 'OCSP' | 'CRL';
};

const noRevocationAvailable = '2.5.29.56';
/** Only what is no CA may be exempt (RFC 9608 §2). */
const isExempt = (certificate: Certificate): boolean =>
  certificate.basicConstraints?.ca !== true && certificate.extensions.some(e => e.oid === noRevocationAvailable);

/**
 * A CA inside a device publishes nothing: what it issued stands and falls with the certificate that the vendor gave it. It is told by its DICE content, or by naming one device
 * and having to do with DICE, or issuing some: purposes of DICE alone stand in the certificates of vendors' CAs too, as what those may issue (RFC 5280 §§4.2.1.4, 4.2.1.12). What
 * a CRL says of such certificates counts all the same.
 */
const isInsideDevice = (certificate: Certificate, issuer: Certificate, { anchor }: Path): boolean =>
  issuer !== anchor.certificate && (hasDiceExtension(issuer) || (namesDevice(issuer) && (hasDice(issuer) || hasDice(certificate))));
const namesDevice = ({ subject, hardwareModule }: Certificate): boolean =>
  hardwareModule !== undefined || attribute(subject, attributeTypes.serialNumber) !== undefined;

/** Most OCSP responses that are looked at for one certificate: those that say that they are about its serial number. */
const maxResponses = 16;

/**
 * Asks of every certificate of a checked path whether it is revoked. Any genuine source that says so is believed; being good needs one that says that.
 * Throws EvidenceError CERT_REVOKED, or REVOCATION_UNKNOWN where nothing tells and the anchor wants to know.
 */
export function checkRevocation(path: Path, sources: RevocationSources, now: Millis, work: Work): readonly RevocationState[] {
  const crls = new CrlStatus(path, sources, now, work);
  const isRevoked = (certificate: Certificate, issuer: Certificate): boolean => crls.of(certificate, issuer) === 'revoked';
  const context = { now, work, isRevoked, ...(sources.nonce === undefined ? {} : { nonce: sources.nonce }) };
  const whenUnknown = path.anchor.whenUnknown ?? sources.whenUnknown;
  const states = path.certificates.map((certificate, i): RevocationState => {
    const issuer = path.certificates[i + 1] ?? path.anchor.certificate;
    const serial = serialKey(certificate.serialNumber);
    const about = sources.ocsp.filter(({ singles }) => singles.some(s => s.serial === serial)).slice(0, maxResponses);
    const answers = about.map(response => ocspStatus(response, certificate, issuer, context));
    const listed = crls.of(certificate, issuer);
    const all: readonly Status[] = [...answers, listed];
    const status = all.find(one => one === 'revoked') ?? all.find(one => one === 'good') ?? 'unknown';
    const by = status === 'unknown' ? {} : ({ by: listed === status ? 'CRL' : 'OCSP' } as const);
    if (status === 'unknown' && (isExempt(certificate) || isInsideDevice(certificate, issuer, path)))
      return { certificate, status: 'never told' };
    sources.asked?.({ certificate, issuer, anchor: path.anchor, status, ...by });
    if (status === 'revoked') throw revoked(certificate);
    return { certificate, status, ...by };
  });
  const untold = states.find(state => state.status === 'unknown');
  if (whenUnknown === 'refuse' && untold !== undefined) throw unknown(untold.certificate);
  return states;
}

const revoked = ({ subject, serialNumber }: Certificate): EvidenceError =>
  new EvidenceError('CERT_REVOKED', 'chain', `Cannot accept ${subject.text}: its issuer revoked it`, {
    expected: 'a certificate in force',
    seen: `serial number ${serialNumber}`,
  });

const unknown = ({ subject, issuer }: Certificate): EvidenceError =>
  new EvidenceError('REVOCATION_UNKNOWN', 'chain', `Cannot accept ${subject.text}: nothing tells whether it is revoked`, {
    expected: `a CRL or OCSP response of ${issuer.text} that is in force`,
    seen: 'none',
  });
