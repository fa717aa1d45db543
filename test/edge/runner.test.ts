import { describe, expect, it } from 'vitest';
import { Runner } from '../../gateway/edge/runner.ts';
import { Gateway } from '../../gateway/gateway.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import type { RuleSet } from '../../gateway/model/rule-set.ts';
import { policy, result, settings } from '../gateway/fixture.ts';

/** A runner whose commits are let through or refused by hand. */
function bench(clock: () => number = () => 1_700_000_000_000) {
  const now = clock();
  const site = {
    settings: settings(),
    gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16' },
    vendorOf: () => undefined,
  };
  const gateway = new Gateway(site, policy());
  const sent: RuleSet[] = [];
  const challenges: string[] = [];
  const probed: string[] = [];
  const stops: (readonly string[] | undefined)[] = [];
  const handed: number[] = [];
  const judged: string[] = [];
  const commits: { at: number; events: readonly EventBody[]; matters: boolean; done: () => void; fail: () => void }[] = [];
  const runner = new Runner(gateway, {
    now: clock,
    append: (at, events, matters) =>
      new Promise((resolve, reject) => {
        commits.push({
          at,
          events,
          matters,
          done: () => resolve(undefined),
          fail: () => reject(new Error('Cannot write to the journal: database or disk is full')),
        });
      }),
    enforce: ruleSet => sent.push(ruleSet),
    challenge: ({ id }) => challenges.push(id),
    probe: ({ id }) => probed.push(id),
    stopProbes: ids => stops.push(ids),
    resync: () => {},
    handOverTrust: () => handed.push(gateway.references.effective(now).sets.length),
    judgeAgain: ({ device }) => judged.push(device),
    changed: () => {},
    refused: () => {},
  });
  void runner.run(gateway.usePolicy(policy(), [], now));
  const see = (mac: string, port: string, ip: string) => {
    const base = { at: now, port, vlan: 0, mac, collector: 'test', frame: 1 };
    runner.input({
      kind: 'observed',
      observations: [
        { ...base, fact: { kind: 'seen' } },
        { ...base, fact: { kind: 'address', ip } },
      ],
    });
  };
  const settle = async () => {
    for (let n = 0; n < 10; n += 1) await Promise.resolve();
  };
  const commitAll = async () => {
    for (const commit of commits.splice(0)) commit.done();
    await settle();
  };
  const access = (mac: string) => sent.at(-1)?.devices.find(device => device.mac === mac)?.access;
  return { now, gateway, runner, sent, commits, challenges, probed, stops, handed, judged, see, settle, commitAll, access };
}

const sensor = '02:00:5e:00:00:01';

