import { sameBytes } from '../codec/bytes.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import { isSignedBy, type KeyCache, type Signed } from './keys.ts';

/** What one judgement may cost at most, whatever was sent: signatures checked, steps of path building, comparisons of names and policies. */
export const limits = { signatures: 64, steps: 512, comparisons: 20_000 } as const;

/**
 * The budget of one judgement, and the signatures that it checked: each is paid for once, so there are never more of them than the budget
 * allows. Spending more than there is throws EvidenceError EVIDENCE_MALFORMED and ends the judgement: `exhausted` stays true.
 */
export class Work {
  readonly #left: { -readonly [kind in keyof typeof limits]: number } = { ...limits };
  readonly #keys: KeyCache;
  readonly #signed = new Map<Signed, Map<Certificate, boolean>>();
  #exhausted = false;

  constructor(keys: KeyCache) {
    this.#keys = keys;
  }

  get exhausted(): boolean {
    return this.#exhausted;
  }

  spend(kind: keyof typeof limits, amount = 1): void {
    this.#left[kind] -= amount;
    if (this.#left[kind] >= 0) return;
    this.#exhausted = true;
    throw new EvidenceError('EVIDENCE_MALFORMED', 'chain', `Cannot check chain: too many ${kind}`, {
      expected: `at most ${limits[kind]}`,
      seen: 'more',
    });
  }

  /** As `isSignedBy`, within the budget. Throws EvidenceError ALGORITHM_REFUSED when the issuer's key is none. */
  isSigned(signed: Signed, issuer: Certificate): boolean {
    const known = this.#known(signed, issuer);
    if (known !== undefined) return known;
    this.spend('signatures');
    const found = isSignedBy(signed, issuer, this.#keys);
    const of = this.#signed.get(signed) ?? new Map<Certificate, boolean>();
    this.#signed.set(signed, of.set(issuer, found));
    return found;
  }

  /** What was found of this issuer, or of another certificate of the same key: CAs that many cross-signed have many. */
  #known(signed: Signed, issuer: Certificate): boolean | undefined {
    const of = this.#signed.get(signed);
    const known = of?.get(issuer);
    if (of === undefined || known !== undefined) return known;
    for (const [other, found] of of) if (sameBytes(other.spki, issuer.spki)) return found;
    return undefined;
  }

  /** Throws EvidenceError ALGORITHM_REFUSED when the certificate's key is none: its point lies on no curve. Who uses the key at once need not ask. */
  checkUsable({ spki }: Certificate): void {
    this.#keys.get(spki);
  }

  /** As `isSigned`, but a key that is none signed nothing: one such certificate among others must not spoil them. */
  verifies(signed: Signed, issuer: Certificate): boolean {
    try {
      return this.isSigned(signed, issuer);
    } catch (error) {
      if (!(error instanceof EvidenceError) || this.#exhausted) throw error;
      return false;
    }
  }
}
