import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assuranceOf, facts as anyFacts } from './arbitrary.ts';
import { fresh, good, legacy, minute, now, person, policyOf, tampered, zone } from './facts.ts';
import type { Decision, DecisionFacts } from '../../gateway/model/decision.ts';
import type { Policy } from '../../gateway/policy/policy.ts';
import { decide } from '../../gateway/policy/decide.ts';

const shipped = policyOf(`- name: signed-and-expected
  when: { attestation: affirming, expected: true }
  then: admit
- name: cameras-nobody-asked-for
  when: { kind: camera, approved: false }
  then: quarantine
- name: guests
  when: { vlan: 99 }
  then: hold
`);
const say = (d: Decision) =>
  `${d.access} ${d.admission} ${d.reason} ${d.rule.name} ${d.rule.at}${d.until === undefined ? '' : ` until +${(d.until - now) / minute}`}`;
const decided = (facts: DecisionFacts, policy: Policy = shipped) => say(decide(facts, policy, zone));

const soon = now + 10 * minute;
const approval = person('approval');
const silent: DecisionFacts = { ...legacy, hasAttested: true, attestationReason: 'ATTESTATION_STOPPED' };
const silence = person('waiver', { until: soon, excuses: 'ATTESTATION_STOPPED' });
const proven: DecisionFacts = { ...good, expected: false, hasAttested: true };
const waiver = person('waiver', { until: soon, excuses: 'DIGEST_UNKNOWN' });
const block = person('block');
const camera = { kind: 'camera' };
const clone = { cloned: true };

describe('decide: each step of the precedence, with its rule', () => {
  it.each([
    ['a signed and expected device', good, 'admit admitted SIGNED_AND_EXPECTED signed-and-expected policies/rules/10.yaml:1'],
    [
      'a camera nobody asked for',
      { ...legacy, ...camera },
      'quarantine denied POLICY_DENY cameras-nobody-asked-for policies/rules/10.yaml:4',
    ],
    ['a device that a rule holds', { ...legacy, vlan: 99 }, 'hold pending POLICY_HOLD guests policies/rules/10.yaml:7'],
    ['a device that no rule matches', legacy, 'hold pending CANNOT_ATTEST zone dock zone:dock'],
    ['an approved device', { ...legacy, person: approval }, 'admit approved APPROVED approval built-in:approval'],
    [
      'a device approved for a time',
      { ...legacy, person: person('approval', { until: soon }) },
      'admit approved APPROVED approval built-in:approval until +10',
    ],
    ['a tampered device', tampered, 'quarantine denied DIGEST_UNKNOWN failed-evidence built-in:failed-evidence'],
    [
      'a tampered device whose failure has no name',
      { ...fresh, attestation: 'contraindicated' as const },
      'quarantine denied VERIFIER_FAILED failed-evidence built-in:failed-evidence',
    ],
    ['a waived device', { ...tampered, person: waiver }, 'admit waived WAIVED waiver built-in:waiver until +10'],
    ['a blocked device', { ...good, person: block }, 'quarantine blocked BLOCKED block built-in:block'],
    [
      'a device blocked for a time',
      { ...good, person: person('block', { until: soon }) },
      'quarantine blocked BLOCKED block built-in:block until +10',
    ],
    ['a clone', { ...legacy, ...clone }, 'quarantine denied MAC_CLONED clone-guard built-in:clone-guard'],
  ])('%s', (_, facts, decision) => {
    expect(decided(facts)).toBe(decision);
  });

  it.each([
    ['proof', { ...good, expected: false }],
    ['expectation', { ...legacy, expected: true }],
  ])('a rule that admits by %s alone, which no file can hold, is not told as both', (_, facts) => {
    const [rule] = shipped.rules;
    const lax: Policy = { ...shipped, rules: rule === undefined ? [] : [{ ...rule, value: { ...rule.value, when: {} } }] };
    expect(decide(facts, lax, zone)).toMatchObject({ access: 'admit', reason: 'POLICY_ADMIT' });
  });

  it('carries its facts and the hash of the policy, and no end where there is none', () => {
    const d = decide(good, shipped, zone);
    expect(d.facts).toBe(good);
    expect(d.policy).toBe(shipped.hash);
    expect('until' in d).toBe(false);
  });
});

