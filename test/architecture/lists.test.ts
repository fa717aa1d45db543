import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import { schemes } from '../../gateway/attestation/schemes/index.ts';
import { projectRoot } from './imports.ts';

/** To write the tables of the README anew: UPDATE_GOLDEN=1 vitest run test/architecture */
const files = (folder: string): readonly string[] => readdirSync(join(projectRoot, folder)).filter(name => name.endsWith('.ts'));
const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const readme = join(projectRoot, 'README.md');

const tables = {
  collectors: ['| collector | reads |', '| --- | --- |', ...collectors.map(({ name, spec }) => `| \`${name}\` | ${spec} |`)].join('\n'),
  schemes: ['| Evidence scheme | judged by |', '| --- | --- |', ...schemes.map(({ name, spec }) => `| \`${name}\` | ${spec} |`)].join('\n'),
};

describe('every plug-in is listed, tested and in the README', () => {
  it('collectors: each file that makes one is in the list and has its test', () => {
    const makers = files('collectors').filter(name => /^export const \w+ = collector\(/m.test(read(`collectors/${name}`)));
    expect(makers.map(name => name.replace(/\.ts$/, '')).toSorted()).toEqual(collectors.map(({ name }) => name).toSorted());
    for (const name of makers) expect(existsSync(join(projectRoot, 'test/collectors', name.replace('.ts', '.test.ts'))), name).toBe(true);
  });

  it('schemes: each file but the list is in the list', () => {
    const makers = files('gateway/attestation/schemes').filter(name => name !== 'index.ts');
    expect(makers.map(name => name.replace(/\.ts$/, '')).toSorted()).toEqual(schemes.map(({ name }) => name).toSorted());
  });

  for (const [name, table] of Object.entries(tables))
    it(`the README's table of ${name} is not stale`, () => {
      const marks = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(\n?<!-- end -->)`);
      const now = readFileSync(readme, 'utf8');
      const next = now.replace(marks, `$1${table}\n<!-- end -->`);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(readme, next);
      expect(readFileSync(readme, 'utf8')).toBe(next);
    });
});
