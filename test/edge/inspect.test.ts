import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Inspected } from '../../gateway/edge/inspect.ts';
import { inspect as runInspect } from '../../gateway/edge/inspect-verb.ts';
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

/** The golden capture under another link type. */
function withLink(link: number): Uint8Array {
  const bytes = goldenCapture().slice();
  bytes[20] = link;
  return bytes;
}

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

  it('prints a table without anything that moves the cursor, whole when it goes into a file, with the sum at its end', () => {
    const { stdout, status } = inspect(golden);
    expect(status).toBe(0);
    expect(stdout).toContain('plc-7');
    expect(stdout).not.toContain('…');
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^\d+ addresses, \d+ alarms?, 12 frames in \d+\.\d s from 2026-03-01 06:00:00 UTC$/,
    );
  });

  it('draws a progress bar on a terminal only, and clears it', async () => {
    const written: string[] = [];
    const sink = (isTTY: boolean) =>
      Object.assign(new Writable({ write: (chunk, _, done) => done(void written.push(String(chunk))) }), { isTTY });
    const quiet = new Writable({ write: (_chunk, _encoding, done) => done() });
    await runInspect([golden], { stdout: quiet, stderr: sink(false) });
    expect(written).toEqual([]);
    await runInspect([golden], { stdout: quiet, stderr: sink(true) });
    expect(written.at(-1)).toBe('\r\x1b[K');
  });

  it('reads the standard input', () => {
    const run = spawnSync(process.execPath, [join(root, 'gateway/cli.ts'), 'inspect', '-', '--json'], {
      input: goldenCapture(),
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect((JSON.parse(run.stdout) as Inspected).devices.length).toBeGreaterThan(3);
  });

  it.each([
    ['an empty file', new Uint8Array(0), /^Cannot read capture: the file is empty/, 1],
    ['no capture', new TextEncoder().encode('hello, this is text'), /^Cannot read capture: neither pcap nor pcapng at/, 1],
    ['a capture packed by xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a), /neither pcap nor pcapng but xz, unpack it first/, 1],
    ['a packed capture cut in its header', Uint8Array.of(0x1f, 0x8b, 8, 0, 0), /^Cannot read capture: the gzip file is cut or broken$/m, 1],
    ['packed text', gzipSync('hello, this is text'), /^Cannot read capture: neither pcap nor pcapng at/, 1],
    [
      'a cut capture',
      goldenCapture().slice(0, -1),
      /^Cannot read capture: the file ends inside a record at byte \d+; 11 frames before it were read$/m,
      1,
    ],
    ['a header alone', goldenCapture().slice(0, 24), /^$/, 4],
    ['half a header', goldenCapture().slice(0, 10), /^Cannot read capture: the file ends inside/, 1],
    ['an unknown link type', withLink(195), /^Cannot read capture: .*195/, 1],
  ])('says in one sentence what is wrong with %s, with its exit code', (name, bytes, message, code) => {
    const run = inspect(file(`${name.replaceAll(' ', '-')}.pcap`, bytes));
    expect(run.stderr).toMatch(message);
    expect(run.stderr.split('\n').length).toBeLessThanOrEqual(2);
    expect(run.status).toBe(code);
  });

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('reads a capture packed by %s, cut ones as far as they go', async (name, pack) => {
    const run = async (...args: readonly string[]) => {
      const [out, err]: [string[], string[]] = [[], []];
      const sink = (to: string[]) => new Writable({ write: (chunk, _, done) => done(void to.push(String(chunk))) });
      const status = await runInspect(args, { stdout: sink(out), stderr: sink(err) });
      return { status, stdout: out.join(''), stderr: err.join('') };
    };
    const plain = await run(golden, '--json');
    expect(await run(file(`golden.pcap.${name}`, pack(goldenCapture())), '--json')).toEqual(plain);
    const long = pack(Buffer.concat([goldenCapture(), randomBytes(100_000)]));
    const cut = await run(file(`cut.pcap.${name}`, long.subarray(0, -20)), '--json');
    expect([cut.status, cut.stderr]).toEqual([1, expect.stringMatching(/^Cannot read capture: .*; 1\d frames before it were read\n$/)]);
    expect((JSON.parse(cut.stdout) as Inspected).devices.length).toBeGreaterThan(3);
  });

  it('exits with 2 for alarms only when asked to', () => {
    expect(inspect(golden).status).toBe(0);
    expect(inspect(golden, '--exit-code').status).toBe(2);
    expect(inspect(folder)).toMatchObject({ status: 1, stderr: `Cannot read ${folder}: it is a folder\n` });
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

  it('ends without a word when nobody reads on', async () => {
    const child = spawn(process.execPath, [join(root, 'gateway/cli.ts'), 'inspect', golden], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', part => (said += String(part)));
    await once(child, 'close');
    expect([child.exitCode, said]).toEqual([0, '']);
  });

  it('reads a long capture with one arena of memory, as the same process with the same answer', () => {
    const frame = new Uint8Array(60_000);
    frame.set([0x44, 0x19, 0xb6, 0, 0x53, 7, 0, 0, 0x5e, 0, 0x53, 1, 0x88, 0xb5]); // local experimental EtherType (IEEE 802)
    const header = new Uint32Array([1_700_000_000, 0, frame.length, frame.length]);
    const record = Buffer.concat([new Uint8Array(header.buffer), frame]);
    const long = file('long.pcap', Buffer.concat([goldenCapture(), ...Array.from({ length: 1120 }, () => record)]));
    const starts = join(folder, 'starts');
    const probe = `require('fs').appendFileSync(process.env.STARTS, process.pid + ' ' + process.env.MALLOC_ARENA_MAX + ',')`;
    const env = { PATH: process.env['PATH'], STARTS: starts, NODE_OPTIONS: `--require ${file('probe.cjs', Buffer.from(probe))}` };
    const run = spawnSync(process.execPath, [join(root, 'gateway/cli.ts'), 'inspect', long, '--json'], { env, encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const { devices } = JSON.parse(run.stdout) as Inspected;
    expect(devices.reduce((sum, { packets }) => sum + packets, 0)).toBe(12 + 1120);
    expect(readFileSync(starts, 'utf8')).toBe(`${run.pid} undefined,${run.pid} 1,`);
  });
});