describe('decide: who beats whom', () => {
  it.each([
    ['a block beats a rule that admits', { ...good, person: block }, 'BLOCKED'],
    ['a block beats failed Evidence', { ...tampered, person: block }, 'BLOCKED'],
    ['a block beats the clone guard', { ...legacy, ...clone, person: block }, 'BLOCKED'],
    ['a waiver beats the failed Evidence that it names', { ...tampered, person: waiver }, 'WAIVED'],
    ['a waiver beats a rule that quarantines', { ...tampered, ...camera, person: waiver }, 'WAIVED'],
    [
      'failed Evidence beats a waiver for something else',
      { ...tampered, attestationReason: 'SIGNATURE_INVALID' as const, person: waiver },
      'SIGNATURE_INVALID',
    ],
    [
      'failed Evidence beats a waiver without an end',
      { ...tampered, person: person('waiver', { excuses: 'DIGEST_UNKNOWN' }) },
      'DIGEST_UNKNOWN',
    ],
    ['failed Evidence beats a waiver that names nothing', { ...tampered, person: person('waiver', { until: soon }) }, 'DIGEST_UNKNOWN'],
    ['failed Evidence beats an approval', { ...tampered, person: approval }, 'DIGEST_UNKNOWN'],
    ['an approval does not cover what could attest and stopped', { ...silent, person: approval }, 'ATTESTATION_STOPPED'],
    ['a waiver that names that it stopped does', { ...silent, person: silence }, 'WAIVED'],
    [
      'a waiver of a cloning that is none excuses nothing',
      { ...legacy, person: { ...waiver, excuses: 'MAC_CLONED' as const } },
      'CANNOT_ATTEST',
    ],
    [
      'the clone guard beats a waiver for what the clone lacks',
      { ...legacy, ...clone, person: { ...waiver, excuses: 'CANNOT_ATTEST' as const } },
      'MAC_CLONED',
    ],
    ['an approval of what attests still is in force', { ...proven, person: approval }, 'APPROVED'],
    ['failed Evidence beats expectation', { ...tampered, expected: true }, 'DIGEST_UNKNOWN'],
    ['failed Evidence beats a rule that quarantines', { ...tampered, ...camera }, 'DIGEST_UNKNOWN'],
    ['the clone guard beats proof and expectation', { ...good, ...clone }, 'MAC_CLONED'],
    ['the clone guard beats failed Evidence', { ...tampered, ...clone }, 'MAC_CLONED'],
    ['the clone guard beats a waiver for another finding', { ...tampered, ...clone, person: waiver }, 'MAC_CLONED'],
    [
      'a waiver that names the clone beats the guard',
      { ...legacy, ...clone, person: { ...waiver, excuses: 'MAC_CLONED' as const } },
      'WAIVED',
    ],
    [
      'failed Evidence of a clone beats a waiver of its cloning',
      { ...tampered, ...clone, person: { ...waiver, excuses: 'MAC_CLONED' as const } },
      'MAC_CLONED',
    ],
    ['an approval of the clone itself beats the guard', { ...legacy, ...clone, person: approval }, 'APPROVED'],
    ['failed Evidence beats the approval of a clone', { ...tampered, ...clone, person: approval }, 'DIGEST_UNKNOWN'],
    ['an approval beats a rule that quarantines', { ...legacy, ...camera, person: approval }, 'APPROVED'],
    ['an approval beats a rule that holds', { ...legacy, vlan: 99, person: approval }, 'APPROVED'],
    [
      'an approval covers a warning',
      { ...legacy, attestation: 'warning' as const, attestationReason: 'CERT_EXPIRED' as const, person: approval },
      'APPROVED',
    ],
    ['an approval covers who is not expected', { ...good, expected: false, person: approval }, 'APPROVED'],
    ['the first rule beats a later one', { ...good, ...camera }, 'SIGNED_AND_EXPECTED'],
  ])('%s', (_, facts, reason) => {
    expect(decide(facts, shipped, zone).reason).toBe(reason);
  });

  it.each([
    ['approval', 'APPROVED', 'CANNOT_ATTEST', legacy],
    ['waiver', 'WAIVED', 'DIGEST_UNKNOWN', tampered],
    ['block', 'BLOCKED', 'SIGNED_AND_EXPECTED', good],
  ] as const)('a %s holds until the millisecond before its end', (kind, during, after, facts) => {
    const said = person(kind, { until: now, ...(kind === 'waiver' ? { excuses: 'DIGEST_UNKNOWN' as const } : {}) });
    expect(decide({ ...facts, person: said, now: now - 1 }, shipped, zone).reason).toBe(during);
    expect(decide({ ...facts, person: said, now }, shipped, zone).reason).toBe(after);
  });
});

