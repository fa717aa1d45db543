import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, fit, pad, tableLines, wrap } from '../../gateway/model/terminal-text.ts';

describe('the width of a text on a terminal', () => {
  it.each([
    ['plc-7', 5],
    ['溶接機', 6],
    ['카메라', 6],
    ['ＡＢ', 4],
    ['🖨', 1],
    ['📷', 2],
    ['e\u0301', 1],
    ['Übergabe', 8],
  ])('of %s is %i', (text, width) => expect(displayWidth(text)).toBe(width));
});

describe('a text that is fitted', () => {
  it('stays whole when there is room, else ends in an ellipsis and keeps whole characters', () => {
    expect(fit('plc-7', 5)).toBe('plc-7');
    expect(fit('plc-77', 5)).toBe('plc-…');
    expect(fit('溶接機', 5)).toBe('溶接…');
    expect(fit('溶接機', 4)).toBe('溶…');
    expect(fit('abc', 0)).toBe('');
  });

  it('keeps two marks a character: a heap of them does not climb over other lines', () =>
    expect(fit(`a${'\u0301'.repeat(500)}b`, 10)).toBe('a\u0301\u0301b'));

  it('is never wider than asked for, whatever the text', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (text, width) => {
        expect(displayWidth(fit(text, width))).toBeLessThanOrEqual(width);
        expect(displayWidth(pad(text, width))).toBe(width);
      }),
    ));
});

describe('wrapped words', () => {
  it('stand in lines of the width, the later ones further in; a long word is cut', () =>
    expect(wrap('asks for 64 addresses xxxxxxxxxxxxxxxxxxxx', 16, '  ', '    ')).toEqual([
      '  asks for 64',
      '    addresses',
      '    xxxxxxxxxxx…',
    ]));
  it('are one line without a width', () => expect(wrap('a b', 0)).toEqual(['  a b']));
});

describe('a table', () => {
  const columns = [
    { head: 'NAME', least: 4 },
    { head: 'N', least: 3, right: true },
  ] as const;
  it('takes what it needs, with numbers to the right', () =>
    expect(
      tableLines(
        columns,
        [
          ['dock', '1'],
          ['溶接機', '120'],
        ],
        0,
      ),
    ).toEqual(['NAME     N', 'dock     1', '溶接機 120']));
  it('gives way in its widest column, never below the least of one', () => {
    expect(tableLines(columns, [['line-7-welder', '120']], 12)).toEqual(['NAME       N', 'line-7-… 120']);
    expect(tableLines(columns, [['line-7-welder', '120']], 6)).toEqual(['NAME …', 'lin… …']);
  });
});
