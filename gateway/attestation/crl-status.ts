import type { Hex, Millis } from '../model/address.ts';
import { DecodeError } from '../codec/reader.ts';
import { reasonCodes, serialKey } from '../codec/x509-crl-entries.ts';
import type { Crl } from '../codec/x509-crl.ts';
import { allReasons } from '../codec/x509-distribution-point.ts';
import { sameName } from '../codec/x509-name-match.ts';
import type { Certificate } from '../codec/x509.ts';
import { sameBytes } from '../codec/bytes.ts';
import { isDeltaOf, isInForce, isUnderstood, pointsOf, reasonsTold } from './crl-scope.ts';
import { EvidenceError } from './evidence-error.ts';
import { buildPath } from './path-build.ts';
import type { Path } from './path-rules.ts';
import { anyPolicies } from './policy-graph.ts';
import type { Work } from './work.ts';

/** What is known of a certificate. `unknown` is never good. */
export type Status = 'good' | 'revoked' | 'unknown';

/** CRLs that may speak of the certificates of one path. `signers` are certificates among which a CRL's signer may be; all is untrusted. */
export type CrlSources = { readonly crls: readonly Crl[]; readonly signers: readonly Certificate[] };

/** How deep the signers of CRLs may be vouched for by CRLs of other signers. */
const maxDepth = 3;

/**
 * Status of certificates by CRL (RFC 5280 §6.3), for the certificates of one path and the signers of their CRLs. A signer must be the issuer itself or
 * be named by somebody of the path, up to the same anchor; its own status must be good too, by another CRL than its own unless its issuer appointed it for both.
 */
export class CrlStatus {
  readonly #path: Path;
  readonly #sources: CrlSources;
  readonly #now: Millis;
  readonly #work: Work;
  /** Which signers may tell of which certificate, and those who are being looked at: at most as many as `signers`, for each of the path and of them. */
  readonly #signers = new Map<Certificate, Map<Certificate, boolean>>();
  readonly #underWay = new Set<Certificate>();

  constructor(path: Path, sources: CrlSources, now: Millis, work: Work) {
    this.#path = path;
    this.#sources = sources;
    this.#now = now;
    this.#work = work;
  }

  /** `issuer` is who signed it. Throws EvidenceError when the budget is spent. */
  of(certificate: Certificate, issuer: Certificate): Status {
    try {
      return this.#status(certificate, issuer);
    } catch (error) {
      // Distribution points or entries that cannot be read tell nothing.
      if (!(error instanceof DecodeError)) throw error;
      return 'unknown';
    }
  }

  #status(certificate: Certificate, issuer: Certificate): Status {
    const serial = serialKey(certificate.serialNumber);
    let told = 0;
    for (const point of pointsOf(certificate))
      for (const crl of this.#sources.crls) {
        const reasons = crl.deltaBase === undefined ? reasonsTold(crl, point, certificate) : 0;
        if (reasons === 0 || !isUnderstood(crl) || !this.#isAuthorised(crl, certificate, issuer)) continue;
        // One that says revoked counts, though another says good: so each is asked.
        const found = this.#reason(crl, certificate, serial, issuer);
        const counts = isInForce(crl, this.#now);
        // Only a hold is taken back (§5.3.1): what else an issuer once revoked stays so, however old the list or wrong our clock.
        if (typeof found === 'number' && (counts || found !== reasonCodes.certificateHold)) return 'revoked';
        if (found === 'good' && counts) told |= reasons;
      }
    return told === allReasons ? 'good' : 'unknown';
  }

  /** What a CRL says, brought up to date by the newest delta that belongs to it (§6.3.3 i and j): the reason of an entry, or that there is none. */
  #reason(base: Crl, certificate: Certificate, serial: Hex, issuer: Certificate): number | 'good' | 'unknown' {
    const deltas = this.#sources.crls.filter(
      crl => isDeltaOf(crl, base) && isUnderstood(crl) && isInForce(crl, this.#now) && this.#isAuthorised(crl, certificate, issuer),
    );
    const [delta] = deltas.toSorted((a, b) => ((a.number ?? 0n) < (b.number ?? 0n) ? 1 : -1));
    const since = delta === undefined ? 'absent' : reasonOn(delta, certificate, serial);
    const before = reasonOn(base, certificate, serial);
    if (since === 'unusable' || before === 'unusable') return 'unknown';
    // Only a delta takes an entry back (§5.3.1).
    if (since !== 'absent') return since === reasonCodes.removeFromCrl ? 'good' : since;
    return before === 'absent' ? 'good' : before;
  }

