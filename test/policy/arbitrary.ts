import fc from 'fast-check';
import { now } from './facts.ts';
import { attestationStatuses } from '../../gateway/model/axes.ts';
import type { Decision, DecisionFacts } from '../../gateway/model/decision.ts';
import type { PersonDecision } from '../../gateway/model/device.ts';
import { reasonCodes } from '../../gateway/model/reason.ts';

const key = fc.constantFrom('aa'.repeat(32), 'bb'.repeat(32));
const reason = fc.constantFrom(...reasonCodes);
const instant = fc.constantFrom(now - 1, now, now + 1, now + 60_000);

const person: fc.Arbitrary<PersonDecision> = fc.record(
  {
    kind: fc.constantFrom('approval', 'waiver', 'block'),
    by: fc.constant('anna'),
    reason: fc.string(),
    at: fc.constant(0),
    until: instant,
    deviceKey: key,
    excuses: fc.oneof(reason, fc.constant('MAC_CLONED' as const)),
  },
  { requiredKeys: ['kind', 'by', 'reason', 'at'] },
);

/** Facts of all sorts, consistent or not. */
export const facts: fc.Arbitrary<DecisionFacts> = fc.record(
  {
    zone: fc.constantFrom('dock', 'line'),
    mac: fc.constant('02:00:5e:00:00:01'),
    port: fc.constant('sp1'),
    vlan: fc.nat(4094),
    vendor: fc.string(),
    kind: fc.constantFrom('camera', 'printer'),
    services: fc.array(fc.constantFrom('tcp/80', 'tcp/554'), { maxLength: 2 }),
    announced: fc.boolean(),
    cloned: fc.boolean(),
    attestation: fc.constantFrom(...attestationStatuses),
    assurance: fc.constantFrom(0, 1, 2, 3, 4, 5),
    expected: fc.boolean(),
    attestationReason: reason,
    deviceKey: key,
    person,
    now: fc.constant(now),
  },
  { requiredKeys: ['zone', 'mac', 'port', 'vlan', 'services', 'announced', 'cloned', 'attestation', 'assurance', 'expected', 'now'] },
);

export const assuranceOf = (decision: Decision): number => decision.facts.assurance;
