import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { etherType } from '../../collectors/collector.ts';
import { collectors } from '../../collectors/index.ts';

const folder = join(import.meta.dirname, '../../collectors');
/** Files of the folder that make a collector. */
const protocols = readdirSync(folder)
  .filter(file => file.endsWith('.ts') && /^export const \w+ = collector\(/m.test(readFileSync(join(folder, file), 'utf8')))
  .map(file => file.slice(0, -3));

describe('the list of collectors', () => {
  it('names every protocol file once, and nothing else', () =>
    expect(collectors.map(c => c.name).toSorted()).toEqual(protocols.toSorted()));

  it.each(protocols)('%s has a test', name => expect(existsSync(join(import.meta.dirname, `${name}.test.ts`))).toBe(true));

  it('names a standard for each', () => {
    for (const { name, spec } of collectors) expect(spec, name).toMatch(/^[A-Z].{3}/);
  });

  it('cannot match all of IP by mistake', () => expect(() => etherType(0x0800)).toThrow('match a port instead'));
});
