import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cableSettings } from '../../../gateway/edge/enforcers/cable.ts';
import { projectRoot } from '../../architecture/imports.ts';
import { labIsMissing, run } from '../../lab/namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

/** What `makeCable` complains of for br0 in namespaces of its own, in which `before` was done to the bridge and /proc/sys can then only be read, as in a container. */
async function complaints(before: string): Promise<readonly string[]> {
  const script = `import('${join(projectRoot, 'gateway/edge/enforcers/cable.ts')}').then(async m => console.log(JSON.stringify(await m.makeCable('br0', []))))`;
  const closed = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys';
  const steps = `mount -t proc proc /proc && ip link add br0 type bridge && ${before} && ${closed} && exec "$@"`;
  const apart = ['unshare', '--net', '--mount', '--pid', '--fork', '--propagation', 'private', 'sh', '-ec', steps, 'sh'];
  const { code, stdout, stderr } = await run(undefined, [...apart, process.execPath, '-e', script]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as readonly string[];
}

describe.skipIf(missing)('making a bridge a cable where /proc/sys can only be read', () => {
  const set = ([name, value]: readonly [string, string]): string => `{ [ ! -e /proc/sys/${name} ] || echo ${value} > /proc/sys/${name}; }`;
  const isOurs = ([name]: readonly [string, string]): boolean => name.includes('/br0/');

  it('complains of what is not as it must be, and of nothing that the host has put right', async () => {
    const wanted = cableSettings('br0');
    expect(await complaints(wanted.map(set).join(' && '))).toEqual([]);
    const wrong = wanted.filter(isOurs).map(([name, value]) => [name, value === '0' ? '1' : '0'] as const);
    const said = await complaints([...wanted, ...wrong].map(set).join(' && '));
    expect(said).toEqual(wanted.filter(isOurs).map(([name]) => `Cannot set ${name}: EROFS`));
    expect(said.length).toBeGreaterThanOrEqual(2);
  });
});

describe.skipIf(missing)('rules of an earlier start', () => {
  it('are noticed by who starts no enforcer, and other people’s are not taken for them', async () => {
    const script = `import('${join(projectRoot, 'gateway/edge/enforcers/prepare-bridge.ts')}').then(m => console.log(m.leftInForce()))`;
    const after = async (nft: string): Promise<string> =>
      (await run(undefined, ['unshare', '--net', 'sh', '-ec', `${nft} && exec "$@"`, 'sh', process.execPath, '-e', script])).stdout;
    expect(await after('nft add table bridge sallyport')).toBe('true\n');
    expect(await after('nft add table inet sallyport && nft add table bridge other')).toBe('false\n');
  });
});
