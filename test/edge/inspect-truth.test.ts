import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Captures of a made-up warehouse with the truth beside them; the generator and the strict comparison stand in ../shared/bench. */
const root = join(import.meta.dirname, '../..');
const bench = join(root, '../shared/bench');
const folder = mkdtempSync(join(tmpdir(), `sallyport-truth-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });

/** Prints the score; the deviations when there are any. */
function judge(capture: string, truth: string): string {
  const run = node(join(root, 'gateway/cli.ts'), 'inspect', capture, '--json');
  expect([run.status, run.stderr]).toEqual([0, '']);
  const found = join(folder, 'found.json');
  writeFileSync(found, run.stdout);
  const { stdout, status } = node(join(bench, 'check-truth.mjs'), truth, found);
  console.log(stdout.trim());
  return status === 0 ? 'no deviation' : stdout;
}

const captures = [
  ['small', '--devices 30 --packets 12000 --identity 0.2 --pps 600'],
  ['another seed', '--devices 45 --packets 20000 --identity 0.1 --pps 1000 --seed 21'],
  ['tagged', '--devices 40 --packets 20000 --identity 0.1 --pps 1000 --seed 3 --vlan 1'],
  ['without a rogue', '--devices 60 --packets 20000 --identity 0.1 --pps 1000 --rogues 0'],
] as const;

describe.skipIf(!existsSync(bench))(`inspect agrees with the truth (skipped without ${bench})`, () => {
  it.each(captures)('%s: %s', (name, args) => {
    const capture = join(folder, `${name.replaceAll(' ', '-')}.pcap`);
    expect(node(join(bench, 'gen-warehouse-pcap.mjs'), '--out', capture, ...args.split(' ')).status).toBe(0);
    expect(judge(capture, capture.replace(/\.pcap$/, '.truth.json'))).toBe('no deviation');
  });

  it('the sample', () =>
    expect(judge(join(bench, 'sample/warehouse-30dev.pcap'), join(bench, 'sample/warehouse-30dev.truth.json'))).toBe('no deviation'));
});
