import { describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { Command } from '../../gateway/model/machine.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { Bench, result, zone } from './fixture.ts';

const sensor = '02:00:5e:00:00:01';
const other = '02:00:5e:00:00:02';
const address = (ip: string): Fact => ({ kind: 'address', ip });
const serial: Fact = { kind: 'serial', text: 'TS2-000123' };
const refused: ChallengeOutcome = { kind: 'transport-failure', failure: 'refused', detail: 'connection refused' };
const page: ChallengeOutcome = { kind: 'no-evidence', leafKey: 'another', checks: [] };
const bad = (bench: Bench): ChallengeOutcome => result(bench.now, { status: 'contraindicated', assurance: 0, reason: 'SIGNATURE_INVALID' });
const hour = 3_600_000;

function admitted(bench = new Bench()): Bench {
  bench.see(sensor, 'v1', address('10.20.1.1'));
  bench.answer(sensor, result(bench.now));
  expect(bench.device(sensor).admission).toBe('admitted');
  return bench;
}

const tell = (bench: Bench, command: Command) =>
  bench.feed({ kind: 'command', by: 'anna', reason: 'because', command }).find(effect => effect.kind === 'answer');

function asked(bench: Bench, outcome: ChallengeOutcome, device = 'd1', mac = sensor): void {
  bench.see(mac, bench.gateway.inventory.get(device)?.device.port ?? 'v1');
  tell(bench, { kind: 'challenge', device });
  bench.answer(mac, outcome);
}

/** Asked in vain, heard of meanwhile, and its time is over. */
function stopped(outcome: ChallengeOutcome, bench = admitted()): Bench {
  asked(bench, outcome);
  bench.now += hour + 900_000;
  bench.see(sensor, 'v1');
  bench.feed({ kind: 'tick' });
  return bench;
}

describe('a device that once attested and stops', () => {
  it.each([
    ['refuses', refused],
    ['resets', { kind: 'transport-failure', failure: 'reset', detail: '' }],
    ['does not answer', { kind: 'transport-failure', failure: 'timeout', detail: '' }],
    ['shows a plain certificate', page],
    ['shows what nobody can judge', result(0, { status: 'none', assurance: 0, reason: 'ALGORITHM_REFUSED' })],
  ] as const)('and %s has a reason of its own, and no admission after the grace', (_, outcome) => {
    const bench = stopped(outcome);
    expect(bench.device(sensor)).toMatchObject({
      admission: 'pending',
      attestation: { status: 'none', assurance: 0, reason: 'ATTESTATION_STOPPED' },
      decision: { access: 'hold', reason: 'ATTESTATION_STOPPED' },
    });
  });

  it('keeps its admission within the grace, however often it answers without Evidence, and not a second more', () => {
    const bench = admitted();
    for (let i = 0; i < 3; i += 1) {
      asked(bench, page);
      bench.feed({ kind: 'tick' }, 299_900);
      expect(bench.device(sensor).admission).toBe('admitted');
    }
    bench.feed({ kind: 'tick' }, 1_000);
    expect(bench.device(sensor).decision.reason).toBe('ATTESTATION_STOPPED');
  });

  it('is asked again within seconds, and its proof makes all good', () => {
    const bench = admitted();
    asked(bench, page);
    const effects = bench.feed({ kind: 'tick' }, 3_100);
    expect(effects.some(({ kind }) => kind === 'challenge')).toBe(true);
    bench.answer(sensor, result(bench.now));
    bench.feed({ kind: 'tick' }, 1_000_000);
    expect(bench.device(sensor)).toMatchObject({ admission: 'admitted' });
    expect(bench.device(sensor).attestation.stoppedAt).toBeUndefined();
  });

  it('cannot be approved as unable to attest: only a waiver that names this finding and has an end lets it in', () => {
    const bench = stopped(refused);
    expect(tell(bench, { kind: 'approve', device: 'd1' })).toMatchObject({ refused: { status: 409 } });
    expect(tell(bench, { kind: 'waive', device: 'd1', until: bench.now + hour, excuses: 'CANNOT_ATTEST' })).toMatchObject({
      refused: { status: 409 },
    });
    expect(bench.device(sensor).admission).toBe('pending');
    tell(bench, { kind: 'waive', device: 'd1', until: bench.now + hour, excuses: 'ATTESTATION_STOPPED' });
    expect(bench.device(sensor).admission).toBe('waived');
    bench.feed({ kind: 'tick' }, hour + 1);
    expect(bench.device(sensor).admission).toBe('pending');
  });

  it('loses the approval that it had while it attested', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, result(bench.now, {}, 'OTHER-9'));
    tell(bench, { kind: 'approve', device: 'd1' });
    expect(bench.device(sensor).admission).toBe('approved');
    stopped(refused, bench);
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { reason: 'ATTESTATION_STOPPED' } });
  });

  it('that sends nothing is asleep: its proof ends with time, and it is not said to have stopped', () => {
    const bench = admitted();
    bench.feed({ kind: 'tick' }, 2_200_000);
    bench.answer(sensor, { kind: 'transport-failure', failure: 'timeout', detail: '' });
    bench.feed({ kind: 'tick' }, 2 * hour);
    expect(bench.device(sensor).decision).toMatchObject({ access: 'hold', reason: 'EVIDENCE_EXPIRED' });
  });

  it('is not said to have stopped when we could not ask it', () => {
    const bench = admitted();
    asked(bench, { kind: 'transport-failure', failure: 'verifier', detail: '' });
    asked(bench, { kind: 'transport-failure', failure: 'lane', detail: '' });
    bench.feed({ kind: 'tick' }, 2 * hour);
    expect(bench.device(sensor).decision.reason).toBe('EVIDENCE_EXPIRED');
  });
});

