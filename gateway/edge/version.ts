import { readFileSync } from 'node:fs';
import { projectFile } from './project-files.ts';

const { version: found } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as { readonly version: string };
/** Version of the program, as in package.json. */
export const version: string = found;
