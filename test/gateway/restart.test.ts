import { describe, expect, it } from 'vitest';
import type { QuoteState } from '../../gateway/model/attestation.ts';
import type { Effect } from '../../gateway/model/machine.ts';
import { describeEvent } from '../../gateway/api/describe.ts';
import { rousedMs } from '../../gateway/attestation/asking.ts';
import { Inventory, type InventorySnapshot } from '../../gateway/inventory/inventory.ts';
import { Bench, result } from './fixture.ts';

/** What the counters of a TPM say between two quotes, as the machine hears it. */
const box = '02:00:5e:00:00:01';
const second = '02:00:5e:00:00:02';
const quoteAt = (at: number, since: QuoteState['since'], resetCount = 5): QuoteState => ({
  ak: 'aa',
  clock: String(at),
  resetCount,
  restartCount: 0,
  since,
  at,
  started: { before: at },
});
const challenged = (effects: readonly Effect[], mac = box): boolean =>
  effects.some(effect => effect.kind === 'challenge' && effect.challenge.mac === mac);
const restarts = (bench: Bench) => bench.events.filter(({ kind }) => kind === 'tpm-restarted');
/** The device hands a quote in, or is asked by a person and answers with one. */
const quoted = (bench: Bench, since: QuoteState['since'], resetCount = 5): readonly Effect[] => {
  bench.feed({ kind: 'command', by: 'anna', reason: 'look again', command: { kind: 'challenge', device: 'd1' } });
  const at = bench.now + 1;
  return bench.answer(box, result(at, { scheme: 'tpm-quote', quote: quoteAt(at, since, resetCount) }));
};
const started = (): Bench => {
  const bench = new Bench();
  bench.see(box, 'v1', { kind: 'address', ip: '10.20.1.1' });
  bench.answer(box, result(bench.now + 1, { scheme: 'tpm-quote', quote: quoteAt(bench.now + 1, 'first') }));
  return bench;
};

describe('a TPM whose counters', () => {
  it.each([
    ['say that it was reset', 'rebooted', 'reset', 'its TPM was reset since its last quote; it is asked anew'],
    ['say that it was woken', 'resumed', 'resumed', 'its TPM was woken since its last quote; it is asked anew'],
  ] as const)('%s is told by an Event, and challenged for it', (_, since, how, words) => {
    const bench = started();
    expect(challenged(quoted(bench, since, 6))).toBe(true);
    expect(restarts(bench)).toEqual([{ kind: 'tpm-restarted', device: 'd1', how, others: [] }]);
    expect(restarts(bench).map(describeEvent)).toEqual([words]);
  });

  it('say that it runs on, or that nobody knew it, is not', () => {
    const bench = started();
    expect(challenged(quoted(bench, 'running'))).toBe(false);
    expect(restarts(bench)).toEqual([]);
  });

  it('went backwards is told and challenged as well, and stays contraindicated', () => {
    const bench = started();
    const last = bench.device(box).attestation.result?.quote;
    bench.feed({ kind: 'command', by: 'anna', reason: 'look again', command: { kind: 'challenge', device: 'd1' } });
    const failed = { status: 'contraindicated', reason: 'ROLLED_BACK', ...(last === undefined ? {} : { quote: last }) } as const;
    expect(challenged(bench.answer(box, result(bench.now + 1, failed)))).toBe(true);
    expect(restarts(bench)).toMatchObject([{ how: 'went-back' }]);
    expect(bench.device(box).attestation).toMatchObject({ status: 'contraindicated', reason: 'ROLLED_BACK' });
  });

  it('were told already are not told again by a quote that fails', () => {
    const bench = started();
    quoted(bench, 'rebooted', 6);
    const { quote } = bench.device(box).attestation.result ?? {};
    bench.answer(
      box,
      result(bench.now + 1, { status: 'contraindicated', reason: 'LOG_MISMATCH', ...(quote === undefined ? {} : { quote }) }),
    );
    expect(restarts(bench)).toHaveLength(1);
  });

  it('jump with every quote costs one challenge in a while', () => {
    const bench = started();
    const caused: boolean[] = [];
    for (let n = 0; n < 5; n++) {
      caused.push(challenged(quoted(bench, 'rebooted', 6 + n)));
      bench.now += rousedMs / 4;
    }
    expect(caused.filter(Boolean).length).toBeLessThanOrEqual(2);
  });

  it('say so has the other interfaces of its device challenged too, and nobody else', () => {
    const bench = started();
    for (const [mac, port, ip, serial] of [
      [second, 'v2', '10.20.1.2', 'TS2-000777'],
      ['02:00:5e:00:00:03', 'v3', '10.20.1.3', 'X'],
    ] as const) {
      bench.see(mac, port, { kind: 'address', ip });
      const {
        kind,
        result: judged,
        evidence,
      } = { ...result(bench.now + 1, {}, serial), evidence: ['ef'] } as Extract<ReturnType<typeof result>, { kind: 'appraised' }>;
      const identity = judged.identity && { ...judged.identity, deviceKey: serial, leafKey: serial };
      bench.answer(mac, { kind, evidence, result: { ...judged, ...(identity === undefined ? {} : { identity }) } });
    }
    bench.feed({ kind: 'command', by: 'anna', reason: 'two ports of one box', command: { kind: 'link', device: 'd1', other: 'd2' } });
    const effects = quoted(bench, 'rebooted', 6);
    expect([challenged(effects), challenged(effects, second), challenged(effects, '02:00:5e:00:00:03')]).toEqual([true, true, false]);
    expect(restarts(bench)).toMatchObject([{ device: 'd1', others: ['d2'] }]);
  });
});

describe('how far the list of files of a device was replayed', () => {
  it('is remembered over a restart of ours, and told with the next challenge', () => {
    const bench = started();
    const ima = { bank: 'sha256', value: 'ab'.repeat(32), entries: 42, policy: 'cd' };
    bench.feed({ kind: 'command', by: 'anna', reason: 'look again', command: { kind: 'challenge', device: 'd1' } });
    const quote = { ...quoteAt(bench.now + 1, 'running'), ima };
    bench.answer(box, result(bench.now + 1, { scheme: 'tpm-quote', quote }));
    const snapshot = JSON.parse(JSON.stringify(bench.gateway.inventory.snapshot())) as InventorySnapshot;
    const after = new Bench(undefined, Inventory.from(snapshot));
    after.now = bench.now;
    const asked = after.feed({ kind: 'command', by: 'anna', reason: 'look again', command: { kind: 'challenge', device: 'd1' } });
    expect(asked.find(effect => effect.kind === 'challenge')).toMatchObject({ challenge: { quote: { ima } } });
  });
});
