import type { PolicyLookups } from '../model/alarm.ts';
import type { Policy } from './policy.ts';
import { isOfKind, type KindSigns } from './kinds.ts';
import { zonesOf } from './expected.ts';

/** The part of a policy that detection asks. */
export type RulePolicy = KindSigns & Pick<Policy, 'mud' | 'expectedSerials'>;

/** What the detection rules may ask of the policy in force, whichever that is when they ask. */
export const lookupsOf = (policy: () => RulePolicy): PolicyLookups => ({
  mud: () => policy().mud,
  fingerprintOf: (clues, kind) => isOfKind(policy(), clues, kind)?.at,
  expectedZones: shown => zonesOf(policy(), shown),
});
