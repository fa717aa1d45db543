import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetKept, KeptRules, openKept } from '../../../gateway/edge/enforcers/kept-rules.ts';
import { roles } from '../../../gateway/edge/roles.ts';
import type { RuleSet } from '../../../gateway/model/rule-set.ts';
import { projectRoot } from '../../architecture/imports.ts';
import { labIsMissing, run } from '../../lab/namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const enforcer = roles.enforcer.becomes;
const ruleSet = (...macs: readonly string[]): RuleSet => ({
  bridge: 'br0',
  gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8444 },
  uplinks: ['up0'],
  enforced: ['v1'],
  observed: [],
  dhcpServers: [],
  devices: macs.map(mac => ({ mac, port: 'v1', ips: [], access: 'admit', bound: true })),
});
const [printer, camera] = ['02:00:5e:00:00:01', '02:00:5e:00:00:02'];

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), `slpkept-${process.pid}-`));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(data, { recursive: true, force: true });
});
const folder = (): string => join(data, 'enforced');
const file = (): string => join(folder(), 'rules.nft');

describe('what is kept for the next boot', () => {
  const said: string[] = [];
  const kept = (): KeptRules => new KeptRules(folder(), problem => said.push(problem));
  beforeEach(() => {
    said.length = 0;
    vi.useFakeTimers();
    mkdirSync(folder());
  });

  it('is the newest RuleSet, for nobody else to read, and nothing is left beside it', async () => {
    const rules = kept();
    rules.keep(ruleSet(printer));
    rules.keep(ruleSet(printer, camera));
    await vi.advanceTimersByTimeAsync(1);
    expect(readFileSync(file(), 'utf8')).toContain(`${camera} . "v1"`);
    expect([statSync(file()).mode & 0o777, existsSync(join(folder(), '.rules.nft.tmp'))]).toEqual([0o600, false]);
    rules.stop();
  });

  it('is nothing once nobody is held: the next boot is a cable', async () => {
    const rules = kept();
    rules.keep(ruleSet(printer));
    await vi.advanceTimersByTimeAsync(1);
    expect(existsSync(file())).toBe(true);
    rules.keep({ ...ruleSet(), enforced: [] });
    await vi.advanceTimersByTimeAsync(5_001);
    expect(existsSync(file())).toBe(false);
    rules.stop();
  });

  it('a flood of a thousand RuleSets in five seconds is two writes, the last of the newest; and what waits is written at the end', async () => {
    const rules = kept();
    const files = new Set<number>();
    for (let n = 0; n < 1000; n += 1) {
      rules.keep(ruleSet(`02:00:5e:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`));
      await vi.advanceTimersByTimeAsync(5);
      files.add(statSync(file()).mtimeMs);
    }
    await vi.advanceTimersByTimeAsync(5_000);
    files.add(statSync(file()).mtimeMs);
    expect([files.size, readFileSync(file(), 'utf8').includes('02:00:5e:00:03:e7')]).toEqual([2, true]);
    rules.keep(ruleSet(camera));
    rules.stop();
    expect(readFileSync(file(), 'utf8')).toContain(camera);
  });

  it('what cannot be written is said, the older file stays, and the next reading back tries again', async () => {
    const [rules, wanted] = [kept(), ruleSet(printer)];
    rmSync(folder(), { recursive: true });
    rules.keep(wanted);
    await vi.advanceTimersByTimeAsync(1);
    expect(said).toEqual([expect.stringContaining('Cannot keep what is in force for a restart of this machine: ENOENT')]);
    mkdirSync(folder());
    await vi.advanceTimersByTimeAsync(5_001);
    rules.keep(wanted);
    await vi.advanceTimersByTimeAsync(1);
    expect([existsSync(file()), said.length]).toEqual([true, 1]);
    rules.stop();
  });
});

