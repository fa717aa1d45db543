import type { Check } from '../../gateway/model/attestation.ts';
import type { Assurance } from '../../gateway/model/axes.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import type { ReasonCode } from '../../gateway/model/reason.ts';
import { epoch, key } from './fixture-words.ts';

const seen = 'd02f9c1b77e0a4558b1c62e39a0d4417c3f7b8e25d90166fa3e4c8b70b2955a1';
const known = '91c4a2f0be55d1733c9f08a6b2d417e96f0c52ab7d8834e1906bcd5af213e07b';

const passed = (check: Check['check'], detail: string): Check => ({ check, outcome: 'passed', detail });
const skipped = (check: Check['check'], why: string): Check => ({ check, outcome: 'not-evaluated', detail: `not evaluated (${why})` });
const upToBound: readonly Check[] = [
  passed('answered', 'TLS 1.3 on port 8443, 14 ms'),
  passed('fresh', 'the handshake is ours and proves possession of the alias key'),
  passed('readable', '3 certificates, 2 measurements'),
  passed('chain', 'alias → DeviceID CA → Acme Sensors Root (anchor acme-root)'),
  passed('identity', 'DICE DeviceID of serial AS-0017'),
  passed('bound', 'answered from its own address on its own port'),
];

/** What a sensor proved; with a reason: what it failed, or what nobody expected. */
export function attested(
  status: 'affirming' | 'contraindicated',
  assurance: Assurance,
  serial: string,
  reason?: ReasonCode,
): DeviceView['attestation'] {
  const bad = reason === 'DIGEST_UNKNOWN';
  const checks: Check[] = bad
    ? [
        ...upToBound,
        passed('measured', 'layer 0 firmware, layer 1 application'),
        {
          check: 'reference',
          outcome: 'failed',
          code: 'DIGEST_UNKNOWN',
          detail: 'the firmware of layer 1 is in no signed list of Acme TS-4',
          expected: `sha-256:${known}`,
          seen: `sha-256:${seen}`,
        },
        skipped('version', 'reference failed'),
        skipped('mode', 'reference failed'),
        skipped('expected', 'reference failed'),
      ]
    : [
        ...upToBound,
        passed('measured', 'layer 0 firmware, layer 1 application'),
        passed('reference', 'all 2 components match acme-ts4.json#1'),
        passed('version', 'security version 4 is at least 3'),
        passed('mode', 'secured, not debug'),
        reason === undefined
          ? passed('expected', 'serial listed in policies/expected/warehouse.yaml')
          : { check: 'expected', outcome: 'warned', code: 'NOT_EXPECTED', detail: 'nobody listed this serial or key', seen: serial },
      ];
  return {
    status,
    assurance,
    expected: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    checks,
    challengedAt: epoch + 3000,
    result: {
      at: epoch + 3100,
      expires: epoch + 3_603_100,
      scheme: 'dice-x509',
      status,
      assurance,
      vector: bad ? { executables: 96 } : { executables: 2 },
      ...(bad ? { reason: 'DIGEST_UNKNOWN' as const } : {}),
      checks,
      identity: {
        serial,
        subject: `CN=TS-4 ${serial}`,
        issuer: 'CN=Acme Sensors Root',
        deviceKey: key(serial.length + Number(bad)),
        leafKey: key(5),
        anchor: 'acme-root',
        vendor: 'Acme',
        model: 'TS-4',
        version: '4.2.1',
        svn: '4',
        notAfter: epoch + 9e10,
      },
      digestsSeen: [{ alg: 'sha-256', value: bad ? seen : known }],
      digestsExpected: [{ alg: 'sha-256', value: known }],
      evidence: key(7),
      referenceSets: [`acme-ts4.json#1 sha256:${key(3)}`],
    },
  };
}

/** Of a device that has nothing to show. */
export const noEvidence = (reason: ReasonCode, detail: string): DeviceView['attestation'] => ({
  status: 'none',
  assurance: reason === 'NO_EVIDENCE' ? 2 : 0,
  expected: false,
  reason,
  challengedAt: epoch + 3000,
  checks: [
    reason === 'NO_EVIDENCE' ? passed('answered', 'TLS 1.3 on port 8443') : { check: 'answered', outcome: 'warned', code: reason, detail },
    skipped('fresh', detail),
    skipped('chain', detail),
    skipped('reference', detail),
  ],
});
