import { afterEach, describe, expect, it, vi } from 'vitest';
import { messageEvidence } from '../../../gateway/attestation/evidence.ts';
import { ChallengeDispatcher } from '../../../gateway/edge/challenge/dispatcher.ts';
import type { ToChallenger, ToEnforcer } from '../../../gateway/edge/messages.ts';
import { wireEvidence } from '../../../gateway/edge/challenge/wire.ts';
import type { ChallengeOutcome, Evidence } from '../../../gateway/model/attestation.ts';
import type { Challenge } from '../../../gateway/model/machine.ts';

const built = 1_700_000_000_000;
const challenge: Challenge = {
  id: 'c1',
  device: 'd1',
  mac: '02:00:5e:00:00:01',
  port: 'v1',
  ip: '10.20.1.1',
  channels: [
    { channel: 'tls', port: 8443 },
    { channel: 'tls', port: 443 },
  ],
  ttlSeconds: 600,
};
const token = messageEvidence('application/eat+cwt', new TextEncoder().encode('token'), [new TextEncoder().encode('der')]);
const answer: ChallengeOutcome = { kind: 'no-evidence', checks: [] };

function bench(now = built + 1000, there = true) {
  const enforcer: ToEnforcer[] = [];
  const challenger: ToChallenger[] = [];
  const done: [string, ChallengeOutcome][] = [];
  const kept: Evidence[] = [];
  const dispatcher = new ChallengeDispatcher({
    endsTo: ip => ({ ip, localAddress: '10.20.0.1' }),
    now: () => now,
    builtAt: built,
    toEnforcer: message => enforcer.push(message) > 0 && there,
    toChallenger: message => challenger.push(message) > 0,
    keepEvidence: evidence => kept.push(evidence),
    done: (id, outcome) => done.push([id, outcome]),
  });
  const lanes = () => enforcer.filter(({ type }) => type === 'open-lane').map(message => (message.type === 'open-lane' ? message.id : ''));
  return { dispatcher, enforcer, challenger, done, kept, lanes };
}
afterEach(() => void vi.useRealTimers());

