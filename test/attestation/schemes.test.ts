import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { schemeFor, schemes } from '../../gateway/attestation/schemes/index.ts';

const folder = join(import.meta.dirname, '../../gateway/attestation');

describe('the list of schemes', () => {
  it('has every file of the folder, and a row in the README for each', () => {
    const files = readdirSync(join(folder, 'schemes')).filter(f => f !== 'index.ts');
    expect(files.sort()).toEqual(schemes.map(s => `${s.name}.ts`).sort());
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const { name, spec } of schemes) {
      const row = readme.split('\n').find(line => line.startsWith(`| ${name} |`));
      expect(row).toContain(spec);
    }
    expect(readme.split('\n').filter(line => !line.startsWith('|')).length).toBeLessThanOrEqual(21);
  });

  it('has one scheme for each media type', () => {
    for (const one of schemes) for (const type of one.mediaTypes) expect(schemeFor(type)).toBe(one);
  });
});
