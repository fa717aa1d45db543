import { describe, expect, it } from 'vitest';
import { loadPolicy, maxRules } from '../../gateway/policy/load.ts';
import { cost } from '../undisturbed.ts';

const rules = (text: string, path = 'policies/rules/10.yaml') => loadPolicy([{ path, text }]);
const texts = (loaded: ReturnType<typeof loadPolicy>) => loaded.problems.map(p => p.text);
const rule = (name: string, rest = 'when: {}\n  then: hold') => `- name: ${name}\n  ${rest}\n`;

describe('loadPolicy', () => {
  it('tries rules by path, then from top to bottom, and knows where each stands', () => {
    const { policy, problems } = loadPolicy([
      { path: 'policies/rules/20.yaml', text: rule('c', 'when: { zone: a }\n  then: hold') },
      {
        path: 'policies/rules/10.yaml',
        text: `# head\n\n${rule('a', 'when: { zone: a }\n  then: hold')}${rule('b', 'when: { zone: a }\n  then: hold')}`,
      },
      { path: 'policies.d/rules/99.yaml', text: rule('site', 'when: { zone: a }\n  then: hold') },
    ]);
    expect(problems).toEqual([]);
    expect(policy?.rules.map(r => r.ref)).toEqual([
      { name: 'site', at: 'policies.d/rules/99.yaml:1' },
      { name: 'a', at: 'policies/rules/10.yaml:3' },
      { name: 'b', at: 'policies/rules/10.yaml:6' },
      { name: 'c', at: 'policies/rules/20.yaml:1' },
    ]);
  });

  it('makes a policy of no files: nothing is admitted, the zones decide', () => {
    expect(loadPolicy([]).policy?.rules).toEqual([]);
    expect(rules('# nothing yet\n').policy?.rules).toEqual([]);
  });

  it('gives a hash that depends on paths and texts and not on the order of the files', () => {
    const [a, b] = [
      { path: 'p/rules/a.yaml', text: rule('a') },
      { path: 'p/rules/b.yaml', text: '' },
    ];
    const hash = (files: { path: string; text: string }[]) => loadPolicy(files).policy?.hash;
    expect(hash([a, b])).toMatch(/^[0-9a-f]{64}$/);
    expect(hash([b, a])).toBe(hash([a, b]));
    expect(
      new Set([hash([a, b]), hash([a]), hash([{ ...a, text: `${a.text}#` }, b]), hash([{ ...a, path: 'q/rules/a.yaml' }, b])]).size,
    ).toBe(4);
  });

  const at = 'policies/rules/10.yaml';
  it.each([
    [
      'an unknown field',
      '- name: x\n  when: {}\n  then: hold\n  unless: {}\n',
      [`${at}:4: Cannot read unless of rule x: there is no such field`],
    ],
    [
      'an unknown condition',
      '- name: x\n  when:\n    zone: dock\n    colour: red\n  then: hold\n',
      [`${at}:4: Cannot read when.colour of rule x: there is no such field`],
    ],
    ['a missing when', '- name: x\n  then: hold\n', [`${at}:1: Cannot read when of rule x: it is missing`]],
    [
      'an empty when',
      '- name: x\n  when:\n  then: hold\n',
      [`${at}:2: Cannot read when of rule x: it is empty, must be fields with their values; {} matches every device`],
    ],
    ['a missing name', '- when: {}\n  then: hold\n', [`${at}:1: Cannot read name of rule 1: it is missing`]],
    [
      'a wrong then',
      rule('x', 'when: {}\n  then: allow'),
      [`${at}:3: Cannot read then of rule x: it is "allow", must be admit, hold or quarantine`],
    ],
    [
      'a wrong status',
      rule('x', 'when: { attestation: [affirming, good] }\n  then: hold'),
      [
        `${at}:2: Cannot read when.attestation of rule x: it is a list of 2, must be none, affirming, warning or contraindicated, or a list of such`,
      ],
    ],
    [
      'a truth value as text',
      rule('x', 'when: { expected: yes }\n  then: hold'),
      [`${at}:2: Cannot read when.expected of rule x: it is "yes", must be true or false`],
    ],
    [
      'a model as number',
      rule('x', 'when: { model: 1756 }\n  then: hold'),
      [`${at}:2: Cannot read when.model of rule x: it is the number 1756, must be text (numbers need quotes), or a list of such`],
    ],
    [
      'a VLAN beyond 4094',
      rule('x', 'when: { vlan: 4095 }\n  then: hold'),
      [`${at}:2: Cannot read when.vlan of rule x: it is the number 4095, must be a VLAN id 0–4094, or a list of such`],
    ],
    [
      'an assurance beyond A5',
      rule('x', 'when: { assuranceAtLeast: 6 }\n  then: hold'),
      [`${at}:2: Cannot read when.assuranceAtLeast of rule x: it is the number 6, must be 5 or less`],
    ],
    [
      'half a MAC address',
      rule('x', 'when: { mac: "02:00" }\n  then: hold'),
      [`${at}:2: Cannot read when.mac of rule x: it is "02:00", must be a MAC address such as 02:00:5e:00:00:01, or a list of such`],
    ],
    [
      'a pattern for a model',
      rule('x', 'when: { model: { contains: x } }\n  then: hold'),
      [`${at}:2: Cannot read when.model of rule x: it is a map with one field, must be text (numbers need quotes), or a list of such`],
    ],
    [
      'an unknown reason',
      rule('x', 'when: { reason: BECAUSE }\n  then: hold'),
      [`${at}:2: Cannot read when.reason of rule x: it is "BECAUSE", must be a reason code, or a list of such`],
    ],
    [
      'a list of nothing',
      rule('x', 'when: { zone: [] }\n  then: hold'),
      [`${at}:2: Cannot read when.zone of rule x: it is an empty list, must be a zone name, or a list of such`],
    ],
    ['a map instead of a list', 'name: x\n', [`${at}:1: Cannot read the file: it is a map with one field, must be a list of rules`]],
    ['text instead of a rule', '- x\n', [`${at}:1: Cannot read rule 1: it is "x", must be a rule with name, when and then`]],
    [
      'a name with capitals',
      rule('Dock'),
      [`${at}:1: Cannot read name of rule Dock: it is "Dock", must be lower-case letters, digits and hyphens, at most 64`],
    ],
    [
      'a name twice',
      rule('x', 'when: { zone: a }\n  then: hold') + rule('x'),
      [`${at}:4: Cannot load rule x: its name is taken by ${at}:1`],
    ],
    ['broken YAML', '- name: "x\n', [expect.stringMatching(/^policies\/rules\/10.yaml:2: Cannot read YAML: Missing closing "quote/)]],
    ['an alias', '- name: x\n  when: *w\n', [`${at}:2: Cannot read YAML: aliases (*) are not allowed here`]],
    [
      'hostile text in the message',
      '- name: x\n  when: {}\n  then: "\\e[31m\\u202egreen"\n',
      [`${at}:3: Cannot read then of rule x: it is "\u{fffd}[31m\u{fffd}green", must be admit, hold or quarantine`],
    ],
  ])('refuses %s, with file:line', (_, text, problems) => {
    const loaded = rules(text);
    expect(loaded.policy).toBeUndefined();
    expect(texts(loaded)).toEqual(problems);
    expect(loaded.problems.every(p => p.kind === 'error' && p.text.startsWith(`${p.at}: `))).toBe(true);
  });

  const admission =
    /Cannot read then of rule x: it is "admit", must be hold or quarantine, unless when asks for attestation: affirming and expected: true/;
  it.each([
    '{}',
    '{ vendor: Acme }',
    '{ kind: printer }',
    '{ macPrefix: "00:00:5e" }',
    '{ attestation: affirming }',
    '{ expected: true }',
    '{ attestation: affirming, expected: false }',
    '{ attestation: [affirming, warning], expected: true }',
    '{ assuranceAtLeast: 5, expected: true }',
    '{ attestation: none, expected: true }',
    '{ approved: false }',
  ])('refuses to admit by %s: admission needs proof and expectation', when => {
    const loaded = rules(rule('x', `when: ${when}\n  then: admit`));
    expect(loaded.policy).toBeUndefined();
    expect(texts(loaded)).toEqual([expect.stringMatching(admission)]);
  });

  it('takes a rule that admits by proof and expectation', () => {
    expect(rules(rule('x', 'when: { kind: printer, attestation: [affirming], expected: true }\n  then: admit')).problems).toEqual([]);
  });

  it('tells of all that is wrong in all files at once', () => {
    const loaded = loadPolicy([
      { path: 'p/rules/a.yaml', text: rule('x', 'when: {}\n  then: allow') },
      { path: 'p/expected/a.yaml', text: '- note: nothing\n- serial: 12\n- key: abc\n' },
      { path: 'p/fingerprints/a.yaml', text: '- kind: camera\n  when: { vendor: x }\n- kind: plc\n  when: {}\n  source: x\n' },
      { path: 'p/rule/b.yaml', text: '' },
      { path: 'p/c.yaml', text: '' },
    ]);
    expect(texts(loaded)).toEqual([
      'p/c.yaml:1: Cannot tell what the file is for: its folder is not rules, expected, fingerprints or mud',
      'p/expected/a.yaml:1: Cannot read entry 1: it is a map with one field, must be an entry with serial or key',
      'p/expected/a.yaml:2: Cannot read serial of entry 2: it is the number 12, must be text (numbers need quotes)',
      'p/expected/a.yaml:3: Cannot read key of entry 3: it is "abc", must be a SHA-256 in 64 hexadecimal digits',
      'p/fingerprints/a.yaml:1: Cannot read source of entry camera: it is missing',
      'p/fingerprints/a.yaml:4: Cannot read when of entry plc: it is a map without fields, must be at least one condition',
      'p/rule/b.yaml:1: Cannot tell what the file is for: its folder is not rules, expected, fingerprints or mud',
      'p/rules/a.yaml:3: Cannot read then of rule x: it is "allow", must be admit, hold or quarantine',
    ]);
  });

  it('warns of what is allowed but most likely not meant, and loads', () => {
    const loaded = loadPolicy(
      [
        {
          path: 'p/rules/a.yaml',
          text:
            rule('all') + rule('late', 'when: { zone: dokc }\n  then: hold') + rule('by-hand', 'when: { approved: true }\n  then: admit'),
        },
        { path: 'p/expected/a.yaml', text: '- serial: "1"\n' },
      ],
      { zones: ['dock'] },
    );
    expect(loaded.policy?.rules).toHaveLength(3);
    expect(texts(loaded)).toEqual([
      'p/rules/a.yaml:4: Cannot reach rule late: all before it matches every device',
      "p/rules/a.yaml:7: Cannot reach rule by-hand: a person's approval decides before any rule",
      'p/rules/a.yaml:4: Cannot match zone "dokc" of rule late: the settings have no such zone',
      'p/expected/a.yaml:1: Cannot tell vendors apart for serial "1": the entry names no vendor, any trusted one fits',
      'p/expected/a.yaml:1: Cannot let in by proof alone "1": no port is named, so good Evidence stays a warning (LOCATION_NOT_PROVEN) until a person approves; add port',
    ]);
  });

  it('warns once for each list of expected devices in which some have no port, and not of those that have one', () => {
    const entries = (...ports: readonly string[]): string => ports.map((port, n) => `- serial: "S${n}"\n  vendor: Acme\n${port}`).join('');
    const at = (name: string, text: string) => ({ path: `p/expected/${name}.yaml`, text });
    const loaded = loadPolicy([
      at('a', entries('  port: lan1\n', '', '  mac: 02:00:5e:00:00:01\n', '')),
      at('b', entries('  port: [lan1, lan2]\n')),
      at('c', `- key: "${'ab'.repeat(32)}"\n`),
    ]);
    expect(loaded.problems.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'warning p/expected/a.yaml:4: Cannot let in by proof alone "S1" and 2 more in this file: no port is named, so good Evidence stays a warning (LOCATION_NOT_PROVEN) until a person approves; add port',
      expect.stringMatching(/^warning p\/expected\/c\.yaml:1: Cannot let in by proof alone "abab/),
    ]);
  });

  it('refuses more than 10,000 rules, in one file or over many', () => {
    const many = (n: number, from = 0) =>
      Array.from({ length: n }, (_, i) => `- {name: r${from + i},when: {zone: a},then: hold}\n`).join('');
    expect(cost(() => expect(rules(many(maxRules)).policy?.rules).toHaveLength(maxRules))).toBeLessThan(30_000);
    expect(texts(rules(many(maxRules + 1)))).toEqual([`${at}:1: Cannot load the file: it has 10001 entries, at most 10000 are taken`]);
    const over = loadPolicy([
      { path: 'p/rules/a.yaml', text: many(6000) },
      { path: 'p/rules/b.yaml', text: many(6000, 6000) },
    ]);
    expect(texts(over)).toEqual(['Cannot load the policy: it has 12000 rules, at most 10000 are taken']);
  });

  it('tells of at most 50 problems of one file, however it is spoilt', () => {
    const fields = Array.from({ length: 40_000 }, (_, n) => `  f${n}: 1\n`).join('');
    const all = (): void => {
      expect(rules('- 1\n'.repeat(10_000)).problems).toHaveLength(50);
      expect(rules(`- name: x\n${fields}`).problems.length).toBeLessThan(60);
    };
    expect(cost(all)).toBeLessThan(30_000);
  });
});
