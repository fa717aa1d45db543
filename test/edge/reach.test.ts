import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataFolder, makeReach, sweepReach } from '../../gateway/edge/reach.ts';
import { roles, setpriv } from '../../gateway/edge/roles.ts';
import { labIsMissing } from '../lab/namespace.ts';

const missing = labIsMissing();
if (missing) console.warn(`reach: skipped, ${missing}`);

describe.skipIf(missing !== undefined)('a project below a folder that only root may pass', () => {
  let shut: string;
  let project: string;
  let data: string;
  let base: string;
  const asNobody = (prefix: readonly string[], ...argv: string[]) => {
    return spawnSync('env', [...prefix, ...setpriv(roles.challenger), ...argv], { encoding: 'utf8' });
  };

  beforeAll(() => {
    shut = mkdtempSync(join(tmpdir(), `sallyport-reach-${process.pid}-`));
    project = join(shut, 'project');
    data = join(shut, 'data');
    base = join(shut, '..', `sallyport-reach-base-${process.pid}`);
    mkdirSync(join(project, 'gateway'), { recursive: true, mode: 0o755 });
    makeDataFolder(data, roles.challenger.becomes);
    writeFileSync(join(project, 'gateway', 'main.js'), 'console.log(42)\n', { mode: 0o644 });
    for (const folder of [project, join(project, 'gateway')]) chmodSync(folder, 0o755);
    chmodSync(shut, 0o700);
  });
  afterAll(() => {
    rmSync(shut, { recursive: true });
    rmSync(base, { recursive: true, force: true });
  });

  const reach = () =>
    makeReach(
      [
        { path: project, access: 'read' },
        { path: data, access: 'write' },
      ],
      base,
    );

  it('is run by an unprivileged process, that cannot do so without help', () => {
    const r = reach();
    const script = join(project, 'gateway', 'main.js');
    expect(asNobody([], r.path(process.execPath), script).status).not.toBe(0);
    expect(asNobody(r.prefix, r.path(process.execPath), r.path(script)).stdout).toBe('42\n');
    r.remove();
  });

  it('is read-only there, the data folder is not', () => {
    const r = reach();
    expect(asNobody(r.prefix, 'touch', r.path(join(data, 'journal'))).stderr).toBe('');
    expect(existsSync(join(data, 'journal'))).toBe(true);
    const asRoot = spawnSync('env', [...r.prefix, 'touch', r.path(join(project, 'x'))], { encoding: 'utf8' });
    expect(asRoot.stderr).toContain('Read-only file system');
    r.remove();
  });

  it("leaves no mount in this process's namespace", () => {
    const r = reach();
    asNobody(r.prefix, 'true');
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(base);
    r.remove();
    expect(existsSync(base)).toBe(false);
  });

  it('is refused with its mode and the cure when the project itself shuts them out', () => {
    chmodSync(project, 0o750);
    expect(reach).toThrow(`Cannot let unprivileged processes read ${project}: its mode is 750 (cure: chmod -R go+rX ${project})`);
    chmodSync(project, 0o755);
    writeFileSync(join(project, 'package.json'), '{}', { mode: 0o600 });
    expect(reach).toThrow(`Cannot let unprivileged processes read ${project}/package.json: its mode is 600`);
    rmSync(join(project, 'package.json'));
  });

  it('is used as it is when everybody may pass', () => {
    chmodSync(shut, 0o755);
    const r = makeReach([{ path: project, access: 'read' }], base);
    expect(r.prefix).toEqual([]);
    expect(r.path('/x')).toBe('/x');
    chmodSync(shut, 0o700);
  });

  it('sweeps what a dead supervisor left, and nothing of a living one', () => {
    const run = join(shut, 'run');
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    mkdirSync(join(run, `sallyport-${dead}`, '0'), { recursive: true });
    mkdirSync(join(run, `sallyport-${process.pid}`, '0'), { recursive: true });
    sweepReach(run);
    expect(existsSync(join(run, `sallyport-${dead}`))).toBe(false);
    expect(existsSync(join(run, `sallyport-${process.pid}`))).toBe(true);
  });

  it('gets a data folder of its own with mode 0700', () => {
    const { uid, gid, mode } = statSync(data);
    expect([uid, gid, mode & 0o7777]).toEqual([roles.challenger.becomes, roles.challenger.becomes, 0o700]);
  });

  it.each([
    ['a link', (path: string) => symlinkSync(data, path), /it is no folder$/],
    ["somebody else's folder", (path: string) => makeDataFolder(path, 12345), /it belongs to user 12345$/],
  ])('refuses %s as data folder', (name, make, message) => {
    const path = join(shut, `data of ${name}`);
    make(path);
    expect(() => makeDataFolder(path, roles.gateway.user)).toThrow(message);
  });
});
