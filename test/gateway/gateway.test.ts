import { describe, expect, it } from 'vitest';
import { Bench, result, zone } from './fixture.ts';

const sensor = '02:00:5e:00:00:01';
const other = '02:00:5e:00:00:02';
const ip = (value: string) => ({ kind: 'address', ip: value }) as const;

function admitted(bench = new Bench()): Bench {
  bench.see(sensor, 'v1', ip('10.20.1.1'));
  bench.answer(sensor, result(bench.now));
  return bench;
}

describe('discovery to decision', () => {
  it('a host that only sends frames is held and listed as a stealth device', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1');
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { access: 'hold', reason: 'STEALTH_DEVICE' } });
  });

  it('a host that only the forwarding table shows is listed too', () => {
    const bench = new Bench();
    bench.feed({ kind: 'forwarding-entry', mac: sensor, port: 'v1', vlan: 0 });
    expect(bench.device(sensor).device.seenBy).toBe('forwarding-table');
  });

  it('group addresses, the gateway and hosts behind the uplink are no devices', () => {
    const bench = new Bench();
    for (const [mac, port] of [
      ['01:00:5e:00:00:fb', 'v1'],
      ['02:00:00:00:00:01', 'v1'],
      [sensor, 'up0'],
      ['00:00:00:00:00:00', 'v1'],
    ] as const)
      bench.see(mac, port);
    expect(bench.gateway.inventory.size).toBe(0);
  });

  it('the good sensor is challenged at its own address and admitted by the rule', () => {
    const bench = admitted();
    expect(bench.effects.find(effect => effect.kind === 'challenge')).toMatchObject({
      challenge: { mac: sensor, port: 'v1', ip: '10.20.1.1', channels: [{ channel: 'tls', port: 8443 }] },
    });
    expect(bench.device(sensor)).toMatchObject({
      admission: 'admitted',
      attestation: { status: 'affirming', assurance: 5, expected: true },
      decision: { reason: 'SIGNED_AND_EXPECTED', rule: { name: 'signed-and-expected', at: 'policies/rules/10.yaml:2' } },
    });
  });

  it('a genuine sensor that nobody listed stays held', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, result(bench.now, {}, 'OTHER-9'));
    expect(bench.device(sensor)).toMatchObject({
      admission: 'pending',
      attestation: { expected: false },
      decision: { reason: 'NOT_EXPECTED' },
    });
  });

  it('failed Evidence quarantines; no Evidence and transport failures only hold', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, result(bench.now, { status: 'contraindicated', assurance: 0, reason: 'DIGEST_UNKNOWN' }));
    expect(bench.device(sensor)).toMatchObject({ admission: 'denied', decision: { access: 'quarantine', reason: 'DIGEST_UNKNOWN' } });
    bench.see(other, 'v2', ip('10.20.1.2'));
    bench.answer(other, { kind: 'transport-failure', failure: 'refused', detail: 'refused' });
    expect(bench.device(other)).toMatchObject({ admission: 'pending', decision: { reason: 'CANNOT_ATTEST' } });
  });

  it('a camera by its registry vendor is quarantined by the rule, with file and line', () => {
    const bench = new Bench();
    bench.see('44:19:b6:00:00:01', 'v1');
    expect(bench.device('44:19:b6:00:00:01')).toMatchObject({
      decision: { access: 'quarantine', reason: 'POLICY_DENY', rule: { at: 'policies/rules/10.yaml:5' } },
    });
  });

  it('a challenge goes neither to the gateway, nor off the prefix, nor to an admitted device’s address', () => {
    const bench = admitted();
    for (const address of ['10.20.0.1', '8.8.8.8', '10.20.0.0', '10.20.255.255', '10.20.1.1']) bench.see(other, 'v2', ip(address));
    expect(bench.effects.filter(effect => effect.kind === 'challenge' && effect.challenge.mac === other)).toEqual([]);
  });
});

