import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import type { Command } from '../../gateway/model/machine.ts';
import { Bench, result, zone } from './fixture.ts';

/** What others send in the name of a controller, or beside it, must never cut it. */
const [plc, evil, outsider] = ['00:1b:1b:00:00:03', '00:1b:1b:00:00:99', '00:02:b3:00:00:04'] as const;
const [hour, minute] = [3_600_000, 60_000];
const ip = (address: string): Fact => ({ kind: 'address', ip: address });
const instance: Fact = { kind: 'identifier', scheme: 'bacnet-device', value: '42' };
const tell = (bench: Bench, command: Command) => bench.feed({ kind: 'command', by: 'anna', reason: 'because', command });
const planned = (bench: Bench, mac: string) => {
  const wish = bench.effects.findLast(effect => effect.kind === 'enforce');
  return wish?.kind === 'enforce' ? wish.ruleSet.devices.find(device => device.mac === mac) : undefined;
};

function admitted(): Bench {
  const bench = new Bench();
  bench.see(plc, 'v1', ip('10.20.1.1'));
  bench.answer(plc, result(bench.now));
  expect(bench.device(plc).admission).toBe('admitted');
  return bench;
}

/** It works on for as long as two results last, and proves itself whenever it is asked; `beside`: what happens each minute besides. */
function worksOn(bench: Bench, beside: () => void = () => undefined): number {
  let asked = 0;
  for (let i = 0; i < 150; i++) {
    bench.see(plc, 'v1');
    beside();
    for (const effect of bench.feed({ kind: 'tick' }, minute)) {
      if (effect.kind !== 'challenge' || effect.challenge.mac !== plc) continue;
      asked++;
      bench.answer(plc, result(bench.now));
    }
  }
  return asked;
}

describe('the address of an admitted controller, claimed by', () => {
  it('a device that somebody approved: the controller is asked as before, keeps its lane and its admission', () => {
    const bench = admitted();
    bench.see(evil, 'v2', ip('10.20.1.2'));
    tell(bench, { kind: 'approve', device: 'd2' });
    const asked = worksOn(bench, () => bench.see(evil, 'v2', ip('10.20.1.1')));
    expect(asked).toBeGreaterThan(1);
    expect(bench.device(plc)).toMatchObject({ admission: 'admitted', decision: { access: 'admit' } });
    expect([planned(bench, plc)?.ips, planned(bench, evil)?.ips]).toEqual([['10.20.1.1'], ['10.20.1.2']]);
  });

  it('one with the lower hardware address, in the same second: who used it first keeps it', () => {
    const bench = admitted();
    const lower = '00:00:0c:00:00:01';
    bench.see(lower, 'v2', ip('10.20.1.1'));
    tell(bench, { kind: 'approve', device: 'd2' });
    expect([planned(bench, plc)?.ips, planned(bench, lower)?.ips]).toEqual([['10.20.1.1'], []]);
  });

  it('a host behind the uplink: likewise', () => {
    const bench = admitted();
    const asked = worksOn(bench, () => bench.see(outsider, 'up0', ip('10.20.1.1')));
    expect(asked).toBeGreaterThan(1);
    expect(bench.device(plc).admission).toBe('admitted');
    expect(planned(bench, plc)?.ips).toEqual(['10.20.1.1']);
  });

  it('its replacement, when the old one has fallen silent: the new one has it', () => {
    const bench = admitted();
    bench.feed({ kind: 'tick' }, 10 * minute);
    bench.see(evil, 'v2', ip('10.20.1.1'));
    tell(bench, { kind: 'approve', device: 'd2' });
    expect([planned(bench, plc)?.ips, planned(bench, evil)?.ips]).toEqual([[], ['10.20.1.1']]);
    tell(bench, { kind: 'challenge', device: 'd2' });
    expect(bench.effects.some(effect => effect.kind === 'challenge' && effect.challenge.mac === evil)).toBe(true);
  });

  it('nobody: an approved device that also claims the address of a host behind the uplink has none of it', () => {
    const bench = admitted();
    bench.see(plc, 'v1', ip('10.20.0.50'));
    bench.see(outsider, 'up0', ip('10.20.0.50'));
    expect(planned(bench, plc)?.ips).toEqual(['10.20.1.1']);
  });
});

