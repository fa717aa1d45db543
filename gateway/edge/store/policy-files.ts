import { closeSync, constants, fstatSync, openSync, readFileSync, readdirSync, realpathSync, statSync, watch } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { PolicyFile } from '../../policy/policy.ts';
import { maxYaml } from '../../policy/text.ts';

/** Files of all folders together, and how deep folders are looked into. */
const maxPolicyFiles = 1000;
const maxDepth = 4;
/** Sub folders whose content is not policy: trust material is read by others. */
const otherFolders: ReadonlySet<string> = new Set(['anchors', 'reference-values', 'matter', 'schema']);

/**
 * The YAML files of the policy folders and the JSON files of their `mud`, with paths that begin with their folder's name: `policies/rules/10-default.yaml`.
 * Files are read as they are, hidden ones passed over. Throws `Cannot read …: …` for a folder that is missing (rules that vanish must not loosen
 * anything), for a symbolic link that leads out of its folder, and for files that are no text or too many.
 */
export function readPolicyFiles(folders: readonly string[]): readonly PolicyFile[] {
  const seen = new Map<string, string>();
  for (const folder of folders) {
    const twin = seen.get(basename(resolve(folder)));
    if (twin !== undefined) throw new Error(`Cannot read ${folder}: ${twin} has the same name, and paths would not tell them apart`);
    seen.set(basename(resolve(folder)), folder);
  }
  const files = folders.flatMap(folder => listed(folder).map(path => ({ folder, path })));
  if (files.length > maxPolicyFiles) throw new Error(`Cannot read ${folders.join(', ')}: more than ${maxPolicyFiles} files`);
  return files.map(({ folder, path }) => ({
    path: [basename(resolve(folder)), ...relative(folder, path).split(sep)].join('/'),
    text: readText(path),
  }));
}

/**
 * Calls `onChange` once after each burst of changes to what `readPolicyFiles` reads, also while that fails, and never for nothing. Changes are heard at once
 * where the kernel tells of them, else within 2 s. Returns the way to stop.
 */
export function watchPolicies(folders: readonly string[], onChange: () => void): () => void {
  const settleMs = 200;
  const pollMs = 2000;
  let last = signature(folders);
  let settling: NodeJS.Timeout | undefined;
  const look = () => {
    settling = undefined;
    const now = signature(folders);
    if (now === last) return;
    last = now;
    onChange();
  };
  const hear = () => {
    clearTimeout(settling);
    settling = setTimeout(look, settleMs);
  };
  const watchers = folders.flatMap(folder => watcher(folder, hear));
  const poll = setInterval(() => {
    if (settling === undefined && signature(folders) !== last) hear();
  }, pollMs);
  poll.unref();
  return () => {
    clearInterval(poll);
    clearTimeout(settling);
    for (const w of watchers) w.close();
  };
}

/** A watcher is only the fast way: where there is none (no such folder yet, no inotify left), the poll finds the change. */
function watcher(folder: string, hear: () => void) {
  try {
    const w = watch(folder, { recursive: true, persistent: false }, hear);
    w.on('error', () => w.close());
    return [w];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [];
  }
}

/** Paths of the YAML files below a folder, each inside it after links are followed. */
function listed(folder: string): readonly string[] {
  const root = orCannot(folder, () => realpathSync(folder));
  const found: string[] = [];
  const walk = (at: string, depth: number) => {
    const entries = orCannot(at, () => readdirSync(at, { withFileTypes: true }));
    for (const entry of entries.filter(e => !e.name.startsWith('.')).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(at, entry.name);
      if (entry.isSymbolicLink()) inside(root, path);
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && orCannot(path, () => statSync(path)).isDirectory());
      if (isFolder && !otherFolders.has(entry.name)) {
        if (depth >= maxDepth) throw new Error(`Cannot read ${path}: folders are nested too deep`);
        walk(path, depth + 1);
      }
      if (!isFolder && isPolicy(at, entry.name)) found.push(path);
      if (found.length > maxPolicyFiles) throw new Error(`Cannot read ${folder}: more than ${maxPolicyFiles} files`);
    }
  };
  walk(folder, 0);
  return found;
}

/** Descriptions of manufacturers are JSON as they come; all else is YAML. */
const isPolicy = (folder: string, name: string): boolean => /\.ya?ml$/.test(name) || (basename(folder) === 'mud' && name.endsWith('.json'));

function inside(root: string, path: string): void {
  const target = orCannot(path, () => realpathSync(path));
  if (target !== root && !target.startsWith(root + sep)) throw new Error(`Cannot read ${path}: it is a symbolic link out of its folder`);
}

/** Opened without waiting, so that a pipe under that name cannot stop us. */
function readText(path: string): string {
  const bytes = orCannot(path, () => {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const s = fstatSync(file);
      if (!s.isFile()) throw new Error(`Cannot read ${path}: it is not a file`);
      if (s.size > maxYaml) throw new Error(`Cannot read ${path}: it is larger than ${maxYaml} bytes`);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`Cannot read ${path}: it is no UTF-8 text`, { cause: error });
  }
}

/** Changes whenever what would be read may have changed; when it cannot be read, it is what stands in the way. */
function signature(folders: readonly string[]): string {
  try {
    return folders
      .flatMap(folder => listed(folder))
      .map(path => {
        const s = statSync(path, { bigint: true });
        return `${path} ${s.ino} ${s.size} ${s.mtimeNs} ${s.ctimeNs}`;
      })
      .join('\n');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}

function orCannot<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const why = error.code === 'ENOENT' ? 'it does not exist' : error.code === 'ELOOP' ? 'its links go round in a circle' : error.code;
    throw new Error(`Cannot read ${path}: ${why}`, { cause: error });
  }
}

const isSystemError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'code' in error && 'syscall' in error;
