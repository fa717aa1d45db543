import type { DecisionFacts } from '../../gateway/model/decision.ts';
import type { PersonDecision } from '../../gateway/model/device.ts';
import type { ZoneSettings } from '../../gateway/model/settings.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import type { Policy } from '../../gateway/policy/policy.ts';
import { zone as zoneOf } from '../gateway/fixture.ts';

export const now = Date.UTC(2026, 2, 1, 6, 14);
export const minute = 60_000;

export const zone: ZoneSettings = zoneOf();

/** A device that announced itself, was asked and cannot attest; nobody said anything about it. */
export const legacy: DecisionFacts = {
  zone: 'dock',
  mac: '02:00:5e:00:00:01',
  port: 'sp1',
  vlan: 0,
  services: [],
  announced: true,
  cloned: false,
  attestation: 'none',
  assurance: 0,
  expected: false,
  attestationReason: 'CANNOT_ATTEST',
  now,
};
const { attestationReason: _, ...unasked } = legacy;
export const fresh: DecisionFacts = unasked;
export const good: DecisionFacts = {
  ...unasked,
  attestation: 'affirming',
  assurance: 5,
  expected: true,
  serial: 'WH-1',
  deviceKey: 'aa'.repeat(32),
};
export const tampered: DecisionFacts = {
  ...unasked,
  attestation: 'contraindicated',
  assurance: 3,
  attestationReason: 'DIGEST_UNKNOWN',
  serial: 'WH-2',
};

export const person = (kind: PersonDecision['kind'], more: Partial<PersonDecision> = {}): PersonDecision => ({
  kind,
  by: 'anna',
  reason: 'replacement drive',
  at: now - minute,
  ...more,
});

/** A policy of one rules file at `policies/rules/10.yaml`; throws when it has a problem that refuses it. */
export function policyOf(text: string, more: readonly { path: string; text: string }[] = []): Policy {
  const { policy, problems } = loadPolicy([{ path: 'policies/rules/10.yaml', text }, ...more]);
  if (policy === undefined) throw new Error(problems.map(p => p.text).join('\n'));
  return policy;
}
