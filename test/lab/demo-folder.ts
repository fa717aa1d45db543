import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Where a demo keeps everything, by its kind; `data` in it is what the launcher's client verbs use while a demo runs. */
export const folders = { demo: '/run/sallyport-demo', check: '/run/sallyport-check' } as const;
export type DemoKind = keyof typeof folders;
/** Prefix of the network namespaces. */
export const prefixes = { demo: 'spdemo', check: 'spcheck' } as const satisfies Record<DemoKind, string>;

/** The living demo of a folder. A pid that now belongs to another program is none. */
export function livingDemo(kind: DemoKind): number | undefined {
  const file = `${folders[kind]}/pid`;
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  const command = `/proc/${pid}/cmdline`;
  return existsSync(command) && readFileSync(command, 'latin1').includes('demo.ts') ? pid : undefined;
}

/** Makes the folder anew. Others may pass through it to the gateway's own data, and list nothing. Throws when a demo of this kind runs. */
export function takeFolder(kind: DemoKind): string {
  const other = livingDemo(kind);
  if (other !== undefined) throw new Error(`Cannot start the demo: one runs already as process ${other}`);
  const folder = folders[kind];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o711 });
  writeFileSync(`${folder}/pid`, `${process.pid}\n`);
  mkdirSync(`${folder}/hosts`, { mode: 0o700 });
  return folder;
}

/** Removes what is left of a demo, unless it lives. */
export function removeFolder(kind: DemoKind): void {
  const living = livingDemo(kind);
  if (living === undefined || living === process.pid) rmSync(folders[kind], { recursive: true, force: true });
}
