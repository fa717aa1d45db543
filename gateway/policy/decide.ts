import type { Access, Decision, DecisionFacts, RuleRef } from '../model/decision.ts';
import type { Millis } from '../model/address.ts';
import type { Admission } from '../model/axes.ts';
import type { PersonDecision } from '../model/device.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { ZoneSettings } from '../model/settings.ts';
import type { Policy } from './policy.ts';
import type { RuleFacts } from './shapes.ts';

/** The steps of the precedence that no file can change; they stand at `built-in:<step>`. */
const builtInSteps = ['block', 'clone-guard', 'waiver', 'failed-evidence', 'approval'] as const;
type BuiltIn = (typeof builtInSteps)[number];

/**
 * What policy wants for one device (DESIGN §6), the first that speaks: a person's block, a waiver that names the finding, failed Evidence,
 * a person's approval (of one that never attested, or still does), the first matching rule, the zone's default. A clone of a bound address is cut unless a person allowed that very device.
 * Total and pure: equal facts and policy give an equal Decision. Nothing is `admitted` but by a rule that asks for proof and expectation.
 * `facts.attestation` must be none once a result is too old, whatever it once said. `evidence` is for the caller to add.
 */
export function decide(facts: DecisionFacts, policy: Policy, zone: ZoneSettings): Decision {
  const decision = (access: Access, admission: Admission, reason: ReasonCode, rule: RuleRef, until?: Millis): Decision => ({
    access,
    admission,
    reason,
    rule,
    ...(until === undefined ? {} : { until }),
    facts,
    policy: policy.hash,
  });
  const person = inForce(facts.person, facts.now);
  if (person?.kind === 'block') return decision('quarantine', 'blocked', 'BLOCKED', builtIn('block'), person.until);
  if (excused(person, facts)) return decision('admit', 'waived', 'WAIVED', builtIn('waiver'), person?.until);
  const lapsed = person?.kind === 'approval' && keyChanged(person, facts);
  // It could attest and does not: no approval covers that as inability.
  const stopped = facts.hasAttested === true && facts.attestation === 'none';
  const approved = person?.kind === 'approval' && !lapsed && !stopped;
  if (facts.cloned && !approved) return decision('quarantine', 'denied', 'MAC_CLONED', builtIn('clone-guard'));
  if (facts.attestation === 'contraindicated')
    return decision('quarantine', 'denied', facts.attestationReason ?? 'VERIFIER_FAILED', builtIn('failed-evidence'));
  if (approved) return decision('admit', 'approved', 'APPROVED', builtIn('approval'), person.until);

  const rule = firstMatch({ ...facts, approved: false }, policy);
  if (rule?.value.then === 'quarantine') return decision('quarantine', 'denied', 'POLICY_DENY', rule.ref);
  // The new key may be a replacement or an impostor: whoever approved the old one is asked again, whatever rules would admit.
  if (lapsed) return decision('hold', 'pending', 'KEY_CHANGED', builtIn('approval'));
  if (person?.kind === 'approval' && stopped)
    return decision('hold', 'pending', finding(facts) ?? 'ATTESTATION_STOPPED', builtIn('approval'));
  if (rule?.value.then === 'hold') return decision('hold', 'pending', 'POLICY_HOLD', rule.ref);
  if (rule?.value.then === 'admit') return decision('admit', 'admitted', proved(facts) ? 'SIGNED_AND_EXPECTED' : 'POLICY_ADMIT', rule.ref);
  // A zone that lets strangers pass has not said that they may: admission stays pending.
  return decision(zone.otherwise, 'pending', mostTelling(facts, zone), { name: `zone ${zone.name}`, at: `zone:${zone.name}` });
}

const builtIn = (step: BuiltIn): RuleRef => ({ name: step, at: `built-in:${step}` });
const proved = (facts: DecisionFacts): boolean => facts.attestation === 'affirming' && facts.expected;

/** A person's word until its end. `until` is the first instant at which it no longer holds. */
function inForce(person: PersonDecision | undefined, now: Millis): PersonDecision | undefined {
  return person === undefined || (person.until !== undefined && now >= person.until) ? undefined : person;
}

/** Absence is no change: a device that is silent for a while keeps what a person gave it. */
function keyChanged(person: PersonDecision, facts: DecisionFacts): boolean {
  return person.deviceKey !== undefined && facts.deviceKey !== undefined && person.deviceKey !== facts.deviceKey;
}

/** A waiver excuses the one finding that it names, has an end, and is for the device that had the key then. */
function excused(person: PersonDecision | undefined, facts: DecisionFacts): boolean {
  if (person?.kind !== 'waiver' || person.until === undefined || person.excuses === undefined || keyChanged(person, facts)) return false;
  if (facts.cloned && person.excuses === 'MAC_CLONED') return facts.attestation !== 'contraindicated';
  return !facts.cloned && person.excuses === finding(facts);
}

/** The finding that stands between this device and being signed and expected, if it has a name. */
function finding(facts: DecisionFacts): ReasonCode | undefined {
  return facts.attestationReason ?? (facts.attestation === 'affirming' && !facts.expected ? 'NOT_EXPECTED' : undefined);
}

function firstMatch(facts: RuleFacts, policy: Policy): Policy['rules'][number] | undefined {
  return policy.rules.find(({ value }) => Object.values(value.when).every(condition => condition?.holds(facts) ?? true));
}

/** Why nobody and nothing decided about it yet, in the words that help most. */
function mostTelling(facts: DecisionFacts, zone: ZoneSettings): ReasonCode {
  if (!facts.announced) return 'STEALTH_DEVICE';
  const named = finding(facts) ?? (facts.attestation === 'none' ? 'AWAITING_CHALLENGE' : 'ZONE_DEFAULT');
  // Where no challenge is armed, waiting for one would be waiting for good.
  return named === 'AWAITING_CHALLENGE' && !zone.challenge ? 'ZONE_DEFAULT' : named;
}
