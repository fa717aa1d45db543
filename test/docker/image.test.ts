import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ownFiles } from '../../docker/deb/contents.ts';
import { cableSettings } from '../../gateway/edge/enforcers/cable.ts';
import { settingsShape } from '../../gateway/edge/store/settings-shape.ts';
import { projectRoot } from '../architecture/imports.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { readonly version: string };
const dockerfile = read('docker/Dockerfile');
const { services } = parse(read('docker/compose.yaml')) as { readonly services: Record<string, Record<string, unknown>> };
const box = services['sallyport'] ?? {};
const capabilities = /^CapabilityBoundingSet=(.*)$/m.exec(read('docker/systemd/sallyport.service'))?.[1] ?? '';

describe('the image', () => {
  it('is the package: it installs what docker/deb/build made, and names no Debian package itself', () => {
    expect(dockerfile).toContain('RUN mkdir /out && docker/deb/build --compress none --out /out');
    const installed = [...dockerfile.matchAll(/apt-get install ([^\\\n]*)/g)].flatMap(([, words]) => words?.trim().split(/\s+/) ?? []);
    expect(installed.filter(word => !word.startsWith('-'))).toEqual(['/out/sallyport_*.deb']);
  });

  it('stands on one base for both stages, which a build may replace', () => {
    expect([...dockerfile.matchAll(/^FROM (.*)$/gm)].map(([, from]) => from)).toEqual(['${BASE} AS build', '${BASE}']);
    expect(dockerfile).toMatch(/^ARG BASE=debian:12-slim$/m);
  });

  it('is given everything that the build reads, and nothing that is not named', () => {
    const lines = read('.dockerignore')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    const letIn = lines.filter(line => line.startsWith('!')).map(line => line.slice(1));
    expect(letIn.filter(path => !existsSync(join(projectRoot, path)))).toEqual([]);
    const passes = (path: string): boolean => letIn.some(one => path === one || path.startsWith(`${one}/`));
    const hashed = /find (gateway [^\\]*) \\/.exec(read('sallyport'))?.[1]?.split(' ') ?? [];
    expect(hashed.length).toBeGreaterThan(5);
    const named = [...read('docker/deb/build').matchAll(/\$root\/(docker\/[\w./-]*\w)/g)].map(([, path]) => path ?? '');
    const wanted = [
      ...hashed,
      ...named.filter(path => !path.startsWith('docker/runtime/bin')),
      ...ownFiles.filter(path => !path.startsWith('dist')),
      'docker/runtime/package-lock.json',
      'docker/runtime/.npmrc',
    ];
    expect(wanted.filter(path => !passes(path))).toEqual([]);
    const shut = ['.git', '.ci', 'test', 'setup.log', '.env', 'docker/compose.yaml', 'dist'];
    expect(shut.filter(passes)).toEqual([]);
  });
});

describe('the package', () => {
  it('is laid out from files that exist', () => {
    const build = read('docker/deb/build');
    const named = [...build.matchAll(/"\$(root|here)\/([\w./-]*\w)"/g)].map(([, base, path]) =>
      base === 'here' ? `docker/deb/${path}` : `${path}`,
    );
    expect(named.length).toBeGreaterThan(4);
    expect(
      [...named, ...['postinst', 'prerm', 'postrm'].map(name => `docker/deb/${name}`)].filter(path => !existsSync(join(projectRoot, path))),
    ).toEqual([]);
    for (const name of ['postinst', 'prerm', 'postrm']) expect(build).toContain(name);
  });
});

describe('the compose file', () => {
  it('runs the image of this version, of a Dockerfile that exists', () => {
    expect(box['image']).toBe(`sallyport:${version}`);
    const { context, dockerfile: file } = box['build'] as { readonly context: string; readonly dockerfile: string };
    expect(existsSync(join(projectRoot, 'docker', context, file))).toBe(true);
  });

  it('gives it the host’s network, the capabilities of the unit and nothing else', () => {
    expect([box['network_mode'], box['privileged'], box['pid'], box['devices']]).toEqual(['host', undefined, undefined, undefined]);
    expect(box['cap_drop']).toEqual(['ALL']);
    expect((box['cap_add'] as readonly string[]).toSorted()).toEqual(
      capabilities
        .split(' ')
        .map(name => name.replace('CAP_', ''))
        .toSorted(),
    );
    expect([box['read_only'], box['security_opt']]).toEqual([true, ['no-new-privileges:true']]);
    expect((box['volumes'] as readonly string[]).map(volume => volume.split(':')[1])).toEqual([
      '/var/lib/sallyport',
      '/var/lib/sallyport/policies.d',
    ]);
  });
});

describe('docker/INSTALL.md', () => {
  const text = read('docker/INSTALL.md');

  it('gives the host of a container the settings that make its bridge a cable, all and no others', () => {
    const given = [...text.matchAll(/^(net\/\S+) = (\d)$/gm)].map(([, name, value]) => [name, value]);
    expect(given).toEqual(cableSettings('br0'));
  });

  it('shows settings of an inline box that the gateway takes, and that cut nobody', () => {
    const shown = /^```json\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
    const { network, zones } = settingsShape.parse(JSON.parse(shown));
    expect([network.kind, zones.map(({ mode }) => mode)]).toEqual(['bridge', ['observe']]);
  });

  it('names the version of the image, and files of the project that exist', () => {
    const named = [...text.matchAll(/(?<![\w/])docker\/[\w./-]*\w/g)].map(([path]) => path);
    expect(named.length).toBeGreaterThan(2);
    expect([...text.matchAll(/sallyport:(\d[\d.]*)/g)].map(([, tag]) => tag)).toEqual([version]);
    expect(named.filter(path => !existsSync(join(projectRoot, path)) && globSync(path, { cwd: projectRoot }).length === 0)).toEqual([]);
  });
});