  #isAuthorised(crl: Crl, certificate: Certificate, issuer: Certificate): boolean {
    if (sameName(issuer.subject, crl.issuer) && maySignCrls(issuer) && this.#work.verifies(crl, issuer)) return true;
    const { certificates, anchor } = this.#path;
    const others = [anchor.certificate, ...certificates.slice(1), ...this.#sources.signers];
    return others.some(
      signer =>
        signer !== issuer &&
        sameName(signer.subject, crl.issuer) &&
        maySignCrls(signer) &&
        this.#work.verifies(crl, signer) &&
        this.#mayTell(signer, certificate),
    );
  }

  /** Whether a signer may tell of this certificate: it is not vouched for by that certificate, nor by nobody. */
  #mayTell(signer: Certificate, about: Certificate): boolean {
    if (isSame(signer, about)) return speaksForItself(signer);
    const { certificates, anchor } = this.#path;
    if (signer === anchor.certificate) return true;
    // A CA of the path was checked with it, and its own status is asked for too.
    const at = certificates.findIndex(c => isSame(c, signer));
    if (at > 0) return at > certificates.indexOf(about);
    const known = this.#signers.get(signer)?.get(about);
    if (known !== undefined) return known;
    if (this.#underWay.has(signer) || this.#underWay.size >= maxDepth) return false;
    this.#underWay.add(signer);
    const found = this.#leadsToAnchor(signer, about);
    this.#underWay.delete(signer);
    const of = this.#signers.get(signer) ?? new Map<Certificate, boolean>();
    this.#signers.set(signer, of.set(about, found));
    return found;
  }

  #leadsToAnchor(signer: Certificate, about: Certificate): boolean {
    const { certificates, anchor } = this.#path;
    const cas = certificates.slice(1);
    const rules = { now: this.#now, purpose: 'any', leafUsage: ['cRLSign'], judgeAnchorDates: false, policies: anyPolicies } as const;
    const intermediates = [...cas, ...this.#sources.signers].slice(0, 128);
    try {
      const built = buildPath({ leaf: signer, intermediates, anchors: [anchor], rules }, this.#work);
      const namer = built.certificates[1] ?? anchor.certificate;
      // Names alone are not enough: another CA below the same anchor must not speak for this one.
      if (![anchor.certificate, ...cas].some(c => sameBytes(c.spki, namer.spki))) return false;
      if (built.certificates.some(c => isSame(c, about))) return false;
      return this.of(signer, namer) === 'good';
    } catch (error) {
      if (!(error instanceof EvidenceError) || this.#work.exhausted) throw error;
      return false;
    }
  }
}

const isSame = (a: Certificate, b: Certificate): boolean => a === b || sameBytes(a.der, b.der);

/** Whether its issuer appointed it to tell of itself as well: then no other CRL can. */
const speaksForItself = (signer: Certificate): boolean =>
  pointsOf(signer).some(point => point.crlIssuer?.some(n => sameName(n, signer.subject)) === true);

const maySignCrls = (certificate: Certificate): boolean => certificate.keyUsage?.cRLSign !== false;

/** Reason code of the entry about a certificate. An indirect CRL has entries about certificates of other issuers; only those of its own issuer count. */
function reasonOn(crl: Crl, certificate: Certificate, serial: Hex): number | 'absent' | 'unusable' {
  const { own, others, unknownCritical } = crl.revoked();
  if (unknownCritical !== undefined || (others.length > 0 && crl.issuingPoint?.indirect !== true)) return 'unusable';
  const lists = [
    ...(sameName(crl.issuer, certificate.issuer) ? [own] : []),
    ...others.flatMap(o => (sameName(o.issuer, certificate.issuer) ? [o.serials] : [])),
  ];
  const reasons = lists.flatMap(list => list.get(serial) ?? []);
  return reasons.find(r => r !== reasonCodes.removeFromCrl) ?? reasons[0] ?? 'absent';
}
