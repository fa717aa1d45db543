import { describe, expect, it } from 'vitest';
import { lookEveryMs, Silence } from '../../gateway/edge/silence.ts';

/** Looks as often as the supervisor does, from `from` on, until it hangs or `forMs` have passed; gives how long that took. */
function look(silence: Silence, from: number, forMs: number, isRead = true): number | undefined {
  for (let ms = lookEveryMs; ms <= forMs; ms += lookEveryMs) if (silence.isTooLong(from + ms, isRead)) return ms;
  return undefined;
}
const spoken = (now: number): Silence => {
  const silence = new Silence(2_000, now);
  silence.heard();
  return silence;
};

describe('the silence of a process', () => {
  it('is a hang after its time, and after five times as long before its first word', () => {
    expect(look(spoken(0), 0, 60_000)).toBe(2_000);
    expect(look(new Silence(2_000, 0), 0, 60_000)).toBe(10_000);
  });

  it('ends with each word, and does not run while nobody reads the process', () => {
    const silence = spoken(0);
    expect(look(silence, 0, 1_900)).toBeUndefined();
    silence.heard();
    expect(look(silence, 1_900, 1_900)).toBeUndefined();
    expect(look(silence, 3_800, 60_000, false)).toBeUndefined();
    expect(look(silence, 63_800, 60_000)).toBe(2_000);
  });

  it('is not longer because the machine stood still: what was said meanwhile is read first', () => {
    const silence = spoken(0);
    expect(look(silence, 0, 500)).toBeUndefined();
    expect(silence.isTooLong(3_600_500, true)).toBe(false);
    silence.heard();
    expect(look(silence, 3_600_500, 60_000)).toBe(2_000);
  });

  it('of a process that hangs is seen on a machine that hardly runs, later', () => {
    const silence = spoken(0);
    const looks = Array.from({ length: 20 }, (_, n) => silence.isTooLong((n + 1) * 1_000, true));
    expect(looks.indexOf(true)).toBe(9);
  });
});
