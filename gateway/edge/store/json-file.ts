import { type FileHandle, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Adapter } from 'lowdb';

/** Largest file that is read or written, bytes. lowdb holds what is needed to start, not the inventory. */
const maxJsonFile = 4 * 1024 * 1024;

export type JsonFileOptions<T> = {
  /** Checks the shape; throws when it is wrong. What it throws reaches the caller of `read` unchanged. */
  readonly parse: (value: unknown) => T;
  /** Told in one sentence when the copy had to be used instead of the file. */
  readonly warn: (message: string) => void;
};

/** The file is not as it must be: spoilt without a copy, too large, or changed behind our back. The message says which. */
export class JsonFileError extends Error {}

/**
 * A lowdb adapter whose file survives `kill -9`, power loss and a clumsy editor: written as a temporary file of mode 0600, synced,
 * renamed, and then once more as `<file>.bak`. At every moment the file or its copy is whole, and both say the same when at rest, so
 * that falling back never revives a password or a setting that was taken back.
 * Writes are done one after the other. One process owns a file: a write is refused when somebody else changed the file since it was read.
 */
export class JsonFile<T> implements Adapter<T> {
  readonly path: string;
  readonly #options: JsonFileOptions<T>;
  #queue: Promise<unknown> = Promise.resolve();
  /** What the file was when we last read or wrote it; undefined before that. */
  #known: string | undefined;
  #text = '';

  constructor(path: string, options: JsonFileOptions<T>) {
    this.path = path;
    this.#options = options;
  }

  /** Makes the copy say what `read` took, once the caller found it good: a file edited by hand has no copy, or one of its past. */
  keepCopy(): Promise<void> {
    return this.#inTurn(async () => {
      const copy = await readJson(`${this.path}.bak`);
      if (!copy.ok || copy.text !== this.#text) await replace(`${this.path}.bak`, this.#text);
    });
  }

  /** The text that `read` took, for messages with line numbers. */
  get text(): string {
    return this.#text;
  }

  /** Null iff the file does not exist. Throws when neither the file nor its copy is JSON, or when `parse` throws. */
  read(): Promise<T | null> {
    return this.#inTurn(async () => {
      this.#known = await fingerprint(this.path);
      if (this.#known === absent) return null;
      const first = await readJson(this.path);
      if (first.ok) return this.#take(first);
      const copy = await readJson(`${this.path}.bak`);
      if (!copy.ok) throw new JsonFileError(`${first.problem}; nor its copy: ${copy.problem}`);
      this.#options.warn(`${first.problem}; the copy ${basename(this.path)}.bak is used until the file is written again`);
      return this.#take(copy);
    });
  }

  /** Resolves when the data would survive a power cut. Throws when somebody else changed the file since it was read, or the disk is full: the old file stays. */
  write(data: T): Promise<void> {
    return this.#inTurn(async () => {
      const text = `${JSON.stringify(data, null, 2)}\n`;
      if (Buffer.byteLength(text) > maxJsonFile)
        throw new JsonFileError(`Cannot write ${this.path}: it would be larger than ${maxJsonFile} bytes`);
      if (this.#known !== undefined && this.#known !== (await fingerprint(this.path)))
        throw new JsonFileError(`Cannot write ${this.path}: somebody else changed it since it was read`);
      if (this.#known === undefined) await removeStale(this.path);
      await replace(this.path, text);
      this.#known = await fingerprint(this.path);
      await replace(`${this.path}.bak`, text);
    });
  }

  #take(read: { readonly text: string; readonly value: unknown }): T {
    this.#text = read.text;
    return this.#options.parse(read.value);
  }

  #inTurn<R>(job: () => Promise<R>): Promise<R> {
    const turn = this.#queue.then(job, job);
    this.#queue = turn;
    return turn;
  }
}

const absent = 'absent';

/** Changes whenever the file is replaced or written to. */
async function fingerprint(path: string): Promise<string> {
  const s = await orUndefined(stat(path, { bigint: true }), 'ENOENT');
  return s === undefined ? absent : `${s.ino} ${s.size} ${s.mtimeNs}`;
}

type ReadJson = { readonly ok: true; readonly text: string; readonly value: unknown } | { readonly ok: false; readonly problem: string };

async function readJson(path: string): Promise<ReadJson> {
  const s = await orUndefined(stat(path), 'ENOENT');
  if (s === undefined) return { ok: false, problem: `Cannot read ${path}: it does not exist` };
  if (!s.isFile()) return { ok: false, problem: `Cannot read ${path}: it is not a file` };
  if (s.size > maxJsonFile) return { ok: false, problem: `Cannot read ${path}: it is larger than ${maxJsonFile} bytes` };
  const text = await readFile(path, 'utf8');
  if (text.trim() === '') return { ok: false, problem: `Cannot read ${path}: it is empty` };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, text, value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, problem: `Cannot read ${path}: it is no JSON (${withoutText(error.message)})` };
  }
}

/** V8 quotes the text around the fault, in which a secret may stand. */
const withoutText = (message: string): string => message.replace(/".*"/s, 'its text');

/** The process id in the name keeps a second writer from renaming our half-written file. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  await rm(temporary, { force: true });
  try {
    await withFile(await open(temporary, 'wx', 0o600), async file => {
      await file.writeFile(text);
      await file.datasync();
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await withFile(await open(dirname(path), 'r'), folder => folder.sync());
}

/** Temporary files of writers that were killed; nobody will ever rename them. */
async function removeStale(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder);
  for (const name of names.filter(n => n.startsWith(`.${basename(path)}.`) && n.endsWith('.tmp')))
    await rm(join(folder, name), { force: true });
}

async function withFile(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

async function orUndefined<R>(promise: Promise<R>, code: string): Promise<R | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  }
}
