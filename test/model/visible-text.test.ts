import { describe, expect, it } from 'vitest';
import { visibleJson, visibleJsonParts } from '../../gateway/model/visible-text.ts';

const rows = (count: number): readonly object[] => Array.from({ length: count }, (_, n) => ({ n, text: `row ${n}` }));

describe('JSON with hidden characters as escapes', () => {
  it('is what it was when it is read again, and shows no character that hides', () => {
    const value = { name: 'a\u202eb\u200b', plain: 'Müller' };
    const text = visibleJson(value);
    expect(text).toBe('{"name":"a\\u202eb\\u200b","plain":"Müller"}');
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each([0, 1, 127, 128, 129, 1000])('is the same in pieces, with a list of %i entries', count => {
    const value = { rows: rows(count), 'odd\u200bname': { deep: rows(3) }, none: [], text: '\u202e', last: null };
    const parts = [...visibleJsonParts(value)];
    expect(parts.join('')).toBe(visibleJson(value));
    expect(Math.max(...parts.map(part => part.length))).toBeLessThan(128 * 40);
  });

  it('is the same in pieces when the entries of a list are made as they are written', () => {
    const made: object[] = [];
    function* list(): Generator<object> {
      for (const row of rows(300)) {
        made.push(row);
        yield row;
      }
    }
    const parts = visibleJsonParts({ list: list() });
    const start = [parts.next(), parts.next()].map(({ value }) => String(value)).join('');
    expect(JSON.parse(`${start}]}`)).toEqual({ list: rows(128) });
    expect(made).toHaveLength(128);
    expect([...parts].join('').endsWith('{"n":299,"text":"row 299"}]}')).toBe(true);
  });

  it('is the same in pieces when there is nothing in it', () => {
    expect([...visibleJsonParts({})].join('')).toBe('{}');
  });
});