describe('a device that never attested', () => {
  it.each(['lane', 'verifier'] as const)('keeps its waiver, and what is said of it, while we cannot ask it (%s)', failure => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, refused);
    tell(bench, { kind: 'waive', device: 'd1', until: bench.now + hour, excuses: 'CANNOT_ATTEST' });
    asked(bench, { kind: 'transport-failure', failure, detail: 'our own fault' });
    expect(bench.device(sensor)).toMatchObject({
      admission: 'waived',
      attestation: { reason: 'CANNOT_ATTEST', lastFailure: { detail: 'our own fault' } },
    });
    asked(bench, { kind: 'transport-failure', failure: 'timeout', detail: '' });
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', attestation: { reason: 'NO_RESPONSE' } });
  });
});

describe('no way out of having attested', () => {
  /** Nobody can let it in for good. */
  const refuses = (bench: Bench, device: string): void => {
    expect(tell(bench, { kind: 'approve', device })).toMatchObject({ refused: { status: 409 } });
    expect(bench.gateway.inventory.get(device)?.decision?.access).toBe('hold');
  };

  it('by power-cycling', () => {
    const bench = stopped(refused);
    bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
    bench.feed({ kind: 'port-state', port: 'v1', state: 'up', detail: '' });
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, refused);
    refuses(bench, 'd1');
  });

  it('by another DHCP print', () => {
    const bench = stopped(refused);
    bench.see(sensor, 'v1', { kind: 'dhcp-parameters', options: [1, 3, 6] }, { kind: 'hostname', name: 'printer' });
    bench.answer(sensor, refused);
    refuses(bench, 'd1');
  });

  it('by another port, or another VLAN of the same port', () => {
    for (const [port, vlan] of [
      ['v2', 0],
      ['v1', 7],
    ] as const) {
      const bench = stopped(refused);
      bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
      bench.feed({
        kind: 'observed',
        observations: [{ at: bench.now, port, vlan, mac: sensor, collector: 'test', frame: 1, fact: address('10.20.1.1') }],
      });
      const id = bench.gateway.inventory.at(sensor, port, vlan)?.device.id ?? '';
      bench.feed({ kind: 'port-state', port: 'v1', state: 'up', detail: '' });
      tell(bench, { kind: 'challenge', device: id });
      bench.answer(sensor, refused);
      refuses(bench, id);
    }
  });

  it('by a new hardware address with the serial that was proved', () => {
    const bench = stopped(refused);
    bench.see(other, 'v2', address('10.20.1.2'), serial);
    bench.answer(other, refused);
    expect(bench.device(other).decision.reason).toBe('ATTESTATION_STOPPED');
    refuses(bench, 'd2');
  });

  it('by being forgotten in a flood of new addresses', () => {
    const bench = stopped(refused);
    bench.now += 700_000;
    for (let i = 0; i < 1_100; i += 1) {
      const mac = `02:01:${[(i >> 8) & 255, i & 255, 0, 0].map(b => b.toString(16).padStart(2, '0')).join(':')}`;
      bench.gateway.handle({ kind: 'forwarding-entry', mac, port: 'v1', vlan: 0 }, bench.now);
    }
    expect(bench.gateway.inventory.get('d1')).toBeUndefined();
    bench.now += 700_000;
    bench.see(sensor, 'v1', address('10.20.1.1'));
    const id = bench.gateway.inventory.at(sensor, 'v1', 0)?.device.id ?? '';
    bench.answer(sensor, refused);
    refuses(bench, id);
  });

  it('by a restart of the gateway, from the journal or from a snapshot', () => {
    const bench = stopped(refused);
    const folded = new Inventory();
    for (const effect of bench.effects)
      if (effect.kind === 'append') for (const body of effect.events) folded.apply({ at: bench.now, body });
    for (const inventory of [folded, Inventory.from(structuredClone(bench.gateway.inventory.snapshot()))]) {
      const next = new Bench(undefined, inventory);
      next.now = bench.now;
      next.feed({ kind: 'tick' });
      expect(next.device(sensor).decision.reason).toBe('ATTESTATION_STOPPED');
      refuses(next, 'd1');
    }
  });

  it('by a snapshot of an older version, which remembers no proofs', () => {
    const { proofs: _, ...old } = structuredClone(admitted().gateway.inventory.snapshot());
    const bench = new Bench(undefined, Inventory.from(old));
    bench.see(sensor, 'v1');
    stopped(refused, bench);
    refuses(bench, 'd1');
  });

  it('by a zone that asks nobody', () => {
    const bench = new Bench([zone(), zone({ name: 'office', ports: ['v2'], challenge: false })]);
    admitted(bench);
    stopped(refused, bench);
    bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
    bench.see(sensor, 'v2', address('10.20.1.1'));
    refuses(bench, 'd1');
  });
});

