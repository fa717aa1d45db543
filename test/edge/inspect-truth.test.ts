import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Inspected } from '../../gateway/edge/inspect.ts';

/** Captures of a made-up warehouse with the truth beside them; the generator and the strict comparison stand in ../shared/bench. */
const root = join(import.meta.dirname, '../..');
const bench = join(root, '../shared/bench');
const folder = mkdtempSync(join(tmpdir(), `sallyport-truth-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });

/** Prints the score; the deviations when there are any. */
function judge(capture: string, truth: string): string {
  const run = node(join(root, 'gateway/cli.ts'), 'inspect', capture, '--json');
  expect([run.status, run.stderr]).toEqual([0, '']);
  const found = join(folder, 'found.json');
  writeFileSync(found, run.stdout);
  const { stdout, status } = node(join(bench, 'check-truth.mjs'), truth, found);
  console.log(stdout.trim());
  const { fields } = JSON.parse(stdout.split('\n')[0] ?? '{}') as { readonly fields: Readonly<Record<string, string>> };
  // The truth's model of the single-board computer stands in no frame: it calls itself by its host name.
  for (const [field, wrong] of [
    ['model', 1],
    ['firmware', 0],
    ['serial', 0],
  ] as const) {
    const [right = 0, , named = 0] = (fields[field] ?? '').split(' ').map(Number);
    expect(right, field).toBeGreaterThanOrEqual(named - wrong);
  }
  return status === 0 ? 'no deviation' : stdout;
}

type Truth = { readonly devices: readonly { readonly mac: string; readonly ip?: string }[] };
const bytesOf = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');

/** Addresses that the truth counts and the inventory lacks, by hardware address. */
function lacking(truth: Truth, found: Inspected): ReadonlyMap<string, string> {
  const ips = new Map(found.devices.map(device => [device.mac, device.ips]));
  return new Map(
    truth.devices.flatMap(({ mac, ip }) => (ip === undefined || ips.get(mac)?.includes(ip) === true ? [] : [[mac, ip] as const])),
  );
}

/**
 * Frames that could have told such an address: any frame from or to that hardware address in which the four bytes or the text of the
 * address stand anywhere behind the Ethernet header. Who else names the address (a scan asks for all) says nothing of the device.
 */
function carriers(capture: string, wanted: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  const needles = new Map(
    [...wanted].map(([mac, ip]) => [bytesOf(mac).toString('latin1'), { ip, bytes: Buffer.from(ip.split('.').map(Number)) }]),
  );
  const reader = new CaptureReader(({ number, bytes }) => {
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const at of [0, 6]) {
      const needle = needles.get(frame.toString('latin1', at, at + 6));
      if (needle !== undefined && (frame.includes(needle.bytes, 14) || frame.includes(needle.ip, 14)))
        found.push(`frame ${number}: ${needle.ip}`);
    }
  });
  reader.push(readFileSync(capture));
  reader.finish();
  return found;
}

const captures = [
  ['small', '--devices 30 --packets 12000 --identity 0.2 --pps 600'],
  ['another seed', '--devices 45 --packets 20000 --identity 0.1 --pps 1000 --seed 21'],
  ['tagged', '--devices 40 --packets 20000 --identity 0.1 --pps 1000 --seed 3 --vlan 1'],
  ['without a rogue', '--devices 60 --packets 20000 --identity 0.1 --pps 1000 --rogues 0'],
] as const;

describe.skipIf(!existsSync(bench))(`inspect agrees with the truth (skipped without ${bench})`, () => {
  it.each(captures)('%s: %s', (name, args) => {
    const capture = join(folder, `${name.replaceAll(' ', '-')}.pcap`);
    expect(node(join(bench, 'gen-warehouse-pcap.mjs'), '--out', capture, ...args.split(' ')).status).toBe(0);
    expect(judge(capture, capture.replace(/\.pcap$/, '.truth.json'))).toBe('no deviation');
  });

  it('where it counts addresses that no frame of the device carries: these are shown to be in none, the others are found', () => {
    const capture = join(folder, 'wide.pcap');
    const args = '--devices 2500 --packets 120000 --seed 12 --rogues 0'.split(' ');
    expect(node(join(bench, 'gen-warehouse-pcap.mjs'), '--out', capture, ...args).status).toBe(0);
    const truthFile = capture.replace(/\.pcap$/, '.truth.json');
    const truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth;
    const found = JSON.parse(node(join(root, 'gateway/cli.ts'), 'inspect', capture, '--json').stdout) as Inspected;
    const lacks = lacking(truth, found);
    console.log(`${lacks.size} addresses of ${truth.devices.length} devices are in no frame of the device`);
    expect(carriers(capture, lacks)).toEqual([]);
    // The search itself finds what is there.
    const [known] = found.devices.filter(({ mac, ips }) => ips.length > 0 && !lacks.has(mac));
    expect(carriers(capture, new Map([[known?.mac ?? '', known?.ips[0] ?? '']])).length).toBeGreaterThan(0);
    const devices = truth.devices.map(({ ip, ...rest }) => (ip === undefined || lacks.get(rest.mac) === ip ? rest : { ...rest, ip }));
    writeFileSync(truthFile, JSON.stringify({ ...truth, devices }));
    expect(judge(capture, truthFile)).toBe('no deviation');
  }, 120_000);

  it('the sample', () =>
    expect(judge(join(bench, 'sample/warehouse-30dev.pcap'), join(bench, 'sample/warehouse-30dev.truth.json'))).toBe('no deviation'));
});