describe('decide: an approval lapses when another key is proved', () => {
  const [first, second] = ['aa'.repeat(32), 'bb'.repeat(32)];
  const approved = person('approval', { deviceKey: first });
  it.each([
    [
      'the same key',
      { ...good, expected: false, deviceKey: first, person: approved },
      'admit approved APPROVED approval built-in:approval',
    ],
    ['no key for a while', { ...legacy, person: approved }, 'admit approved APPROVED approval built-in:approval'],
    [
      'its first key, after it was approved without one',
      { ...good, expected: false, person: approval },
      'admit approved APPROVED approval built-in:approval',
    ],
    [
      'another key',
      { ...good, expected: false, deviceKey: second, person: approved },
      'hold pending KEY_CHANGED approval built-in:approval',
    ],
    [
      'another key, though a rule would admit it',
      { ...good, deviceKey: second, person: approved },
      'hold pending KEY_CHANGED approval built-in:approval',
    ],
    [
      'another key, and a rule cuts it',
      { ...legacy, ...camera, deviceKey: second, person: approved },
      'quarantine denied POLICY_DENY cameras-nobody-asked-for policies/rules/10.yaml:4',
    ],
    [
      'another key, and it is a clone',
      { ...good, ...clone, deviceKey: second, person: approved },
      'quarantine denied MAC_CLONED clone-guard built-in:clone-guard',
    ],
    [
      'another key, waived with the first',
      { ...tampered, deviceKey: second, person: { ...waiver, deviceKey: first } },
      'quarantine denied DIGEST_UNKNOWN failed-evidence built-in:failed-evidence',
    ],
  ])('%s', (_, facts, decision) => {
    expect(decided(facts)).toBe(decision);
  });

  it('another key is held also where the zone lets strangers pass', () => {
    const d = decide({ ...good, expected: false, deviceKey: second, person: approved }, shipped, { ...zone, otherwise: 'admit' });
    expect(d.access).toBe('hold');
  });
});

describe('decide: the zone default gives the most telling reason', () => {
  it.each([
    ['STEALTH_DEVICE', { ...legacy, announced: false }],
    ['NOT_EXPECTED', { ...good, expected: false }],
    ['CANNOT_ATTEST', legacy],
    ['NO_EVIDENCE', { ...legacy, attestationReason: 'NO_EVIDENCE' as const }],
    ['NO_RESPONSE', { ...legacy, attestationReason: 'NO_RESPONSE' as const }],
    ['EVIDENCE_EXPIRED', { ...legacy, attestationReason: 'EVIDENCE_EXPIRED' as const }],
    ['NO_MEASUREMENTS', { ...legacy, attestation: 'warning' as const, attestationReason: 'NO_MEASUREMENTS' as const }],
    ['REFERENCE_MISSING', { ...legacy, attestation: 'warning' as const, attestationReason: 'REFERENCE_MISSING' as const }],
    ['AWAITING_CHALLENGE', fresh],
    ['ZONE_DEFAULT', { ...fresh, attestation: 'warning' as const }],
  ])('%s', (reason, facts) => {
    expect(decided(facts)).toBe(`hold pending ${reason} zone dock zone:dock`);
  });

  it('nobody waits for a challenge where none is armed', () => {
    const quiet = { ...zone, challenge: false };
    expect(decide(fresh, shipped, quiet).reason).toBe('ZONE_DEFAULT');
    expect(decide({ ...fresh, attestationReason: 'AWAITING_CHALLENGE' }, shipped, quiet).reason).toBe('ZONE_DEFAULT');
  });

  it.each(['admit', 'hold'] as const)('one that stopped is held if it was approved, else it has the zone default: %s', otherwise => {
    const where = { ...zone, otherwise };
    expect(say(decide({ ...silent, person: approval }, shipped, where))).toBe(
      'hold pending ATTESTATION_STOPPED approval built-in:approval',
    );
    expect(say(decide(silent, shipped, where))).toBe(`${otherwise} pending ATTESTATION_STOPPED zone dock zone:dock`);
  });

  it('where the zone lets strangers pass, they pass, but nobody has admitted them', () => {
    expect(say(decide(legacy, shipped, { ...zone, otherwise: 'admit' }))).toBe('admit pending CANNOT_ATTEST zone dock zone:dock');
  });
});

