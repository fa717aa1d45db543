import { sameBytes } from '../codec/bytes.ts';
import { latin1 } from '../codec/der.ts';
import { nameKey } from '../codec/x509-name-match.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkAlgorithm, isKeyAccepted } from './keys.ts';
import { checkRules, isInDate, isSelfIssued, type Path, type Rules } from './path-rules.ts';
import type { Anchor } from './trust.ts';
import type { Work } from './work.ts';

/** Most certificates between leaf and anchor, and most that are looked at, with all their bytes. */
const maxIntermediates = 10;
const maxPool = 128;
const maxPoolBytes = 1_048_576;

/**
 * What a path is built from. `maxIntermediates` is how many CAs may stand in it, those that only gave themselves a new key not counted, as with a path
 * length (RFC 5280 §4.2.1.9). `accept` has the last word on a path that keeps all rules: it throws EvidenceError, and the next one is tried.
 */
export type Building = {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Anchor[];
  readonly rules: Rules;
  readonly maxIntermediates?: number;
  readonly accept?: (path: Path) => void;
};

/**
 * Finds a path from the leaf to an anchor through certificates in any order (RFC 4158), and checks it (RFC 5280 §6.1). Candidates are found by name,
 * and tried by key identifier first; no subject with the same key stands twice in a path. All of it is bounded by `work`. Throws EvidenceError with
 * the reason why the first path that reached an anchor was refused, else what is missing.
 */
export function buildPath(building: Building, work: Work): Path {
  return new Builder(building, work).build();
}

class Builder {
  readonly #of: Building;
  readonly #work: Work;
  readonly #longest: number;
  readonly #bySubject: ReadonlyMap<string, readonly Certificate[]>;
  readonly #anchors: ReadonlyMap<string, readonly Anchor[]>;
  /** Names of issuers by certificate: at most the pool and the leaf. */
  readonly #issuerKeys = new Map<Certificate, string>();
  #refusal: EvidenceError | undefined;

  constructor(of: Building, work: Work) {
    const bytes = of.intermediates.reduce((sum, c) => sum + c.der.length, 0);
    if (of.intermediates.length > maxPool || bytes > maxPoolBytes)
      throw new EvidenceError('EVIDENCE_MALFORMED', 'chain', `Cannot build path: ${of.intermediates.length} certificates to choose from`, {
        expected: `at most ${maxPool} certificates of ${maxPoolBytes} bytes`,
        seen: `${bytes} bytes`,
      });
    this.#of = of;
    this.#work = work;
    this.#longest = of.maxIntermediates ?? maxIntermediates;
    this.#bySubject = Map.groupBy(of.intermediates, c => nameKey(c.subject));
    this.#anchors = Map.groupBy(of.anchors, a => nameKey(a.certificate.subject));
  }

  build(): Path {
    const { leaf } = this.#of;
    checkAlgorithm(leaf);
    const path = this.#climb([leaf], new Set([identity(leaf)]));
    if (path !== undefined) return path;
    throw this.#refusal ?? this.#missing(leaf);
  }

  /** Depth first: `below` is the path so far, leaf first. */
  #climb(below: readonly Certificate[], seen: ReadonlySet<string>): Path | undefined {
    const last = below[below.length - 1];
    if (last === undefined) return undefined;
    this.#work.spend('steps');
    const issuer = this.#issuerKey(last);
    for (const anchor of byKeyId(this.#anchors.get(issuer) ?? [], a => a.certificate, last)) {
      if (!this.#work.verifies(last, anchor.certificate)) continue;
      const path = { certificates: below, anchor };
      if (this.#isRight(path)) return path;
    }
    if (below.length > maxIntermediates) return undefined;
    const counted = below.slice(1).filter(c => !isSelfIssued(c)).length;
    // Those that an anchor may have issued first: where CAs certified one another, every other way is longer.
    const isLast = (c: Certificate): boolean => this.#anchors.has(this.#issuerKey(c));
    for (const candidate of byKeyId(this.#bySubject.get(issuer) ?? [], c => c, last, isLast)) {
      const id = identity(candidate);
      if (counted >= this.#longest && !isSelfIssued(candidate)) continue;
      if (seen.has(id) || !this.#mayIssue(candidate) || !this.#work.verifies(last, candidate)) continue;
      const path = this.#climb([...below, candidate], new Set([...seen, id]));
      if (path !== undefined) return path;
    }
    return undefined;
  }

  #isRight(path: Path): boolean {
    try {
      checkRules(path, this.#of.rules, this.#work);
      this.#of.accept?.(path);
      return true;
    } catch (error) {
      if (!(error instanceof EvidenceError) || this.#work.exhausted) throw error;
      this.#refusal ??= error;
      return false;
    }
  }

  /** What no rule of a whole path can mend: found before a signature is paid for. */
  #mayIssue(candidate: Certificate): boolean {
    return (
      candidate.basicConstraints?.ca === true &&
      candidate.keyUsage?.keyCertSign !== false &&
      isKeyAccepted(candidate) &&
      isInDate(candidate, this.#of.rules.now)
    );
  }

  #issuerKey(certificate: Certificate): string {
    const known = this.#issuerKeys.get(certificate) ?? nameKey(certificate.issuer);
    this.#issuerKeys.set(certificate, known);
    return known;
  }

  #missing(leaf: Certificate): EvidenceError {
    const issuer = this.#issuerKey(leaf);
    const named = this.#anchors.has(issuer) || this.#bySubject.has(issuer);
    return new EvidenceError(
      named ? 'CHAIN_UNTRUSTED' : 'CHAIN_INCOMPLETE',
      'chain',
      `Cannot build path: none leads from ${leaf.subject.text} to an anchor`,
      { expected: leaf.issuer.text, seen: named ? 'no signature that leads to an anchor' : 'nothing' },
    );
  }
}

/** Subject and key: what a loop would come back to (RFC 4158 §5.2). */
const identity = (c: Certificate): string => `${nameKey(c.subject)} ${latin1(c.spki)}`;

/**
 * Those whose key identifier is the one asked for first, those with another last; it is a hint and no rule (RFC 5280 §4.2.1.1). Among equals those that are
 * `preferred` come first.
 */
function byKeyId<T>(
  candidates: readonly T[],
  certificateOf: (one: T) => Certificate,
  child: Certificate,
  preferred: (one: T) => boolean = () => false,
): readonly T[] {
  if (candidates.length < 2) return candidates;
  const wanted = child.authorityKeyId;
  const rank = (one: T): number => {
    const id = certificateOf(one).subjectKeyId;
    const match = wanted === undefined || id === undefined ? 1 : sameBytes(wanted, id) ? 0 : 2;
    return 2 * match + (preferred(one) ? 0 : 1);
  };
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}
