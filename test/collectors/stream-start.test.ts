import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxStart, StreamStart } from '../../collectors/stream-start.ts';
import { bytes } from '../vectors/frames/build.ts';

const text = (s: StreamStart): string => new TextDecoder().decode(s.bytes);

describe('the start of a stream', () => {
  it('is put in order from segments in any order', () => {
    const s = new StreamStart();
    expect(s.add(6, bytes('gh'))).toBe(false);
    expect(s.add(2, bytes('cd'))).toBe(false);
    expect(s.add(0, bytes('ab'))).toBe(true);
    expect(text(s)).toBe('abcd');
    expect(s.add(4, bytes('ef'))).toBe(true);
    expect(text(s)).toBe('abcdefgh');
  });

  it('keeps what came first where segments overlap, behind a gap too', () => {
    const s = new StreamStart();
    s.add(4, bytes('EF'));
    s.add(2, bytes('cdxxgh'));
    s.add(0, bytes('abyyyyyyij'));
    expect(text(s)).toBe('abcdEFghij');
    expect(s.add(0, bytes('zzzzzzzz'))).toBe(false);
    expect(text(s)).toBe('abcdEFghij');
  });

  it('tells bytes that contradict what came first, but for one alone', () => {
    const s = new StreamStart();
    s.add(0, bytes('abcd'));
    for (const [offset, text, contradicts] of [
      [0, 'abcdef', false],
      [2, 'cdef', false],
      [2, 'cX', true],
      [-1, 'xaX', true],
      [-1, 'xab', false],
      [3, 'X', false],
      [4, 'XX', false],
    ] as const)
      expect(s.contradicts(offset, bytes(text)), text).toBe(contradicts);
  });

  it('ends at the cap, and holds few pieces behind a gap', () => {
    const s = new StreamStart();
    s.add(0, new Uint8Array(maxStart - 1));
    expect(s.add(maxStart - 1, bytes('abc'))).toBe(true);
    expect(s.length).toBe(maxStart);
    expect(s.add(maxStart, bytes('x'))).toBe(false);
    const gaps = new StreamStart();
    for (let i = 1; i <= 20; i++) gaps.add(i * 4, bytes('ab'));
    for (let i = 0; i <= 20; i++) gaps.add(i * 4 - 2, bytes('cdef').subarray(i === 0 ? 2 : 0, 2));
    gaps.add(0, bytes('..'));
    expect(gaps.length).toBeLessThan(42);
  });

  it('is the same as from a model that sets each byte once', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 20 })), { maxLength: 8 }), segments => {
        const s = new StreamStart();
        const model: (number | undefined)[] = [];
        for (const [offset, body] of segments) {
          s.add(offset, body);
          body.forEach((byte, i) => (model[offset + i] ??= byte));
        }
        const ready = [...model, undefined].indexOf(undefined);
        expect([...s.bytes]).toEqual(model.slice(0, ready));
      }),
      { numRuns: 2000 },
    ));
});
