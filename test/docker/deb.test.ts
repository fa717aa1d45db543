import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/imports.ts';
import { goldenCapture } from '../golden/capture.ts';
import { labIsMissing, type Output, run } from '../lab/namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const folder = mkdtempSync(join(tmpdir(), `slpkg-${process.pid}-`));
const tree = join(folder, 'tree');
const build = join(projectRoot, 'docker/deb/build');
const sh = (...argv: readonly string[]): Promise<Output> => run(undefined, argv, { timeoutMs: 480_000 });
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { readonly version: string };

describe.skipIf(missing)('the Debian package', () => {
  let file = '';
  beforeAll(async () => {
    const built = await sh(build, '--out', folder, '--compress', 'none');
    expect(built.code, built.stderr).toBe(0);
    file = built.stdout.trim();
    expect((await sh('dpkg-deb', '-x', file, tree)).code).toBe(0);
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const field = async (name: string): Promise<string> => (await sh('dpkg-deb', '-f', file, name)).stdout.trim();

  it('is of this version and for this machine', async () => {
    const architecture = (await sh('dpkg', '--print-architecture')).stdout.trim();
    expect([await field('Version'), await field('Architecture')]).toEqual([version, architecture]);
    expect(file).toBe(join(folder, `sallyport_${version}_${architecture}.deb`));
  });

  it('depends on what the launcher installs for `run`, but what every Debian has, and on the library that captures', async () => {
    const depends = (await field('Depends')).split(', ').map(one => one.replace(/ .*/, ''));
    const listed = (await sh(join(projectRoot, 'sallyport'), 'setup', 'run', '--list')).stdout.trim().split('\n');
    const essential = (await sh('dpkg-query', '-W', '-f=${Package} ${Essential}\n', ...listed)).stdout
      .split('\n')
      .flatMap(line => /^(\S+) yes$/.exec(line)?.[1] ?? []);
    expect(listed).toEqual(expect.arrayContaining(['nftables', 'iproute2', 'util-linux']));
    expect(listed.filter(name => !depends.includes(name))).toEqual(essential);
    expect(depends).toEqual(expect.arrayContaining(['libpcap0.8', 'libc6', 'libstdc++6']));
  });

  it('starts anywhere without the source, as anybody: its help, a capture judged, and no set-up', async () => {
    const program = join(tree, 'usr/lib/sallyport/sallyport');
    expect(readlinkSync(join(tree, 'usr/bin/sallyport'))).toBe('../lib/sallyport/sallyport');
    const help = await sh(program, '--help');
    expect(help.stdout).toContain('Usage: sallyport <verb>');
    expect(help.stdout).not.toMatch(/\.\/sallyport|^ {2}(?:demo|test|setup) /m);
    const refused = await sh(program, 'setup', 'run');
    expect(refused).toMatchObject({
      code: 1,
      stderr: "sallyport: Cannot run 'setup': it comes with the source, not with what is installed\n",
    });
    const capture = join(folder, 'warehouse.pcap');
    writeFileSync(capture, goldenCapture());
    const [here, there] = [
      await sh(join(projectRoot, 'sallyport'), 'inspect', capture, '--json'),
      await sh(program, 'inspect', capture, '--json'),
    ];
    expect(there).toEqual(here);
    expect(there.stdout.length).toBeGreaterThan(100);
  });

  it('loads every module of the gateway and the capture addon out of its own tree', async () => {
    const lib = join(tree, 'usr/lib/sallyport');
    const node = join(lib, 'docker/runtime/bin/node');
    const verify = await sh(
      node,
      '-e',
      `require('${lib}/node_modules/pcap'); require('${lib}/node_modules/mdns-js'); import('${lib}/dist/gateway/edge/run.js').then(() => import('${lib}/dist/gateway/api/server.js')).then(() => console.log('all'))`,
    );
    expect(verify).toEqual({ code: 0, stdout: 'all\n', stderr: '' });
  });

  it('lets everybody read it, nobody but root write it, and has nothing in /etc or /var', async () => {
    const listed = (await sh('dpkg-deb', '-c', file)).stdout.trim().split('\n');
    const odd = listed.filter(line => !/^(?:drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root\/root /.test(line));
    expect([odd, readdirSync(tree).toSorted()]).toEqual([[], ['lib', 'usr']]);
    expect(readdirSync(join(tree, 'lib/systemd/system')).toSorted()).toEqual(['sallyport-early.service', 'sallyport.service']);
    const documents = ['README.md.gz', 'changelog.gz', 'copyright', 'edge-box.md.gz'];
    expect(readdirSync(join(tree, 'usr/share/doc/sallyport')).toSorted()).toEqual(documents);
    expect(statSync(join(tree, 'usr/share/doc/sallyport/copyright')).size).toBeGreaterThan(100_000);
  });
});

describe('docker/deb/build', () => {
  it('refuses another architecture than the machine’s in one sentence', async () => {
    const other = process.arch === 'x64' ? 'arm64' : 'amd64';
    const { code, stderr } = await sh(build, '--arch', other);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(`^docker/deb/build: Cannot build for ${other} on \\w+: the capture addon is compiled for this machine only`),
      ),
    ]);
    expect((await sh(build, '--compress', 'lots')).stderr).toBe("docker/deb/build: Cannot compress by 'lots': gzip, xz or none\n");
  });
});
