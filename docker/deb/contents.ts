/** What of the project an installed program consists of, besides the pinned Node. Pure: no file is read here. */

/** The project's own files and folders, whole. `package.json` tells where the root is and which version this is. */
export const ownFiles = [
  'package.json',
  'sallyport',
  'dist/gateway',
  'dist/collectors',
  'dist/oui.bin',
  'dist/kinds.json',
  'ui/dist',
  'policies',
] as const;

/** Packages that the build reads and the program does not: compilers of the addon, types, and the register that becomes dist/oui.bin. */
const buildOnly = /^(?:node-gyp|nan|oui-data|@types\/.*)$/;

/** Packages that the build copies into our own files, and whose licences therefore go with these. `vite` and `rolldown` put nothing of theirs in. */
export const copiedIn: readonly string[] = ['oui-data', 'preact', '@preact/signals', '@preact/signals-core'];

/** The text for a package that names this licence and brings no file of it, as oui-data does. */
export const bsd2Clause = (holder: string): string => `Copyright (c) ${holder}

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the
documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO,
THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO,
PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF
LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

/** What is read of package-lock.json. */
export type Lock = { readonly packages: Readonly<Record<string, LockEntry>> };
type LockEntry = { readonly dependencies?: Record<string, string>; readonly optionalDependencies?: Record<string, string> };

/** Folders of the packages that the program loads, as the lock names them (`node_modules/ws`), sorted. Throws when the lock lacks one. */
export function shippedModules(lock: Lock): readonly string[] {
  const found = new Set<string>();
  const add = (folder: string): void => {
    const entry = lock.packages[folder];
    for (const name of Object.keys({ ...entry?.dependencies, ...entry?.optionalDependencies })) {
      if (buildOnly.test(name)) continue;
      const next = resolve(lock, folder, name);
      if (found.has(next)) continue;
      found.add(next);
      add(next);
    }
  };
  add('');
  return [...found].toSorted();
}

/** As Node looks for it: in the package's own node_modules, then in each above. */
function resolve(lock: Lock, from: string, name: string): string {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock.packages[folder] !== undefined) return folder;
    if (at === '') throw new Error(`Cannot list what is shipped: the lock has no ${name} for ${from || 'the project'}`);
  }
}

/** Of a package's files, what no running program reads: types, maps, sources of what is compiled, settings of tools, and what stands beside for people. Paths start at the package. */
export const isDeadWeight = (path: string): boolean =>
  /\.(?:d\.[cm]?ts|[cm]?ts|map|cc|h|orig|gyp|md|markdown|o|a|mk|d)$/.test(path) ||
  /(?:^|\/)\./.test(path) ||
  // Deeper such names are code: yaml has its documents in dist/doc.
  /^(?:examples?|spec|tests?|docs?|benchmark)\//.test(path) ||
  /^(?:build\/(?:Makefile|binding\.Makefile|config\.gypi)|build\/Release\/obj\.target\/.*|Gruntfile\.js)$/.test(path);

/** A package with the text of its licence file. */
export type Licensed = { readonly name: string; readonly files: string; readonly license: string; readonly text: string };

/** The file debian/copyright, in Debian's machine-readable format 1.0. Apache-2.0 of our own stands on every Debian; all else is given in full. */
export function copyrightFile(packages: readonly Licensed[]): string {
  const own = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: sallyport',
    'Comment: Built from the source of Sallyport, with the Node.js and the npm packages that its lock files name.',
    '',
    'Files: *',
    'Copyright: the authors of Sallyport',
    'License: Apache-2.0',
    ' On Debian systems, the full text of this licence is in /usr/share/common-licenses/Apache-2.0.',
  ];
  return `${[own.join('\n'), ...packages.map(stanza)].join('\n\n')}\n`;
}

function stanza({ name, files, license, text }: Licensed): string {
  const holders = [...new Set(text.split('\n').filter(isHolder).map(plain))].slice(0, 40);
  const body = text
    .trimEnd()
    .split('\n')
    .map(line => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
  return [
    `Files: ${files}`,
    `Copyright: ${holders.length === 0 ? `the authors of ${name}` : holders.join('\n           ')}`,
    `License: ${license}`,
    ...body,
  ].join('\n');
}

const isHolder = (line: string): boolean => /^[\s*#/]*(?:copyright\b|\(c\)|©)/iu.test(line) && /\d{4}|©|\(c\)/iu.test(line);
const plain = (line: string): string => line.replace(/^[\s*#/]+/, '').trim();

/** The manual page (roff), made of what `sallyport --help` prints. */
export function manualPage(version: string, help: string): string {
  const roff = help.trimEnd().replaceAll('\\', String.raw`\e`).replaceAll('-', String.raw`\-`).replace(/^[.']/gm, String.raw`\&$&`);
  return [
    `.TH SALLYPORT 1 "" "sallyport ${version}"`,
    '.SH NAME',
    String.raw`sallyport \- discovers, challenges, quarantines and shows every device on a LAN`,
    '.SH SYNOPSIS',
    '.B sallyport',
    '.I verb',
    '[arguments]',
    '.SH DESCRIPTION',
    'Each verb has a help of its own:',
    '.B sallyport',
    '.I verb',
    String.raw`.BR \-\-help .`,
    '.PP',
    '.nf',
    roff,
    '.fi',
    '.SH FILES',
    '.TP',
    '.I /var/lib/sallyport',
    'settings.json, the journal, accounts, keys; policies.d/ is the site\\(aqs own policy.',
    '.SH SEE ALSO',
    '/usr/share/doc/sallyport/edge-box.md.gz (upgrade, backup, what stays enforced), /usr/share/doc/sallyport/README.md.gz',
    '',
  ].join('\n');
}