describe('no way out of a failed proof', () => {
  const cut = (bench: Bench, id = 'd1') => expect(bench.gateway.inventory.get(id)?.decision).toMatchObject({ access: 'quarantine' });

  it.each([
    ['no Evidence any more', page],
    ['silence', refused],
    ['what nobody can judge', result(0, { status: 'none', assurance: 0, reason: 'ALGORITHM_REFUSED' })],
  ] as const)('by %s', (_, outcome) => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, bad(bench));
    for (let i = 0; i < 5; i += 1) asked(bench, outcome);
    bench.feed({ kind: 'tick' }, 1000 * hour);
    cut(bench);
    expect(bench.device(sensor).decision.reason).toBe('SIGNATURE_INVALID');
    tell(bench, { kind: 'approve', device: 'd1' });
    cut(bench);
  });

  it('by a flood that makes it forgotten', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, bad(bench));
    bench.now += 700_000;
    for (let i = 0; i < 1_100; i += 1) {
      const mac = `02:01:${[(i >> 8) & 255, i & 255, 0, 0].map(b => b.toString(16).padStart(2, '0')).join(':')}`;
      bench.gateway.handle({ kind: 'forwarding-entry', mac, port: 'v1', vlan: 0 }, bench.now);
    }
    cut(bench);
    expect(bench.gateway.inventory.countOn('v1')).toBe(1024);
  });

  it('by another port or VLAN: a second appearance is not approved while the first has failed', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    bench.answer(sensor, bad(bench));
    bench.see(sensor, 'v2', address('10.20.1.1'));
    expect(bench.device(sensor, 'v2').device.cloneOf).toBe('d1');
    expect(tell(bench, { kind: 'approve', device: 'd2' })).toMatchObject({ refused: { status: 409 } });
    cut(bench, 'd2');
  });
});
