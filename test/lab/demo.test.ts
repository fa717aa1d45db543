import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { folders, livingDemo } from './demo-folder.ts';
import { machineState } from './machine-state.ts';
import { labIsMissing, run, until } from './namespace.ts';

const launcher = fileURLToPath(new URL('../../sallyport', import.meta.url));
const script = fileURLToPath(new URL('demo.ts', import.meta.url));
const missing = labIsMissing() ?? (livingDemo('demo') === undefined ? undefined : 'a demo runs on this machine, and there can be only one');
if (missing) console.log(`skipped: ${missing}`);

const namespaces = (prefix: string): readonly string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter(n => n.startsWith(`${prefix}-`)) : [];
/** The body of a page whose certificate nobody has signed. */
const get = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = request(url, { rejectUnauthorized: false }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve(body));
    });
    call.on('error', reject).end();
  });
describe.skipIf(missing)('the demo', () => {
  let child: ChildProcess | undefined;
  let output = '';
  beforeAll(async () => {
    expect(await run(undefined, [launcher, 'setup', 'demo'], { timeoutMs: 280_000 })).toMatchObject({ code: 0 });
    // What a run left that was killed with all its processes is none of this one's; nothing that lives is touched.
    expect(await run(undefined, [process.execPath, script, '--sweep', '0'])).toMatchObject({ code: 0 });
  });
  afterEach(() => {
    child?.kill('SIGKILL'); // what it leaves is swept by its own watchman
  });
  const start = (): ChildProcess => {
    output = '';
    child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (output += part.toString()));
    return child;
  };
  const gone = (): boolean => namespaces('spdemo').length === 0 && !existsSync(folders.demo);

  it('--check holds in every row, within 90 s, and leaves the machine as it was', { timeout: 300_000, retry: 1 }, async () => {
    const before = await machineState();
    const { code, stdout, stderr } = await run(undefined, [launcher, 'demo', '--check'], { timeoutMs: 90_000 });
    expect({ code, failed: stdout.split('\n').filter(l => l.startsWith('FAIL')), stderr }).toEqual({ code: 0, failed: [], stderr: '' });
    expect(namespaces('spcheck')).toEqual([]);
    expect(existsSync(folders.check)).toBe(false);
    expect(await machineState()).toBe(before);
  });

  it('shows its page on 127.0.0.1, is found by the client verbs, and is gone after Ctrl-C', async () => {
    const demo = start();
    await until(() => output.includes('SIGNED_AND_EXPECTED'), 'the good sensor is admitted', 120_000);
    const url = /https:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0] ?? expect.fail(output);
    expect(output).toMatch(/One-time code {2}[0-9A-Z-]{19}\n/);
    expect(await get(`${url}api/v1/session`)).toBe('{"state":"setup"}');
    const devices = await run(undefined, [launcher, 'devices', '--json']);
    expect(devices.stdout).toContain('00:1b:c5:00:00:01');
    demo.kill('SIGINT');
    await until(() => demo.exitCode !== null, 'it ends');
    expect(demo.exitCode).toBe(0);
    expect(gone()).toBe(true);
  });

  it('is swept after kill -9, without anybody starting it again', async () => {
    const demo = start();
    await until(() => output.includes('One-time code'), 'the demo is up', 120_000);
    demo.kill('SIGKILL');
    await until(gone, 'all is swept');
  });

  it('takes another port when its own is busy', async () => {
    const busy = createServer().listen(9443, '127.0.0.1');
    const demo = start();
    await until(() => output.includes('One-time code'), 'the demo is up', 120_000);
    expect(output).toMatch(/https:\/\/127\.0\.0\.1:(?!9443\b)\d+\//);
    busy.close();
    demo.kill('SIGTERM');
    await until(gone, 'all is gone');
  });
});