describe('addresses behind the uplink', () => {
  const admin = '02:00:5e:00:00:0a';
  const lanes = (bench: Bench) => {
    const wish = bench.effects.findLast(effect => effect.kind === 'enforce');
    return wish?.kind === 'enforce' ? wish.ruleSet.devices.find(({ mac }) => mac === other)?.ips : undefined;
  };

  it('are nobody else’s: a held device that claims one gets no lane and is not asked there', () => {
    const bench = new Bench();
    bench.see(admin, 'up0', ip('10.20.0.50'));
    bench.see(other, 'v2', ip('10.20.0.50'));
    expect(lanes(bench)).toEqual([]);
    expect(bench.effects.some(effect => effect.kind === 'challenge')).toBe(false);
    bench.see(other, 'v2', ip('10.20.1.2'));
    expect(lanes(bench)).toEqual(['10.20.1.2']);
  });

  it('win over a device that claimed them first, and are given back when their owner has long been silent', () => {
    const bench = new Bench();
    bench.see(other, 'v2', ip('10.20.0.50'));
    expect(lanes(bench)).toEqual(['10.20.0.50']);
    bench.see(admin, 'up0', ip('10.20.0.50'));
    expect(lanes(bench)).toEqual([]);
    bench.feed({
      kind: 'sighted',
      sightings: [{ port: 'up0', vlan: 0, mac: admin, packets: 1, bytes: 60, firstAt: 0, lastAt: bench.now + 3_000_000 }],
    });
    bench.feed({ kind: 'tick' }, 3_700_000);
    bench.see(other, 'v2', ip('10.20.1.3'));
    expect(lanes(bench)).toEqual(['10.20.1.3']);
    bench.feed({ kind: 'tick' }, 3_700_000);
    bench.see(other, 'v2', ip('10.20.1.4'));
    expect(lanes(bench)).toEqual(['10.20.0.50', '10.20.1.3', '10.20.1.4']);
  });

  it('never make a device', () => {
    const bench = new Bench();
    bench.see(admin, 'up0', ip('10.20.0.50'));
    expect(bench.gateway.inventory.size).toBe(0);
  });
});

describe('the clone of a bound address', () => {
  it('is another device, dropped, and the genuine one keeps its admission', () => {
    const bench = admitted();
    bench.see(sensor, 'v2', ip('10.20.1.1'));
    expect(bench.device(sensor, 'v2')).toMatchObject({
      device: { cloneOf: 'd1' },
      decision: { access: 'quarantine', reason: 'MAC_CLONED' },
    });
    expect(bench.device(sensor, 'v1').admission).toBe('admitted');
    expect(bench.events.filter(({ kind }) => kind === 'alarm')).toHaveLength(1);
  });

  it('stays a clone when the genuine one loses its link', () => {
    const bench = admitted();
    bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
    bench.see(sensor, 'v2', ip('10.20.1.1'));
    expect(bench.device(sensor, 'v2').decision.reason).toBe('MAC_CLONED');
  });

  it('approved by a person it has moved: the old record ends', () => {
    const bench = admitted();
    bench.see(sensor, 'v2', ip('10.20.1.1'));
    bench.feed({ kind: 'command', by: 'anna', reason: 'moved to dock 2', command: { kind: 'approve', device: 'd2' } });
    expect(bench.gateway.inventory.withMac(sensor).map(({ device }) => [device.port, device.cloneOf])).toEqual([['v2', undefined]]);
    // It can attest, so it is let in when it does: nobody else may have its place for the asking.
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { reason: 'AWAITING_CHALLENGE' } });
    bench.answer(sensor, result(bench.now));
    expect(bench.device(sensor)).toMatchObject({ admission: 'approved' });
  });

  it('an undecided device that went silent simply moves', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
    bench.see(sensor, 'v2');
    expect(bench.gateway.inventory.withMac(sensor).map(({ device }) => device.port)).toEqual(['v2']);
  });
});

