import { describe, expect, it } from 'vitest';
import type { ReferenceCommand } from '../../gateway/model/machine.ts';
import { referenceKey } from '../../gateway/model/reference.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { maxAdded, maxReferences, ReferenceBook } from '../../gateway/inventory/reference-book.ts';
import { referenceList } from '../../gateway/inventory/reference-list.ts';
import { Bench, result } from './fixture.ts';

const sensor = '02:00:5e:00:00:01';
const second = '02:00:5e:00:00:02';
const ip = (value: string) => ({ kind: 'address', ip: value }) as const;
const digest = (fill: string): string => fill.repeat(64);
const setOf = (n: number, fills: readonly string[], more: Partial<ReferenceSet> = {}): ReferenceSet => ({
  id: `acme.json#1 sha256:${String(n).padStart(24, '0').padEnd(64, '0')}`,
  vendor: 'Acme',
  model: 'T2',
  components: [{ name: 'fw', versions: fills.map((fill, i) => ({ version: `v${i}`, alg: 'sha-256', digest: digest(fill) })) }],
  ...more,
});
const [one, two] = [setOf(1, ['a']), setOf(2, ['b'])];
const key = (set: ReferenceSet): string => referenceKey(set.id);
const by = { by: 'ann', reason: 'because of a test' };

/** A machine with these files and an admitted sensor whose proof leans on the first. */
function leaning(sets: readonly ReferenceSet[] = [one], fill = 'a', bench = new Bench()): Bench {
  bench.feed({ kind: 'references', sets });
  bench.see(sensor, 'v1', ip('10.20.1.1'));
  const leansOn = sets[0] ?? one;
  bench.answer(sensor, result(bench.now, { referenceSets: [leansOn.id], digestsSeen: [{ alg: 'sha-256', value: digest(fill) }], checks }));
  return bench;
}
const checks = [{ check: 'reference', outcome: 'passed', detail: 'fw v0' }] as const;
const say = (bench: Bench, command: ReferenceCommand) => {
  const effects = bench.feed({ kind: 'command', ...by, command });
  return effects.find(effect => effect.kind === 'answer')?.refused?.problem ?? 'done';
};
const handOver = (bench: Bench) =>
  bench.feed({ kind: 'noted', event: { kind: 'trust-loaded', hash: 'x', anchors: [], referenceSets: [] } });
const standing = (bench: Bench) =>
  bench.gateway.references.effective(bench.now).sets.map(s => `${key(s).slice(-3)} ${s.standing ?? 'in force'}`);
const states = (bench: Bench) => bench.gateway.inventory.references.records().map(r => `${r.key.slice(-3)} ${r.state}`);

