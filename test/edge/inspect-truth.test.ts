import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Inspected } from '../../gateway/edge/inspect.ts';
import { bench, carriers, compare, generate, hasBench, inspect, judged, lacking, type Truth, truthFileOf } from './truth.ts';

const folder = mkdtempSync(join(tmpdir(), `sallyport-truth-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints the score; the deviations when there are any. */
function judge(capture: string, truth: string): string {
  const found = join(folder, 'found.json');
  writeFileSync(found, inspect(capture));
  const { isSame, text } = compare(truth, found);
  console.log(text.trim());
  const { fields } = JSON.parse(text.split('\n')[0] ?? '{}') as { readonly fields: Readonly<Record<string, string>> };
  // The truth's model of the single-board computer stands in no frame: it calls itself by its host name.
  for (const [field, wrong] of [
    ['model', 1],
    ['firmware', 0],
    ['serial', 0],
  ] as const) {
    const [right = 0, , named = 0] = (fields[field] ?? '').split(' ').map(Number);
    expect(right, field).toBeGreaterThanOrEqual(named - wrong);
  }
  return isSame ? 'no deviation' : text;
}

const captures = [
  ['small', '--devices 30 --packets 12000 --identity 0.2 --pps 600'],
  ['another seed', '--devices 45 --packets 20000 --identity 0.1 --pps 1000 --seed 21'],
  ['tagged', '--devices 40 --packets 20000 --identity 0.1 --pps 1000 --seed 3 --vlan 1'],
  ['without a rogue', '--devices 60 --packets 20000 --identity 0.1 --pps 1000 --rogues 0'],
] as const;

describe.skipIf(!hasBench)(`inspect agrees with the truth (skipped without ${bench})`, () => {
  it.each(captures)('%s: %s', (name, args) => {
    const capture = join(folder, `${name.replaceAll(' ', '-')}.pcap`);
    generate(capture, args.split(' '));
    expect(judge(capture, truthFileOf(capture))).toBe('no deviation');
  });

  it('where it counts addresses that no frame of the device carries: these are shown to be in none, the others are found', () => {
    const capture = join(folder, 'wide.pcap');
    const args = '--devices 2500 --packets 120000 --seed 12 --rogues 0'.split(' ');
    generate(capture, args);
    const truthFile = truthFileOf(capture);
    const truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth;
    const found = JSON.parse(inspect(capture)) as Inspected;
    const lacks = lacking(truth, found);
    console.log(`${lacks.size} addresses of ${truth.devices.length} devices are in no frame of the device`);
    expect(carriers(capture, lacks)).toEqual([]);
    // The search itself finds what is there.
    const [known] = found.devices.filter(({ mac, ips }) => ips.length > 0 && !lacks.has(mac));
    expect(carriers(capture, new Map([[known?.mac ?? '', known?.ips[0] ?? '']])).length).toBeGreaterThan(0);
    const devices = truth.devices.map(({ ip, ...rest }) => (ip === undefined || lacks.get(rest.mac) === ip ? rest : { ...rest, ip }));
    writeFileSync(truthFile, JSON.stringify({ ...truth, devices }));
    expect(judge(capture, truthFile)).toBe('no deviation');
  }, 480_000);

  // Short captures, in which hardly anybody has said who it is when the rogues come: `node test/bench/truth-sweep.ts` tries many more.
  it.each([
    '--devices 1000 --packets 120000 --seed 13',
    '--devices 150 --packets 20000 --seed 2 --vlan 1',
    '--devices 40 --packets 20000 --seed 13',
    '--devices 300 --packets 60000 --seed 6 --vlan 1 --rogues 0',
  ])('but for what is in no frame: %s', args => {
    const { isSame, text, told, silent } = judged(join(folder, 'short.pcap'), args.split(' '));
    expect([isSame ? '' : text, told]).toEqual(['', []]);
    for (const [{ type }] of silent) expect(['rogue-switch', 'llmnr-poison']).toContain(type);
  });

  it('the sample', () =>
    expect(judge(join(bench, 'sample/warehouse-30dev.pcap'), join(bench, 'sample/warehouse-30dev.truth.json'))).toBe('no deviation'));
});
