import { describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { confirmMs } from '../../gateway/attestation/asking.ts';
import { renewAt } from '../../gateway/attestation/schedule.ts';
import { deviceDetail } from '../../gateway/api/rows.ts';
import { measuredText } from '../../gateway/api/measured-text.ts';
import { whyText } from '../../gateway/api/table.ts';
import { Bench, result, zone } from './fixture.ts';

const sensor = '02:00:5e:00:00:01';
const twin = '02:00:5e:00:00:02';
const address = (ip: string): Fact => ({ kind: 'address', ip });
const refused: ChallengeOutcome = { kind: 'transport-failure', failure: 'refused', detail: 'connection refused' };
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

function admitted(bench = new Bench(), outcome?: ChallengeOutcome): Bench {
  bench.see(sensor, 'v1', address('10.20.1.1'));
  bench.answer(sensor, outcome ?? result(bench.now));
  expect(bench.device(sensor).admission).toBe('admitted');
  return bench;
}
const challenges = (bench: Bench, mac = sensor) =>
  bench.effects.filter(effect => effect.kind === 'challenge' && effect.challenge.mac === mac).length;

describe('a result ages', () => {
  it('from fresh over stale to ended, and says when it was last verified', () => {
    const bench = admitted();
    const at = bench.device(sensor).attestation.lastVerified ?? 0;
    const shown = () => bench.device(sensor).attestation;
    expect([shown().freshness, bench.now - at < 10]).toEqual(['fresh', true]);
    bench.feed({ kind: 'tick' }, hour + minute);
    expect([shown().freshness, shown().status, shown().lastVerified]).toEqual(['stale', 'affirming', at]);
    bench.feed({ kind: 'tick' }, 15 * minute);
    expect([shown().freshness, shown().status, shown().lastVerified]).toEqual(['ended', 'none', at]);
    const text = whyText(deviceDetail(bench.device(sensor), []));
    expect(text).toContain(`last verified ${new Date(at).toISOString()}, too old to count`);
  });

  it('and so does what it measured: days since its start are shown, and a rule may ask for few', () => {
    const bench = new Bench([zone({ evidenceTtlSeconds: 90 * 86_400 })]);
    bench.see(sensor, 'v1', address('10.20.1.1'));
    const started = { before: bench.now, after: bench.now - day };
    bench.answer(sensor, result(bench.now, { started, expires: bench.now + 90 * day }));
    const text = () => whyText(deviceDetail(bench.device(sensor), []));
    expect(text()).toContain('measured at its start, 0 to 1 day ago');
    expect(bench.device(sensor).decision.facts.started).toEqual(started);
    bench.feed({ kind: 'tick' }, 3 * day);
    expect(text()).toContain('measured at its start, 3 to 4 days ago');
    expect(measuredText({ atLeast: 0 })).toBe('at its start; nobody can tell when that was');
    expect(measuredText({ atLeast: 40 * day })).toBe('at its start, 40 days ago or more');
    expect(measuredText({ atLeast: minute, atMost: hour })).toBe('at its start, less than a day ago');
  });

  it('as long as its kind or proved model says, so that what sleeps for days is not held when it wakes', () => {
    const ages = [{ kinds: ['camera'], models: ['SC-9'], evidenceTtlSeconds: 7 * 86_400, graceSeconds: 86_400 }];
    const bench = new Bench([zone({ ages })]);
    bench.see(sensor, 'v1', address('10.20.1.1'));
    const ttl = (mac: string) => {
      const sent = bench.effects.findLast(effect => effect.kind === 'challenge' && effect.challenge.mac === mac);
      return sent?.kind === 'challenge' ? sent.challenge.ttlSeconds : undefined;
    };
    expect(ttl(sensor)).toBe(3600);
    const outcome = result(bench.now, { expires: bench.now + 7 * day });
    if (outcome.kind !== 'appraised' || outcome.result.identity === undefined) throw new Error('no result');
    bench.answer(sensor, { ...outcome, result: { ...outcome.result, identity: { ...outcome.result.identity, model: 'SC-9' } } });
    bench.feed({ kind: 'tick' }, 7 * day + day - minute);
    expect(bench.device(sensor).admission).toBe('admitted');
    expect(ttl(sensor)).toBe(7 * 86_400);
    bench.feed({ kind: 'tick' }, 2 * minute);
    expect(bench.device(sensor).admission).toBe('pending');
    bench.see('44:19:b6:00:00:01', 'v2', address('10.20.1.3'));
    expect(ttl('44:19:b6:00:00:01')).toBe(7 * 86_400);
  });
});

describe('re-attestation', () => {
  it('falls on 40 to 60 % of the life of a result, apart for devices that were asked together, and the same for the same journal', () => {
    const turns = Array.from({ length: 1000 }, (_, i) => renewAt(`d${i}`, { at: 0, expires: 1000 * minute }) / minute);
    expect([Math.min(...turns) >= 400, Math.max(...turns) <= 600]).toEqual([true, true]);
    const tenths = Map.groupBy(turns, turn => Math.floor((turn - 400) / 20));
    expect([...tenths.values()].every(({ length }) => length > 50 && length < 200)).toBe(true);
    expect(turns[7]).toBe(renewAt('d7', { at: 0, expires: 1000 * minute }) / minute);
  });

  it.each([
    ['another DHCP print', { kind: 'dhcp-parameters', options: [1, 3] }],
    ['another firmware that it says it runs', { kind: 'firmware', text: '9.9' }],
    ['another stack', { kind: 'print', scheme: 'tcp', value: 'x' }],
  ] as const)('follows at once on %s', (_, fact) => {
    const bench = admitted();
    const before = challenges(bench);
    bench.see(sensor, 'v1', fact as Fact);
    expect(challenges(bench)).toBe(before + 1);
  });

  it('follows on a move, on what wakes, and on other reference values', () => {
    const moved = admitted();
    moved.feed({ kind: 'tick' }, minute);
    const before = challenges(moved);
    moved.feed({ kind: 'noted', event: { kind: 'device-moved', device: 'd1', from: 'v1', to: 'v2', zone: 'dock' } });
    expect(challenges(moved)).toBe(before + 1);

    const woken = admitted();
    woken.feed({ kind: 'tick' }, 6 * minute);
    const asleep = challenges(woken);
    woken.see(sensor, 'v1');
    expect(challenges(woken)).toBe(asleep + 1);

    const other = admitted();
    const then = challenges(other);
    other.feed({ kind: 'noted', event: { kind: 'trust-loaded', hash: 'h', anchors: [], referenceSets: ['k'] } });
    expect(challenges(other)).toBe(then + 1);
  });

  it('follows at once when a cable was pulled and put back', () => {
    const bench = admitted();
    bench.feed({ kind: 'tick' }, minute);
    const before = challenges(bench);
    bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' });
    expect(challenges(bench)).toBe(before);
    bench.feed({ kind: 'port-state', port: 'v1', state: 'up', detail: '' }, 500);
    expect(challenges(bench)).toBe(before + 1);
  });

  it('is not made to run hot by a device that changes what it says all the time', () => {
    const bench = admitted();
    const before = challenges(bench);
    for (let i = 0; i < 500; i += 1) {
      bench.see(sensor, 'v1', { kind: 'firmware', text: `${i}` });
      if (challenges(bench) > before) bench.answer(sensor, result(bench.now));
    }
    expect(challenges(bench) - before).toBeLessThanOrEqual(1);
  });
});

describe('firmware that nobody lists', () => {
  const odd = (bench: Bench) => result(bench.now, { status: 'contraindicated', assurance: 3, reason: 'DIGEST_UNKNOWN' });
  const again = (bench: Bench, outcome: ChallengeOutcome): void => {
    bench.feed({ kind: 'tick' }, confirmMs + 10);
    bench.answer(sensor, outcome);
  };

  it('is asked for again within seconds, and quarantines when it was seen as often as the zone says', () => {
    for (const confirmations of [undefined, 1, 3]) {
      const bench = new Bench([zone(confirmations === undefined ? {} : { confirmations })]);
      bench.see(sensor, 'v1', address('10.20.1.1'));
      bench.answer(sensor, odd(bench));
      for (let i = 1; i < (confirmations ?? 2); i += 1) {
        expect(bench.device(sensor)).toMatchObject({
          attestation: { status: 'none' },
          decision: { access: 'hold', reason: 'DIGEST_UNKNOWN' },
        });
        again(bench, odd(bench));
      }
      expect(bench.device(sensor).decision).toMatchObject({ access: 'quarantine', reason: 'DIGEST_UNKNOWN' });
    }
  });

  it('leaves what stood before for the grace only: whoever shows it once and falls silent is held', () => {
    const bench = admitted();
    bench.feed({ kind: 'command', by: 'anna', reason: 'now', command: { kind: 'challenge', device: 'd1' } });
    bench.answer(sensor, odd(bench));
    expect(bench.device(sensor).admission).toBe('admitted');
    again(bench, refused);
    bench.feed({ kind: 'tick' }, 15 * minute);
    expect(bench.device(sensor)).toMatchObject({ admission: 'pending', decision: { access: 'hold' } });
    bench.feed({ kind: 'command', by: 'anna', reason: 'let it run', command: { kind: 'approve', device: 'd1' } });
    expect(bench.device(sensor).admission).toBe('pending');
  });

  it('is forgotten when good firmware is shown, and counts from the start after that; silence between does not help', () => {
    const bench = admitted();
    const ask = (outcome: ChallengeOutcome) => {
      bench.feed({ kind: 'command', by: 'anna', reason: 'now', command: { kind: 'challenge', device: 'd1' } });
      bench.answer(sensor, outcome);
    };
    ask(odd(bench));
    ask(result(bench.now));
    ask(odd(bench));
    expect(bench.device(sensor).admission).toBe('admitted');
    ask(refused);
    ask({ kind: 'no-evidence', checks: [] });
    ask(odd(bench));
    expect(bench.device(sensor).decision).toMatchObject({ access: 'quarantine', reason: 'DIGEST_UNKNOWN' });
  });

  it('is what alone waits: a wrong signature quarantines at once', () => {
    const bench = admitted();
    bench.feed({ kind: 'command', by: 'anna', reason: 'now', command: { kind: 'challenge', device: 'd1' } });
    bench.answer(sensor, result(bench.now, { status: 'contraindicated', assurance: 0, reason: 'SIGNATURE_INVALID' }));
    expect(bench.device(sensor).decision.access).toBe('quarantine');
  });
});

describe('a unit that does not attest though others of its model do', () => {
  const model = (bench: Bench): ChallengeOutcome => {
    const outcome = result(bench.now);
    if (outcome.kind !== 'appraised' || outcome.result.identity === undefined) throw new Error('no result');
    return { ...outcome, result: { ...outcome.result, identity: { ...outcome.result.identity, vendor: 'Acme', model: 'TS-2' } } };
  };
  const says: readonly Fact[] = [
    { kind: 'maker', text: 'ACME Sensors GmbH' },
    { kind: 'model', text: 'ts-2' },
  ];

  it('is flagged with a reason and one alarm, and a person’s approval shows it', () => {
    const bench = new Bench();
    admitted(bench, model(bench));
    bench.see(twin, 'v2', address('10.20.1.2'), ...says);
    for (let i = 0; i < 3; i += 1) {
      bench.answer(twin, refused);
      bench.feed({ kind: 'tick' }, hour / 4);
    }
    expect(bench.device(twin)).toMatchObject({ admission: 'pending', decision: { access: 'hold', reason: 'MODEL_ATTESTS_ELSEWHERE' } });
    const alarms = bench.events.filter(event => event.kind === 'alarm' && event.alarm === 'model-attests-elsewhere');
    expect(alarms).toMatchObject([{ actor: twin, port: 'v2', device: 'd2', victim: 'd1' }]);
    bench.feed({ kind: 'command', by: 'anna', reason: 'old unit', command: { kind: 'approve', device: 'd2' } });
    expect(bench.device(twin).admission).toBe('approved');
    expect(whyText(deviceDetail(bench.device(twin), []))).toContain('another of its vendor and model does here');
  });

  it('is not said of another maker’s model of that name, nor of a model that nobody proved', () => {
    const bench = new Bench();
    admitted(bench, model(bench));
    bench.see(twin, 'v2', address('10.20.1.2'), { kind: 'maker', text: 'Other' }, { kind: 'model', text: 'TS-2' });
    bench.answer(twin, refused);
    expect(bench.device(twin).decision.reason).toBe('CANNOT_ATTEST');
    bench.see('02:00:5e:00:00:03', 'v3', address('10.20.1.3'), { kind: 'maker', text: 'Acme' }, { kind: 'model', text: 'TS-3' });
    bench.answer('02:00:5e:00:00:03', refused);
    expect(bench.device('02:00:5e:00:00:03').decision.reason).toBe('CANNOT_ATTEST');
    expect(bench.events.some(event => event.kind === 'alarm' && event.alarm === 'model-attests-elsewhere')).toBe(false);
  });
});

describe('what a device says of itself', () => {
  it('is A1 and nothing more: no words raise its status above none, or let it in', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'));
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'none', assurance: 0 });
    const said: readonly Fact[] = [
      { kind: 'serial', text: 'TS2-000123' },
      { kind: 'firmware', text: '2.1.0' },
      { kind: 'model', text: 'TS-2' },
      { kind: 'maker', text: 'Acme' },
      { kind: 'description', text: 'Acme TS-2, firmware 2.1.0, signed' },
      { kind: 'identifier', scheme: 'uuid', value: 'TS2-000123' },
    ];
    for (const fact of said) {
      bench.see(sensor, 'v1', fact);
      const { attestation, admission, decision } = bench.device(sensor);
      expect([attestation.status, attestation.assurance, admission, decision.access]).toEqual(['none', 1, 'pending', 'hold']);
    }
    bench.answer(sensor, refused);
    expect(bench.device(sensor)).toMatchObject({ attestation: { status: 'none', assurance: 1 }, admission: 'pending' });
    expect(whyText(deviceDetail(bench.device(sensor), []))).toContain('only says what it is (A1)');
  });

  it('does not mend a failed proof, and a person’s word on the model is not its own', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', address('10.20.1.1'), { kind: 'firmware', text: '2.1.0' });
    bench.answer(sensor, result(bench.now, { status: 'contraindicated', assurance: 0, reason: 'SIGNATURE_INVALID' }));
    expect(bench.device(sensor).attestation).toMatchObject({ status: 'contraindicated', assurance: 0 });
    bench.see(twin, 'v2', address('10.20.1.2'));
    bench.feed({ kind: 'command', by: 'anna', reason: 'label', command: { kind: 'set-field', device: 'd2', field: 'model', value: 'X' } });
    expect(bench.device(twin).attestation.assurance).toBe(0);
  });
});
