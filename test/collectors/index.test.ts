import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { etherType } from '../../collectors/collector.ts';
import { collectors } from '../../collectors/index.ts';

const folder = join(import.meta.dirname, '../../collectors');
/** Files of the folder that are no protocol. */
const core = [
  'address-table',
  'collector',
  'dispatch',
  'dissector',
  'index',
  'latest-facts',
  'losses',
  'packet',
  'service-names',
  'sightings',
  'stream',
];
const protocols = readdirSync(folder)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))
  .filter(name => !core.includes(name));

describe('the list of collectors', () => {
  it('names every protocol file once, and nothing else', () =>
    expect(collectors.map(c => c.name).toSorted()).toEqual(protocols.toSorted()));

  it.each(protocols)('%s has a test and a line in the README', name => {
    expect(existsSync(join(import.meta.dirname, `${name}.test.ts`))).toBe(true);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`\`${name}.ts\``);
  });

  it('names a standard for each', () => {
    for (const { spec } of collectors) expect(spec).toMatch(/^RFC \d+$/);
  });

  it('cannot match all of IP by mistake', () => expect(() => etherType(0x0800)).toThrow('match a port instead'));
});
