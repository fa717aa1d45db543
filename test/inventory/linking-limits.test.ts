import { describe, expect, it } from 'vitest';
import { alarmEvent } from '../../gateway/inventory/alarm-event.ts';
import { maxSharers } from '../../gateway/inventory/linking.ts';
import { maxRelinks } from '../../gateway/inventory/links.ts';
import { Bench, result } from '../gateway/fixture.ts';
import { chassis, command, four, id, ids, isOne, kinds, members, one, pair, three, two } from './linking-bench.ts';

describe('a contradiction forbids, and parts', () => {
  it('one strong sign alike and another one unlike are two devices', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('cip-serial', '1:000000aa'), chassis());
    bench.see(two, 'v2', id('cip-serial', '1:000000bb'), chassis());
    expect(isOne(bench, one, two)).toBe(false);
  });

  it('what contradicts later leaves, with what contradicted', () => {
    const bench = pair();
    bench.see(one, 'v1', id('snmp-engine-id', '80001f8880aa'));
    expect(isOne(bench, one, two)).toBe(true);
    bench.see(two, 'v2', id('snmp-engine-id', '80001f8880bb'));
    expect(isOne(bench, one, two)).toBe(false);
    expect(kinds(bench, 'devices-unlinked')).toEqual([
      {
        kind: 'devices-unlinked',
        device: ids(bench, two),
        others: [ids(bench, one)],
        group: ids(bench, one),
        reason: `contradicts ${ids(bench, one)}`,
        evidence: [
          { sign: 'lldp-chassis', value: '00:1b:1b:ff:00:00', frames: [1, 1] },
          { sign: 'snmp-engine-id', value: '80001f8880bb', against: '80001f8880aa', frames: [1, 1] },
        ],
      },
    ]);
  });

  it('the one that changes leaves; the others stay together', () => {
    const bench = pair();
    bench.see(three, 'v3', chassis());
    bench.see(three, 'v3', chassis('00:1b:1b:ee:00:00'));
    expect(members(bench, one)).toEqual([ids(bench, one), ids(bench, two)]);
    expect(members(bench, three)).toEqual([]);
  });
});

describe('who copies what others say', () => {
  it('is linked with the evidence, but gets neither approval nor proof', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis(), { kind: 'address', ip: '10.20.1.1' });
    bench.answer(one, result(bench.now));
    bench.see(two, 'v2', chassis());
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one)).toMatchObject({ admission: 'admitted' });
    expect(bench.device(two)).toMatchObject({ admission: 'pending', attestation: { status: 'none' }, decision: { access: 'hold' } });
    command(bench, { kind: 'approve', device: ids(bench, one) });
    expect(bench.device(two).admission).toBe('pending');
    expect(bench.device(two).person).toBeUndefined();
  });

  it('has his alarms shown as his own, and the genuine one keeps a clean name', () => {
    const bench = pair();
    const { inventory } = bench.gateway;
    const alarm = { type: 'arp-scan', actor: two, port: 'v2', vlan: 0, firstAt: 1, lastAt: 1, count: 1, frames: [7], detail: 'x' } as const;
    expect(alarmEvent(alarm, inventory)).toMatchObject({ device: ids(bench, two), actor: two });
    expect(alarmEvent({ ...alarm, victim: one }, inventory)).toMatchObject({ device: ids(bench, two), victim: ids(bench, one) });
  });

  it('is metered: what he makes the journal hold is what his port may', () => {
    const bench = new Bench();
    for (let n = 0; n < 6_000; n++) {
      const own = `00:1b:1b:01:${(n % 64).toString(16).padStart(2, '0')}:01`;
      bench.see(own, 'v2', chassis(`00:1b:1b:ff:${(n % 7).toString(16).padStart(2, '0')}:00`));
    }
    const links = bench.events.filter(({ kind }) => kind === 'devices-linked' || kind === 'devices-unlinked');
    expect(links.length).toBeLessThan(600);
    expect(bench.events.filter(({ kind }) => kind !== 'decided').length).toBeLessThan(3_300);
  });

  it('cannot draw two strangers together', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis());
    bench.see(two, 'v2', id('snmp-engine-id', '80001f8880aa'));
    bench.see(three, 'v3', chassis(), id('snmp-engine-id', '80001f8880aa'));
    expect(isOne(bench, one, two)).toBe(false);
    expect(members(bench, three)).toHaveLength(2);
  });

  it('cannot wander from one to the next and leave them linked', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis('00:1b:1b:ff:00:01'));
    bench.see(two, 'v2', chassis('00:1b:1b:ff:00:02'));
    bench.see(three, 'v3', chassis('00:1b:1b:ff:00:01'));
    expect(isOne(bench, one, three)).toBe(true);
    bench.see(three, 'v3', chassis('00:1b:1b:ff:00:02'));
    expect(members(bench, one)).toEqual([]);
    expect(members(bench, three)).toEqual([ids(bench, two), ids(bench, three)]);
  });

  it(`is believed no longer once more than ${maxSharers} addresses say the same`, () => {
    const bench = pair();
    for (let n = 0; n < maxSharers + 5; n++) bench.see(`00:1b:1b:00:01:${(16 + n).toString(16)}`, 'v3', chassis());
    expect(members(bench, one)).toEqual([]);
    expect(members(bench, two)).toEqual([]);
    expect(kinds(bench, 'devices-unlinked').length).toBeLessThanOrEqual(maxSharers);
    bench.see(four, 'v3', chassis());
    expect(members(bench, four)).toEqual([]);
  });

  it('links and parts the same two only so often', () => {
    const bench = pair();
    for (let n = 0; n < 40; n++) {
      bench.see(two, 'v2', chassis(`00:1b:1b:ee:00:${(16 + n).toString(16)}`));
      bench.see(one, 'v1', chassis(`00:1b:1b:dd:00:${(16 + n).toString(16)}`));
      bench.see(two, 'v2', chassis(`00:1b:1b:dd:00:${(16 + n).toString(16)}`));
    }
    expect(kinds(bench, 'devices-linked')).toHaveLength(1 + maxRelinks);
    expect(kinds(bench, 'devices-unlinked')).toHaveLength(1 + maxRelinks);
  });

  it('a clone of an address is no interface of it', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis(), { kind: 'address', ip: '10.20.1.1' });
    bench.answer(one, result(bench.now));
    bench.see(three, 'v3', id('snmp-engine-id', '80001f8880aa'));
    bench.see(one, 'v2', chassis(), id('snmp-engine-id', '80001f8880aa'));
    expect(bench.device(one, 'v2').device.cloneOf).toBe(ids(bench, one, 'v1'));
    expect(kinds(bench, 'devices-linked')).toEqual([]);
  });
});
