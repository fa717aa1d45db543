import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the build of the capture addon', () => {
  let project: string;
  const build = () => spawnSync(process.execPath, [join(project, 'gateway', 'build-native.mjs')], { encoding: 'utf8' });

  /** A project with copies of the sources that are patched, and links to what is not. No compiler is started by these tests. */
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), `sallyport-native-${process.pid}-`));
    for (const folder of ['gateway', 'node_modules/pcap', 'node_modules/mdns-js', 'node_modules/dns-js/lib'])
      mkdirSync(join(project, folder), { recursive: true });
    for (const file of [
      'node_modules/pcap/pcap_session.cc.orig',
      'node_modules/dns-js/lib/bufferconsumer.js.orig',
      'gateway/build-native.mjs',
      'package-lock.json',
      'node_modules/pcap/package.json',
      'node_modules/pcap/pcap_session.cc',
      'node_modules/mdns-js/package.json',
      'node_modules/mdns-js/index.js',
      'node_modules/dns-js/package.json',
      'node_modules/dns-js/lib/bufferconsumer.js',
    ])
      cpSync(join(root, file), join(project, file));
    symlinkSync(join(root, 'node_modules/node-gyp'), join(project, 'node_modules/node-gyp'));
  });
  afterEach(() => rmSync(project, { recursive: true }));

  it.each(['pcap/pcap_session.cc', 'dns-js/lib/bufferconsumer.js'])('fails loudly when %s is another text than the patch is for', file => {
    const path = join(project, 'node_modules', file);
    writeFileSync(`${path}.orig`, `${readFileSync(`${path}.orig`, 'utf8')}\n`);
    const { status, stderr } = build();
    expect(status).not.toBe(0);
    expect(stderr).toContain(`Cannot patch ${path}: its SHA-256 is `);
  });

  it('patches the published text, whatever was made of it before', () => {
    const path = join(project, 'node_modules/pcap/pcap_session.cc');
    writeFileSync(path, 'an older patch');
    expect(build().stderr).toContain('binding.gyp not found'); // the copy has no build file, so this is where it ends
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(join(root, 'node_modules/pcap/pcap_session.cc'), 'utf8'));
  });

  it('does nothing while lock file, patch and Node are those of the last build', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'gateway', 'build-native.mjs')], {
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']); // with that PATH it could compile nothing
  });
});