describe('who copies the words of an approved controller', () => {
  function copied(): Bench {
    const bench = new Bench();
    bench.see(plc, 'v1', ip('10.20.1.1'), instance);
    tell(bench, { kind: 'approve', device: 'd1' });
    bench.see(evil, 'v2', ip('10.20.1.2'));
    bench.answer(evil, result(bench.now, {}, 'TS2-000777'));
    bench.see(evil, 'v2', instance);
    bench.see(plc, 'v1', { kind: 'hostname', name: 'press-4' });
    expect(bench.gateway.inventory.links.groupOf('d1')?.members).toEqual(['d1', 'd2']);
    return bench;
  }

  it('and can attest, does not end its approval as of one that stopped', () =>
    expect(copied().device(plc)).toMatchObject({ admission: 'approved', decision: { access: 'admit' } }));

  it('does end it when a person says that they are one', () => {
    const bench = copied();
    tell(bench, { kind: 'unlink', device: 'd2' });
    tell(bench, { kind: 'link', device: 'd1', other: 'd2' });
    bench.see(plc, 'v1', { kind: 'hostname', name: 'press-5' });
    expect(bench.device(plc).admission).toBe('pending');
  });

  it('and was linked before anybody approved anything, is no way out', () => {
    const bench = new Bench();
    bench.see(evil, 'v2', ip('10.20.1.2'), instance);
    bench.answer(evil, result(bench.now, {}, 'TS2-000777'));
    bench.see(plc, 'v1', ip('10.20.1.1'), instance);
    tell(bench, { kind: 'approve', device: 'd2' });
    expect(bench.device(plc).decision.access).toBe('hold');
  });
});

describe('one frame in the name of a controller that is silent for a minute', () => {
  /** It passes because its zone lets strangers pass: nothing ties it to its port. */
  function visited(stays: number): Bench {
    const bench = new Bench([zone({ otherwise: 'admit', challenge: false })]);
    bench.see(plc, 'v1', ip('10.20.1.1'));
    bench.feed({ kind: 'tick' }, 30 * 24 * hour);
    bench.see(plc, 'v1');
    bench.feed({ kind: 'tick' }, 61_000);
    bench.see(plc, 'v2', ip('10.20.1.1'));
    for (let left = stays; left > 0; left -= 30_000) {
      bench.feed({ kind: 'tick' }, Math.min(left, 30_000));
      bench.see(plc, 'v2');
    }
    bench.see(plc, 'v1');
    return bench;
  }

  it.each([0, 5_000, hour])('for %i ms: it is no clone of itself when it speaks again, and the next frame is a clone of it', stays => {
    const bench = visited(stays);
    expect(bench.device(plc)).toMatchObject({ device: { port: 'v1' }, decision: { access: 'admit' } });
    expect(bench.gateway.inventory.withMac(plc)).toHaveLength(1);
    bench.see(plc, 'v2');
    expect(bench.device(plc, 'v2')).toMatchObject({ device: { cloneOf: 'd1' }, decision: { reason: 'MAC_CLONED' } });
    expect(bench.device(plc, 'v1').decision.access).toBe('admit');
  });

  it('nobody takes it back to a port that it left for good', () => {
    const bench = new Bench([zone({ otherwise: 'admit', challenge: false })]);
    bench.see(plc, 'v1', ip('10.20.1.1'));
    bench.feed({ kind: 'tick' }, 30 * 24 * hour);
    bench.see(plc, 'v2', ip('10.20.1.1'));
    bench.feed({ kind: 'tick' }, 4 * 24 * hour);
    bench.see(plc, 'v2');
    bench.see(plc, 'v1');
    expect([bench.device(plc, 'v1').device.cloneOf, bench.device(plc, 'v2').decision.access]).toEqual(['d1', 'admit']);
  });
});
