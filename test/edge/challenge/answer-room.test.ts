import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Slices } from '../../../gateway/attestation/slices.ts';
import { AnswerRoom, maxLong } from '../../../gateway/edge/challenge/answer-room.ts';
import { inTurns } from '../../../gateway/edge/challenge/in-turns.ts';

describe('room for long answers', () => {
  it('is given to so many at a time, in the order in which they asked, whoever else floods', async () => {
    const room = new AnswerRoom();
    const entered: number[] = [];
    const shares = Array.from({ length: 1_000 }, (_, i) => {
      const share = room.share();
      void share.take().then(() => entered.push(i));
      return share;
    });
    await turn();
    expect([room.long, entered, shares[maxLong]?.isWaiting()]).toEqual([maxLong, [0, 1, 2], true]);
    // Whoever gives up while it waits takes nobody's place.
    shares[3]?.end();
    shares[1]?.end();
    await turn();
    expect([room.long, entered]).toEqual([maxLong, [0, 1, 2, 4]]);
    for (const share of shares) share.end();
    await turn();
    expect(room.long).toBe(0);
  });

  it('is taken once by each, however often it asks', async () => {
    const room = new AnswerRoom();
    const share = room.share();
    await share.take();
    await share.take();
    expect(room.long).toBe(1);
    share.end();
    share.end();
    expect(room.long).toBe(0);
  });
});

/** Burns the processor for so long in each slice. */
function* work(slices: number, ms: number): Slices<string> {
  for (let i = 0; i < slices; i++) {
    for (const end = performance.now() + ms; performance.now() < end; );
    yield;
  }
  return 'done';
}

describe('work in slices', () => {
  it('that is short is done at once', () => {
    expect(inTurns(work(3, 0))).toBe('done');
  });

  it('that is long lets everything else have its turn', async () => {
    let turns = 0;
    const long = Promise.resolve(inTurns(work(60, 2)));
    let isDone = false;
    void long.then(() => (isDone = true));
    while (!isDone) {
      await turn();
      turns += 1;
    }
    expect(await long).toBe('done');
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it('whose defect comes late is still told', async () => {
    const broken = function* (): Slices<string> {
      yield* work(10, 3);
      throw new Error('ours');
    };
    await expect(inTurns(broken())).rejects.toThrow('ours');
  });
});
