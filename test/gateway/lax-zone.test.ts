import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { Bench, result, zone } from './fixture.ts';

/** A zone by prefixes is told by what a device claims. The office only observes, everything else enforces. */
const rogue = '02:00:5e:00:00:66';
const ip = (address: string): Fact => ({ kind: 'address', ip: address });
const { default: _, ...plain } = zone();
const site = (): Bench => new Bench([{ ...plain, name: 'office', prefixes: ['10.20.9.0/24', 'fd00:20:9::/64'], mode: 'observe' }, zone()]);
const planned = (bench: Bench) => {
  const wish = bench.effects.findLast(effect => effect.kind === 'enforce');
  return wish?.kind === 'enforce' ? wish.ruleSet.devices.find(({ mac }) => mac === rogue)?.access : undefined;
};
const block = (bench: Bench) =>
  bench.feed({ kind: 'command', by: 'anna', reason: 'because', command: { kind: 'quarantine', device: 'd1' } });
function failed(): Bench {
  const bench = site();
  bench.see(rogue, 'v2', ip('10.20.1.66'));
  bench.answer(rogue, result(bench.now, { status: 'contraindicated', assurance: 0, reason: 'SIGNATURE_INVALID' }));
  expect(planned(bench)).toBe('quarantine');
  return bench;
}

describe('an address of a zone that only observes', () => {
  it('puts a device there that nobody cut: its office is the office', () => {
    const bench = site();
    bench.see(rogue, 'v2', ip('10.20.9.66'));
    expect(planned(bench)).toBe('admit');
  });

  it.each(['10.20.9.66', 'fd00:20:9::66'])('lets nobody out whose proof failed: %s', address => {
    const bench = failed();
    bench.see(rogue, 'v2', ip(address));
    bench.feed({ kind: 'tick' }, 60_000);
    expect([planned(bench), bench.device(rogue).device.zone]).toEqual(['quarantine', 'dock']);
  });

  it('nor whom a person cut, until a person lets him out', () => {
    const bench = site();
    bench.see(rogue, 'v2', ip('10.20.1.66'));
    block(bench);
    bench.see(rogue, 'v2', ip('10.20.9.66'));
    expect(planned(bench)).toBe('quarantine');
    bench.feed({ kind: 'command', by: 'anna', reason: 'because', command: { kind: 'release', device: 'd1' } });
    expect(planned(bench)).toBe('admit');
  });

  it('nor does another failure on the way', () => {
    const bench = failed();
    bench.see(rogue, 'v2', ip('10.20.9.66'));
    block(bench);
    bench.feed({ kind: 'tick' }, 60_000);
    expect(planned(bench)).toBe('quarantine');
  });

  it('cuts nobody there who was cut by nothing but a rule of the zone that it was in without an address', () => {
    const camera = '44:19:b6:00:00:01';
    const bench = site();
    bench.see(camera, 'v2');
    expect(bench.device(camera).decision.access).toBe('quarantine');
    bench.see(camera, 'v2', ip('10.20.9.7'));
    expect(bench.device(camera).device.zone).toBe('office');
  });
});
