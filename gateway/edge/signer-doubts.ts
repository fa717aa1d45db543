import type { Millis } from '../model/address.ts';
import type { KeyedDoubt, SignerDoubt } from '../model/reference.ts';
import { type ReferenceSigners, signerDoubt } from '../attestation/signer-doubt.ts';

/** So often signers are asked about again though no file changed: a CRL ends by itself. Milliseconds. */
const againMs: Millis = 60_000;

/** A set of reference values that people brought, with the certificates of who signed its file. */
type Signed = { readonly key: string; readonly signer: readonly string[] };

/** What is said against the signers of reference values that people brought: theirs stand in no file that is read again. */
export class SignerDoubts {
  #found: readonly KeyedDoubt[] = [];
  #askedAt: Millis = Number.NEGATIVE_INFINITY;
  #of = '';

  get all(): readonly KeyedDoubt[] {
    return this.#found;
  }

  /** For people. */
  get notes(): readonly string[] {
    return this.#found.map(({ key, why }) => `Cannot accept ${key}: ${why}`);
  }

  /** Asks again where files changed, sets came or went, or time has passed. True iff files changed or what is said. While files have problems the last word stands. */
  look(
    signed: readonly Signed[],
    { signers, problems }: { readonly signers: ReferenceSigners; readonly problems: readonly string[] },
    isChanged: boolean,
  ): boolean {
    const { now } = signers;
    const of = signed.map(({ key }) => key).join();
    if (problems.length > 0 || (!isChanged && of === this.#of && now - this.#askedAt < againMs)) return isChanged;
    [this.#askedAt, this.#of] = [now, of];
    const before = JSON.stringify(this.#found);
    // Sets of one file, and most files of one vendor, have one signer. As many as there are sets (`maxAdded`).
    const known = new Map<string, SignerDoubt | undefined>();
    this.#found = signed.flatMap(({ key, signer }) => {
      const name = signer.join();
      if (!known.has(name)) known.set(name, signerDoubt(signer, signers));
      const doubt = known.get(name);
      return doubt === undefined ? [] : [{ key, ...doubt }];
    });
    return isChanged || JSON.stringify(this.#found) !== before;
  }
}
