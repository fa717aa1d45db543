import { describe, expect, it } from 'vitest';
import { good, legacy, minute, now, person, policyOf, tampered, zone } from './facts.ts';
import type { Check } from '../../gateway/model/attestation.ts';
import { enforcements } from '../../gateway/model/axes.ts';
import type { DecisionFacts } from '../../gateway/model/decision.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import { decide } from '../../gateway/policy/decide.ts';
import { explain, whySentence } from '../../gateway/policy/explain.ts';

const policy = policyOf('- name: signed-and-expected\n  when: { attestation: affirming, expected: true }\n  then: admit\n');
const failed: Check = {
  check: 'reference',
  outcome: 'failed',
  code: 'DIGEST_UNKNOWN',
  detail: 'no list has it',
  expected: `fw-1.0.0 sha-256 e8ff0123${'0'.repeat(56)}`,
  seen: `07e40123${'1'.repeat(56)}`,
};

function view(facts: DecisionFacts, more: Partial<DeviceView> = {}, hostname = 'sensor-2', kind = 'sensor'): DeviceView {
  const field = <T>(value: T) => ({ value, source: 'test', at: 0, frame: 1 });
  const decision = decide(facts, policy, zone);
  const { serial } = facts;
  return {
    device: {
      id: 'd1',
      mac: facts.mac,
      port: facts.port,
      vlan: facts.vlan,
      zone: facts.zone,
      seenBy: 'announcement',
      ips: ['10.20.4.7'],
      bindings: [],
      fields: { hostname: field(hostname), vendor: field('Acme'), kind: field(kind) },
      services: [],
      facts: [],
      firstSeen: 0,
    },
    attestation: {
      status: facts.attestation,
      assurance: facts.assurance,
      expected: facts.expected,
      checks: facts.attestation === 'contraindicated' ? [failed] : [],
      ...(facts.attestationReason === undefined ? {} : { reason: facts.attestationReason }),
      ...(serial === undefined
        ? {}
        : {
            result: {
              at: 0,
              expires: 0,
              scheme: 'dice',
              status: facts.attestation,
              assurance: facts.assurance,
              vector: {},
              checks: [],
              identity: { serial, subject: '', issuer: '', deviceKey: '', leafKey: '', anchor: '', notAfter: 0 },
              digestsSeen: [],
              digestsExpected: [],
              evidence: '',
              referenceSets: [],
            },
          }),
    },
    admission: decision.admission,
    enforcement: 'held',
    presence: 'online',
    decision,
    lastSeen: now,
    packets: 1,
    bytes: 1,
    ...(facts.person === undefined ? {} : { person: facts.person }),
    ...more,
  };
}

describe('explain', () => {
  it('says what happens, why, what was expected and seen, and which rule said so', () => {
    expect(explain(decide(tampered, policy, zone), { checks: [failed] })).toBe(
      'is quarantined: its measured firmware is in no signed list (expected fw-1.0.0 sha-256 e8ff0123…, seen 07e40123…); rule failed-evidence (built-in:failed-evidence) decided',
    );
    expect(explain(decide({ ...legacy, person: person('approval', { until: now + minute }) }, policy, zone))).toBe(
      'is approved until 2026-03-01 06:15 UTC: a person allowed it; rule approval (built-in:approval) decided',
    );
  });

  it('tells of no difference that belongs to another check', () => {
    expect(explain(decide(legacy, policy, zone), { checks: [failed] })).not.toContain('expected fw');
  });
});

describe('whySentence', () => {
  it('says of a good sensor: what, where, what it proved, which rule, who, and what the network does', () => {
    expect(whySentence(view(good, { enforcement: 'open' }))).toBe(
      'Sensor "sensor-2" (Acme, 02:00:5e:00:00:01, 10.20.4.7) on port sp1, zone dock, is admitted: ' +
        'proved its firmware by certificate and is expected here; rule signed-and-expected (policies/rules/10.yaml:1) decided; ' +
        'it proved who it is and its firmware (A5, serial WH-1); no person decided about it; the network lets it pass',
    );
  });

  it('says of a tampered sensor what was expected and what was seen', () => {
    const sentence = whySentence(view(tampered, { enforcement: 'quarantined' }));
    expect(sentence).toContain(
      'is quarantined: its measured firmware is in no signed list (expected fw-1.0.0 sha-256 e8ff0123…, seen 07e40123…); rule',
    );
    expect(sentence.match(/in no signed list/g)).toHaveLength(1);
    expect(sentence).toMatch(/; its proof failed; no person decided about it; the network cuts it off$/);
  });

  it.each([
    [undefined, 'no person decided about it'],
    [person('approval'), 'allowed by anna for good ("replacement drive")'],
    [person('approval', { until: now + minute }), 'allowed by anna until 2026-03-01 06:15 UTC ("replacement drive")'],
    [person('approval', { until: now - minute }), 'allowed by anna, which ended 2026-03-01 06:13 UTC ("replacement drive")'],
    [person('block', { reason: '' }), 'cut off by anna for good'],
    [person('waiver', { until: now + minute }), 'excused by anna until 2026-03-01 06:15 UTC ("replacement drive")'],
  ])('says who allowed it until when: %j', (said, text) => {
    expect(whySentence(view(said === undefined ? legacy : { ...legacy, person: said }))).toContain(`; ${text}; `);
  });

  it('says that the network lets pass what should be cut, and never the other way round', () => {
    expect(whySentence(view(tampered, { enforcement: 'open' }))).toMatch(/; but the network lets it pass$/);
    expect(
      new Set(
        enforcements.map(e =>
          whySentence(view(legacy, { enforcement: e }))
            .split('; ')
            .at(-1),
        ),
      ).size,
    ).toBe(enforcements.length);
  });

  it('writes the kinds that are abbreviations as such', () => {
    expect(whySentence(view(legacy, {}, 'line1', 'plc'))).toMatch(/^PLC "line1" /);
    expect(whySentence(view(legacy, {}, 'line1', 'remote-io'))).toMatch(/^Remote-io "line1" /);
  });

  it('cleans and cuts the words of the device', () => {
    const sentence = whySentence(view(legacy, {}, `cam\u202e\n\u0000${'x'.repeat(5000)}`));
    expect(sentence).toContain('"cam\u{fffd}\u{fffd}\u{fffd}xxx');
    expect(sentence.length).toBeLessThan(600);
  });

  it('survives an end beyond what dates can say', () => {
    expect(whySentence(view({ ...legacy, person: person('approval', { until: Number.MAX_VALUE }) }))).toContain(
      'until 1.7976931348623157e+308 ms',
    );
  });
});
