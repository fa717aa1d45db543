import type { PolicyLookups } from '../model/alarm.ts';
import type { Policy } from './policy.ts';
import { isOfKind } from './kinds.ts';
import { zonesOf } from './expected.ts';

/** What the detection rules may ask of the policy in force, whichever that is when they ask. */
export const lookupsOf = (policy: () => Policy): PolicyLookups => ({
  mud: () => policy().mud,
  fingerprintOf: (clues, kind) => isOfKind(policy(), clues, kind)?.at,
  expectedZones: shown => zonesOf(policy(), shown),
});