describe('a revoked set of reference values', () => {
  it('takes from a device at once what leaned on it: it is quarantined in the same turn, and it says why', () => {
    const bench = leaning();
    expect(bench.device(sensor)).toMatchObject({ admission: 'admitted', attestation: { status: 'affirming' } });
    const effects = bench.feed({ kind: 'command', ...by, command: { kind: 'reference-revoke', key: key(one) } });
    expect(bench.device(sensor)).toMatchObject({
      attestation: { status: 'contraindicated', assurance: 3, reason: 'REFERENCE_REVOKED' },
      decision: { access: 'quarantine', reason: 'REFERENCE_REVOKED' },
    });
    const failed = bench.device(sensor).attestation.checks.find(({ check }) => check === 'reference');
    expect(failed).toMatchObject({ outcome: 'failed', code: 'REFERENCE_REVOKED' });
    expect(failed?.detail).toContain('which is revoked by ann: because of a test');
    expect(effects.map(({ kind }) => kind)).toEqual(['append', 'enforce', 'trust', 'answer']);
  });

  it('is handed over as revoked; then kept Evidence is judged again as of then, and the device challenged anew', () => {
    const bench = leaning();
    say(bench, { kind: 'reference-revoke', key: key(one) });
    expect(standing(bench)).toEqual(['1.1 revoked']);
    const { at, expires } = bench.device(sensor).attestation.result ?? {};
    const effects = handOver(bench);
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: 'judge-again', device: 'd1', evidence: 'ee', at, expires, zone: 'dock' }),
    );
    expect(effects.some(effect => effect.kind === 'challenge')).toBe(true);
    expect(handOver(bench).some(effect => effect.kind === 'judge-again')).toBe(false);
  });

  it('leaves alone a device whose firmware another set in force lists too, until it is judged', () => {
    const both = setOf(3, ['a', 'b']);
    const bench = leaning([one, both]);
    say(bench, { kind: 'reference-revoke', key: key(one) });
    expect(bench.device(sensor)).toMatchObject({ admission: 'admitted', attestation: { status: 'affirming' } });
    expect(handOver(bench).filter(effect => effect.kind === 'judge-again')).toHaveLength(1);
  });

  it('stays revoked under another file name, and over a restart', () => {
    const bench = leaning();
    say(bench, { kind: 'reference-revoke', key: key(one) });
    bench.feed({ kind: 'references', sets: [] });
    expect(standing(bench)).toEqual([]);
    bench.feed({ kind: 'references', sets: [{ ...one, id: one.id.replace('acme.json', 'other.json') }] });
    expect(standing(bench)).toEqual(['1.1 revoked']);
    const inventory = Inventory.from(structuredClone(bench.gateway.inventory.snapshot()));
    const again = new Bench(undefined, inventory);
    again.feed({ kind: 'references', sets: [one] });
    expect(standing(again)).toEqual(['1.1 revoked']);
    expect(say(again, { kind: 'reference-activate', key: key(one), replaces: [] })).toContain('it was revoked by ann');
  });

  it('makes an answer that was on its way no better', () => {
    const bench = leaning();
    bench.see(second, 'v2', ip('10.20.1.2'));
    say(bench, { kind: 'reference-revoke', key: key(one) });
    bench.answer(second, result(bench.now, { referenceSets: [one.id], evidence: 'ff', checks }, 'TS2-9'));
    expect(bench.device(second).attestation).toMatchObject({ status: 'contraindicated', reason: 'REFERENCE_REVOKED' });
  });

  it('because the certificate of its signer was: cut in the same turn as the CRL is read, and back when the CA takes that back', () => {
    const bench = leaning();
    const why = 'of its signer: Cannot accept CN=signer: its issuer revoked it [CERT_REVOKED]';
    const gone = { ...one, standing: 'revoked', notes: [why] } as const;
    const effects = bench.feed({ kind: 'references', sets: [gone] });
    expect(effects.map(({ kind }) => kind)).toEqual(['append', 'enforce', 'trust']);
    expect(bench.device(sensor)).toMatchObject({
      attestation: { status: 'contraindicated', reason: 'REFERENCE_REVOKED' },
      decision: { access: 'quarantine' },
    });
    expect(bench.device(sensor).attestation.checks.find(({ check }) => check === 'reference')?.detail).toContain(`revoked (${why})`);
    expect(handOver(bench).filter(effect => effect.kind === 'judge-again')).toHaveLength(1);
    const list = () =>
      referenceList(bench.gateway.inventory, bench.gateway.references, bench.now).sets.map(r => [r.state, r.accepted, r.reason]);
    expect([standing(bench), list()]).toEqual([['1.1 revoked'], [['revoked', false, why]]]);
    // Neither a person's milder word nor one that came before changes that.
    say(bench, { kind: 'reference-expire', key: key(one) });
    expect([standing(bench), list()[0]?.[0]]).toEqual([['1.1 revoked'], 'revoked']);
    say(bench, { kind: 'reference-activate', key: key(one), replaces: [] });
    // Nothing that tells any more: accepted no more, and nobody is blamed.
    bench.feed({ kind: 'references', sets: [{ ...one, standing: 'ended' }] });
    expect([standing(bench), list()[0]?.[1]]).toEqual([['1.1 ended'], false]);
    bench.feed({ kind: 'references', sets: [one] });
    expect([standing(bench), list()[0]?.slice(0, 2)]).toEqual([['1.1 in force'], ['active', true]]);
  });

  it('that people brought is revoked so too, with the keys of devices that came with it', () => {
    const bench = new Bench();
    const listed = { instance: `01${'cc'.repeat(32)}`, spki: 'AAAA', vendor: 'Acme' };
    say(bench, { kind: 'reference-add', file: 'x.corim', sets: [one], keys: [listed], signer: ['AAAA', 'BBBB'] });
    say(bench, { kind: 'reference-activate', key: key(one), replaces: [] });
    const restarted = ReferenceBook.from(bench.gateway.inventory.references.snapshot());
    expect(restarted.signed()).toEqual([{ key: key(one), signer: ['AAAA', 'BBBB'] }]);
    leaning([], 'a', bench);
    expect(bench.device(sensor).admission).toBe('admitted');
    const doubt = { key: key(one), standing: 'revoked', why: 'of its signer: its issuer revoked it [CERT_REVOKED]' } as const;
    expect(bench.feed({ kind: 'references', sets: [], doubts: [doubt] }).map(({ kind }) => kind)).toEqual(['append', 'enforce', 'trust']);
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'contraindicated', reason: 'REFERENCE_REVOKED' });
    expect(bench.gateway.references.effective(bench.now).keys).toEqual([]);
    const [row] = referenceList(bench.gateway.inventory, bench.gateway.references, bench.now).sets;
    expect(row).toMatchObject({ state: 'revoked', accepted: false, reason: doubt.why });
    bench.feed({ kind: 'references', sets: [], doubts: [{ ...doubt, standing: 'ended' }] });
    expect(standing(bench)).toEqual(['1.1 ended']);
    bench.feed({ kind: 'references', sets: [] });
    expect([standing(bench), bench.gateway.references.effective(bench.now).keys]).toEqual([['1.1 in force'], [listed]]);
  });

  it('touches nobody else', () => {
    const bench = leaning([one, setOf(2, ['b'], { model: 'T3' })]);
    say(bench, { kind: 'reference-revoke', key: key(two) });
    expect(bench.device(sensor).attestation.status).toBe('affirming');
    expect(handOver(bench).some(effect => effect.kind === 'judge-again')).toBe(false);
  });
});

