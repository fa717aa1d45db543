import { describe, expect, it } from 'vitest';
import { Bench } from '../gateway/fixture.ts';
import { chassis, command, id, ids, isOne, madeUp, name, one, pair, two } from './linking-bench.ts';

describe('a person', () => {
  it('cuts the device at every interface and lets it out at all of them', () => {
    const bench = pair();
    command(bench, { kind: 'quarantine', device: ids(bench, one) });
    for (const mac of [one, two]) expect(bench.device(mac)).toMatchObject({ admission: 'blocked', decision: { access: 'quarantine' } });
    command(bench, { kind: 'release', device: ids(bench, two) });
    for (const mac of [one, two]) expect(bench.device(mac).person).toBeUndefined();
  });

  it('may cut one interface alone', () => {
    const bench = pair();
    command(bench, { kind: 'quarantine', device: ids(bench, one), alone: true });
    expect(bench.device(two).person).toBeUndefined();
  });

  it('who links himself to a device does not get out with it, and one linked later is not cut with it', () => {
    const bench = new Bench();
    bench.see(two, 'v2');
    command(bench, { kind: 'quarantine', device: ids(bench, two) });
    bench.see(one, 'v1', chassis());
    bench.see(two, 'v2', chassis());
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one).person).toBeUndefined();
    command(bench, { kind: 'approve', device: ids(bench, one) });
    command(bench, { kind: 'release', device: ids(bench, one) });
    expect(bench.device(two).person).toMatchObject({ kind: 'block' });
    command(bench, { kind: 'quarantine', device: ids(bench, one), alone: true });
    command(bench, { kind: 'release', device: ids(bench, one) });
    expect(bench.device(two).person).toMatchObject({ kind: 'block' });
  });

  it('undoes a link for good, as far as the same words go', () => {
    const bench = pair();
    command(bench, { kind: 'unlink', device: ids(bench, two) });
    expect(isOne(bench, one, two)).toBe(false);
    bench.see(two, 'v2', name('new-name'), { kind: 'serial', text: '4' });
    bench.see(one, 'v1', name('other'));
    expect(isOne(bench, one, two)).toBe(false);
    for (const mac of [one, two]) bench.see(mac, mac === one ? 'v1' : 'v2', id('snmp-engine-id', '80001f8880cc'));
    expect(isOne(bench, one, two)).toBe(true);
  });

  it('links by hand what says nothing alike, and the machine does not part it', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('cip-serial', '1:000000aa'));
    bench.see(two, 'v2', id('cip-serial', '1:000000bb'));
    command(bench, { kind: 'link', device: ids(bench, one), other: ids(bench, two) });
    bench.see(two, 'v2', id('cip-serial', '1:000000cc'));
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one).group?.links).toMatchObject([{ by: 'keller', reason: 'because link', evidence: [] }]);
    command(bench, { kind: 'unlink', device: ids(bench, one) });
    expect(isOne(bench, one, two)).toBe(false);
  });

  it.each([
    ['itself', one, one, 409],
    ['what is linked already', one, two, 409],
    ['what is not there', one, 'nobody', 404],
  ] as const)('cannot link %s', (_, a, b, status) => {
    const bench = pair();
    const other = b === 'nobody' ? 'd99' : ids(bench, b);
    expect(command(bench, { kind: 'link', device: ids(bench, a), other })).toMatchObject([{ kind: 'answer', refused: { status } }]);
  });

  it('cannot unlink what is linked to nothing', () => {
    const bench = new Bench();
    bench.see(one, 'v1');
    expect(command(bench, { kind: 'unlink', device: ids(bench, one) })).toMatchObject([{ refused: { status: 409 } }]);
  });

  it('approves a made-up address for a day at most, unless it is an interface of a device', () => {
    const bench = new Bench();
    bench.see(madeUp, 'v2', chassis(), name('tablet-4'));
    const device = ids(bench, madeUp);
    const day = 24 * 3_600_000;
    expect(command(bench, { kind: 'approve', device })).toMatchObject([{ refused: { status: 400 } }]);
    expect(command(bench, { kind: 'approve', device, until: bench.now + day + 10 })).toMatchObject([{ refused: { status: 400 } }]);
    command(bench, { kind: 'approve', device, until: bench.now + day });
    expect(bench.device(madeUp).admission).toBe('approved');
    bench.see(one, 'v1', chassis(), name('tablet-4'));
    command(bench, { kind: 'approve', device });
    expect(bench.device(madeUp).person?.until).toBeUndefined();
  });
});
