import { z } from 'zod';
import type { MudProfile } from '../model/mud.ts';
import { byPath, hashOf } from './files-hash.ts';
import type { Placed, Policy, PolicyFile, Problem } from './policy.ts';
import { type ShapeProblem, shapeProblems, type Title } from './problems.ts';
import { plateShape } from './plate-shape.ts';
import type { Plate } from './plates.ts';
import { controllerShape, type MudControllers } from './mud.ts';
import { type ExpectedEntry, expectedShape, type Fingerprint, fingerprintShape, type Rule, ruleShape } from './shapes.ts';
import { mudBook, readMudFile } from './mud-files.ts';
import { locate, printable, readYaml, toValue, type YamlNode } from './yaml.ts';

/** Rules of all files together; first match wins, so each costs time for each device. */
export const maxRules = 10_000;
/** Expected serials and keys of all files together. */
const maxExpected = 100_000;
const maxFingerprints = 10_000;

export type Loaded = { readonly policy?: Policy; readonly problems: readonly Problem[] };

/**
 * Reads all policy files together. What a file is follows from its folder: `rules/`, `expected/`, `fingerprints/` (there `plates*.yaml` apart) or `mud/`; others are refused,
 * for a misspelt folder must not silently switch its rules off. `policy` is absent iff a problem is an error; then the caller keeps the last good one.
 * `zones`, when given, are the zones of the settings: a rule that names another is warned about.
 */
export function loadPolicy(files: readonly PolicyFile[], known: { readonly zones?: readonly string[] } = {}): Loaded {
  const sorted = byPath(files);
  const problems: Problem[] = twins(sorted.map(f => ({ key: f.path, at: f.path, what: `the file ${f.path}` })));
  const rules: Placed<Rule>[] = [];
  const expected: Placed<ExpectedEntry>[] = [];
  const fingerprints: Placed<Fingerprint>[] = [];
  const plates: Placed<Plate>[] = [];
  const profiles: Placed<MudProfile>[] = [];
  const controllers: Placed<MudControllers>[] = [];
  for (const file of sorted) {
    switch (kindOfFile(file.path)) {
      case 'rules':
        rules.push(...readList(file, { shape: ruleShape, name: rule => rule.name, word: 'rule', most: maxRules }, problems));
        break;
      case 'expected':
        expected.push(
          ...readList(file, { shape: expectedShape, name: e => e.serial ?? e.key ?? '', word: 'entry', most: maxExpected }, problems),
        );
        break;
      case 'fingerprints':
        fingerprints.push(
          ...readList(file, { shape: fingerprintShape, name: f => f.kind, word: 'entry', most: maxFingerprints }, problems),
        );
        break;
      case 'plates':
        plates.push(...readList(file, { shape: plateShape, name: () => 'plate', word: 'entry', most: maxFingerprints }, problems));
        break;
      case 'mud': {
        const read = readMudFile(file.text);
        if (read.profile !== undefined) profiles.push({ value: read.profile, ref: { name: read.profile.url, at: `${file.path}:1` } });
        problems.push(...read.problems.map(p => problem('error', file.path, p.line, p.text)));
        break;
      }
      case 'mud-controllers':
        controllers.push(
          ...readList(file, { shape: controllerShape, name: c => c.controller, word: 'entry', most: maxFingerprints }, problems),
        );
        break;
      case undefined:
        problems.push(
          problem('error', file.path, 1, 'Cannot tell what the file is for: its folder is not rules, expected, fingerprints or mud'),
        );
    }
  }
  problems.push(...tooMany('rules', rules.length, maxRules), ...tooMany('expected entries', expected.length, maxExpected));
  problems.push(...tooMany('fingerprints', fingerprints.length + plates.length, maxFingerprints));
  problems.push(...twins(rules.map(r => ({ key: r.value.name, at: r.ref.at, what: `rule ${r.value.name}` }))));
  problems.push(...twins(profiles.map(({ ref }) => ({ key: ref.name, at: ref.at, what: `the MUD file of ${printable(ref.name)}` }))));
  if (problems.some(p => p.kind === 'error')) return { problems };
  const policy = { hash: hashOf(sorted), rules, ...indexed(expected), fingerprints, plates, mud: mudBook(profiles, controllers) };
  return { policy, problems: [...problems, ...warnings(rules, expected, known.zones)] };
}

function kindOfFile(path: string): 'rules' | 'expected' | 'fingerprints' | 'plates' | 'mud' | 'mud-controllers' | undefined {
  const mud = /(?:^|\/)mud\/[^/]+\.(json|ya?ml)$/.exec(path)?.[1];
  if (mud !== undefined) return mud === 'json' ? 'mud' : 'mud-controllers';
  if (/(?:^|\/)fingerprints\/plates[^/]*\.ya?ml$/.test(path)) return 'plates';
  const folder = /(?:^|\/)(rules|expected|fingerprints)\/[^/]+\.ya?ml$/.exec(path)?.[1];
  return folder === 'rules' || folder === 'expected' || folder === 'fingerprints' ? folder : undefined;
}

export type ListShape<T> = {
  readonly shape: z.ZodType<T>;
  readonly name: (value: T) => string;
  readonly word: string;
  readonly most: number;
};

