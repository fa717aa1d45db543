import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { follow, emptyHead } from '../../gateway/journal/chain.ts';
import type { Event } from '../../gateway/model/event.ts';
import { goldenCapture } from './capture.ts';

/** `sallyport replay` as users call it. To take a changed journal over after reading it: UPDATE_GOLDEN=1 vitest run test/golden */
const here = import.meta.dirname;
const golden = join(here, 'warehouse.journal.jsonl');
const folder = mkdtempSync(join(tmpdir(), `sallyport-golden-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function replay(capture: Uint8Array, ...args: string[]) {
  const file = join(folder, 'capture.pcap');
  writeFileSync(file, capture);
  const run = spawnSync(
    process.execPath,
    [join(here, '../../gateway/cli.ts'), 'replay', file, '--policies', join(here, 'policies'), ...args],
    { encoding: 'utf8' },
  );
  return {
    ...run,
    events: run.stdout
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Event),
  };
}
/** What a line says, without its place in the chain. */
const saying = ({ at, body }: Event): string => JSON.stringify({ at, body });

describe('replay of a capture', () => {
  const first = replay(goldenCapture());

  it('prints the reviewed journal, byte for byte', () => {
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, first.stdout);
    expect(first.stderr).toBe('');
    expect(existsSync(golden)).toBe(true);
    expect(first.stdout).toBe(readFileSync(golden, 'utf8'));
  });

  it('prints the same bytes twice', () => expect(replay(goldenCapture()).stdout).toBe(first.stdout));

  it('its hash chain holds', () => expect(follow(emptyHead, first.events).seq).toBe(first.events.length));

  it('decides: camera denied by the rule with file and line, stealth host and PLC held', () => {
    const decisions = first.events.flatMap(({ body }) => (body.kind === 'decided' ? [body.decision] : []));
    const last = (mac: string) => decisions.findLast(({ facts }) => facts.mac === mac);
    expect(last('44:19:b6:00:53:07')).toMatchObject({
      access: 'quarantine',
      reason: 'POLICY_DENY',
      rule: { at: 'policies/rules/10-golden.yaml:4' },
    });
    expect(last('00:00:5e:00:53:05')).toMatchObject({ access: 'hold', reason: 'STEALTH_DEVICE' });
    expect(last('00:00:5e:00:53:01')).toMatchObject({ access: 'hold', facts: { hostname: 'plc-7' } });
  });

  it('changing one identity frame changes the line about it', () => {
    const changed = replay(
      goldenCapture((name, bytes) =>
        name === 'a camera nobody asked for' || name === 'the camera says it again'
          ? bytes.map((byte, n) => (n === 31 ? 78 : byte))
          : bytes,
      ),
    );
    const before = new Set(first.events.map(saying));
    const different = changed.events.filter(event => !before.has(saying(event)));
    expect(different.map(({ body }) => body.kind)).toEqual(['fact-learned']);
    expect(different[0]?.body).toMatchObject({
      observation: { frame: 7, mac: '44:19:b6:00:53:07', fact: { kind: 'address', ip: '192.0.2.78' } },
    });
  });

  it('a truncated file gives every whole frame, one clear sentence and exit code 1', () => {
    const cut = replay(goldenCapture().slice(0, -20));
    expect(cut.status).toBe(1);
    expect(cut.stderr).toMatch(/^Cannot read capture: the file ends inside a record/);
    expect(cut.events.length).toBeGreaterThan(10);
  });

  it('a file that is no capture, no file, and no argument are one clear sentence each', () => {
    const cli = (...args: string[]) =>
      spawnSync(process.execPath, [join(here, '../../gateway/cli.ts'), 'replay', ...args], { encoding: 'utf8' });
    const noCapture = replay(new TextEncoder().encode('hello, this is no capture at all'));
    expect([noCapture.status, noCapture.stderr]).toEqual([1, 'Cannot read capture: neither pcap nor pcapng at byte 0\n']);
    expect([cli('/nowhere.pcap').status, cli('/nowhere.pcap').stderr]).toEqual([1, 'Cannot read /nowhere.pcap: there is no such file\n']);
    expect([cli().status, cli().stderr]).toEqual([1, 'Cannot replay: give exactly one capture file\n']);
    expect(cli('--help').stdout).toMatch(/^Usage: sallyport replay FILE/);
  });
});