describe('kept Evidence that is judged again', () => {
  const revoked = (): Bench => {
    const bench = leaning([one, setOf(3, ['c'])]);
    say(bench, { kind: 'reference-revoke', key: key(one) });
    handOver(bench);
    return bench;
  };
  const again = (bench: Bench, more: Parameters<typeof result>[1], evidence = 'ee') =>
    bench.feed({ kind: 'judged-again', device: 'd1', evidence, outcome: result(bench.now, { at: 5, expires: 9e12, evidence, ...more }) });

  it('replaces what was taken back, and is no fresher than it was', () => {
    const bench = revoked();
    again(bench, { referenceSets: [setOf(3, ['c']).id], checks });
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'affirming', result: { at: 5, expires: 9e12 } });
  });
  it('does not replace newer Evidence, nor count when it could not be judged or failed for something else', () => {
    const bench = revoked();
    again(bench, { checks }, 'older');
    again(bench, { status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' });
    bench.feed({
      kind: 'judged-again',
      device: 'd1',
      evidence: 'ee',
      outcome: { kind: 'transport-failure', failure: 'verifier', detail: 'x' },
    });
    bench.feed({ kind: 'judged-again', device: 'd9', evidence: 'ee', outcome: result(bench.now) });
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'contraindicated', reason: 'REFERENCE_REVOKED' });
  });
  it('is no better when it still leans on what was revoked', () => {
    const bench = revoked();
    again(bench, { referenceSets: [one.id], checks });
    expect(bench.device(sensor).attestation.status).toBe('contraindicated');
  });
  it('is not asked for of a TPM, whose counters only the next quote can be compared with', () => {
    const bench = new Bench();
    bench.feed({ kind: 'references', sets: [one] });
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    const quote = { ak: 'aa', clock: '1', resetCount: 1, restartCount: 1, since: 'first' } as const;
    bench.answer(sensor, result(bench.now, { referenceSets: [one.id], quote, checks }));
    say(bench, { kind: 'reference-revoke', key: key(one) });
    expect(bench.device(sensor).attestation.reason).toBe('REFERENCE_REVOKED');
    expect(handOver(bench).some(effect => effect.kind === 'judge-again')).toBe(false);
  });
});

