import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing, run } from '../lab/namespace.ts';

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const script = fileURLToPath(new URL('overlay.sh', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), `slpnd-${process.pid}-`));
const debs = `${folder}/root.debs`;

/** Why the test cannot be: no overlay file system (some containers), or Debian's packages cannot be reached. */
async function whyNot(): Promise<string | undefined> {
  const lab = labIsMissing();
  if (lab !== undefined) return lab;
  mkdirSync(`${folder}/probe`);
  mkdirSync(debs);
  const probe = 'mount -t tmpfs t . && mkdir u w m && mount -t overlay o -o lowerdir=/,upperdir=u,workdir=w m';
  const overlay = await run(undefined, ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `cd ${folder}/probe && ${probe}`]);
  if (overlay.code !== 0) return `no overlay file system: ${overlay.stderr.trim()}`;
  const fetch = await run(undefined, ['sh', '-c', `cd ${debs} && apt-get update -qq; apt-get download -qq avahi-daemon`], {
    timeoutMs: 60_000,
  });
  return fetch.code === 0 ? undefined : `Debian's packages cannot be reached: ${fetch.stderr.trim()}`;
}
const missing = await whyNot();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('installing Debian packages', () => {
  const steps = new Map<string, string>();
  beforeAll(async () => {
    mkdirSync(`${folder}/root`);
    const own = ['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child', '--propagation', 'private'];
    const { stdout, stderr, code } = await run(undefined, [...own, 'sh', script, project, `${folder}/root`], { timeoutMs: 240_000 });
    for (const line of stdout.split('\n')) steps.set(line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2).trim());
    if (code !== 0) throw new Error(`Cannot play the steps: ${code} ${stderr}\n${stdout}`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('would start avahi-daemon on the network if nothing were done, so that the next test can fail', () => {
    expect(steps.get('before')).toBe('');
    expect(steps.get('plain')).toContain(':5353');
    expect(steps.get('taken out')).toBe('');
  });

  it('starts nothing that listens, now or at the next boot, and installs', () => {
    expect(steps.get('launcher')).toBe('');
    expect(steps.get('status')).toBe('installed');
    expect(steps.get('at boot') ?? '').toBe(''); // not asked where there is no systemctl
  });

  it('leaves no policy-rc.d where there was none', () => {
    expect(steps.get('policy')).toBe('');
  });

  it('starts nothing where the own policy-rc.d allows daemons, and puts that back as it was', () => {
    expect(steps.get('with a policy')).toBe('');
    expect(steps.get('own policy')).toBe('700 exit 0 /usr/sbin/policy-rc.d');
  });

  it('says in one sentence that packages cannot be had, exits 1, and puts the policy back', () => {
    expect(steps.get('no network')).toMatch(
      /^1 sallyport: installing Debian packages: avahi-daemon\|sallyport: Cannot install Debian packages \( ?avahi-daemon \): apt-get failed, is the network up\? \(details: [^|]*\)\|$/,
    );
    expect(steps.get('policy then')).toBe('700 exit 0 /usr/sbin/policy-rc.d');
  });

  it('puts back the policy that a killed set-up left aside', () => {
    expect(steps.get('after a killed set-up')).toBe('700 exit 0 /usr/sbin/policy-rc.d');
  });
});
