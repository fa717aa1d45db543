import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readPolicyFiles } from '../../gateway/edge/store/policy-files.ts';
import type { KindFacts } from '../../gateway/model/device.ts';
import { type CheckedKinds, decodeKinds, encodeKinds } from '../../gateway/policy/checked-kinds.ts';
import { kindOf } from '../../gateway/policy/kinds.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { signs } from '../../gateway/policy/signs.ts';

const files = readPolicyFiles([fileURLToPath(new URL('../../policies', import.meta.url))]);
const own = `
- { kind: by-prefix, when: { macPrefix: ["02:00:5E"], hostname: { contains: Line } }, source: a test }
- { kind: by-service, when: { service: tcp/502, protocol: modbus, deviceKind: pump-like }, source: a test }
- { kind: by-words, when: { description: { contains: gauge }, maker: Made Ltd, model: [M1, M2], vendorClass: vc, vendor: V }, source: a test }
`;
const { policy } = loadPolicy([...files, { path: 'a/fingerprints/own.yaml', text: own }]);
const mac = '02:00:5e:00:00:01';
const facts: readonly KindFacts[] = [
  { mac, services: [], hostname: 'line-3' },
  { mac: '06:00:00:00:00:01', services: [], hostname: 'line-3' },
  { mac, services: ['tcp/502'], protocols: ['modbus'], deviceKind: 'pump-like' },
  { mac, services: ['tcp/502'], protocols: ['s7comm'], deviceKind: 'pump-like' },
  { mac, services: [], description: 'a GAUGE', maker: 'Made Ltd', model: 'M2', vendorClass: 'vc', vendor: 'V' },
  { mac, services: [], description: 'a GAUGE', maker: 'Made', model: 'M2', vendorClass: 'vc', vendor: 'V' },
  { mac, services: ['tcp/443', 'tcp/9100'] },
  { mac, services: [], vendor: 'Zebra Technologies Inc', vendorClass: 'android-dhcp-11' },
];

describe('fingerprints that were checked when the program was built', () => {
  it('tell the same kinds, by the same entries', () => {
    if (policy === undefined) throw new Error('the shipped policies do not load');
    const stored = JSON.parse(JSON.stringify(encodeKinds(policy))) as CheckedKinds;
    expect(stored.hash).toBe(policy.hash);
    const again = { fingerprints: decodeKinds(stored) };
    const kinds = facts.map(one => kindOf(again, one));
    expect(kinds).toEqual(facts.map(one => kindOf(policy, one)));
    expect(kinds.map(found => found?.kind)).toEqual([
      'by-prefix',
      undefined,
      'by-service',
      'plc',
      'by-words',
      undefined,
      'printer',
      'handheld-scanner',
    ]);
  });

  it('have a sign for each condition that a fingerprint may have', () => {
    const used = new Set(policy?.fingerprints.flatMap(({ value }) => Object.keys(value.when)));
    expect([...used].filter(sign => !Object.hasOwn(signs, sign))).toEqual([]);
  });

  it('are refused when a sign is not known', () => {
    const stored = JSON.parse(
      '{"hash":"","fingerprints":[{"kind":"a","source":"","ref":{"name":"a","at":"x:1"},"when":{"smell":["bad"]}}]}',
    ) as CheckedKinds;
    expect(() => decodeKinds(stored)).toThrow('Cannot use fingerprint x:1: unknown sign smell');
  });
});