describe('a transition', () => {
  const hour = 3_600_000;
  it('accepts old and new until its deadline, and the old no more after that', () => {
    const bench = leaning([one]);
    expect(say(bench, { kind: 'reference-add', file: 'b.json', sets: [two], keys: [] })).toBe('done');
    expect([states(bench), standing(bench)]).toEqual([['1.1 active', '2.1 staged'], ['1.1 in force']]);
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [] })).toContain('is in force for its class');
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [key(one)], until: bench.now + hour })).toBe('done');
    expect(standing(bench).toSorted()).toEqual(['1.1 in force', '2.1 in force']);
    expect(bench.device(sensor).attestation.status).toBe('affirming');
    bench.feed({ kind: 'tick' }, hour - 1000);
    expect(bench.device(sensor).attestation.status).toBe('affirming');
    const effects = bench.feed({ kind: 'tick' }, 2000);
    expect(effects.some(effect => effect.kind === 'trust')).toBe(true);
    expect(standing(bench).toSorted()).toEqual(['1.1 superseded', '2.1 in force']);
    expect(bench.device(sensor)).toMatchObject({
      attestation: { status: 'contraindicated', reason: 'VERSION_DENIED' },
      decision: { access: 'quarantine' },
    });
  });
  it('ends at once when somebody expires the old, and does not go on for ever', () => {
    const bench = leaning([one]);
    say(bench, { kind: 'reference-add', file: 'b.json', sets: [two], keys: [] });
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [key(one)], until: bench.now + 91 * 24 * hour })).toContain(
      '90 days',
    );
    say(bench, { kind: 'reference-activate', key: key(two), replaces: [key(one)], until: bench.now + hour });
    expect(say(bench, { kind: 'reference-expire', key: key(one) })).toBe('done');
    expect(bench.device(sensor).attestation.reason).toBe('VERSION_DENIED');
    expect(say(bench, { kind: 'reference-expire', key: key(one) })).toContain('it is superseded');
  });
  it('an update that comes as a file waits, and one that is older than what is in force has missed its turn', () => {
    const [old, now, next] = [5, 6, 7].map(n => setOf(n, [String(n)], { sequence: n, source: 'suit' }));
    if (old === undefined || now === undefined || next === undefined) throw new Error('three');
    const bench = new Bench();
    bench.feed({ kind: 'references', sets: [now] });
    bench.feed({ kind: 'references', sets: [now, next, old] });
    expect(states(bench)).toEqual(['6.1 active', '7.1 staged', '5.1 superseded']);
    expect(say(bench, { kind: 'reference-activate', key: key(old), replaces: [key(now)] })).toContain(
      'update 5 is below the floor, update 6',
    );
    expect(say(bench, { kind: 'reference-activate', key: key(next), replaces: [key(now)], until: bench.now + hour })).toBe('done');
    bench.feed({ kind: 'tick' }, 2 * hour);
    expect(say(bench, { kind: 'reference-activate', key: key(now), replaces: [key(next)] })).toContain('below the floor, update 7');
  });
  it('closes one file of the site behind another, though both are active', () => {
    const bench = leaning([one, two]);
    expect(standing(bench)).toEqual(['1.1 in force', '2.1 in force']);
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [] })).toContain('it is active');
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [key(one)] })).toBe('done');
    expect(standing(bench)).toEqual(['1.1 superseded', '2.1 in force']);
    expect(bench.device(sensor).attestation.reason).toBe('VERSION_DENIED');
  });
  it('both stay where somebody says so', () => {
    const bench = leaning([one]);
    say(bench, { kind: 'reference-add', file: 'b.json', sets: [two], keys: [] });
    expect(say(bench, { kind: 'reference-activate', key: key(two), replaces: [], beside: true })).toBe('done');
    expect(standing(bench).toSorted()).toEqual(['1.1 in force', '2.1 in force']);
  });
});

describe('a set with a time of its own', () => {
  it('is not in force before it, and has ended after it', () => {
    const bench = new Bench();
    const timed = setOf(1, ['a'], { notBefore: bench.now + 1000, notAfter: bench.now + 2000 });
    bench.feed({ kind: 'references', sets: [timed] });
    expect(standing(bench)).toEqual([]);
    bench.feed({ kind: 'tick' }, 1500);
    expect(standing(bench)).toEqual(['1.1 in force']);
    expect(bench.feed({ kind: 'tick' }, 1000).some(effect => effect.kind === 'trust')).toBe(true);
    expect(standing(bench)).toEqual(['1.1 ended']);
  });
});

