import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Inspected } from '../../gateway/edge/inspect.ts';
import { goldenCapture } from '../golden/capture.ts';

const here = import.meta.dirname;
const root = join(here, '../..');
const folder = mkdtempSync(join(tmpdir(), `sallyport-inspect-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
const inspect = (...args: string[]) => node(join(root, 'gateway/cli.ts'), 'inspect', ...args);
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe('inspect', () => {
  const golden = file('golden.pcap', goldenCapture());

  it('prints a row for each hardware address, with exact counters and what it said', () => {
    const run = inspect(golden, '--json');
    expect([run.status, run.stderr]).toEqual([0, '']);
    const { devices, events, malformed } = JSON.parse(run.stdout) as Inspected;
    expect(devices.map(({ mac }) => mac)).toEqual(expect.arrayContaining(['00:00:5e:00:53:01', '44:19:b6:00:53:07']));
    expect(devices.reduce((sum, { packets }) => sum + packets, 0)).toBe(12);
    expect(devices.find(({ mac }) => mac === '00:00:5e:00:53:01')).toMatchObject({
      hostname: 'plc-7',
      ips: ['192.0.2.10'],
      kind: 'plc',
      packets: 4,
      protocols: expect.arrayContaining(['arp', 'dhcpv4']) as string[],
      firstSeen: '2026-03-01T06:00:00.120Z',
    });
    expect(events.find(({ type }) => type === 'claimed-mac')).toMatchObject({ mac: '00:00:5e:00:53:03', frame: 9, count: 1 });
    expect(malformed).toMatchObject({ arp: { frames: 1, senders: 1 } });
  });

  it('prints the frame behind each fact when asked', () => {
    const { devices } = JSON.parse(inspect(golden, '--json', '--frames').stdout) as Inspected;
    const facts = devices.find(({ mac }) => mac === '44:19:b6:00:53:07')?.facts;
    expect(facts).toContainEqual({ frame: 7, collector: 'arp', fact: { kind: 'address', ip: '192.0.2.77' } });
    expect(inspect(golden, '--frames').stdout).toContain('44:19:b6:00:53:07  frame 7  arp');
  });

  it('prints a table that fits, without anything that moves the cursor', () => {
    const { stdout, status } = inspect(golden);
    expect(status).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    expect(stdout).toContain('plc-7');
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it('prints what a broken file held before its fault, one clear sentence and exit code 1', () => {
    const run = inspect(file('cut.pcap', goldenCapture().slice(0, -20)), '--json');
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/^Cannot read capture: the file ends inside a record/);
    expect((JSON.parse(run.stdout) as Inspected).devices.length).toBeGreaterThan(3);
    expect([inspect('/nowhere.pcap').status, inspect('/nowhere.pcap').stderr]).toEqual([
      1,
      'Cannot read /nowhere.pcap: there is no such file\n',
    ]);
    expect(inspect().stderr).toBe('Cannot inspect: give exactly one capture file\n');
    expect(inspect('--help').stdout).toMatch(/^Usage: sallyport inspect FILE/);
  });
});