describe('Evidence ages and moves', () => {
  it('an expired result loses the admission it gave, after the grace', () => {
    const bench = admitted();
    bench.feed({ kind: 'tick' }, 3_600_000 + 899_000);
    expect(bench.device(sensor).admission).toBe('admitted');
    bench.feed({ kind: 'tick' }, 3_000);
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { reason: 'EVIDENCE_EXPIRED' } });
  });

  it('contraindicated does not age into something better', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, result(bench.now, { status: 'contraindicated', reason: 'DIGEST_UNKNOWN' }));
    bench.feed({ kind: 'tick' }, 100 * 3_600_000);
    expect(bench.device(sensor).decision.access).toBe('quarantine');
  });

  it('a transport failure takes no admission away; a page without Evidence does, at the grace', () => {
    const bench = admitted();
    bench.feed({ kind: 'command', by: 'anna', reason: '', command: { kind: 'challenge', device: 'd1' } });
    bench.answer(sensor, { kind: 'transport-failure', failure: 'timeout', detail: '' });
    expect(bench.device(sensor).admission).toBe('admitted');
    bench.feed({ kind: 'command', by: 'anna', reason: '', command: { kind: 'challenge', device: 'd1' } });
    bench.answer(sensor, { kind: 'no-evidence', checks: [] });
    expect(bench.device(sensor)).toMatchObject({ admission: 'admitted', attestation: { lastFailure: { code: 'NO_EVIDENCE' } } });
    bench.feed({ kind: 'tick' }, 901_000);
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { reason: 'ATTESTATION_STOPPED' } });
  });

  it('a link that came up is challenged at once', () => {
    const bench = admitted();
    const effects = bench.feed({ kind: 'port-state', port: 'v1', state: 'up', detail: '' });
    const next = [...effects, ...bench.feed({ kind: 'tick' })];
    expect(next.some(effect => effect.kind === 'challenge')).toBe(true);
  });

  it('a link that went down ends the proof: after the grace the admission is lost unless it is proved anew', () => {
    for (const proves of [true, false]) {
      const bench = admitted();
      bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
      bench.feed({ kind: 'port-state', port: 'v1', state: 'up', detail: '' });
      bench.feed({ kind: 'tick' });
      expect(bench.device(sensor).admission).toBe('admitted');
      bench.answer(sensor, proves ? result(bench.now) : { kind: 'transport-failure', failure: 'refused', detail: '' });
      bench.feed({ kind: 'tick' }, 901_000);
      expect(bench.device(sensor).admission).toBe(proves ? 'admitted' : 'pending');
    }
  });

  it('the same result again is one short Event, another one is told in full', () => {
    const bench = admitted();
    const again = (outcome = result(bench.now)) => {
      bench.feed({ kind: 'command', by: 'anna', reason: '', command: { kind: 'challenge', device: 'd1' } });
      bench.answer(sensor, outcome);
      return bench.events.findLast(({ kind }) => kind.startsWith('attested'));
    };
    bench.now += 100_000;
    expect(again()).toEqual({
      kind: 'attested-again',
      device: 'd1',
      challenge: expect.any(String) as string,
      expires: bench.now - 2 + 3_600_000,
    });
    bench.feed({ kind: 'tick' }, 3_600_000 + 800_000);
    expect(bench.device(sensor).admission).toBe('admitted');
    expect(again(result(bench.now, { assurance: 4 }))?.kind).toBe('attested');
    expect(again(result(bench.now, { status: 'contraindicated', reason: 'DIGEST_UNKNOWN' }))?.kind).toBe('attested');
    expect(bench.device(sensor).admission).toBe('denied');
  });

  it('the same device key from a second device is contraindicated there', () => {
    const bench = admitted();
    bench.see(other, 'v2', ip('10.20.1.2'));
    bench.answer(other, result(bench.now));
    expect(bench.device(other)).toMatchObject({ decision: { access: 'quarantine', reason: 'KEY_SEEN_ELSEWHERE' } });
    expect(bench.device(sensor).admission).toBe('admitted');
  });

  it('an outcome counts once, and one that nobody asked for counts never', () => {
    const bench = admitted();
    expect(bench.answer(sensor, result(bench.now, { status: 'contraindicated', reason: 'DIGEST_UNKNOWN' }))).toEqual([]);
    expect(bench.device(sensor).admission).toBe('admitted');
  });
});

describe('people', () => {
  const command = (bench: Bench, kind: 'approve' | 'quarantine' | 'release', more = {}) =>
    bench
      .feed({ kind: 'command', by: 'anna', reason: 'because', command: { kind, device: 'd1', ...more } })
      .find(effect => effect.kind === 'answer');

  it('an approval admits what cannot attest, until it ends', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, { kind: 'transport-failure', failure: 'refused', detail: '' });
    command(bench, 'approve', { until: bench.now + 60_000 });
    expect(bench.device(sensor)).toMatchObject({ admission: 'approved', person: { by: 'anna', reason: 'because' } });
    bench.feed({ kind: 'tick' }, 61_000);
    expect(bench.device(sensor).admission).toBe('pending');
  });

  it('a block beats a proof, and a release gives it back', () => {
    const bench = admitted();
    command(bench, 'quarantine');
    expect(bench.device(sensor).admission).toBe('blocked');
    command(bench, 'release');
    expect(bench.device(sensor).admission).toBe('admitted');
  });

  it('is refused with a reason what cannot be: no such device, nothing to release, no reason given', () => {
    const bench = admitted();
    expect(command(bench, 'release')).toMatchObject({ refused: { status: 409 } });
    expect(bench.feed({ kind: 'command', by: 'a', reason: 'because', command: { kind: 'approve', device: 'd99' } })).toMatchObject([
      { refused: { status: 404 } },
    ]);
    expect(bench.feed({ kind: 'command', by: 'a', reason: ' ', command: { kind: 'approve', device: 'd1' } })).toMatchObject([
      { refused: { status: 400 } },
    ]);
  });

  it('a pause ends by itself', () => {
    const bench = admitted();
    bench.feed({ kind: 'command', by: 'anna', reason: 'line stop', command: { kind: 'pause', until: bench.now + 60_000 } });
    expect(bench.gateway.inventory.pausedUntil).toBeDefined();
    bench.feed({ kind: 'tick' }, 61_000);
    expect(bench.gateway.inventory.pausedUntil).toBeUndefined();
  });
});

