import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keptFile, keptFolder } from '../../gateway/edge/enforcers/kept-rules.ts';
import { roles } from '../../gateway/edge/roles.ts';
import { projectRoot } from '../architecture/imports.ts';
import { run } from '../lab/namespace.ts';

const path = join(projectRoot, 'docker/systemd/sallyport.service');
const unit = readFileSync(path, 'utf8');
const folder = mkdtempSync(join(tmpdir(), `slpunit-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const reach = join(projectRoot, 'gateway/edge/reach.ts');
const values = (key: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap(([, value]) => value?.split(' ') ?? []);

/** The unit with these changes, as systemd would find it on a machine where the package is installed. */
function put(change: (text: string) => string, of = unit, name = 'sallyport.service'): string {
  const program = join(folder, 'sallyport');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  const file = join(folder, name);
  writeFileSync(file, change(of).replace('/usr/bin/sallyport', program));
  return file;
}
const verify = async (change: (text: string) => string): Promise<string> => {
  const { code, stdout, stderr } = await run(undefined, ['systemd-analyze', 'verify', '--man=no', put(change)]);
  return `${code} ${stdout}${stderr}`;
};

describe('the systemd unit', () => {
  it('is one that systemd reads without a word', async () => {
    expect(await verify(text => text)).toBe('0 ');
    expect(await verify(text => text.replace('ProtectHome=', 'ProtectHouse='))).toContain("Unknown key 'ProtectHouse'");
  });

  it('exposes no more than 3.2 of 10 by systemd’s own measure', async () => {
    const security = ['systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=32'];
    const { code, stdout } = await run(undefined, [...security, put(text => text)]);
    expect(code, stdout.split('\n').slice(-2).join('')).toBe(0);
    expect((await run(undefined, [...security, put(text => text.replace(/^CapabilityBoundingSet.*$/m, ''))])).code).not.toBe(0);
  });

  it('lets each process have the capabilities that it takes, and the supervisor what it hands them out with', () => {
    const held = values('CapabilityBoundingSet').map(name => name.replace('CAP_', '').toLowerCase());
    const taken = Object.values(roles).flatMap(role => [...role.bounding, ...role.ambient]);
    expect([...new Set(taken)].filter(name => !held.includes(name))).toEqual([]);
    expect(held.filter(name => !taken.some(one => one === name)).toSorted()).toEqual([
      'chown',
      'dac_override',
      'fowner',
      'kill',
      'setpcap',
    ]);
  });

  it('fails static: nothing that it runs touches the rules, and it starts again however often it ends', () => {
    expect([...unit.matchAll(/^Exec(\w*)=/gm)].map(([, when]) => when)).toEqual(['Start']);
    expect([values('Restart'), values('StartLimitIntervalSec'), values('KillMode'), values('OOMPolicy')]).toEqual([
      ['always'],
      ['0'],
      ['mixed'],
      ['continue'],
    ]);
    // systemd would give all of the gateway's files to root at each start.
    expect(values('StateDirectory')).toEqual([]);
  });

  it('may write where the program writes, and the folder is the gateway’s', async () => {
    expect(values('ReadWritePaths')).toEqual(['/var/lib/sallyport', '/proc/sys/net']);
    const told = await run(undefined, [process.execPath, '-p', `require(${JSON.stringify(reach)}).runFolder`], {
      env: { RUNTIME_DIRECTORY: '/run/sallyport' },
    });
    expect([values('RuntimeDirectory'), told.stdout]).toEqual([['sallyport'], '/run/sallyport\n']);
    expect(values('ExecStart')).toEqual(['/usr/bin/sallyport', 'run', '--data', '/var/lib/sallyport']);
    const made = readFileSync(join(projectRoot, 'docker/systemd/sallyport.tmpfiles'), 'utf8')
      .split('\n')
      .filter(line => !line.startsWith('#'));
    expect(made).toEqual([`d /var/lib/sallyport 0700 ${roles.gateway.becomes} ${roles.gateway.becomes} -`, '']);
    expect(existsSync(join(projectRoot, 'sallyport'))).toBe(true);
  });
});

describe('the early unit', () => {
  const early = readFileSync(join(projectRoot, 'docker/systemd/sallyport-early.service'), 'utf8');
  const of = (key: string): readonly string[] =>
    [...early.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap(([, value]) => value?.split(' ') ?? []);
  const putEarly = (): string => put(text => text, early, 'sallyport-early.service');

  it('is one that systemd reads without a word, and exposes no more than 2.6 of 10 by its measure', async () => {
    const { code, stdout, stderr } = await run(undefined, ['systemd-analyze', 'verify', '--man=no', putEarly()]);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    const measured = await run(undefined, ['systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=26', putEarly()]);
    expect(measured.code, measured.stdout.split('\n').slice(-2).join('')).toBe(0);
  });

  it('runs before any interface is configured and behind what empties the rules, waits for no network, and does nothing at a stop', () => {
    expect([of('Before').includes('network-pre.target'), of('Wants'), of('DefaultDependencies')]).toEqual([
      true,
      ['network-pre.target'],
      ['no'],
    ]);
    expect([of('After'), of('Requires'), of('WantedBy')]).toEqual([['nftables.service'], [], ['sysinit.target']]);
    expect([...early.matchAll(/^Exec(\w*)=/gm)].map(([, when]) => when)).toEqual(['Start']);
  });

  it('reads the folder where the gateway keeps it, as the enforcer', () => {
    const launcher = readFileSync(join(projectRoot, 'sallyport'), 'utf8');
    expect(of('ConditionPathExists')).toEqual([`/var/lib/sallyport/${keptFolder}/${keptFile}`]);
    expect([launcher.includes(`/${keptFolder}/${keptFile}`), launcher.includes(`enforcer=${roles.enforcer.becomes}\n`)]).toEqual([
      true,
      true,
    ]);
    expect(of('ExecStart')).toEqual(['/usr/bin/sallyport', 'early', '--data', '/var/lib/sallyport']);
  });
});
