import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { collectors } from '../../collectors/index.ts';
import type { Description } from '../../gateway/model/fact.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { plateOf } from '../../gateway/policy/plates.ts';
import { fillWording, readWording } from '../../gateway/policy/wording.ts';

const fill = (wording: string, text: string): unknown => fillWording(readWording(wording) ?? [], text);

describe('a wording', () => {
  it.each([
    ['Gauge {model} v{firmware}', 'Gauge G-20 v1.2, 2024', { model: 'G-20', firmware: '1.2' }],
    ['Gauge {model} v{firmware}', 'Gauge G-20 v1.2', { model: 'G-20', firmware: '1.2' }],
    ['Gauge {}, {model} (', 'Gauge , of steel, G 20 (x)', { model: 'of steel, G 20' }],
    ['Gauge {}, {model} (', 'Gauge of steel, G 20 (x)', { model: 'G 20' }],
    ['{}gauge', 'my gauge', {}],
    ['gauge', 'my gauge', undefined],
    ['Gauge {model}', 'Gauge ', undefined],
    ['Gauge {model};', `Gauge ${'x'.repeat(65)};`, undefined],
    ['Gauge {model} by', 'Gauge G-20', undefined],
  ])('%j keeps of %j: %j', (wording, text, kept) => {
    expect(fill(wording, text)).toEqual(kept);
  });

  it.each([
    '',
    '{model}',
    'ab{model}',
    'Gauge {model}{firmware}',
    'Gauge {colour}',
    'Gauge {model} {model}',
    'Gauge {model',
    'Gauge }',
    '{{model}} x',
  ])('%j is none', text => {
    expect(readWording(text)).toBeUndefined();
  });

  it('costs a hostile text no more than its length for each part', () => {
    const wording = readWording(`a${'{}a'.repeat(12)}{model}!`) ?? [];
    expect(wording).toHaveLength(27);
    const [short, long] = [20_000, 200_000].map(length => {
      const text = 'a'.repeat(length);
      const before = process.threadCpuUsage();
      for (let i = 0; i < 50; i += 1) fillWording(wording, text);
      const { user, system } = process.threadCpuUsage(before);
      return user + system;
    });
    expect(long).toBeLessThan(100 * Math.max(short ?? 0, 1000));
  });
});

type Entry = { readonly text: string; readonly of?: readonly string[]; readonly example: string; readonly source: string };
const path = join(import.meta.dirname, '../../policies/fingerprints/plates.yaml');
const text = readFileSync(path, 'utf8');
const entries = parse(text) as readonly Entry[];
const { policy, problems } = loadPolicy([{ path: 'policies/fingerprints/plates.yaml', text }]);

describe('the shipped plates', () => {
  it('load, and each says something of its own example that no entry before it takes', () => {
    expect(problems).toEqual([]);
    const said = entries.map(({ of, example }) => {
      const description: Description = { kind: 'description', text: example };
      const facts = policy === undefined ? [] : plateOf(policy, description, of?.[0] ?? 'snmp');
      return `${example}\n    ${facts.map(fact => `${fact.kind}: ${fact.text}`).join(', ')}`;
    });
    expect(said.join('\n')).toMatchSnapshot();
  });

  it('name collectors, or texts of collectors', () => {
    const known = new Set([...collectors.map(({ name }) => name), 'http-server', 'ssh-server']);
    expect([...new Set(entries.flatMap(({ of = [] }) => of))].filter(name => !known.has(name))).toEqual([]);
  });

  it('take nothing from what anybody writes', () => {
    for (const of of [undefined, 'http-server', 'http-title', 'smb'] as const)
      for (const said of [
        'Apache/2.4.41 (Ubuntu)',
        'Linux edge 5.10.0 #1 SMP',
        'Welcome',
        'OpenSSH_9.2p1',
        'nginx',
        'Cisco',
        'Siemens',
        'Windows 10',
      ])
        for (const collector of ['snmp', 'lldp', 'http', 'ssh', 'sip', 'ftp', 'smb'])
          expect(
            policy && plateOf(policy, { kind: 'description', text: said, ...(of === undefined ? {} : { of }) }, collector),
            said,
          ).toEqual([]);
  });
});

describe('a plate of a site', () => {
  const load = (yaml: string): readonly string[] =>
    loadPolicy([{ path: 'a/fingerprints/plates-own.yaml', text: yaml }]).problems.map(problem => problem.text);
  it('is refused with its line when its words are none, its example does not fit, or it says nothing', () => {
    expect(load('- { text: "Gauge {colour}", example: Gauge red, source: x }\n')[0]).toContain(
      'a/fingerprints/plates-own.yaml:1: Cannot read text of entry 1: it is "Gauge {colour}", must be words with {}',
    );
    expect(load('- { text: "Gauge {model}", example: Gauze 1, source: x }\n')[0]).toContain('must be a text that fits the entry');
    expect(load('- { text: "Gauge", example: Gauge, source: x }\n')[0]).toContain('must be words with something to keep');
    expect(load('- { text: "Gauge {model}", example: Gauge 1 }\n')[0]).toContain('Cannot read source');
    expect(load('- { text: "Gauge {model}", example: Gauge 1, source: x }\n')).toEqual([]);
  });
});
