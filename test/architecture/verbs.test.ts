import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientVerbs } from '../../gateway/api/verb-help.ts';

const root = join(import.meta.dirname, '../..');
const launcher = readFileSync(join(root, 'sallyport'), 'utf8');
const wordsOf = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].flatMap(([, word]) => word ?? []);
const sorted = (verbs: Iterable<string>): readonly string[] => [...new Set(verbs)].toSorted();

/** Verbs that the launcher runs, and those that its `--help` lists. */
const run = [...(/^ {2}(demo \| .+)\) ;;$/m.exec(launcher)?.[1]?.split(' | ') ?? []), ...wordsOf(launcher, /^ {2}([a-z]+)\)$/gm)];
const listed = wordsOf(launcher.slice(launcher.indexOf("<<'TEXT'"), launcher.indexOf('\nTEXT\n')), /^ {2}([a-z]+) /gm);
/** Verbs of the table in the README. */
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const table = readme.slice(readme.indexOf('## Verbs'), readme.indexOf('\n\n', readme.indexOf('| verb | what |')));
const documented = wordsOf(table.replace(/\|[^|]*\|$/gm, ''), /`([a-z]+)[ `]/g);

describe('verbs', () => {
  it('are the same in the launcher, its help and the README, and all of the program are there', () => {
    expect(run.length).toBeGreaterThan(clientVerbs.length);
    expect(sorted(listed)).toEqual(sorted(run));
    expect(sorted(documented)).toEqual(sorted(run));
    expect(sorted([...run, ...clientVerbs])).toEqual(sorted(run));
  });

  it.each([
    [['gateway/cli.ts', 'devices', '--data'], 'Cannot read --data: name a folder after it\n'],
    [['gateway/cli.ts', 'devices', '--data', '--json'], 'Cannot read --data: name a folder after it\n'],
    [['gateway/cli.ts', 'run', '--foo'], "Cannot read the call: Unknown option '--foo'; see sallyport run --help\n"],
    [['test/run.ts', '--foo'], "Cannot read the call: Unknown option '--foo'; see ./sallyport test --help\n"],
  ])('say in one sentence what is wrong with the call %j', (args, said) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([1, '', said]);
  });
});
