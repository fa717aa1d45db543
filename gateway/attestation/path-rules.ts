import type { Millis } from '../model/address.ts';
import type { KeyUsageName } from '../codec/x509-extension.ts';
import { sameName } from '../codec/x509-name-match.ts';
import { DecodeError } from '../codec/reader.ts';
import type { Certificate } from '../codec/x509.ts';
import { unknownCritical } from './critical.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkAlgorithm, checkKey, checkParameters } from './keys.ts';
import { alternativeNames, NameRules, readNameConstraints } from './name-constraints.ts';
import { anyPolicies, type PolicyInput, PolicyRules, readPolicyConstraints } from './policy-graph.ts';
import type { Anchor } from './trust.ts';
import type { Work } from './work.ts';

/** A checked path: leaf first, without the anchor. Every certificate in it is authentic at the instant that was asked about. */
export type Path = { readonly certificates: readonly Certificate[]; readonly anchor: Anchor };

/** What a path is checked for. */
export type Rules = {
  readonly now: Millis;
  /** `device`: no purpose that has nothing to do with devices; `any`: whatever; else the OID that leaf and CAs must be for, where they say (RFC 5280 §4.2.1.12). */
  readonly purpose: string;
  /** What the leaf's key must be allowed to do, where its keyUsage says. */
  readonly leafUsage: readonly KeyUsageName[];
  /** An anchor of ours counts until somebody takes it away (RFC 5280 §6.1.1 d); of the web's anchors the dates count as well. */
  readonly judgeAnchorDates: boolean;
  readonly policies: PolicyInput;
};

/** What a device is held to whose leaf key signed a handshake (RFC 8446 §4.4.2.2). */
export const deviceRules = (now: Millis): Rules => ({
  now,
  purpose: 'device',
  leafUsage: ['digitalSignature'],
  judgeAnchorDates: false,
  policies: anyPolicies,
});

/** Which certificates were compared already, for as long as they live: each is asked about several times. */
const selfIssued = new WeakMap<Certificate, boolean>();

export function isSelfIssued(certificate: Certificate): boolean {
  const known = selfIssued.get(certificate);
  if (known !== undefined) return known;
  const found = sameName(certificate.subject, certificate.issuer);
  selfIssued.set(certificate, found);
  return found;
}

/**
 * Checks a path from the anchor downwards (RFC 5280 §6.1). That the first certificate under the anchor is signed by it is known. Throws
 * EvidenceError with the reason code of the first broken rule: EVIDENCE_MALFORMED for names and constraints that cannot be read.
 */
export function checkRules(path: Path, rules: Rules, work: Work): void {
  try {
    walk(path, rules, work);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new EvidenceError('EVIDENCE_MALFORMED', 'chain', error.message);
  }
}

function walk(path: Path, rules: Rules, work: Work): void {
  const { certificates, anchor } = path;
  checkIssuer(anchor.certificate, intermediatesBelow(certificates, certificates.length));
  if (rules.judgeAnchorDates) checkDates(anchor.certificate, rules.now);
  if (rules.purpose !== 'device') checkPurpose(anchor.certificate, rules.purpose, true);
  const [names, policies] = [new NameRules(work, rules.purpose === 'device'), new PolicyRules(rules.policies, certificates.length, work)];
  names.add(anchor.certificate);
  policies.constrain(anchor.certificate);
  checkLimits(path, names);
  for (const [i, certificate] of [...certificates.entries()].toReversed()) {
    const issuer = certificates[i + 1];
    if (issuer !== undefined) checkSignature(certificate, issuer, work);
    checkKey(certificate);
    checkDates(certificate, rules.now);
    checkExtensions(certificate, rules.purpose === 'device');
    // A device's names are read where they mean something; servers are known by nothing else.
    if (rules.purpose !== 'device') {
      alternativeNames(certificate);
      checkParameters(certificate);
    }
    checkPurpose(certificate, rules.purpose, i > 0);
    const isOwn = isSelfIssued(certificate);
    // A CA that gives itself a new key keeps its name, whatever its issuer may name (§6.1.3 b).
    if (i === 0 || !isOwn) names.check(certificate);
    policies.check(certificate, isOwn, i === 0);
    if (i === 0) {
      checkLeaf(certificate, rules.leafUsage);
      // A device's has signed the handshake or the token already, or soon will have.
      if (rules.purpose !== 'device') work.checkUsable(certificate);
      policies.finish(certificate);
    } else {
      checkIssuer(certificate, intermediatesBelow(certificates, i));
      names.add(certificate);
      policies.prepare(certificate, isOwn);
    }
  }
}

