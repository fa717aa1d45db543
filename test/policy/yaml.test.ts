import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxYaml } from '../../gateway/policy/text.ts';
import { locate, readYaml, toValue, type YamlRead } from '../../gateway/policy/yaml.ts';
import { cost } from '../undisturbed.ts';

const problems = (read: YamlRead) => (read.ok ? [] : read.problems.map(p => `${p.line}: ${p.text}`));
const value = (text: string) => {
  const read = readYaml(text);
  return read.ok ? toValue(read.node) : problems(read);
};
const fill = (piece: string) => piece.repeat(Math.floor(maxYaml / piece.length));

describe('readYaml', () => {
  it('reads the core schema of YAML 1.2: yes is text, 010 is ten, an address with colons is text', () => {
    expect(value('[yes, no, true, 010, 0x10, 1e3, ~, 02:00:5e:00:00:01, "12", 1.2.3]')).toEqual([
      'yes',
      'no',
      true,
      10,
      16,
      1000,
      null,
      '02:00:5e:00:00:01',
      '12',
      '1.2.3',
    ]);
  });

  it.each(['', '\n\n', '# only a comment\n', '---\n', '\ufeff# with a byte order mark'])('finds nothing in %j', text => {
    expect(readYaml(text)).toEqual({ ok: true, node: undefined });
  });

  it('knows the line of every key and item, also behind comments, CRLF and folded text', () => {
    const read = readYaml('# head\r\n- a: >\r\n    folded\r\n    text\r\n  b: [1,\r\n    2]\r\n- { c: 3 }\r\n');
    if (!read.ok || read.node === undefined) throw new Error('not read');
    expect([[0], [0, 'b'], [0, 'b', 1], [1, 'c'], [1, 'd'], [7]].map(path => locate(read.node ?? expect.fail(), path).line)).toEqual([
      2, 5, 6, 7, 7, 2,
    ]);
  });

  it('makes __proto__ a key like any other', () => {
    const read = value('__proto__: { polluted: true }');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read instanceof Object ? Object.keys(read) : []).toEqual(['__proto__']);
  });

  it.each([
    ['an anchor', 'a: 1\nb: &x 2\n', '2: Cannot read YAML: anchors (&) are not allowed here'],
    ['an alias', 'a: 1\nb: *x\n', '2: Cannot read YAML: aliases (*) are not allowed here'],
    ['a tag', '- !!str 12\n', '1: Cannot read YAML: tags (!) are not allowed here'],
    ['a local tag', '\n\n- !js/function "x"\n', '3: Cannot read YAML: tags (!) are not allowed here'],
    ['a directive', '%YAML 1.1\n---\n- yes\n', '1: Cannot read YAML: directives (%) are not allowed here'],
    ['an explicit key', '? a\n: b\n', '1: Cannot read YAML: explicit keys (?) are not allowed here'],
    ['a merge key', '- a: 1\n- <<: { a: 1 }\n', '2: Cannot read YAML: merge keys (<<) are not allowed here'],
    ['a list as key', '[a]: b\n', '1: Cannot read YAML: a key is no plain text'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', '3: Cannot read a: the key is there twice'],
    ['a key twice in braces', '- { a: 1,\n  a: 3 }\n', '2: Cannot read a: the key is there twice'],
    ['two documents', 'a: 1\n---\nb: 2\n', '2: Cannot read YAML: Source contains multiple documents; please use YAML.parseAllDocuments()'],
    ['a tab as indentation', 'a:\n\tb: 1\n', '2: Cannot read YAML: Tabs are not allowed as indentation'],
    [
      'an open bracket',
      'a: [1, 2\n',
      '2: Cannot read YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['commas with nothing between', '[a,, b]', '1: Cannot read YAML: commas with nothing before them are not allowed here'],
    ['two texts in a row', '"a" "b"', '1: Cannot read YAML: two texts in a row are not allowed here'],
    ['a bracket too many', 'a: [b]]', '1: Cannot read YAML: closing brackets without an opening one are not allowed here'],
    ['deep brackets', `\n${'['.repeat(17)}`, '2: Cannot read YAML: nested too deep'],
    ['deep dashes', '- '.repeat(17), '1: Cannot read YAML: nested too deep'],
    ['deep indentation', `a:\n${' '.repeat(65)}b: 1`, '2: Cannot read YAML: nested too deep'],
    ['more than a megabyte', ' '.repeat(maxYaml + 1), `1: Cannot read YAML: longer than ${maxYaml} characters`],
  ])('refuses %s', (_, text, problem) => {
    expect(problems(readYaml(text))).toContain(problem);
  });

  it('does not take for an alias or tag what stands in quotes or in a comment', () => {
    expect(value('- "*a" # &b !c\n- \'!x\'\n- a & b * c ! d\n- |\n  *block\n')).toEqual(['*a', '!x', 'a & b * c ! d', '*block\n']);
  });

  it.each([
    ['billion laughs', `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*a,*a,*a,*a]\n`).join('')}`],
    ['open brackets', fill('[')],
    ['open and closed brackets', '['.repeat(maxYaml / 2) + ']'.repeat(maxYaml / 2)],
    ['braces', fill('{a: ')],
    ['dashes', fill('- ')],
    ['question marks', fill('? ')],
    ['a staircase', Array.from({ length: 1400 }, (_, n) => `${' '.repeat(n)}a:\n`).join('')],
    ['eighty thousand keys', Array.from({ length: 80_000 }, (_, n) => `k${n}: 1\n`).join('')],
    ['eighty thousand times one key', `kkkkkkkkkk: 1\n`.repeat(80_000).slice(0, maxYaml)],
    ['one key over and over', fill('k: 1\n')],
    ['items of a list', fill('- 1\n')],
    ['empty lines', fill('\n')],
    ['comments', fill('#\n')],
    ['commas', `[${fill(',')}`.slice(0, maxYaml)],
    ['items in brackets', `[${'a,'.repeat(maxYaml / 2 - 1)}]`],
    ['escapes', `"${'\\x41'.repeat(maxYaml / 4 - 1)}"`],
    ['colons', fill(':')],
    ['bars', fill('|\n')],
    ['quotes', fill('"')],
    ['document ends', fill('...\n')],
    ['document starts', fill('---\n')],
    ['errors', fill('}\n')],
  ])('is done in time with a megabyte of %s', (_, text) => {
    expect(cost(() => expect(problems(readYaml(text)).length).toBeLessThanOrEqual(50))).toBeLessThan(10_000);
  });

  it('never throws, whatever is edited into a file', () => {
    const vector =
      '- name: a\n  when: { zone: [dock, "x"], vendor: { contains: axis } } # c\n  then: hold\n  because: >\n    text\n    more\n';
    const pieces = fc.constantFrom(
      '&a ',
      '*a',
      '!!x ',
      '[',
      ']',
      '{',
      '}',
      ': ',
      '- ',
      '\n',
      '\t',
      '"',
      "'",
      '|',
      '>',
      '#',
      '%',
      '\0',
      '\u2028',
      '<<: ',
      '? ',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(vector.length), fc.nat(8), fc.oneof(pieces, fc.string())), { minLength: 1, maxLength: 6 }),
        edits => {
          const text = edits.reduce((t, [at, cut, put]) => t.slice(0, at) + put + t.slice(at + cut), vector);
          const read = readYaml(text);
          if (read.ok) toValue(read.node);
          else expect(read.problems.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