/** What one file says: it is a list; a file of nothing but comments is an empty one. What is wrong with it is added to `problems`, and nothing of it is taken. */
export function readList<T>(file: PolicyFile, { shape, name, word, most }: ListShape<T>, problems: Problem[]): Placed<T>[] {
  const read = readYaml(file.text);
  const refuse = (found: readonly ShapeProblem[]) => problems.push(...found.map(p => problem('error', file.path, p.line, p.text)));
  if (!read.ok) refuse(read.problems);
  if (!read.ok || read.node === undefined) return [];
  const node = read.node;
  if (node.kind === 'list' && node.items.length > most) {
    refuse([{ line: 1, text: `Cannot load the file: it has ${node.items.length} entries, at most ${most} are taken` }]);
    return [];
  }
  const parsed = z.array(shape, { error: `a list of ${word === 'rule' ? 'rules' : 'entries'}` }).safeParse(toValue(node));
  if (!parsed.success) {
    refuse(shapeProblems(parsed.error, node, path => title(path, node, word)));
    return [];
  }
  return parsed.data.map((value, n) => ({ value, ref: { name: name(value), at: `${file.path}:${locate(node, [n]).line}` } }));
}

/** `rule printers-signed`, or `rule 3` when its name cannot be read. */
function title(path: readonly PropertyKey[], root: YamlNode, word: string): Title {
  const index = path[0];
  if (typeof index !== 'number') return { words: '', steps: 0 };
  const named = ['name', 'serial', 'kind', 'certificate', 'instance', 'verifier']
    .map(key => locate(root, [index, key]).node)
    .find(n => n !== undefined);
  const text = named?.kind === 'scalar' && typeof named.value === 'string' ? named.value : '';
  const readable = /^[\w.-]{1,64}$/.test(text) ? text : String(index + 1);
  return { words: `${word} ${readable}`, steps: 1 };
}

function problem(kind: Problem['kind'], path: string, line: number, text: string): Problem {
  return { kind, at: `${path}:${line}`, text: `${path}:${line}: ${text}` };
}

function tooMany(what: string, count: number, most: number): readonly Problem[] {
  return count > most
    ? [{ kind: 'error', at: 'policy', text: `Cannot load the policy: it has ${count} ${what}, at most ${most} are taken` }]
    : [];
}

function twins(things: readonly { readonly key: string; readonly at: string; readonly what: string }[]): Problem[] {
  const first = new Map<string, string>();
  return things.flatMap(({ key, at, what }): Problem[] => {
    const before = first.get(key);
    if (before === undefined) first.set(key, at);
    return before === undefined ? [] : [{ kind: 'error', at, text: `${at}: Cannot load ${what}: its name is taken by ${before}` }];
  });
}

function indexed(entries: readonly Placed<ExpectedEntry>[]): Pick<Policy, 'expectedSerials' | 'expectedKeys'> {
  const named = (key: (entry: ExpectedEntry) => string | undefined) =>
    Map.groupBy(
      entries.filter(e => key(e.value) !== undefined),
      e => key(e.value) ?? '',
    );
  return { expectedSerials: named(e => e.serial), expectedKeys: named(e => e.key?.toLowerCase()) };
}

/** What is allowed but most likely not meant. */
function warnings(
  rules: readonly Placed<Rule>[],
  expected: readonly Placed<ExpectedEntry>[],
  zones?: readonly string[],
): readonly Problem[] {
  const warn = (at: string, text: string): Problem => ({ kind: 'warning', at, text: `${at}: ${text}` });
  const all = rules.findIndex(r => Object.keys(r.value.when).length === 0);
  const after = all < 0 ? undefined : rules[all + 1];
  return [
    ...(after === undefined
      ? []
      : [warn(after.ref.at, `Cannot reach rule ${after.ref.name}: ${rules[all]?.ref.name} before it matches every device`)]),
    ...rules
      .filter(r => r.value.when.approved?.wanted === true)
      .map(r => warn(r.ref.at, `Cannot reach rule ${r.ref.name}: a person's approval decides before any rule`)),
    ...rules.flatMap(r =>
      (r.value.when.zone?.wanted ?? [])
        .filter(zone => zones !== undefined && !zones.includes(zone))
        .map(zone => warn(r.ref.at, `Cannot match zone ${printable(zone)} of rule ${r.ref.name}: the settings have no such zone`)),
    ),
    ...expected
      .filter(({ value: { zone } }) => zone !== undefined && zones !== undefined && !zones.includes(zone))
      .map(e =>
        warn(e.ref.at, `Cannot expect ${printable(e.ref.name)} in zone ${printable(e.value.zone ?? '')}: the settings have no such zone`),
      ),
    ...expected
      .filter(e => e.value.key === undefined && e.value.vendor === undefined)
      .map(e =>
        warn(e.ref.at, `Cannot tell vendors apart for serial ${printable(e.ref.name)}: the entry names no vendor, any trusted one fits`),
      ),
    ...unplaced(expected),
  ];
}

/** One for each file, since a list may be long. */
function unplaced(expected: readonly Placed<ExpectedEntry>[]): readonly Problem[] {
  const files = Map.groupBy(
    expected.filter(({ value }) => value.port === undefined),
    ({ ref }) => ref.at.slice(0, ref.at.lastIndexOf(':')),
  );
  return [...files.values()].flatMap(([first, ...more]): readonly Problem[] => {
    if (first === undefined) return [];
    const others = more.length === 0 ? '' : ` and ${more.length} more in this file`;
    const text = `Cannot let in by proof alone ${printable(first.ref.name)}${others}: no port is named, so good Evidence stays a warning (LOCATION_NOT_PROVEN) until a person approves; add port`;
    return [{ kind: 'warning', at: first.ref.at, text: `${first.ref.at}: ${text}` }];
  });
}