/** Throws DecodeError when name or policy constraints of a CA cannot be read: better told when an anchor is added than when a device is judged. */
export function checkConstraints(certificate: Certificate): void {
  readNameConstraints(certificate);
  readPolicyConstraints(certificate);
}

export const wrongSignature = (certificate: Certificate, issuer: Certificate): EvidenceError =>
  new EvidenceError(
    'SIGNATURE_INVALID',
    'chain',
    `Cannot verify ${certificate.subject.text}: its signature is not by the key of ${issuer.subject.text}`,
  );

function checkSignature(certificate: Certificate, issuer: Certificate, work: Work): void {
  checkAlgorithm(certificate);
  if (!work.isSigned(certificate, issuer)) throw wrongSignature(certificate, issuer);
}

/** Whether the dates hold: notAfter to the end of its second (RFC 5280 §4.1.2.5). 99991231235959Z has no end; devices without a clock use it. */
export const isInDate = (certificate: Certificate, now: Millis): boolean =>
  now >= certificate.notBefore && now < certificate.notAfter + 1000;

function checkDates(certificate: Certificate, now: Millis): void {
  if (isInDate(certificate, now)) return;
  const day = (at: Millis): string => new Date(at).toISOString().slice(0, 19).concat('Z');
  if (now < certificate.notBefore)
    throw new EvidenceError('CERT_NOT_YET_VALID', 'chain', `Cannot accept ${certificate.subject.text}: it is not valid yet`, {
      expected: `from ${day(certificate.notBefore)}`,
      seen: day(now),
    });
  throw new EvidenceError('CERT_EXPIRED', 'chain', `Cannot accept ${certificate.subject.text}: it has ended`, {
    expected: `until ${day(certificate.notAfter)}`,
    seen: day(now),
  });
}

function checkExtensions(certificate: Certificate, isDevice: boolean): void {
  const unknown = unknownCritical(certificate, isDevice);
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
const anyPurpose = '2.5.29.37.0';

/** A CA or key that is kept for something else does not vouch here, though the same root signed it. `anyExtendedKeyUsage` is enough for a CA only. */
function checkPurpose(certificate: Certificate, purpose: string, isCa: boolean): void {
  const purposes = certificate.extendedKeyUsage;
  if (purposes.length === 0 || purpose === 'any') return;
  const isFor = (p: string): boolean => (purpose === 'device' ? !otherPurposes.includes(p) : p === purpose || (isCa && p === anyPurpose));
  if (purposes.some(isFor)) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text}: it is kept for other purposes`, {
    expected: purpose === 'device' ? 'a purpose of servers, clients or devices, or none' : `${purpose}, or no purpose`,
    seen: purposes.join(', '),
  });
}

/** What a person holds this anchor to besides (RFC 5937); names are compared with all the others on the way down. */
function checkLimits({ certificates, anchor }: Path, names: NameRules): void {
  const { pathLength, purposes, names: limited } = anchor.limits ?? {};
  const below = intermediatesBelow(certificates, certificates.length);
  if (pathLength !== undefined && below > pathLength) throw tooLong(anchor.certificate, pathLength, below);
  const [leaf] = certificates;
  if (purposes !== undefined && leaf !== undefined && !leaf.extendedKeyUsage.some(p => purposes.includes(p)))
    throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${leaf.subject.text}: ${anchor.name} is for other purposes`, {
      expected: purposes.join(', '),
      seen: leaf.extendedKeyUsage.join(', ') || 'no purpose',
    });
  if (limited !== undefined) names.limit(anchor.certificate, limited);
}

const tooLong = (certificate: Certificate, most: number, below: number): EvidenceError =>
  new EvidenceError('PATH_TOO_LONG', 'chain', `Cannot accept ${certificate.subject.text} as issuer: too many CAs below it`, {
    expected: `at most ${most}`,
    seen: `${below}`,
  });

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
  if (constraints.pathLength !== undefined && below > constraints.pathLength) throw tooLong(certificate, constraints.pathLength, below);
}

/** CA certificates at positions 1 to `at` - 1, without the self-issued ones. */
const intermediatesBelow = (path: readonly Certificate[], at: number): number => path.slice(1, at).filter(c => !isSelfIssued(c)).length;

function checkLeaf(certificate: Certificate, wanted: readonly KeyUsageName[]): void {
  const missing = wanted.find(usage => certificate.keyUsage?.[usage] === false);
  if (missing === undefined) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${certificate.subject.text} as leaf: no ${missing}`, {
    expected: missing,
    seen: 'a key usage without it',
  });
}
