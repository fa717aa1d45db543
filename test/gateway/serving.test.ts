import { describe, expect, it } from 'vitest';
import type { Asker } from '../../gateway/model/machine.ts';
import { Bench, result, zone } from './fixture.ts';

const sensor = '00:1b:c5:00:00:01';
const ip = (value: string) => ({ kind: 'address', ip: value }) as const;
const other = '00:1b:c5:00:00:02';

/** A device that TLS does not reach: it hands its Evidence in. */
const standing = (zones = [zone()]) => {
  const bench = new Bench(zones);
  bench.see(sensor, 'v1', ip('10.20.1.1'));
  return bench;
};
const askerOf = (bench: Bench, at: string): Asker => {
  const served = bench.gateway.serving.at(at);
  if (served.kind !== 'armed') throw new Error(served.kind);
  return served.asker;
};
const handIn = (bench: Bench, asker: Asker, outcome = result(bench.now, { scheme: 'psa' })) =>
  bench.feed({ kind: 'served-outcome', session: 's1', asker, outcome });

describe('Evidence that a device hands in', () => {
  it('attests the device at that address, and says in the journal that nobody fetched it', () => {
    const bench = standing();
    const asker = askerOf(bench, '10.20.1.1');
    expect(asker).toEqual({ device: 'd1', mac: sensor, port: 'v1', ip: '10.20.1.1' });
    handIn(bench, asker);
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'affirming', assurance: 5, result: { scheme: 'psa' } });
    expect(bench.events).toContainEqual({ kind: 'challenged', device: 'd1', challenge: 's1', target: '10.20.1.1, which asked for it' });
  });

  it('that fails cuts it as any failed Evidence does', () => {
    const bench = standing();
    handIn(bench, askerOf(bench, '10.20.1.1'), result(bench.now, { status: 'contraindicated', reason: 'NONCE_MISMATCH' }));
    expect(bench.device(sensor).decision).toMatchObject({ access: 'quarantine', reason: 'NONCE_MISMATCH' });
  });

  it('is taken from nobody unknown, of another network, behind the uplink, at the gateway’s own address, or in a zone that is not armed', () => {
    const bench = standing();
    bench.see('02:00:00:00:00:77', 'up0', ip('10.20.0.77'));
    for (const address of ['10.20.1.2', '192.0.2.1', '10.20.0.77', '10.20.0.1', '10.20.255.255', '::1', ''])
      expect([address, bench.gateway.serving.at(address).kind]).toEqual([address, 'unknown']);
    expect(standing([zone({ challenge: false })]).gateway.serving.at('10.20.1.1').kind).toBe('unarmed');
  });

  it('from an address that two claim speaks for neither, unless one of them is admitted', () => {
    const bench = standing();
    bench.see(other, 'v2', ip('10.20.1.1'));
    expect(bench.gateway.serving.at('10.20.1.1').kind).toBe('unknown');
    bench.feed({ kind: 'command', by: 'anna', reason: 'mine', command: { kind: 'approve', device: 'd1' } });
    expect(askerOf(bench, '10.20.1.1').device).toBe('d1');
  });

  it('counts for nobody when the device moved, or lost its address, while it was judged', () => {
    const bench = standing();
    const asker = askerOf(bench, '10.20.1.1');
    for (const gone of [{ port: 'v2' }, { mac: other }, { ip: '10.20.1.9' }, { device: 'd9' }]) handIn(bench, { ...asker, ...gone });
    bench.see(other, 'v2', ip('10.20.1.1'));
    handIn(bench, asker);
    expect(bench.device(sensor).attestation.status).toBe('none');
    expect(bench.events.filter(event => event.kind === 'attested')).toEqual([]);
  });

  it('of a clone speaks for nobody', () => {
    const bench = standing();
    bench.see(sensor, 'v2', ip('10.20.1.5'));
    expect(bench.device(sensor, 'v2').device.cloneOf).toBe('d1');
    expect(bench.gateway.serving.at('10.20.1.5').kind).toBe('unknown');
  });

  it('that we failed to judge changes nothing', () => {
    const bench = standing();
    handIn(bench, askerOf(bench, '10.20.1.1'), { kind: 'transport-failure', failure: 'verifier', detail: 'busy' });
    expect(bench.events.filter(event => event.kind === 'attested')).toEqual([]);
  });

  it('puts the next challenge off to half of its life, and a page without Evidence takes nothing away from it', () => {
    const bench = standing();
    bench.answer(sensor, { kind: 'transport-failure', failure: 'refused', detail: '' });
    handIn(bench, askerOf(bench, '10.20.1.1'));
    const asked = () => bench.events.filter(event => event.kind === 'challenged').length;
    const before = asked();
    bench.feed({ kind: 'tick' }, 1_700_000);
    expect(asked()).toBe(before);
    bench.feed({ kind: 'tick' }, 200_000);
    expect(asked()).toBe(before + 1);
    bench.answer(sensor, { kind: 'no-evidence', leafKey: 'aa', checks: [] });
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'affirming', lastFailure: { code: 'NO_EVIDENCE' } });
  });

  it('gives the state of its TPM to the next judgement', () => {
    const bench = standing();
    const quote = { ak: 'aa', clock: '5', resetCount: 1, restartCount: 0, since: 'first' } as const;
    handIn(bench, askerOf(bench, '10.20.1.1'), result(bench.now, { scheme: 'tpm-quote', quote }));
    expect(bench.gateway.serving.at('10.20.1.1')).toMatchObject({ quote });
  });
});