describe('tightening acts first, loosening needs its Event committed', () => {
  it('journals at the instant that the machine had, so that a restart folds the same state', () => {
    let time = 1_700_000_000_000;
    const { gateway, runner, see, commits } = bench(() => (time += 7));
    see('02:00:5e:00:00:01', 'v1', '10.20.1.1');
    const [record] = gateway.inventory.records();
    expect(commits.at(-1)?.events.some(({ kind }) => kind === 'device-found')).toBe(true);
    expect(commits.at(-1)?.at).toBe(record?.device.firstSeen);
    const id = record?.device.id ?? '';
    void runner.command('op', 'spare', { kind: 'set-field', device: id, field: 'hostname', value: 'press-1' });
    expect(commits.at(-1)?.at).toBe(gateway.inventory.get(id)?.device.fields.hostname?.at);
  });

  it('an admission reaches the enforcer only after its commit', async () => {
    const b = bench();
    b.see(sensor, 'v1', '10.20.1.1');
    await b.commitAll();
    b.runner.input({ kind: 'challenge-outcome', challenge: b.challenges[0] ?? '', outcome: result(b.now) });
    await b.settle();
    expect(b.access(sensor)).not.toBe('admit');
    expect(b.commits.every(({ matters }) => matters)).toBe(true);
    await b.commitAll();
    expect(b.access(sensor)).toBe('admit');
  });

  it('a quarantine reaches the enforcer before its commit', async () => {
    const b = bench();
    b.see(sensor, 'v1', '10.20.1.1');
    await b.commitAll();
    const answer = b.runner.command('anna', 'smoke', { kind: 'quarantine', device: 'd1' });
    expect(b.access(sensor)).toBe('quarantine');
    await b.commitAll();
    expect(await answer).toEqual({ ok: true });
  });

  it('a command is answered when it is committed, not before', async () => {
    const b = bench();
    b.see(sensor, 'v1', '10.20.1.1');
    await b.commitAll();
    let answered = false;
    const answer = b.runner.command('anna', 'spare drive', { kind: 'approve', device: 'd1' }).then(a => {
      answered = true;
      return a;
    });
    await b.settle();
    expect([answered, b.access(sensor)]).toEqual([false, 'hold']);
    await b.commitAll();
    expect(await answer).toEqual({ ok: true });
    expect(b.access(sensor)).toBe('admit');
  });

  it('what was cut while an admission waited for the disk stays cut', async () => {
    const b = bench();
    b.see(sensor, 'v1', '10.20.1.1');
    await b.commitAll();
    void b.runner.command('anna', 'let it in', { kind: 'approve', device: 'd1' });
    void b.runner.command('bert', 'no, cut it', { kind: 'quarantine', device: 'd1' });
    await b.commitAll();
    expect(b.access(sensor)).toBe('quarantine');
    expect(b.sent.some(({ devices }) => devices.some(({ mac, access }) => mac === sensor && access === 'admit'))).toBe(false);
  });

  it('on a full disk a refused Event of an outsider still cuts', async () => {
    const b = bench();
    await b.commitAll();
    b.see('44:19:b6:00:00:01', 'v2', '10.20.1.9');
    for (const commit of b.commits.splice(0)) commit.fail();
    await b.settle();
    expect(b.access('44:19:b6:00:00:01')).toBe('hold');
  });
});

describe('probes', () => {
  const order = { id: 'p1', probe: 'arp-sweep', zone: 'dock', armedBy: 'ann', ports: ['v1'], prefix: '10.20.0.0/24' } as const;
  const armed = { kind: 'probes-armed', zone: 'dock', mode: 'broadcast', by: 'ann', reason: 'because', until: 2 } as const;

  it('leave only when the word of the person who armed them is committed', async () => {
    const { runner, probed, commitAll, settle } = bench();
    await commitAll();
    void runner.run([{ kind: 'append', events: [armed] }]);
    void runner.run([{ kind: 'probe', order }]);
    await settle();
    expect(probed).toEqual([]);
    await commitAll();
    expect(probed).toEqual(['p1']);
  });

  it('that still wait when somebody stops them never leave; the stop itself waits for no disk', async () => {
    const { runner, probed, stops, commitAll } = bench();
    await commitAll();
    void runner.run([
      { kind: 'append', events: [armed] },
      { kind: 'probe', order },
    ]);
    void runner.run([{ kind: 'append', events: [{ kind: 'probes-stopped', by: 'bob', reason: 'because' }] }, { kind: 'stop-probes' }]);
    expect(stops).toEqual([undefined]);
    await commitAll();
    await commitAll();
    expect(probed).toEqual([]);
  });
});

describe('reference values', () => {
  it('that are revoked are handed over at once, whatever the journal does, and then what is kept is judged again', () => {
    const { runner, handed, judged, commits, see } = bench();
    const set = { id: `a.json#1 sha256:${'1'.repeat(64)}`, vendor: 'Acme', model: 'T2', components: [] };
    const key = `${'1'.repeat(24)}.1`;
    runner.input({ kind: 'references', sets: [set] });
    see(sensor, 'v1', '10.20.1.1');
    const outcome = result(1_700_000_000_000, { referenceSets: [set.id] });
    const challenge = commits.flatMap(({ events }) => events).find(({ kind }) => kind === 'challenged');
    if (challenge?.kind !== 'challenged') throw new Error('not challenged');
    runner.input({ kind: 'challenge-outcome', challenge: challenge.challenge, outcome });
    const before = handed.length;
    void runner.command('ann', 'known to be bad', { kind: 'reference-revoke', key });
    expect(handed).toHaveLength(before + 1);
    expect(commits.at(-1)?.matters).toBe(true);
    expect(judged).toEqual([]);
    runner.input({ kind: 'noted', event: { kind: 'trust-loaded', hash: 'x', anchors: [], referenceSets: [] } });
    expect(judged).toEqual(['d1']);
  });
});
