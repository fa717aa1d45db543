import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { accepted, refused } from './deviations.ts';

/** The harness of others judges our validator by its own rules: `node run.mjs test/limbo/validator.ts --gate`. */
const suite = join(import.meta.dirname, '../../../shared/vectors/x509-limbo');
const there = existsSync(join(suite, 'run.mjs'));
if (!there) process.stderr.write('skip: ../shared/vectors/x509-limbo is absent\n');
const folder = mkdtempSync(join(tmpdir(), `sallyport-limbo-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Result = { readonly id: string; readonly cls: string; readonly attack: boolean; readonly reason?: string };

function run(data: string, gate: boolean): { readonly status: number | null; readonly table: string; readonly results: readonly Result[] } {
  const json = join(folder, `${data}.out`);
  const args = [join(suite, 'run.mjs'), join(import.meta.dirname, 'validator.ts'), '--data', join(suite, data), '--json', json];
  const { status, stdout } = spawnSync(process.execPath, gate ? [...args, '--gate'] : args, { encoding: 'utf8' });
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { readonly results: readonly Result[] };
  process.stdout.write(`${data}\n${stdout}`);
  return { status, table: stdout, results };
}

const unlisted = (results: readonly Result[], cls: string, listed: readonly (readonly [RegExp, string])[]): readonly string[] =>
  results.filter(r => r.cls === cls && !listed.some(([pattern]) => pattern.test(r.id))).map(r => `${r.id}: ${r.reason}`);

describe.skipIf(!there)('the x509-limbo sample', () => {
  it('passes the gate: no exploitable wrong accept, no wrong reject, no hang; what else is accepted is listed with its reason', () => {
    const { status, results } = run('dev-subset.json', true);
    expect(status).toBe(0);
    expect(results.length).toBeGreaterThan(150);
    expect(results.filter(r => r.attack)).toEqual([]);
    expect(unlisted(results, 'wrongAccept', accepted)).toEqual([]);
    expect(results.filter(r => r.cls === 'wrongReject' || r.cls === 'hang').map(r => r.id)).toEqual([]);
    // What RFC 5280 asks of issuers is told, though it refuses nothing. Key identifiers of anchors are the Baseline Requirements' alone.
    const untold = results.filter(r => r.cls === 'wrongAccept' && r.id.startsWith('rfc5280::') && !r.reason?.includes('RFC 5280 §4'));
    expect(untold.map(r => r.id)).toEqual([]);
  }, 480_000);
});

describe.skipIf(!there)('the sample of NIST PKITS', () => {
  it('has no wrong accept, and no wrong reject but of what is listed with its reason', () => {
    const { results } = run('pkits-subset.json', false);
    expect(results.length).toBeGreaterThan(60);
    expect(unlisted(results, 'wrongAccept', [])).toEqual([]);
    expect(unlisted(results, 'wrongReject', refused)).toEqual([]);
    expect(results.filter(r => r.cls === 'hang').map(r => r.id)).toEqual([]);
  }, 480_000);
});
