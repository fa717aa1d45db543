import type { RuleRef } from '../model/decision.ts';
import type { KindFacts } from '../model/device.ts';
import type { KindSigns } from './kinds.ts';
import { isSign, type Pattern, type Sign, signs } from './signs.ts';
import type { PlateSigns } from './plates.ts';
import type { Policy } from './policy.ts';

/** The fingerprints of policy files as plain data, with the hash of those files: what was checked when the program was built need not be checked again. */
export type CheckedKinds = PlateSigns & {
  /** `Policy.hash`. */
  readonly hash: string;
  readonly fingerprints: readonly {
    readonly kind: string;
    readonly source: string;
    readonly ref: RuleRef;
    readonly when: { readonly [sign in Sign]?: readonly Pattern[] };
  }[];
};

export function encodeKinds({ hash, fingerprints, plates }: Policy): CheckedKinds {
  return {
    hash,
    plates,
    fingerprints: fingerprints.map(({ value: { kind, source, when }, ref }) => ({
      kind,
      source,
      ref,
      when: Object.fromEntries(Object.entries(when).flatMap(([sign, condition]) => (condition ? [[sign, condition.wanted]] : []))),
    })),
  };
}

/** Only for data that `encodeKinds` made: nothing is checked again. Throws RangeError for a sign that this program does not know. */
export function decodeKinds({ fingerprints }: Pick<CheckedKinds, 'fingerprints'>): KindSigns['fingerprints'] {
  return fingerprints.map(({ kind, ref, when }) => {
    const conditions: { [sign in Sign]?: { readonly holds: (facts: KindFacts) => boolean } } = {};
    for (const [sign, wanted] of Object.entries(when)) {
      if (!isSign(sign)) throw new RangeError(`Cannot use fingerprint ${ref.at}: unknown sign ${sign}`);
      conditions[sign] = { holds: facts => signs[sign](wanted, facts) };
    }
    return { value: { kind, when: conditions }, ref };
  });
}
