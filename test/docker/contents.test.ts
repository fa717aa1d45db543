import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copiedIn, copyrightFile, isDeadWeight, type Lock, manualPage, ownFiles, shippedModules } from '../../docker/deb/contents.ts';
import { importsOf, projectRoot } from '../architecture/imports.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const modules = shippedModules(JSON.parse(read('package-lock.json')) as Lock);
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Packages that these sources name, their own files and Node's aside. */
function named(folders: readonly string[]): readonly string[] {
  const sources = globSync(
    folders.map(folder => `${folder}/**/*.{ts,tsx}`),
    { cwd: projectRoot, exclude: path => path.endsWith('dist') },
  );
  const all = sources.flatMap(file => importsOf(file, read(file)).map(({ to }) => to));
  return [...new Set(all.filter(to => !/^(?:gateway|collectors|ui)\//.test(to) && !isBuiltin(to)).map(packageOf))].toSorted();
}

describe('what an installed program consists of', () => {
  it('is every package that the sources load, and what these load in turn', () => {
    const used = named(['gateway', 'collectors']);
    expect(used).toContain('express');
    expect(used.filter(name => !modules.includes(`node_modules/${name}`))).toEqual([]);
    expect(modules).toContain('node_modules/tsyringe/node_modules/tslib');
    expect(modules.filter(folder => !existsSync(join(projectRoot, folder)))).toEqual([]);
  });

  it('is nothing that only builds or tests', () => {
    const lock = JSON.parse(read('package-lock.json')) as { readonly packages: Record<string, { readonly dev?: boolean }> };
    expect(modules.filter(folder => lock.packages[folder]?.dev === true)).toEqual([]);
    expect(modules.filter(folder => /node-gyp|\/nan$|oui-data|@types\//.test(folder))).toEqual([]);
  });

  it('refuses a lock that lacks a package that another needs', () => {
    const lock = { packages: { '': { dependencies: { a: '1' } }, 'node_modules/a': { dependencies: { b: '1' } } } };
    expect(() => shippedModules(lock)).toThrow('Cannot list what is shipped: the lock has no b for node_modules/a');
    expect(shippedModules({ packages: { ...lock.packages, 'node_modules/a/node_modules/b': {} } })).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
    ]);
  });

  it('leaves out no file that another one of the same package loads', () => {
    const missing: string[] = [];
    let looked = 0;
    for (const folder of modules) {
      const files = globSync('**/*.{js,cjs,mjs}', { cwd: join(projectRoot, folder), exclude: path => path.startsWith('node_modules') });
      const kept = new Set(globSync('**/*', { cwd: join(projectRoot, folder) }).filter(file => !isDeadWeight(file)));
      for (const file of files.filter(path => kept.has(path)))
        for (const { to } of relative(join(projectRoot, folder, file))) {
          const path = normalize(join(dirname(file), to));
          const candidates = [path, `${path}.js`, `${path}.json`, `${path}.node`, join(path, 'index.js')];
          const there = candidates.filter(candidate => isFile(join(projectRoot, folder, candidate)));
          looked += there.length;
          if (there.length > 0 && !/\.d\.[cm]?ts$/.test(path) && !there.some(candidate => kept.has(candidate)))
            missing.push(`${folder}/${file}: ${to}`);
        }
    }
    expect(missing).toEqual([]);
    expect(looked).toBeGreaterThan(1000);
  });

  it('names own files that the project has, built or not, and the page’s packages among those whose licences go with it', () => {
    const sources = ownFiles.filter(path => !path.includes('dist'));
    expect(sources.filter(path => !existsSync(join(projectRoot, path)))).toEqual([]);
    const made = read('package.json').match(/"build": "(.*)"/)?.[1] ?? '';
    for (const tool of ['tsc', 'vite build ui', 'build-oui', 'build-inspect']) expect(made).toContain(tool);
    expect(named(['ui']).filter(name => !copiedIn.includes(name) && name !== 'vite')).toEqual([]);
  });
});

describe('what is written about it', () => {
  it('gives each licence in full, with its holders, in lines that Debian can read', () => {
    const text = 'MIT\n\nCopyright (c) 2020 Somebody\n\nPermission\n';
    const file = copyrightFile([{ name: 'a', files: 'usr/lib/sallyport/node_modules/a/*', license: 'Expat', text }]);
    expect(file.split('\n\n').at(-1)).toBe(
      'Files: usr/lib/sallyport/node_modules/a/*\nCopyright: Copyright (c) 2020 Somebody\nLicense: Expat\n MIT\n .\n Copyright (c) 2020 Somebody\n .\n Permission\n',
    );
    expect(file).toContain('License: Apache-2.0');
  });

  it('makes a manual page in which no line of the help is a command of roff', () => {
    const page = manualPage('1.2.3', "Usage: sallyport\n.so /etc/passwd\n'quoted\n a\\b --json\n");
    expect(page).toContain('.TH SALLYPORT 1 "" "sallyport 1.2.3"');
    const help = page.slice(page.indexOf('.nf\n') + 4, page.indexOf('\n.fi'));
    expect(help.split('\n')).toEqual(['Usage: sallyport', '\\&.so /etc/passwd', "\\&'quoted", ' a\\eb \\-\\-json']);
  });
});

function relative(file: string): readonly { readonly to: string }[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/\b(?:require\(|from|import\(|import)\s*['"](\.{1,2}\/[^'"]*|\.{1,2})['"]/g)].map(match => ({
    to: match[1] ?? '',
  }));
}
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