describe('sets that people bring', () => {
  it('are staged with their keys, which count from when they are in force', () => {
    const bench = new Bench();
    const listed = { instance: 'aa'.repeat(33), spki: 'AA==' };
    say(bench, { kind: 'reference-add', file: 'x.corim', sets: [one], keys: [listed] });
    expect(bench.gateway.references.effective(bench.now)).toEqual({ sets: [], keys: [] });
    say(bench, { kind: 'reference-activate', key: key(one), replaces: [] });
    expect(bench.gateway.references.effective(bench.now)).toEqual({ sets: [one], keys: [listed] });
    say(bench, { kind: 'reference-revoke', key: key(one) });
    expect(bench.gateway.references.effective(bench.now).keys).toEqual([]);
  });
  it('are refused twice, empty, or without a reason', () => {
    const bench = new Bench();
    const add = { kind: 'reference-add', file: 'x.json', sets: [one], keys: [] } as const;
    expect(say(bench, add)).toBe('done');
    expect(say(bench, add)).toContain('is there already and staged');
    expect(say(bench, { ...add, sets: [] })).toContain('holds no reference values');
    expect(say(bench, { kind: 'reference-revoke', key: 'nothing' })).toContain('there is no such set');
    const effects = bench.feed({ kind: 'command', by: 'ann', reason: ' ', command: { kind: 'reference-revoke', key: key(one) } });
    expect(effects.find(effect => effect.kind === 'answer')?.refused?.status).toBe(400);
  });
  it('are capped, by hand and in all, and a revoked one is forgotten last', () => {
    const bench = new Bench();
    const many = Array.from({ length: maxAdded }, (_, n) => setOf(n + 10, ['a'], { model: `m${n}` }));
    expect(say(bench, { kind: 'reference-add', file: 'x.json', sets: many, keys: [] })).toBe('done');
    expect(say(bench, { kind: 'reference-add', file: 'y.json', sets: [one], keys: [] })).toContain('were brought already');
    const book = bench.gateway.inventory;
    say(bench, { kind: 'reference-revoke', key: key(many[0] ?? one) });
    for (let n = 0; n < maxReferences + 10; n += 1)
      book.apply({
        at: n,
        body: {
          kind: 'reference-found',
          key: `k${n}`,
          set: { id: `k${n}`, vendor: 'v', model: 'm', components: 1 },
          state: 'active',
          why: 'flood',
        },
      });
    expect(book.references.records()).toHaveLength(maxReferences);
    expect(book.references.get(key(many[0] ?? one))?.state).toBe('revoked');
    expect(book.references.addedCount()).toBeLessThanOrEqual(1);
  });
});

describe('a baseline', () => {
  const unsigned = (bench: Bench, fill: string, more: object = {}) =>
    result(bench.now, {
      status: 'warning',
      assurance: 4,
      reason: 'REFERENCE_MISSING',
      digestsSeen: [{ alg: 'sha-256', value: digest(fill) }],
      checks: [{ check: 'reference', outcome: 'warned', code: 'REFERENCE_MISSING', detail: 'no reference values' }],
      ...more,
    });
  const taken = (): Bench => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, unsigned(bench, 'a'));
    expect(say(bench, { kind: 'reference-baseline', device: 'd1' })).toBe('done');
    return bench;
  };
  const next = (bench: Bench, outcome: ReturnType<typeof result>) => {
    bench.feed({ kind: 'command', by: 'ann', reason: '', command: { kind: 'challenge', device: 'd1' } }, 60_000);
    bench.answer(sensor, outcome);
    return bench.device(sensor).attestation;
  };
  it('is a warning as long as the device measures the same, never more', () => {
    const bench = taken();
    expect(next(bench, unsigned(bench, 'a', { evidence: 'e2' }))).toMatchObject({ status: 'warning', reason: 'BASELINE_ONLY' });
    expect(bench.device(sensor).admission).toBe('pending');
  });
  it('fails a device that measures something else', () => {
    const bench = taken();
    expect(next(bench, unsigned(bench, 'b', { evidence: 'e2' }))).toMatchObject({ status: 'contraindicated', reason: 'BASELINE_CHANGED' });
    expect(bench.device(sensor).decision.access).toBe('quarantine');
  });
  it('says nothing of another key, nor where somebody signs', () => {
    const bench = taken();
    const other = unsigned(bench, 'b', { evidence: 'e2' });
    if (other.kind !== 'appraised' || other.result.identity === undefined) throw new Error('not appraised');
    const identity = { ...other.result.identity, deviceKey: 'another' };
    expect(next(bench, { ...other, result: { ...other.result, identity } })).toMatchObject({
      status: 'warning',
      reason: 'REFERENCE_MISSING',
    });
    expect(next(bench, result(bench.now, { evidence: 'e3' }))).toMatchObject({ status: 'affirming' });
  });
  it('is taken of what was measured and needs one, and of nothing else', () => {
    const bench = leaning();
    expect(say(bench, { kind: 'reference-baseline', device: 'd1' })).toContain('what it proved is affirming');
    expect(say(bench, { kind: 'reference-baseline', device: 'd9' })).toContain('there is no such device');
    bench.see(second, 'v2', ip('10.20.1.2'));
    expect(say(bench, { kind: 'reference-baseline', device: 'd2' })).toContain('it has proved no measurements');
  });
});
