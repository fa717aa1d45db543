import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The project's root, seen from the source as well as from `dist`. */
export const projectRoot =
  ['../..', '../../..'].map(up => resolve(import.meta.dirname, up)).find(root => existsSync(join(root, 'package.json'))) ?? '';

/** A file or folder of the project. Throws when it was not built. */
export function projectFile(path: string): string {
  const file = join(projectRoot, path);
  if (!existsSync(file)) throw new Error(`Cannot find ${path}: build the project first (./sallyport setup run)`);
  return file;
}

/** The `policies` folder that ships with the program. */
export const shippedPolicies = (): string => projectFile('policies');