describe('enforcement', () => {
  const rule = (bench: Bench) => bench.effects.findLast(effect => effect.kind === 'enforce');

  it('is not in force before it is read back', async () => {
    const { hashRuleSet } = await import('../../gateway/quarantine/plan.ts');
    const bench = admitted();
    expect(bench.device(sensor).enforcement).toBe('applying');
    const wish = rule(bench);
    if (wish?.kind !== 'enforce') throw new Error('nothing to enforce');
    bench.feed({ kind: 'enforcement-state', state: 'applied', ruleSet: hashRuleSet(wish.ruleSet), detail: '' });
    expect(bench.device(sensor).enforcement).toBe('open');
    bench.feed({ kind: 'enforcement-state', state: 'mismatch', ruleSet: '', detail: 'somebody changed it' });
    expect(bench.device(sensor).enforcement).toBe('drifted');
  });

  it('cuts nothing in an observing zone and says what it would do', async () => {
    const { hashRuleSet } = await import('../../gateway/quarantine/plan.ts');
    const bench = new Bench([zone({ mode: 'observe' })]);
    bench.see('44:19:b6:00:00:01', 'v1');
    const wish = rule(bench);
    if (wish?.kind !== 'enforce') throw new Error('nothing to enforce');
    expect(wish.ruleSet.enforced).toEqual([]);
    bench.feed({ kind: 'enforcement-state', state: 'applied', ruleSet: hashRuleSet(wish.ruleSet), detail: '' });
    expect(bench.device('44:19:b6:00:00:01').enforcement).toBe('would-quarantine');
  });
});

describe('the fold', () => {
  it('restores the same state from the Events alone, and from a snapshot', async () => {
    const { Inventory } = await import('../../gateway/inventory/inventory.ts');
    const bench = admitted();
    bench.see(sensor, 'v2', ip('10.20.1.1'), { kind: 'hostname', name: 'evil' });
    const copy = new Inventory();
    for (const body of bench.events) copy.apply({ at: bench.now, body });
    const ids = (inventory: typeof copy) =>
      [...inventory.records()].map(r => [
        r.device.id,
        r.device.port,
        r.device.ips,
        r.decision?.reason,
        r.attestation.status,
        r.device.cloneOf,
      ]);
    expect(ids(copy)).toEqual(ids(bench.gateway.inventory));
    expect(ids(Inventory.from(structuredClone(bench.gateway.inventory.snapshot())))).toEqual(ids(copy));
    expect(copy.nextDeviceId).toBe('d3');
  });

  it('a flood of 100,000 addresses stays under its caps, raises one alarm a port, and the genuine device stays', () => {
    const bench = admitted();
    for (let i = 0; i < 100_000; i += 1) {
      const mac = `02:${[1, (i >> 16) & 255, (i >> 8) & 255, i & 255].map(b => b.toString(16).padStart(2, '0')).join(':')}:00`;
      bench.gateway.handle(
        {
          kind: 'observed',
          observations: [{ at: bench.now, port: 'v2', vlan: 0, mac, collector: 'header', frame: i, fact: { kind: 'seen' } }],
        },
        bench.now,
      );
    }
    expect(bench.gateway.inventory.size).toBeLessThanOrEqual(1025);
    expect(bench.device(sensor).admission).toBe('admitted');
    bench.see(other, 'v3', ip('10.20.1.2'));
    expect(bench.device(other).decision.access).toBe('hold');
  });
});
