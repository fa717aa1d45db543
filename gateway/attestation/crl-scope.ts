import type { Millis } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import type { Crl } from '../codec/x509-crl.ts';
import { crlOids } from '../codec/x509-crl.ts';
import { allReasons, type DistributionPoint, distributionPoints, type PointName } from '../codec/x509-distribution-point.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import type { GeneralName } from '../codec/x509-general-name.ts';
import { rdnKey, rdnKeys, sameName } from '../codec/x509-name-match.ts';
import type { Name } from '../codec/x509-name.ts';
import type { Certificate } from '../codec/x509.ts';

/** What a CRL is about, and whether it may speak now (RFC 5280 §§5.2, 6.3.3 b). */

/** How far the clocks of others may be ahead of ours. */
export const clockSkewMillis = 300_000;

const knownOids: ReadonlySet<string> = new Set([...Object.values(crlOids), '2.5.29.18', '1.3.6.1.5.5.7.1.1']);

/** Whether we know all its critical extensions: else a CRL says nothing (§5.2). */
export const isUnderstood = (crl: Crl): boolean => !crl.extensions.some(e => e.critical && !knownOids.has(e.oid));

/** Whether a CRL is in force: begun and not overdue. One without an end never is. */
export const isInForce = (crl: Crl, now: Millis): boolean =>
  crl.thisUpdate <= now + clockSkewMillis && crl.nextUpdate !== undefined && now < crl.nextUpdate + 1000;

/** Where a certificate says that its status is told, then the CRLs of its issuer (§6.3.3, last paragraph). Throws DecodeError. */
export function pointsOf(certificate: Certificate): readonly DistributionPoint[] {
  const value = certificate.extensions.find(e => e.oid === extensionOids.crlDistributionPoints)?.value;
  const own: DistributionPoint = { name: { kind: 'full', names: [{ kind: 'directory', name: certificate.issuer }] } };
  return value === undefined ? [own] : [...distributionPoints(value), own];
}

/** Reasons that a CRL can tell of a certificate at a point of it, as a mask; 0 when it is not about it (§6.3.3 b and d). */
export function reasonsTold(crl: Crl, point: DistributionPoint, certificate: Certificate): number {
  const scope = crl.issuingPoint;
  if (point.crlIssuer === undefined) {
    if (!sameName(crl.issuer, certificate.issuer)) return 0;
  } else if (scope?.indirect !== true || !point.crlIssuer.some(n => sameName(n, crl.issuer))) return 0;
  if (scope === undefined) return point.reasons ?? allReasons;
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope.onlyAttributeCerts || (scope.onlyUserCerts && isCa) || (scope.onlyCaCerts && !isCa)) return 0;
  if (scope.name !== undefined && !namesMeet(fullNames(scope.name, crl.issuer), pointNames(point, certificate))) return 0;
  return (scope.reasons ?? allReasons) & (point.reasons ?? allReasons);
}

/** A point without a name is known by the names of its CRL issuer. */
function pointNames(point: DistributionPoint, certificate: Certificate): readonly Place[] {
  if (point.name !== undefined) return fullNames(point.name, point.crlIssuer?.[0] ?? certificate.issuer);
  return (point.crlIssuer ?? []).map(name => ({ kind: 'rdns', rdns: rdnKeys(name) }));
}

/** A name of a distribution point: a distinguished name by its RDNs, or any other. */
type Place = { readonly kind: 'rdns'; readonly rdns: readonly string[] } | { readonly kind: 'other'; readonly name: GeneralName };

const fullNames = (name: PointName, issuer: Name): readonly Place[] =>
  name.kind === 'relative'
    ? [{ kind: 'rdns', rdns: [...rdnKeys(issuer), rdnKey(name.rdn)] }]
    : name.names.map((n): Place => (n.kind === 'directory' ? { kind: 'rdns', rdns: rdnKeys(n.name) } : { kind: 'other', name: n }));

const namesMeet = (a: readonly Place[], b: readonly Place[]): boolean => a.some(x => b.some(y => isSamePlace(x, y)));

function isSamePlace(a: Place, b: Place): boolean {
  if (a.kind === 'rdns') return b.kind === 'rdns' && a.rdns.join('/') === b.rdns.join('/');
  if (b.kind === 'rdns' || a.name.kind !== b.name.kind) return false;
  if ('value' in a.name) return 'value' in b.name && a.name.value === b.name.value;
  return 'der' in a.name && 'der' in b.name && sameBytes(a.name.der, b.name.der);
}

/** Whether two CRLs have one scope, so that a delta may bring the other up to date (§5.2.4, §6.3.3 c). */
export function isDeltaOf(delta: Crl, base: Crl): boolean {
  if (delta.deltaBase === undefined || delta.number === undefined || base.number === undefined || base.deltaBase !== undefined)
    return false;
  const value = (crl: Crl, oid: string): Uint8Array => crl.extensions.find(e => e.oid === oid)?.value ?? new Uint8Array();
  return (
    sameName(delta.issuer, base.issuer) &&
    [crlOids.issuingPoint, crlOids.authorityKeyIdentifier].every(oid => sameBytes(value(delta, oid), value(base, oid))) &&
    delta.deltaBase <= base.number &&
    base.number < delta.number
  );
}
