import type { FileList } from '../../model/trust.ts';
import { ReferenceFileError } from '../../attestation/reference-values.ts';
import { fileListShape } from '../../policy/file-list-shape.ts';
import { entriesOf } from './anchor-files.ts';
import { attempt, type Found, readText } from './trust-folder.ts';

/** All lists together: they travel to the challenger in one line with everything else that is trusted. */
export const maxListedFiles = 20_000;
const maxListedCharacters = 3 * 1024 * 1024;

type Files = FileList['files'];

/**
 * The files that devices of a class may run, from `*.ima.yaml` of folders `reference-values` and the sums that stand beside them. They are the site's own word
 * and need no signature: they take trust away from a device that has signed reference values, and never give any. What cannot be used is named in `problems`.
 */
export function fileListsOf(folders: readonly (readonly Found[])[], problems: string[]): readonly FileList[] {
  const lists = folders.flatMap(files =>
    files
      .filter(({ name }) => /\.ima\.ya?ml$/.test(name))
      .flatMap(file =>
        entriesOf(file, fileListShape, 'model', problems).flatMap(({ value, ref }) =>
          attempt(ref.at, problems, () => {
            const { vendor, model, files: listed = [], lists: sums = [], excludes = [] } = value;
            const all = [...listed.map(({ path, digests }) => [path, digests] as const), ...sums.flatMap(name => sumsIn(files, name))];
            return [{ name: ref.at, vendor, model, files: all, excludes }];
          }),
        ),
      ),
  );
  return attempt('file lists', problems, () => checked(lists));
}

/** Throws ReferenceFileError for two lists of one class, and for more than is taken. */
function checked(lists: readonly FileList[]): readonly FileList[] {
  const seen = new Map<string, FileList>();
  for (const list of lists) {
    const key = JSON.stringify([list.vendor, list.model]);
    const before = seen.get(key);
    if (before !== undefined)
      throw new ReferenceFileError(`Cannot use the list of files at ${list.name}: ${before.name} is for ${list.vendor} ${list.model} too`);
    seen.set(key, list);
  }
  const files = lists.flatMap(list => list.files);
  const characters = files.reduce((sum, [path, digests]) => sum + path.length + digests.join().length, 0);
  if (files.length > maxListedFiles || characters > maxListedCharacters)
    throw new ReferenceFileError(
      `Cannot use the lists of files: they have ${files.length} files and ${characters} characters, at most ${maxListedFiles} and ${maxListedCharacters} are taken`,
    );
  return lists;
}

const hashes: ReadonlyMap<number, string> = new Map([
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);

/** `<digest>  <path>`, a line each, as coreutils write them; a name that they had to escape is refused. */
function sumsIn(files: readonly Found[], name: string): Files {
  const file = files.find(one => one.name === name);
  if (file === undefined) throw new ReferenceFileError(`Cannot read ${name}: there is no such file beside it`);
  const lines = readText(file.path).split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new ReferenceFileError(`Cannot read ${file.shown}: it is empty`);
  return lines.map((line, n): Files[number] => {
    const [, digest = '', path = ''] = /^([0-9a-f]{64,128}) [ *](\S[^\0-\x1f\x7f]{0,4095})$/.exec(line) ?? [];
    const hash = hashes.get(digest.length);
    if (hash === undefined)
      throw new ReferenceFileError(`Cannot read ${file.shown}:${n + 1}: no line as sha256sum, sha384sum or sha512sum write it`);
    return [path, [`${hash}:${digest}`]];
  });
}
