import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  bsd2Clause,
  copiedIn,
  copyrightFile,
  isDeadWeight,
  type Licensed,
  type Lock,
  manualPage,
  ownFiles,
  shippedModules,
} from './contents.ts';

/**
 * Lays the built program out as it will stand on a machine: node docker/deb/stage.ts DEST ARCH HELP. ARCH is Node's (x64, arm64), HELP a file with what
 * the installed launcher prints. Reads nothing from the network. Throws when something was not built or has no licence.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const [dest = '', arch = '', help = ''] = process.argv.slice(2);
const program = join(dest, 'usr/lib/sallyport');
const documents = join(dest, 'usr/share/doc/sallyport');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const { version } = JSON.parse(text('package.json')) as { readonly version: string };
const modules = shippedModules(JSON.parse(text('package-lock.json')) as Lock);
const node = `docker/runtime/node_modules/node-linux-${arch}`;

for (const path of ownFiles) copy(path, () => true);
for (const path of modules) {
  const { bin = {} } = JSON.parse(text(`${path}/package.json`)) as { readonly bin?: string | Record<string, string> };
  const commands = new Set((typeof bin === 'string' ? [bin] : Object.values(bin)).map(file => normalize(file)));
  // A package inside another is one of ours to choose, too.
  copy(path, inside => !isDeadWeight(inside) && !commands.has(inside) && !inside.split('/').includes('node_modules'));
}
mkdirSync(join(program, 'docker/runtime/bin'), { recursive: true });
cpSync(join(root, node, 'bin/node'), join(program, 'docker/runtime/bin/node'));
removeEmpty(join(program, 'node_modules'));

put(
  'copyright',
  copyrightFile([licensed(node, 'usr/lib/sallyport/docker/runtime/*'), ...modules.map(m => licensed(m)), ...copiedIn.map(inOurs)]),
);
put('README.md.gz', gzipSync(text('README.md'), { level: 9 }));
// Under another name than INSTALL: who reads it there has installed it, and looks for upgrades, backups and what stays enforced.
put('edge-box.md.gz', gzipSync(text('docker/INSTALL.md'), { level: 9 }));
put('changelog.gz', gzipSync(changelog(), { level: 9 }));
const man = join(dest, 'usr/share/man/man1');
mkdirSync(man, { recursive: true });
writeFileSync(join(man, 'sallyport.1.gz'), gzipSync(manualPage(version, readFileSync(help, 'utf8')), { level: 9 }));

function copy(path: string, isWanted: (inside: string) => boolean): void {
  const from = join(root, path);
  mkdirSync(dirname(join(program, path)), { recursive: true });
  cpSync(from, join(program, path), { recursive: true, filter: file => file === from || isWanted(relative(from, file)) });
}

/** Folders of which nothing is left say nothing. */
function removeEmpty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

function put(name: string, content: string | Uint8Array): void {
  mkdirSync(documents, { recursive: true });
  writeFileSync(join(documents, name), content);
}

function licensed(folder: string, files = `usr/lib/sallyport/${folder}/*`): Licensed {
  const found = JSON.parse(text(`${folder}/package.json`)) as {
    readonly name: string;
    readonly license?: string;
    readonly author?: string;
  };
  const { name, license, author } = found;
  const isLicence = (file: string): boolean =>
    /^(?:licen[cs]e|copying)(?:[.-].*)?$/i.test(file) && statSync(join(root, folder, file)).isFile();
  const file = readdirSync(join(root, folder)).find(isLicence);
  if (file === undefined && license === 'BSD-2-Clause')
    return { name, files, license, text: bsd2Clause(author ?? `the authors of ${name}`) };
  if (file === undefined || license === undefined) throw new Error(`Cannot ship ${folder}: it has no licence file`);
  return { name, files, license: license === 'MIT' ? 'Expat' : license, text: text(`${folder}/${file}`) };
}

function inOurs(name: string): Licensed {
  return licensed(`node_modules/${name}`, name === 'oui-data' ? 'usr/lib/sallyport/dist/oui.bin' : 'usr/lib/sallyport/ui/dist/*');
}

/** A package whose source is a repository has its history there. */
function changelog(): string {
  const date = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? 0) * 1000).toUTCString().replace('GMT', '+0000');
  return `sallyport (${version}) unstable; urgency=medium\n\n  * What changed is told by the history of the source.\n\n -- ${process.env['DEB_MAINTAINER'] ?? ''}  ${date}\n`;
}
