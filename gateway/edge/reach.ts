import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** How the unprivileged processes get at our files: put `prefix` before their command and give them `path(p)` for `p`. */
export type Reach = {
  readonly prefix: readonly string[];
  path(path: string): string;
  /** Removes what was made. The mounts end with the processes by themselves. */
  remove(): void;
};

export type Folder = { readonly path: string; readonly access: 'read' | 'write' };

/** Where the processes meet: `/run`, or the folder below it that a service manager made for us (systemd.exec(5), RuntimeDirectory=). */
export const runFolder = process.env['RUNTIME_DIRECTORY'] ?? '/run';

/** Everything can be reached as it is; for tests and for one process. */
const reachAsIs: Reach = { prefix: [], path: p => p, remove: () => undefined };

/**
 * Each process gets its own mount namespace, which nobody else sees and which ends with it. Arguments: source, target, mode, repeated, then
 * `--` and the command.
 */
const mountScript = `set -e
while [ "$1" != -- ]; do
  mount --bind "$1" "$2"
  case "$3" in read) mount -o remount,bind,ro,nosuid,nodev "$2";; write) mount -o remount,bind,nosuid,nodev "$2";; esac
  shift 3
done
shift
exec "$@"`;

/**
 * Makes `folders` (and the running Node) reachable for users that may not pass the folders above them, as below /root: those that are not are
 * bind-mounted below `sallyport-<pid>` in `runFolder`. Needs root then. Throws when a folder itself shuts them out.
 */
export function makeReach(folders: readonly Folder[], base = join(runFolder, `sallyport-${process.pid}`)): Reach {
  const node = dirname(process.execPath);
  const wanted = folders.some(f => contains(f.path, node)) ? folders : [...folders, { path: node, access: 'read' } as const];
  for (const { path, access } of wanted) if (access === 'read') refuseShut(path);
  const shut = wanted.filter(f => !isOpen(dirname(resolve(f.path))));
  if (shut.length === 0) return reachAsIs;
  const binds = shut.map((f, n) => ({ source: resolve(f.path), target: join(base, String(n)), access: f.access }));
  mkdirSync(base, { recursive: true });
  chmodSync(base, 0o755); // whatever the umask is
  for (const { target } of binds) mkdirSync(target, { recursive: true });
  const mounts = binds.flatMap(b => [b.source, b.target, b.access]);
  return {
    prefix: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mountScript, 'sh', ...mounts, '--'],
    path: path => {
      const bind = binds.find(b => contains(b.source, resolve(path)));
      return bind ? join(bind.target, relative(bind.source, resolve(path))) : path;
    },
    remove: () => {
      for (const { target } of binds) rmdirSync(target);
      rmdirSync(base);
    },
  };
}

/** Files take the mode that the umask of their maker left, so one of them stands for all. */
function refuseShut(folder: string): void {
  const sample = join(folder, 'package.json');
  for (const path of existsSync(sample) ? [folder, sample] : [folder]) {
    const { mode } = statSync(path);
    const needed = path === folder ? 0o005 : 0o004;
    if ((mode & needed) === needed) continue;
    const cure = `chmod -R go+rX ${folder}`;
    throw new Error(`Cannot let unprivileged processes read ${path}: its mode is ${(mode & 0o777).toString(8)} (cure: ${cure})`);
  }
}

const contains = (folder: string, path: string): boolean =>
  resolve(path) === resolve(folder) || resolve(path).startsWith(resolve(folder) + sep);

/** True when anybody may pass `folder` and all folders above it. */
function isOpen(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpen(dirname(folder));
}

/** Removes what supervisors left in `run` that died without `remove`: empty folders, or nothing is removed. */
export function sweepReach(run = runFolder): void {
  for (const name of readdirSync(run)) {
    const pid = /^sallyport-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    for (const inner of readdirSync(join(run, name))) rmdirSync(join(run, name, inner));
    rmdirSync(join(run, name));
  }
}

/** True iff a process of that id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Makes the data folder of the gateway, mode 0700, its own. Only the folder itself changes hands, so that a link put inside cannot give
 * away another file. Throws when it belongs to somebody else.
 */
export function makeDataFolder(path: string, user: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory()) throw new Error(`Cannot use ${path} as data folder: it is no folder`);
  if (found.uid !== 0 && found.uid !== user) throw new Error(`Cannot use ${path} as data folder: it belongs to user ${found.uid}`);
  chownSync(path, user, user);
  chmodSync(path, 0o700);
}
