import { bitString, DerReader, hasBit, tags } from '../../codec/der.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { extensionOids } from '../../codec/x509-extension.ts';
import type { Certificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';

/** Who is who in an attestation chain: authority (root), intermediate, device. */
export type Role = 'PAA' | 'PAI' | 'DAC';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
/** Bits of keyUsage (RFC 5280 §4.2.1.3). */
const bits = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;
/** A SubjectPublicKeyInfo of P-256 with an uncompressed point has exactly so many bytes. */
const spkiBytes = 91;
const keyIdBytes = 20;
/** What may be critical: both that must be, and purposes and names, which say nothing that a device's firmware could break. */
const understood: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
]);

/**
 * The rules of one attestation certificate by itself (Matter Core Specification §6.2.2.3 to §6.2.2.5): version 3, ECDSA with SHA-256 on
 * P-256, constraints and key usage critical and exact, key identifiers there. Chain verification does without all of them, which is why
 * verifiers that stop there accept what was never an attestation certificate. Throws EvidenceError.
 */
export function checkProfile(certificate: Certificate, role: Role): void {
  const { version, signatureAlgorithm, key, spki, extensions } = certificate;
  if (version !== 3) throw broken(role, `version ${version}`, 'version 3');
  if (signatureAlgorithm.oid !== ecdsaWithSha256 || signatureAlgorithm.parameters !== undefined)
    throw weak(role, `signature algorithm ${signatureAlgorithm.oid}`, 'ecdsa-with-SHA256');
  const found = key.kind === 'ec' ? key.curve : key.kind === 'other' ? key.found : key.kind;
  if (found !== 'P-256' || spki.length !== spkiBytes) throw weak(role, `key ${found}`, 'an uncompressed point of P-256');
  checkConstraints(certificate, role);
  checkUsage(certificate, role);
  checkKeyIds(certificate, role);
  const odd = extensions.find(e => e.critical && !understood.has(e.oid));
  if (odd !== undefined)
    throw new EvidenceError('CRITICAL_EXTENSION_UNKNOWN', 'chain', `Cannot accept the ${role}: unknown critical extension`, {
      expected: 'known critical extensions',
      seen: odd.oid,
    });
}

/** cA FALSE and no path length in a DAC, cA TRUE and 0 in a PAI, cA TRUE and 1 or none in a PAA. */
function checkConstraints(certificate: Certificate, role: Role): void {
  const constraints = certificate.basicConstraints;
  if (constraints === undefined) throw broken(role, 'no basicConstraints', 'basicConstraints');
  requireCritical(certificate, extensionOids.basicConstraints, 'basicConstraints', role);
  const { ca, pathLength } = constraints;
  if (!ca && role !== 'DAC')
    throw new EvidenceError('CERT_NOT_CA', 'chain', `Cannot accept the ${role}: it is no CA`, { expected: 'cA', seen: 'no cA' });
  const allowed: readonly (number | undefined)[] = role === 'PAI' ? [0] : role === 'PAA' ? [undefined, 1] : [undefined];
  if (ca !== (role !== 'DAC') || !allowed.includes(pathLength))
    throw broken(
      role,
      `cA ${ca}, path length ${pathLength ?? 'none'}`,
      `cA ${role !== 'DAC'}, path length ${allowed.map(n => n ?? 'none').join(' or ')}`,
    );
}

/** digitalSignature alone in a DAC; keyCertSign and cRLSign in the others, which may have digitalSignature too. */
function checkUsage(certificate: Certificate, role: Role): void {
  const extension = certificate.extensions.find(e => e.oid === extensionOids.keyUsage);
  if (extension === undefined) throw broken(role, 'no keyUsage', 'keyUsage');
  requireCritical(certificate, extensionOids.keyUsage, 'keyUsage', role);
  const usage = bitString(new DerReader(extension.value).take(tags.bitString, 'keyUsage').content, 'keyUsage');
  const seen = Array.from({ length: usage.bits }, (_, bit) => bit).filter(bit => hasBit(usage, bit));
  const wanted: readonly number[] = role === 'DAC' ? [bits.digitalSignature] : [bits.keyCertSign, bits.crlSign];
  const allowed: readonly number[] = [...wanted, bits.digitalSignature];
  if (wanted.every(bit => seen.includes(bit)) && seen.every(bit => allowed.includes(bit))) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept the ${role}: its key usage is not what the profile says`, {
    expected: `bits ${wanted.join(', ')}`,
    seen: `bits ${seen.join(', ') || 'none'}`,
  });
}

/** Both identifiers of 20 octets; a root may leave out its issuer's, which is its own. */
function checkKeyIds({ subjectKeyId, authorityKeyId }: Certificate, role: Role): void {
  if (subjectKeyId?.length !== keyIdBytes) throw broken(role, 'no subject key identifier of 20 octets', 'a subject key identifier');
  if (role === 'PAA' && (authorityKeyId === undefined || sameBytes(authorityKeyId, subjectKeyId))) return;
  if (role === 'PAA' || authorityKeyId?.length !== keyIdBytes)
    throw broken(role, 'no authority key identifier of 20 octets', 'an authority key identifier');
}

function requireCritical(certificate: Certificate, oid: string, name: string, role: Role): void {
  if (certificate.extensions.find(e => e.oid === oid)?.critical !== true) throw broken(role, `${name} is not critical`, `critical ${name}`);
}

const broken = (role: Role, seen: string, expected: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'chain', `Cannot accept the ${role}: ${seen}`, { expected, seen });
const weak = (role: Role, seen: string, expected: string): EvidenceError =>
  new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot accept the ${role}: ${seen}`, { expected, seen });
