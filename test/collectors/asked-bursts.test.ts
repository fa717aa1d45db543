import { describe, expect, it } from 'vitest';
import { AskedBursts } from '../../collectors/asked-bursts.ts';

const [start, minute] = [1_700_000_000_000, 60_000];
const [scanner, network] = [0x5e005366, 0x0a140200];
/** What is told while `count` addresses are asked for, one each `every` milliseconds. */
function told(count: number, every: number, target = (i: number): number => network + i): readonly string[] {
  const bursts = new AskedBursts();
  return Array.from({ length: count }, (_, i) => bursts.note(scanner, target(i), start + i * every, i + 1)).flatMap(deed =>
    deed?.fact.kind === 'acted' ? [`${deed.fact.target} ${deed.fact.detail}`] : [],
  );
}

describe('many addresses that one sender asks for', () => {
  it('are told within the minute, with the frame where it began, and again when they are many more', () => {
    expect(told(254, 3)).toEqual(['everybody 64 within a minute, answered or not, since frame 1']);
    expect(told(700, 50)).toEqual([
      'everybody 64 within a minute, answered or not, since frame 1',
      'everybody 512 within a minute, answered or not, since frame 1',
    ]);
    expect(told(63, 3)).toEqual([]);
  });

  it('are none of a longer time, and none twice', () => {
    expect(told(600, 1000)).toEqual([]);
    expect(told(600, 3, i => network + (i % 60))).toEqual([]);
  });

  it('count anew in the next minute', () => {
    const bursts = new AskedBursts();
    const of = (since: number): number =>
      Array.from({ length: 70 }, (_, i) => bursts.note(scanner, network + i, since + i, i)).filter(deed => deed !== undefined).length;
    expect([of(start), of(start + 2 * minute)]).toEqual([1, 1]);
  });

  it('of a million made-up senders leave room for one that asks each second', () => {
    const bursts = new AskedBursts();
    let deeds = 0;
    for (let i = 0; i < 1_000_000; i++) {
      bursts.note(i, network, start + i / 20, i);
      if (i % 400 === 0 && bursts.note(scanner, network + i / 400, start + i / 20, i) !== undefined) deeds++;
    }
    expect(bursts.size).toBeLessThanOrEqual(512);
    expect(deeds).toBeGreaterThan(0);
  });
});
