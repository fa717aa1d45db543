import type { RuleRef } from '../model/decision.ts';
import type { Placed } from './policy.ts';
import type { KindFacts } from '../model/device.ts';

/** The part of a policy that tells kinds: entries in the order in which they are tried. */
export type KindSigns = {
  readonly fingerprints: readonly Placed<{
    readonly kind: string;
    readonly when: { readonly [sign: string]: { readonly holds: (facts: KindFacts) => boolean } | undefined };
  }>[];
};

/**
 * What kind of device this looks like, by the first matching entry of `policies/fingerprints`. It is a guess from untrusted words:
 * rules may cut by it, but never admit by it.
 */
export function kindOf(policy: KindSigns, facts: KindFacts): { readonly kind: string; readonly rule: RuleRef } | undefined {
  const entry = policy.fingerprints.find(({ value }) => matches(value, facts));
  return entry === undefined ? undefined : { kind: entry.value.kind, rule: entry.ref };
}

/** Where it stands that it looks like this kind: the first matching entry is of that kind. Entries of it are asked first, since most devices are of others. */
export function isOfKind(policy: KindSigns, facts: KindFacts, kind: string): RuleRef | undefined {
  if (!policy.fingerprints.some(({ value }) => value.kind === kind && matches(value, facts))) return undefined;
  const first = policy.fingerprints.find(({ value }) => matches(value, facts));
  return first?.value.kind === kind ? first.ref : undefined;
}

/** Asked of each entry for each device, so without a list of its conditions. */
function matches({ when }: KindSigns['fingerprints'][number]['value'], facts: KindFacts): boolean {
  for (const sign in when) if (when[sign]?.holds(facts) === false) return false;
  return true;
}
