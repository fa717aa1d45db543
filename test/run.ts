import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Tally } from './reporter.ts';

/** `./sallyport test [--only PATH]…`: format, lint and types count as one test each; the last line is the sum. */
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const checks = [
  { name: 'format (biome)', argv: [bin('biome'), 'format', '.'] },
  { name: 'lint (oxlint)', argv: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'types (tsc)', argv: [bin('tsc'), '-p', 'tsconfig.json', '--noEmit'] },
] as const;

function passes(check: (typeof checks)[number]): boolean {
  const [file, ...args] = check.argv;
  const { status, stdout, stderr, error } = spawnSync(file ?? '', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) {
    console.log(`ok   ${check.name}`);
    return true;
  }
  console.log(`FAIL ${check.name}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`);
  return false;
}

/** A run that ends without a tally (a crash of the runner) counts as one failure. */
function runTests(paths: readonly string[]): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const file = join(folder, 'tally');
  try {
    const env = { ...process.env, SALLYPORT_TALLY: file };
    const { status } = spawnSync(bin('vitest'), ['run', '--reporter', './test/reporter.ts', ...paths], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    const tally = readTally(file) ?? { passed: 0, failed: 1, skipped: 0 };
    return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTally(file: string): Tally | undefined {
  if (!existsSync(file)) {
    console.log('FAIL the test run ended without a tally');
    return undefined;
  }
  const [passed = 0, failed = 1, skipped = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
  return { passed, failed, skipped };
}

function readCall() {
  try {
    return parseArgs({ options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    if (error instanceof TypeError) return error.message.split('.')[0];
    throw error;
  }
}

const values = readCall();
if (typeof values !== 'object') {
  console.error(`Cannot read the call: ${values}; see ./sallyport test --help`);
  process.exitCode = 1;
} else if (values.help === true) {
  console.log(
    'Usage: ./sallyport test [--only PATH]...\nRuns lint, types and every test; with --only, just the tests whose path contains PATH.',
  );
} else {
  const only = values.only ?? [];
  const wrong = only.length > 0 ? 0 : checks.filter(check => !passes(check)).length;
  const right = only.length > 0 ? 0 : checks.length - wrong;
  const tests = runTests(only);
  const failed = tests.failed + wrong;
  console.log(`${tests.passed + right} passed, ${failed} failed, ${tests.skipped} skipped`);
  process.exitCode = failed > 0 || tests.passed + right === 0 ? 1 : 0;
}
