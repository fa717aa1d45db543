import { describe, expect, it } from 'vitest';
import { Remembered } from '../../collectors/remembered.ts';

const bytesOf = (n: number): Uint8Array => Uint8Array.of(n & 255, n >> 8, 7);

describe('what was made of bytes', () => {
  it('is made once for the same bytes, also when they stand elsewhere or were changed afterwards', () => {
    const remembered = new Remembered<string>(16);
    const bytes = Uint8Array.of(1, 2, 3);
    expect(remembered.of(bytes, () => 'first')).toBe('first');
    bytes[0] = 9;
    expect(remembered.of(Uint8Array.of(1, 2, 3), () => 'again')).toBe('first');
    expect(remembered.of(bytes, () => 'changed')).toBe('changed');
    expect(remembered.of(Uint8Array.of(1, 2, 3, 0), () => 'longer')).toBe('longer');
  });

  it('is never that of other bytes in a flood that fills every place', () => {
    const remembered = new Remembered<number>(64);
    let made = 0;
    for (let round = 0; round < 3; round++)
      for (let n = 0; n < 20_000; n++) {
        const found = remembered.of(bytesOf(n), () => ((made += 1), n));
        if (found !== n) throw new Error(`${found} for ${n}`);
      }
    expect(made).toBeGreaterThan(59_000);
  });

  it('is not kept when making it throws, nor for very long bytes', () => {
    const remembered = new Remembered<number>(16);
    const bad = () => {
      throw new RangeError('bad');
    };
    expect(() => remembered.of(bytesOf(1), bad)).toThrow('bad');
    expect(remembered.of(bytesOf(1), () => 5)).toBe(5);
    expect([1, 2].map(n => remembered.of(new Uint8Array(5000), () => n))).toEqual([1, 2]);
  });
});
