import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { labIsMissing, type Output, run } from '../lab/namespace.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'sallyport');
const folder = mkdtempSync(join(tmpdir(), `slpla-${process.pid}-`));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder for PATH in which these programs do as told; the others are the machine's. */
function played(programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(folder, 'bin-'));
  chmodSync(bin, 0o755);
  for (const [name, script] of Object.entries(programs)) writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: folder };
}
/** What a fresh clone has that the launcher looks at, under umask 077. */
function freshClone(): string {
  const clone = mkdtempSync(join(folder, 'clone-'));
  for (const file of [
    'sallyport',
    'package.json',
    'package-lock.json',
    'docker/runtime/package.json',
    'docker/runtime/package-lock.json',
  ]) {
    mkdirSync(join(clone, file, '..'), { recursive: true });
    copyFileSync(join(root, file), join(clone, file));
  }
  return clone;
}
const start = (argv: readonly string[], env = played({}), path = launcher, timeoutMs = 120_000): Promise<Output> =>
  run(undefined, [path, ...argv], { env, timeoutMs });
/** As long as a build takes on a machine that is busy with others. */
const buildMs = 480_000;
const asNobody = (argv: readonly string[]): Promise<Output> =>
  run(undefined, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh', launcher, ...argv], { env: played({}) });
const refused = (sentence: string): Output => ({ code: 1, stdout: '', stderr: `sallyport: ${sentence}\n` });

describe('./sallyport', () => {
  it('lists the verbs with --help, and says so when there is none or a wrong one', async () => {
    const help = await start(['--help']);
    expect(help.code).toBe(0);
    for (const verb of [
      'demo',
      'test',
      'run',
      'inspect',
      'replay',
      'verify',
      'devices',
      'why',
      'attest',
      'approve',
      'quarantine',
      'release',
      'pause',
      'probes',
      'reference',
      'export',
      'coverage',
    ])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
    expect(await start([])).toEqual({ code: 1, stdout: '', stderr: help.stdout });
    expect(await start(['destroy'])).toEqual(refused("Cannot run 'destroy': unknown verb, see ./sallyport --help"));
  });

  it('says in one sentence that it needs Linux', async () => {
    expect(await start(['devices'], played({ uname: 'echo Darwin' }))).toEqual(refused('Cannot start on Darwin: Sallyport needs Linux'));
  });

  it.skipIf(labIsMissing()).each([
    ['run', 'Cannot start the gateway: it needs root to open interfaces and set rules'],
    ['demo', 'Cannot start the demo: it needs root to make network namespaces'],
    ['test', 'Cannot start the tests: they need root to make network namespaces'],
  ])('says in one sentence that %s needs root', async (verb, sentence) => {
    // The clone may lie where others cannot pass; then the kernel already refuses, and there is nothing to say.
    const output = await asNobody([verb]);
    expect(output.code === 2 || output.code === 126 || output.code === 127 ? refused(sentence) : output).toEqual(refused(sentence));
  });

  it('says in one sentence that npm cannot fetch, and starts over at the next try', async () => {
    const clone = freshClone();
    const env = played({ npm: 'echo getaddrinfo ENOTFOUND >&2; exit 1' });
    for (let i = 0; i < 2; i++) {
      const { code, stdout, stderr } = await start(['devices'], env, join(clone, 'sallyport'));
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr.split('\n')).toEqual([
        'sallyport: fetching Node 24.21.0 into docker/runtime',
        `sallyport: Cannot fetch Node: npm failed, is the network up? (details: ${clone}/setup.log)`,
        '',
      ]);
    }
    expect(readFileSync(join(clone, 'setup.log'), 'utf8')).toContain('ENOTFOUND');
    expect(existsSync(join(clone, 'docker/runtime/bin/.lock'))).toBe(false);
  });

  it('names the CPU that no Node is pinned for', async () => {
    const env = played({ uname: '[ "$1" = -m ] && echo riscv64 || echo Linux' });
    expect(await start(['devices'], env, join(freshClone(), 'sallyport'))).toEqual(
      refused('Cannot fetch Node for riscv64: only x86_64 and aarch64 are pinned'),
    );
  });

  it('hides what a user has set for npm, and keeps the registry', async () => {
    const clone = freshClone();
    const env = { ...played({ npm: `env > ${folder}/seen; echo "$@" >> ${folder}/seen; exit 1` }) };
    const hostile = { NODE_ENV: 'production', npm_config_nodedir: '/nowhere', NODE_OPTIONS: '--bad', npm_config_registry: 'kept' };
    await start(['devices'], { ...env, ...hostile }, join(clone, 'sallyport'));
    const seen = readFileSync(join(folder, 'seen'), 'utf8');
    expect(seen).not.toMatch(/^(NODE_ENV|NODE_OPTIONS|npm_config_nodedir)=/m);
    expect(seen).toMatch(/^npm_config_registry=kept$/m);
    expect(seen).toMatch(/^ci --ignore-scripts .*--include=dev/m);
  });

  it('does nothing and says nothing when nothing is missing', { timeout: buildMs + 60_000 }, async () => {
    // The first may have to build: sources that changed since the last build are what is missing then.
    const first = await start(['setup', 'devices'], undefined, undefined, buildMs);
    expect(first).toMatchObject({ code: 0 });
    const env = played({ npm: 'exit 9', 'apt-get': 'exit 9', node: 'exit 9' });
    expect(await start(['setup', 'devices'], env)).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
