import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/imports.ts';
import { run } from '../lab/namespace.ts';

const folder = mkdtempSync(join(tmpdir(), `slpdeb-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A machine on which dpkg runs our scripts: its programs write down how they were called, and answer as told. */
class Machine {
  readonly root = mkdtempSync(join(folder, 'root-'));
  readonly #bin = mkdtempSync(join(folder, 'bin-'));
  readonly #calls = join(this.#bin, 'calls');

  constructor(answers: Readonly<Record<string, string>> = {}) {
    for (const made of ['run/systemd/system', 'var/lib/sallyport']) mkdirSync(join(this.root, made), { recursive: true });
    writeFileSync(join(this.root, 'var/lib/sallyport/journal.sqlite'), 'kept');
    for (const name of ['systemctl', 'deb-systemd-invoke', 'deb-systemd-helper', 'systemd-tmpfiles', 'nft', 'ip', 'bridge'])
      writeFileSync(join(this.#bin, name), `#!/bin/sh\necho "${name} $*" >> ${this.#calls}\n${answers[name] ?? ''}\n`, { mode: 0o755 });
    writeFileSync(this.#calls, '');
  }

  /** Runs a script as dpkg would. Resolves with the calls that it made. */
  async dpkg(script: string, ...args: readonly string[]): Promise<readonly string[]> {
    writeFileSync(this.#calls, '');
    const env = { PATH: `${this.#bin}:/usr/bin:/bin`, DPKG_ROOT: this.root };
    const output = await run(undefined, ['sh', join(projectRoot, 'docker/deb', script), ...args], { env });
    expect(output.code, output.stderr).toBe(0);
    this.said = output.stdout;
    return readFileSync(this.#calls, 'utf8').split('\n').slice(0, -1);
  }
  said = '';

  get hasState(): boolean {
    return existsSync(join(this.root, 'var/lib/sallyport/journal.sqlite'));
  }
}

const enforcing = {
  ip: 'case "$1" in neigh) [ "$2" = del ] || echo "10.9.0.11 dev br0 lladdr 02:00:00:00:00:01 PERMANENT";; esac',
  bridge: '[ "$2" = del ] || printf "%s\\n" "02:00:00:00:00:01 dev v1 sticky master br0 static" "02:00:00:00:00:02 dev v2 master br0"',
};
const touches = (calls: readonly string[]): readonly string[] =>
  calls.filter(call => /^nft (?!list)|^ip .*(?:del|flush)|^bridge .* del/.test(call));
const starts = (calls: readonly string[]): readonly string[] => calls.filter(call => call.startsWith('deb-systemd-invoke'));

describe('the scripts of the Debian package', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine(enforcing);
  });

  it('a first install starts what only observes, says where to look, and changes no rule', async () => {
    const calls = await machine.dpkg('postinst', 'configure');
    expect(starts(calls)).toEqual(['deb-systemd-invoke restart sallyport.service']);
    expect(machine.said).toContain('it observes and cuts nobody');
    expect(touches(calls)).toEqual([]);
  });

  it('the early unit is enabled for the next boot and never started now', async () => {
    machine = new Machine({ ...enforcing });
    const calls = await machine.dpkg('postinst', 'configure', '0.1.0');
    expect(calls.filter(call => call.includes('sallyport-early'))).toEqual([
      'deb-systemd-helper unmask sallyport-early.service',
      'deb-systemd-helper --quiet was-enabled sallyport-early.service',
      'deb-systemd-helper enable sallyport-early.service',
    ]);
    expect((await machine.dpkg('postrm', 'purge')).find(call => call.startsWith('deb-systemd-helper'))).toBe(
      'deb-systemd-helper purge sallyport-early.service sallyport.service',
    );
  });

  it('an upgrade stops nothing before the new files are there, changes no rule, and keeps its data', async () => {
    const before = await machine.dpkg('prerm', 'upgrade', '0.2.0');
    expect([starts(before), touches(before)]).toEqual([[], []]);
    expect(await machine.dpkg('postrm', 'upgrade', '0.2.0')).toEqual(['systemctl --system daemon-reload']);
    const after = await machine.dpkg('postinst', 'configure', '0.1.0');
    expect([starts(after), touches(after)]).toEqual([['deb-systemd-invoke restart sallyport.service'], []]);
    expect([machine.hasState, machine.said]).toEqual([true, '']);
  });

  it('an upgrade leaves stopped what a person had stopped, and only then', async () => {
    machine = new Machine({ ...enforcing, systemctl: '[ "$2" != is-active ]' });
    await machine.dpkg('prerm', 'upgrade', '0.2.0');
    expect(starts(await machine.dpkg('postinst', 'configure', '0.1.0'))).toEqual([]);
    expect(starts(await machine.dpkg('postinst', 'configure', '0.1.0'))).toHaveLength(1);
  });

  it('a removal stops the service, keeps what it knows and enforces, and says how to end that', async () => {
    const stopped = await machine.dpkg('prerm', 'remove');
    expect([starts(stopped), touches(stopped)]).toEqual([['deb-systemd-invoke stop sallyport.service'], []]);
    expect(touches(await machine.dpkg('postrm', 'remove'))).toEqual([]);
    expect(machine.said).toContain('nft delete table bridge sallyport');
    expect(machine.hasState).toBe(true);
  });

  it('a purge takes away the table, our pins and no others, and the data', async () => {
    expect(touches(await machine.dpkg('postrm', 'purge'))).toEqual([
      'nft delete table bridge sallyport',
      'ip neigh del 10.9.0.11 dev br0',
      'ip -6 route flush protocol 83',
      'bridge fdb del 02:00:00:00:00:01 dev v1 master',
    ]);
    expect(machine.hasState).toBe(false);
  });

  it('says nothing of enforcement where there is none, and needs no systemd', async () => {
    machine = new Machine({ nft: 'exit 1' });
    rmSync(join(machine.root, 'run'), { recursive: true });
    for (const [script, ...args] of [
      ['postinst', 'configure'],
      ['prerm', 'remove'],
      ['postrm', 'remove'],
    ] as const) {
      const calls = await machine.dpkg(script, ...args);
      expect(calls.filter(call => /^systemctl|^deb-systemd-invoke/.test(call))).toEqual([]);
    }
    expect(machine.said).toBe('');
    expect(touches(await machine.dpkg('postrm', 'purge'))).not.toContain('nft delete table bridge sallyport');
  });
});
