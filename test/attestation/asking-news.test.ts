import { describe, expect, it } from 'vitest';
import { Asking } from '../../gateway/attestation/asking.ts';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import type { ZoneSettings } from '../../gateway/model/settings.ts';

const zone: ZoneSettings = {
  name: 'dock',
  mode: 'observe',
  default: true,
  challenge: true,
  challengePorts: [8443],
  evidenceTtlSeconds: 3600,
  graceSeconds: 60,
  otherwise: 'hold',
  probes: 'off',
};
const judged = (more: Partial<AttestationResult>): AttestationResult => ({
  at: 0,
  expires: 3_600_000,
  scheme: 'tls-x509',
  status: 'affirming',
  assurance: 5,
  vector: {},
  checks: [],
  digestsSeen: [],
  digestsExpected: [],
  evidence: '00',
  referenceSets: [],
  ...more,
});
const below = (anchor: string): Partial<AttestationResult> => ({
  identity: { subject: 's', issuer: 'i', deviceKey: '00', leafKey: '00', anchor, notAfter: 9e12 },
});

describe('news about revocation', () => {
  it('ask again whoever was judged below that anchor, or failed for want of it, and nobody else', () => {
    const records = [
      ['d1', judged(below('acme'))],
      ['d2', judged(below('other'))],
      ['d3', judged({ status: 'contraindicated', reason: 'REVOCATION_UNKNOWN' })],
      ['d4', judged({ status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' })],
    ] as const;
    const all = records.map(([id, result], n) => ({ device: { id, mac: id, port: `p${n}` }, attestation: { result } }));
    const asking = new Asking({
      inventory: { records: () => all, get: id => all.find(({ device }) => device.id === id) },
      zoneOf: () => zone,
      ipOf: () => '10.0.0.1',
      isBarred: () => false,
      isBound: () => true,
      seenTls: () => [],
      attested: () => {},
      emit: () => {},
    });
    expect(asking.turn('all', 1_000)).toEqual([]);
    asking.noted({ kind: 'revocation-news', anchor: 'acme', issuer: 'CN=Root', revoked: 1 }, 1_000);
    const asked = asking.turn([], 1_000).flatMap(effect => (effect.kind === 'challenge' ? [effect.challenge] : []));
    expect(asked.map(({ device, zone: name }) => [device, name])).toEqual([
      ['d1', 'dock'],
      ['d3', 'dock'],
    ]);
  });
});
