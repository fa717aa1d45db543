import { describe, expect, it } from 'vitest';
import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import { ChallengeQueue } from '../../gateway/attestation/queue.ts';
import {
  ChallengeSchedule,
  eventMs,
  maxOpen,
  maxOpenPerPort,
  maxPerSecond,
  maxPerSecondOnPort,
  reserved,
} from '../../gateway/attestation/schedule.ts';

/** Takes turns until nobody may, as the machine does; each port at most once at a time where `each` is 1. */
function turns(queue: ChallengeQueue, ports: ReadonlyMap<string, string>, count: number): readonly string[] {
  const taken: string[] = [];
  for (let i = 0; i < count; i++) {
    const next = queue.next(() => true);
    if (next === undefined) break;
    queue.remove(next);
    queue.served(ports.get(next) ?? '');
    taken.push(next);
  }
  return taken;
}

describe('the queue', () => {
  it('goes round the ports: 10,000 devices on one port do not take the turns of others', () => {
    const queue = new ChallengeQueue();
    const ports = new Map<string, string>();
    const add = (device: string, port: string, first = false): void => {
      ports.set(device, port);
      queue.add(device, port, first, 0);
    };
    for (let i = 0; i < 10_000; i++) add(`crowd${i}`, 'v1');
    for (let i = 0; i < 5; i++) add(`quiet${i}`, 'v2');
    add('other', 'v3');
    expect(turns(queue, ports, 8)).toEqual(['crowd0', 'quiet0', 'other', 'crowd1', 'quiet1', 'crowd2', 'quiet2', 'crowd3']);
  });

  it('lets those who are bound or asked for go first, also from the crowded port, and they take turns too', () => {
    const queue = new ChallengeQueue();
    const ports = new Map<string, string>();
    for (let i = 0; i < 100; i++) {
      ports.set(`s${i}`, i % 2 === 0 ? 'v1' : 'v2');
      queue.add(`s${i}`, i % 2 === 0 ? 'v1' : 'v2', false, 0);
    }
    for (const [device, port] of [
      ['a', 'v1'],
      ['b', 'v1'],
      ['c', 'v2'],
    ] as const) {
      ports.set(device, port);
      queue.add(device, port, true, 1);
    }
    expect(new Set(turns(queue, ports, 3))).toEqual(new Set(['a', 'b', 'c']));
    expect(queue.size).toBe(100);
  });

  it('keeps a place, also when the kind changes, and forgets who is removed', () => {
    const queue = new ChallengeQueue();
    queue.add('a', 'v1', false, 10);
    queue.add('a', 'v1', false, 20);
    queue.add('a', 'v2', true, 30);
    expect(queue.since('a')).toBe(10);
    expect(queue.next(port => port === 'v1')).toBeUndefined();
    expect(queue.next(port => port === 'v2')).toBe('a');
    queue.remove('a');
    expect([queue.size, queue.since('a'), queue.next(() => true)]).toEqual([0, undefined, undefined]);
  });
});

describe('rates', () => {
  const none: ChallengeOutcome = { kind: 'no-evidence', checks: [] };
  it('hold over the site and on one port, by the second, and strangers leave room for who goes first', () => {
    const schedule = new ChallengeSchedule();
    for (let i = 0; i < maxOpen - reserved; i++) schedule.begin(`d${i}`, `v${i}`, 0);
    expect(schedule.hasRoom('v9', false, 0)).toBe(false);
    expect(schedule.hasRoom('v9', true, 0)).toBe(true);
    for (let i = 0; i < maxOpenPerPort; i++) schedule.begin(`e${i}`, 'v9', 0);
    expect(schedule.hasRoom('v9', true, 0)).toBe(false);
  });

  it('end with the second', () => {
    const schedule = new ChallengeSchedule();
    let left = 0;
    const ask = (port: string, now: number): void => {
      if (!schedule.hasRoom(port, true, now)) return;
      left += 1;
      schedule.finish(schedule.begin(`d${left}`, port, now), none, now);
    };
    for (let i = 0; i < 1000; i++) ask('v1', 0);
    expect(left).toBe(maxPerSecondOnPort);
    for (let i = 0; i < 1000; i++) ask(`v${i}`, 500);
    expect(left).toBe(maxPerSecond);
    ask('v1', 1000);
    expect(left).toBe(maxPerSecond + 1);
  });

  it('a link that flaps makes a device due once in a while only; a person at once', () => {
    const schedule = new ChallengeSchedule();
    const result = { at: 0, expires: 3_600_000 } as AttestationResult;
    const asked: number[] = [];
    for (let now = 0; now < 60_000; now += 100) {
      schedule.hasten('d', 'event', now);
      if (!schedule.isDue('d', result, now)) continue;
      asked.push(now);
      schedule.finish(schedule.begin('d', 'v1', now), { kind: 'appraised', result: { ...result, at: now }, evidence: [] }, now);
    }
    expect(asked.length).toBeLessThanOrEqual(60_000 / eventMs + 1);
    expect(asked.length).toBeGreaterThanOrEqual(60_000 / eventMs - 1);
    schedule.hasten('d', 'person', 60_050);
    expect(schedule.isDue('d', result, 60_050)).toBe(true);
  });
});