describe('decide: conditions', () => {
  const device = {
    ...legacy,
    vendor: 'Axis Communications AB',
    kind: 'camera',
    model: 'P3265',
    hostname: 'cam-7',
    vlan: 7,
    services: ['tcp/80', 'tcp/554'],
    assurance: 2 as const,
    started: { before: now - 86_400_000, after: now - 3 * 86_400_000 },
  };
  it.each([
    ['{}', true],
    ['{ zone: dock }', true],
    ['{ zone: [line, dock] }', true],
    ['{ zone: line }', false],
    ['{ kind: camera, zone: line }', false],
    ['{ vendor: Axis Communications AB }', true],
    ['{ vendor: Axis }', false],
    ['{ vendor: axis communications ab }', false],
    ['{ vendor: { contains: AXIS comm } }', true],
    ['{ vendor: [Acme, { contains: axis }] }', true],
    ['{ model: P3265 }', true],
    ['{ model: P32 }', false],
    ['{ hostname: cam-7 }', true],
    ['{ mac: "02:00:5E:00:00:01" }', true],
    ['{ mac: "02:00:5e:00:00:02" }', false],
    ['{ macPrefix: "02:00:5E" }', true],
    ['{ macPrefix: "02:00:5e:00:00:0" }', true],
    ['{ macPrefix: "02:01" }', false],
    ['{ port: sp1 }', true],
    ['{ port: sp }', false],
    ['{ vlan: [6, 7] }', true],
    ['{ vlan: 0 }', false],
    ['{ service: tcp/554 }', true],
    ['{ service: [tcp/1, tcp/80] }', true],
    ['{ service: udp/554 }', false],
    ['{ attestation: [none, warning] }', true],
    ['{ attestation: affirming }', false],
    ['{ assuranceAtLeast: 2 }', true],
    ['{ assuranceAtLeast: 3 }', false],
    ['{ startedWithinDays: 3 }', true],
    ['{ startedWithinDays: 2 }', false],
    ['{ expected: false }', true],
    ['{ expected: true }', false],
    ['{ approved: false }', true],
    ['{ announced: true }', true],
    ['{ announced: false }', false],
    ['{ cloned: false }', true],
    ['{ cloned: true }', false],
    ['{ reason: [NO_EVIDENCE, CANNOT_ATTEST] }', true],
    ['{ reason: NO_EVIDENCE }', false],
  ])('%s matches: %s', (when, matches) => {
    const policy = policyOf(`- name: x\n  when: ${when}\n  then: quarantine\n`);
    expect(decide(device, policy, zone).reason).toBe(matches ? 'POLICY_DENY' : 'CANNOT_ATTEST');
  });

  it.each(['vendor: x', 'kind: x', 'model: x', 'hostname: x', 'vendor: { contains: xx }', 'reason: NO_EVIDENCE', 'startedWithinDays: 9'])(
    '{ %s } matches nothing that is unknown',
    when => {
      expect(decide(fresh, policyOf(`- name: x\n  when: { ${when} }\n  then: quarantine\n`), zone).rule.at).toBe('zone:dock');
    },
  );
});

describe('decide: for all facts', () => {
  const greedy = policyOf(`- name: a
  when: { attestation: affirming, expected: true, zone: [dock, line] }
  then: admit
- name: b
  when: { approved: true }
  then: admit
- name: c
  when: { kind: camera }
  then: quarantine
- name: d
  when: { attestation: affirming, expected: true, assuranceAtLeast: 1 }
  then: admit
`);
  const live = (f: DecisionFacts) => f.person !== undefined && (f.person.until === undefined || f.now < f.person.until);

  it('nothing passes a zone that holds without proof and expectation, or a live approval or waiver', () => {
    fc.assert(
      fc.property(anyFacts, f => {
        const d = decide(f, greedy, zone);
        if (d.access !== 'admit') return;
        const proved = f.attestation === 'affirming' && f.expected && !f.cloned;
        const allowed = live(f) && f.person?.kind !== 'block';
        expect(proved || allowed).toBe(true);
        expect(d.admission).toBe(d.reason === 'APPROVED' ? 'approved' : d.reason === 'WAIVED' ? 'waived' : 'admitted');
      }),
      { numRuns: 20_000 },
    );
  });

  it('a live block, failed Evidence without a waiver for it, and clones nobody allowed are always cut, whatever the zone says', () => {
    fc.assert(
      fc.property(anyFacts, f => {
        const d = decide(f, greedy, { ...zone, otherwise: 'admit' });
        const word = live(f) ? f.person?.kind : undefined;
        if (word === 'block') expect(d.admission).toBe('blocked');
        else if (word !== 'waiver' && (f.attestation === 'contraindicated' || (f.cloned && word !== 'approval')))
          expect(d.access).toBe('quarantine');
        else if (d.admission === 'admitted') expect(f.attestation === 'affirming' && f.expected).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it('equal facts give equal decisions, every decision names its rule, and ends are in the future', () => {
    fc.assert(
      fc.property(anyFacts, f => {
        const d = decide(f, greedy, zone);
        expect(decide(structuredClone(f), greedy, zone)).toEqual(d);
        expect(d.rule.at).toMatch(/^(policies\/rules\/10\.yaml:\d+|built-in:[a-z-]+|zone:dock)$/);
        expect(d.until === undefined || d.until > f.now).toBe(true);
        expect(assuranceOf(d)).toBe(f.assurance);
      }),
      { numRuns: 5000 },
    );
  });
});