describe('a challenge', () => {
  it('asks only when every lane is open, from the ports of the lanes, and closes them with the answer', () => {
    const b = bench();
    b.dispatcher.start(challenge);
    expect(b.lanes()).toEqual(['c1/0', 'c1/1']);
    b.dispatcher.laneAnswered('c1/0', true, '');
    expect(b.challenger).toEqual([]);
    b.dispatcher.laneAnswered('c1/1', true, '');
    const opened = b.enforcer.flatMap(message => (message.type === 'open-lane' ? [message.lane] : []));
    expect(opened.map(({ mac, port, ip, remotePort }) => [mac, port, ip, remotePort])).toEqual(
      [8443, 443].map(p => [challenge.mac, 'v1', challenge.ip, p]),
    );
    expect(b.challenger[0]).toMatchObject({ localPorts: opened.map(({ localPort }) => localPort), localAddress: '10.20.0.1' });
    b.dispatcher.answered({ type: 'outcome', id: 'c1', outcome: answer, evidence: wireEvidence(token) });
    expect(b.done).toEqual([['c1', { ...answer, evidence: token.id }]]);
    expect(b.kept).toEqual([token]);
    expect(b.enforcer.filter(({ type }) => type === 'close-lane')).toHaveLength(2);
  });

  it('begins with another port after each restart, within the range that is no one else’s', () => {
    const ports = Array.from({ length: 16 }, () => {
      const b = bench();
      b.dispatcher.start(challenge);
      return b.enforcer.flatMap(message => (message.type === 'open-lane' ? [message.lane.localPort] : []));
    });
    expect(new Set(ports.map(([first]) => first)).size).toBeGreaterThan(8);
    for (const port of ports.flat()) expect(port >= 20_000 && port < 24_000).toBe(true);
  });

  it('counts once: a second answer, one before its lanes are open, and one to another challenge are thrown away', () => {
    const b = bench();
    b.dispatcher.start(challenge);
    b.dispatcher.answered({ type: 'outcome', id: 'c1', outcome: answer });
    b.dispatcher.answered({ type: 'outcome', id: 'c9', outcome: answer });
    expect(b.done).toEqual([]);
    for (const lane of b.lanes()) b.dispatcher.laneAnswered(lane, true, '');
    for (let n = 0; n < 2; n += 1) b.dispatcher.answered({ type: 'outcome', id: 'c1', outcome: answer });
    expect(b.done).toHaveLength(1);
  });

  it('is a transport failure, never a verdict, when a lane stays shut, a process is gone or silent, or the clock is wrong', () => {
    vi.useFakeTimers();
    const shut = bench();
    shut.dispatcher.start(challenge);
    shut.dispatcher.laneAnswered('c1/0', false, 'no RuleSet is in force');
    const gone = bench(built, false);
    gone.dispatcher.start(challenge);
    const silent = bench();
    silent.dispatcher.start(challenge);
    for (const lane of silent.lanes()) silent.dispatcher.laneAnswered(lane, true, '');
    vi.advanceTimersByTime(21_000);
    const restarted = bench();
    restarted.dispatcher.start(challenge);
    restarted.dispatcher.lost('enforcer');
    const past = bench(0);
    past.dispatcher.start(challenge);
    const failures = [shut, gone, silent, restarted, past].map(({ done }) =>
      done.map(([, outcome]) => (outcome.kind === 'transport-failure' ? outcome.failure : outcome.kind)),
    );
    expect(failures).toEqual([['lane'], ['lane'], ['verifier'], ['lane'], ['verifier']]);
    expect(shut.done[0]?.[1]).toMatchObject({ detail: 'no RuleSet is in force' });
    expect(past.done[0]?.[1]).toMatchObject({
      detail: 'Cannot judge dates: the clock says 1970-01-01T00:00:00.000Z, before this program was built; set the clock',
    });
    expect(past.enforcer).toEqual([]);
  });

  it('is asked once, though a lane is answered again, or one of no challenge', () => {
    const b = bench();
    b.dispatcher.start(challenge);
    for (const lane of [...b.lanes(), ...b.lanes(), 'c9/0']) b.dispatcher.laneAnswered(lane, true, '');
    b.dispatcher.laneAnswered('c1/0', false, 'closed');
    expect(b.challenger).toHaveLength(1);
    expect(b.done).toEqual([]);
  });

  it('has lanes for datagrams where its channel speaks by them', () => {
    const b = bench();
    b.dispatcher.start({ ...challenge, channels: [...challenge.channels, { channel: 'coap', port: 5683, path: '/attest' }] });
    const opened = b.enforcer.flatMap(message => (message.type === 'open-lane' ? [message.lane.protocol] : []));
    expect(opened).toEqual([undefined, undefined, 'udp']);
  });

  it('is lost with the process that has it: the enforcer its lanes, the challenger its question', () => {
    const [waiting, asking] = [bench(), bench()];
    for (const b of [waiting, asking]) b.dispatcher.start(challenge);
    for (const lane of asking.lanes()) asking.dispatcher.laneAnswered(lane, true, '');
    waiting.dispatcher.lost('challenger');
    asking.dispatcher.lost('enforcer');
    expect([waiting.done, asking.done]).toEqual([[], []]);
    waiting.dispatcher.lost('enforcer');
    asking.dispatcher.lost('challenger');
    expect([waiting, asking].map(({ done }) => done[0]?.[1])).toMatchObject([
      { failure: 'lane', detail: 'the enforcer was restarted' },
      { failure: 'verifier', detail: 'the challenger was restarted' },
    ]);
  });

  it('and a judgement wait for a clock that is not a day before this program was made', async () => {
    const day = 86_400_000;
    const [late, early] = [bench(built - day), bench(built - day - 1)];
    for (const b of [late, early]) b.dispatcher.start(challenge);
    expect([late.lanes().length, early.lanes().length]).toEqual([2, 0]);
    const judgement = { evidence: token, freshness: { kind: 'kept', at: built, expires: built + day }, ttlSeconds: 600 } as const;
    await expect(early.dispatcher.judge(judgement)).resolves.toMatchObject({ kind: 'transport-failure', failure: 'verifier' });
    const judged = late.dispatcher.judge(judgement);
    expect([late.challenger.map(({ type }) => type), early.challenger]).toEqual([['judge'], []]);
    // The enforcer has no part in it.
    late.dispatcher.lost('enforcer');
    late.dispatcher.answered({
      type: 'outcome',
      id: late.challenger.flatMap(m => (m.type === 'judge' ? [m.id] : []))[0] ?? '',
      outcome: answer,
    });
    await expect(judged).resolves.toEqual(answer);
  });
});
