import { describe, expect, it } from 'vitest';
import { Asking } from '../../gateway/attestation/asking.ts';
import { maxOpenPerPort } from '../../gateway/attestation/schedule.ts';
import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { Challenge } from '../../gateway/model/machine.ts';
import type { ZoneSettings } from '../../gateway/model/settings.ts';
import { zone } from '../gateway/fixture.ts';

type Record = {
  device: { id: string; mac: string; port: string };
  attestation: { result?: AttestationResult };
  bound: boolean;
  tls: readonly number[];
};
const refused: ChallengeOutcome = { kind: 'transport-failure', failure: 'refused', detail: '' };
const affirmed = (at: number): ChallengeOutcome => ({ kind: 'appraised', result: resultAt(at), evidence: [] });
const resultAt = (at: number): AttestationResult => ({ at, expires: at + 3_600_000 }) as AttestationResult;

/** Devices of a world without a network: who is asked, and in what order. */
function world(settings: Partial<ZoneSettings> = {}) {
  const records = new Map<string, Record>();
  const asking = new Asking<Record>({
    inventory: { records: () => records.values(), get: id => records.get(id) },
    zoneOf: () => zone(settings),
    ipOf: () => '10.20.1.1',
    isBarred: () => false,
    isBound: ({ bound }) => bound,
    seenTls: ({ tls }) => tls,
    attested: (device, _, outcome) => {
      const record = records.get(device);
      if (record !== undefined && outcome.kind === 'appraised') record.attestation = { result: outcome.result };
    },
    emit: () => {},
  });
  const add = (id: string, port: string, more: Partial<Record> = {}): void => {
    records.set(id, { device: { id, mac: id, port }, attestation: {}, bound: false, tls: [], ...more });
  };
  const turn = (now: number, devices: readonly string[] | 'all' = 'all'): readonly Challenge[] => {
    asking.tick(now);
    return asking.turn(devices, now).flatMap(effect => (effect.kind === 'challenge' ? [effect.challenge] : []));
  };
  return { asking, add, turn, records };
}

describe('whose turn it is', () => {
  it('a flood of 10,000 devices on one port, each of which answers at once, leaves the others their turns', () => {
    const { asking, add, turn } = world();
    for (let i = 0; i < 10_000; i++) add(`crowd${i}`, 'v1');
    for (let i = 0; i < 60; i++) add(`quiet${i}`, i % 2 === 0 ? 'v2' : 'v3');
    const asked: string[] = [];
    for (let now = 0; now < 3_000; now += 10)
      for (const { id, device } of turn(now, now % 1000 === 0 ? 'all' : ['crowd1'])) {
        asked.push(device);
        asking.finished(id, refused, now);
      }
    expect(asked.filter(device => device.startsWith('quiet')).length).toBeGreaterThanOrEqual(60);
    expect(asked.filter(device => device.startsWith('crowd')).length).toBeGreaterThan(20);
    expect(new Set(asked.slice(0, 90)).size).toBe(90);
  });

  it('strangers that let us wait do not keep us from asking who is bound', () => {
    const { add, turn } = world();
    for (let i = 0; i < 100; i++) add(`stranger${i}`, `v${i}`);
    turn(0);
    add('ours', 'v200', { bound: true });
    expect(turn(10).map(({ device }) => device)).toEqual(['ours']);
  });

  it('a result does not age while its device waits for a turn that we do not have, and ages again from then on', () => {
    const { asking, add, turn } = world();
    for (const id of ['a', 'b', 'c']) add(id, 'v1', { bound: true, attestation: { result: resultAt(0) } });
    const due = 2_160_000;
    const open = turn(due);
    expect(open.length).toBe(maxOpenPerPort);
    const left = ['a', 'b', 'c'].find(id => !open.some(({ device }) => device === id)) ?? '';
    expect(asking.agedTo(left, due + 20_000)).toBe(due);
    for (const { device } of open) expect(asking.agedTo(device, due + 20_000)).toBe(due + 20_000);
    for (const { id } of open) asking.finished(id, affirmed(due + 21_000), due + 21_000);
    expect(turn(due + 22_000).map(({ device }) => device)).toEqual([left]);
    expect(asking.agedTo(left, due + 23_000)).toBe(due + 23_000);
  });

  it('after a change of trust everybody is due at once, however often it changes, and nobody goes first for it', () => {
    const { asking, add, turn } = world();
    add('stranger', 'v1', { attestation: { result: resultAt(0) } });
    add('ours', 'v1', { bound: true, attestation: { result: resultAt(0) } });
    for (const now of [1_000, 2_000, 3_000]) {
      asking.noted({ kind: 'trust-loaded', hash: 'aa', anchors: [], referenceSets: [] }, now);
      const left = turn(now, []);
      expect(left.map(({ device }) => device)).toEqual(['ours', 'stranger']);
      for (const { id } of left) asking.finished(id, affirmed(now), now);
    }
  });

  it('ends with the device: who left is not asked, and nothing of him is kept', () => {
    const { add, asking, turn, records } = world();
    for (let i = 0; i < 10; i++) add(`d${i}`, 'v1');
    turn(0);
    records.clear();
    expect(turn(40_000, ['d5'])).toEqual([]);
    expect(asking.agedTo('d5', 50_000)).toBe(50_000);
  });
});

describe('where a device is asked', () => {
  const channels = (settings: Partial<ZoneSettings>, tls: readonly number[]) => {
    const { add, turn } = world(settings);
    add('d', 'v1', { tls });
    return turn(0)[0]?.channels.map(({ channel, port }) => `${channel} ${port}`);
  };
  it('at the ports where it was seen to offer TLS only if the zone says so, each once, at most eight in all', () => {
    expect(channels({}, [443])).toEqual(['tls 8443']);
    expect(channels({ challengeSeen: true }, [443, 8443, 636])).toEqual(['tls 8443', 'tls 443', 'tls 636']);
    expect(channels({ challengeSeen: true, challengePorts: [1, 2, 3, 4, 5, 6] }, [443, 444, 445, 446])).toHaveLength(8);
  });
});