describe.skipIf(missing)('the enforcer’s folder in the gateway’s', () => {
  const warned: string[] = [];
  const warn = (line: string): void => void warned.push(line);
  beforeEach(() => void (warned.length = 0));

  it('is the enforcer’s alone, and is forgotten with what it keeps when the settings only listen', () => {
    expect(openKept(data, enforcer, warn)).toBeGreaterThan(2);
    expect([statSync(folder()).uid, statSync(folder()).mode & 0o777]).toEqual([enforcer, 0o700]);
    writeFileSync(file(), 'x');
    forgetKept(data, enforcer, warn);
    expect([existsSync(file()), warned]).toEqual([false, []]);
  });

  it.each([
    ['a link to another folder', () => symlinkSync(join(data, 'other'), folder()), 'ENOTDIR'],
    ['a folder of the gateway', () => (mkdirSync(folder()), chownSync(folder(), 61174, 61174)), 'belongs to user 61174'],
    ['a file', () => writeFileSync(folder(), ''), 'ENOTDIR'],
  ])('%s in its place is not used and not given away, and that is said', (_what, put, why) => {
    mkdirSync(join(data, 'other'));
    put();
    const before = lstatSync(folder()).uid;
    expect(openKept(data, enforcer, warn)).toBeUndefined();
    expect(warned).toEqual([expect.stringContaining(why)]);
    expect([lstatSync(folder()).uid, lstatSync(join(data, 'other')).uid]).toEqual([before, 0]);
  });
});

describe.skipIf(missing)('sallyport early', () => {
  /** In a network of its own: the call, then what the kernel has of ours. */
  const early = async (before = 'true') => {
    const script = `${before}; "$0" early --data "$1"; echo "code $?"; nft list table bridge sallyport 2>/dev/null`;
    const { stdout, stderr } = await run(undefined, ['unshare', '-n', 'sh', '-c', script, join(projectRoot, 'sallyport'), data]);
    return { code: /^code (\d)$/m.exec(stdout)?.[1], table: stdout.slice(stdout.indexOf('\n') + 1), said: stderr };
  };
  const keep = (): void => {
    const opened = openKept(data, enforcer, line => expect.fail(line));
    const rules = new KeptRules(`/proc/self/fd/${opened}`, line => expect.fail(line));
    rules.keep(ruleSet(printer));
    rules.stop();
    chownSync(file(), enforcer, enforcer); // in production the enforcer writes
  };

  it('loads what was kept, before there is any interface, and no second time', async () => {
    keep();
    const { code, table, said } = await early();
    expect([code, said]).toEqual([
      '0',
      expect.stringMatching(/^sallyport: what was enforced before is in force .*: RuleSet [0-9a-f]{64}\n$/),
    ]);
    expect(table).toContain(`${printer} . "v1"`);
    const again = await early('nft add table bridge sallyport');
    expect([again.code, again.said]).toEqual(['0', 'sallyport: what is enforced is in the kernel already\n']);
    expect(again.table).not.toContain(printer);
  });

  it('where nobody was held, loads nothing and is no fault', async () => {
    const { code, table, said } = await early();
    expect([code, table]).toEqual(['0', '']);
    expect(said).toContain('nobody was held or cut off before');
  });

  it.each([
    [
      'one changed letter',
      () => writeFileSync(file(), readFileSync(file(), 'utf8').replace('02:00:5e', '02:00:5f')),
      'not as it was written',
    ],
    ['half of the file', () => writeFileSync(file(), readFileSync(file(), 'utf8').slice(0, 900)), 'not as it was written'],
    ['an empty file', () => writeFileSync(file(), ''), 'not as it was written'],
    ['a file of the gateway', () => chownSync(file(), 61174, 61174), 'the enforcer did not write it'],
    ['a link to such a file', () => (rmSync(file()), symlinkSync('/etc/hostname', file())), 'the enforcer did not write it'],
  ])('%s is refused, said, and loads nothing', async (_what, spoil, why) => {
    keep();
    spoil();
    const { code, table, said } = await early();
    expect([code, table]).toEqual(['1', '']);
    expect(said).toBe(
      `sallyport: Cannot load ${file()}: ${why === 'not as it was written' ? 'it is ' : ''}${why}; nobody is held until the gateway runs\n`,
    );
  });
});
