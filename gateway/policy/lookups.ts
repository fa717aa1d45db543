import type { PolicyLookups } from '../model/alarm.ts';
import type { Policy } from './policy.ts';
import { isOfKind, type KindSigns } from './kinds.ts';
import { plateOf, type PlateSigns } from './plates.ts';
import { zonesOf } from './expected.ts';

/** The part of a policy that inventory and detection ask. */
export type RulePolicy = KindSigns & PlateSigns & Pick<Policy, 'mud' | 'expectedSerials'>;

/** What inventory and detection rules may ask of the policy in force, whichever that is when they ask. */
export const lookupsOf = (policy: () => RulePolicy): PolicyLookups => ({
  mud: () => policy().mud,
  fingerprintOf: (clues, kind) => isOfKind(policy(), clues, kind)?.at,
  plateOf: (description, collector) => plateOf(policy(), description, collector),
  expectedZones: shown => zonesOf(policy(), shown),
});
