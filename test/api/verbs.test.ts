import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDevice } from '../../gateway/api/find-device.ts';
import { deviceRow } from '../../gateway/api/rows.ts';
import { readInstant, readSpan } from '../../gateway/api/span.ts';
import { deviceTable } from '../../gateway/api/table.ts';
import { type ClientVerb, clientVerbs, help } from '../../gateway/api/verb-help.ts';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { readCsv } from '../export/read-csv.ts';
import { fixtureSite } from './fixture-site.ts';
import { fixtureViews } from './fixture-views.ts';
import { bidiText, hostileName } from './fixture-words.ts';
import { openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

let open: OpenPage;
beforeAll(async () => {
  open = await openPage();
});
afterAll(() => open.close());

type Ran = { readonly code: number; readonly out: string; readonly err: string };
async function sallyport(line: string, more: { columns?: number; user?: string; socketPath?: string } = {}): Promise<Ran> {
  const [name = '', ...args] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(match => match[1] ?? match[2] ?? '');
  const verb = clientVerbs.find(known => known === name);
  if (verb === undefined) throw new Error(`Cannot run ${name}: no client verb`);
  let out = '';
  let err = '';
  const stdout = { write: (text: string) => (out += text), ...(more.columns === undefined ? {} : { columns: more.columns }) };
  const stderr = { write: (text: string) => (err += text) };
  const io = { socketPath: more.socketPath ?? open.controlSocket, stdout, stderr, ...(more.user === undefined ? {} : { user: more.user }) };
  return { code: await runClientVerb(verb, args, io), out, err };
}
const rows = fixtureViews().map(deviceRow);

describe('naming a device', () => {
  it.each(['d3', '02:00:5e:10:00:03', '02-00-5E-10-00-03', '0200.5e10.0003', '02005e100003', '2:0:5e:10:0:3', '10.20.4.13', 'LINE1-PLC'])(
    'takes %s for the PLC',
    typed => {
      const found = findDevice(rows, typed);
      expect(found).toMatchObject({ kind: 'one', row: { id: 'd3' } });
    },
  );

  it('does not guess: a MAC and its clone are two, a part of a name is none', () => {
    expect(findDevice(rows, '02:00:5e:10:00:01')).toMatchObject({ kind: 'several' });
    for (const typed of ['line1', '', 'd', '10.20.4.1', '02:00:5e']) expect(findDevice(rows, typed).kind, typed).toBe('none');
  });

  it('lists the candidates with their ports when there are several', async () => {
    const { code, out, err } = await sallyport("quarantine 02:00:5e:10:00:01 --reason 'look at it'");
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/name one by its id:\nd1 .* port p1 .*\nd6 .* port p6/);
    expect(open.site.commands).toHaveLength(0);
  });

  it('says that nothing is known of a stranger, with exit code 4', async () => {
    const { code, out, err } = await sallyport('why 10.20.4.99');
    expect([code, out]).toEqual([4, '']);
    expect(err).toContain("Cannot find '10.20.4.99'");
  });
});

describe('several interfaces of one device', () => {
  it('are marked in the list', async () => {
    expect((await sallyport('devices')).out).toMatch(/ d7=d3 /);
  });

  it('are listed with the reason before anything is cut, and cut when asked for', async () => {
    const before = open.site.commands.length;
    const { code, out, err } = await sallyport("quarantine d3 --reason 'look at it'");
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/add --all to cut them too, or --alone:\nd7 .*both say lldp-chassis/);
    expect(open.site.commands).toHaveLength(before);
    expect((await sallyport("quarantine d3 --all --alone --reason 'look at it'")).code).toBe(1);
    await sallyport("quarantine d3 --alone --reason 'look at it'");
    expect(open.site.commands.at(-1)?.command).toEqual({ kind: 'quarantine', device: 'd3', alone: true });
    await sallyport("quarantine d3 --all --reason 'look at it'");
    expect(open.site.commands.at(-1)?.command).toEqual({ kind: 'quarantine', device: 'd3' });
    await sallyport("release d3 --reason 'looked at it'");
  });

  it('stand with what was said alike in why', async () => {
    expect((await sallyport('why d7')).out).toMatch(/^also {3}d3 02:00:5e:10:00:03 at p3: both say lldp-chassis .* \(frames 77 and 43\)$/m);
  });

  it('are linked and unlinked by name', async () => {
    const { code, out } = await sallyport("link d1 dock-ts4-18 --reason 'one box'");
    expect([code, out]).toEqual([0, expect.stringMatching(/^Linked d1 .*\n {2}with d2 /)]);
    expect(open.site.commands.at(-1)).toMatchObject({ reason: 'one box', command: { kind: 'link', device: 'd1', other: 'd2' } });
    expect((await sallyport("unlink d1 --reason 'two boxes'")).out).toMatch(/^Unlinked d1 /);
    expect((await sallyport("link d1 --reason 'with whom'")).err).toContain('name exactly two devices');
    expect((await sallyport("link d1 d99 --reason 'no such'")).code).toBe(4);
  });
});

describe('sallyport set', () => {
  it('sets a field and unlocks it', async () => {
    expect((await sallyport("set d1 location 'dock 7, rack 2' --reason 'seen there'")).out).toMatch(/^Set location of d1 /);
    expect(open.site.commands.at(-1)?.command).toEqual({ kind: 'set-field', device: 'd1', field: 'location', value: 'dock 7, rack 2' });
    await sallyport("set d1 hostname gate-4 --reason 'its label'");
    expect((await sallyport('why d1')).out).toContain('set    hostname to “gate-4” by local:root; observed is “dock-ts4-17” (dhcp)');
    await sallyport("set d1 hostname --unlock --reason 'label gone'");
    await sallyport("set d1 location --unlock --reason 'moved'");
    expect(open.site.commands.at(-1)?.command).toEqual({ kind: 'set-field', device: 'd1', field: 'location' });
    for (const line of [
      "set d1 location --reason 'no value'",
      "set d1 --unlock --reason 'no field'",
      "set d1 serial 7 --reason 'not settable'",
      'set d1 kind plc',
    ])
      expect((await sallyport(line)).code, line).toBe(1);
  });
});

it('why says of a device that shares its port what its place is worth', async () => {
  expect((await sallyport('why d8')).out).toMatch(/^place {2}one of 2 on port p8: its frames count for A2 at most$/m);
  expect((await sallyport('why d1')).out).not.toContain('place');
});

describe('sallyport coverage', () => {
  it('says what is not seen and what to do, wrapped for the terminal, with exit code 2', async () => {
    const { code, out } = await sallyport('coverage', { columns: 80 });
    expect(code).toBe(2);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^shared-port \(2\): d8 d9$/m);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('2 addresses share port p8 and none is a switch that says so');
    expect(out).toMatch(/^ {2}To do: Give each device a port of its own/m);
  });

  it('prints the same as JSON', async () => {
    const { out } = await sallyport('coverage --json');
    expect(JSON.parse(out)).toEqual(open.site.coverage());
  });
});

describe('sallyport devices', () => {
  it('fits the terminal, keeps every row on one line, and ends with the worst of them', async () => {
    for (const columns of [120, 150, 200]) {
      const { code, out } = await sallyport('devices', { columns });
      const lines = out.trimEnd().split('\n');
      expect(lines).toHaveLength(10);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(code).toBe(3);
    }
  });

  it('cuts nothing when the output is no terminal', async () => {
    const { out } = await sallyport('devices');
    expect(out).toMatch(
      /⬢ quarantined\s+d2\s+dock-ts4-18\s+02:00:5e:10:00:02\s+10\.20\.4\.12\s+p2\.30\s+contraindicated A3\s+denied\s+quarantined\s+DIGEST_UNKNOWN/,
    );
    expect(out).toContain(hostileName);
  });

  it('gives the rows as JSON', async () => {
    const { out } = await sallyport('devices --json');
    expect(JSON.parse(out)).toEqual(rows);
  });

  it('lets no control character of a device reach the terminal', async () => {
    for (const line of ['devices', 'devices --json', 'why d8', 'why d8 --json', 'export --format jsonl']) {
      const { out } = await sallyport(line);
      expect(out.replaceAll('\n', ''), line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }
    const named = deviceTable(
      rows.map(row => ({ ...row, hostname: bidiText })),
      0,
    );
    expect(named.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(named.trimEnd().split('\n')).toHaveLength(10);
  });

  it('ends with 0 when all is well, 2 when somebody waits, 4 when nobody spoke', async () => {
    const codes = [];
    const [good, , plc] = fixtureViews();
    for (const views of [good === undefined ? [] : [good], good === undefined || plc === undefined ? [] : [good, plc], []]) {
      const small = await openPage(fixtureSite(views));
      codes.push((await sallyport('devices', { socketPath: small.controlSocket })).code);
      await small.close();
    }
    expect(codes).toEqual([0, 2, 4]);
  });
});

describe('sallyport why', () => {
  it('prints the sentence, then the checks in order with expected and seen, then the rule', async () => {
    const { code, out } = await sallyport('why dock-ts4-18');
    expect(code).toBe(3);
    expect(out).toMatch(/^⬢ QUARANTINED {2}dock-ts4-18 {2}\(d2\)\n.*firmware is in no signed list/);
    expect(out).toMatch(
      / 7 ✓ measured .*\n 8 ✗ reference .*\[DIGEST_UNKNOWN\]\n\s+expected sha-256:91c4[0-9a-f]{60}\n\s+seen {5}sha-256:d02f[0-9a-f]{60}\n 9 – version/,
    );
    expect(out).toContain('rule   failed Evidence, built-in:failed-evidence');
  });

  it('ends with 0 for the good sensor and 2 for the PLC that waits', async () => {
    expect((await sallyport('why d1')).code).toBe(0);
    expect((await sallyport('why d3')).code).toBe(2);
  });
});

describe('deciding from the command line', () => {
  it('approves for a span, in the name of who typed', async () => {
    const { code, out } = await sallyport("approve line1-plc --for 4h --reason 'dock 7 replacement'", { user: 'jroth' });
    expect([code, out]).toEqual([0, 'Approved d3  02:00:5e:10:00:03  10.20.4.13  port p3  line1-plc\n']);
    expect(open.site.commands.at(-1)).toEqual({
      by: 'local:jroth',
      reason: 'dock 7 replacement',
      command: { kind: 'approve', device: 'd3', until: open.clock.now + 14_400_000 },
    });
  });

  it('approves for good, quarantines, releases, pauses and resumes', async () => {
    const last = () => open.site.commands.at(-1)?.command;
    await sallyport("approve d4 --for-good --reason 'it is ours'");
    expect(last()).toEqual({ kind: 'approve', device: 'd4' });
    await sallyport("quarantine d4 --reason 'stolen'");
    expect(last()).toEqual({ kind: 'quarantine', device: 'd4' });
    await sallyport("release d4 --reason 'found again'");
    expect(last()).toEqual({ kind: 'release', device: 'd4' });
    await sallyport("pause --for 10m --reason 'forklift'");
    expect(last()).toEqual({ kind: 'pause', until: open.clock.now + 600_000 });
    await sallyport("pause --off --reason 'forklift free'");
    expect(last()).toEqual({ kind: 'resume' });
  });

  it.each([
    'approve d3 --for 4h',
    "approve d3 --reason 'no span'",
    "approve d3 --for 4h --for-good --reason 'two spans'",
    "approve d3 --for soon --reason 'no span'",
    "approve d3 --until yesterday --reason 'no instant'",
    "approve --for 4h --reason 'nobody'",
    "approve d3 d4 --for 4h --reason 'two'",
    "quarantine d3 --for 4h --reason 'it would not end'",
    "quarantine d4 --reason 'x'",
    "pause --for 3d --reason 'too long'",
    "pause --for 25h --reason 'longer than a pause lasts'",
    "approve d3 --for 400d --reason 'longer than an approval lasts'",
    "set d3 colour red --reason 'no such field'",
    'why',
    'devices d3',
    'devices --unknown',
    'export --format xml',
  ])('refuses `%s` with exit code 1 and says why', async line => {
    const before = open.site.commands.length;
    const { code, out, err } = await sallyport(line);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^Cannot .+\n$/);
    expect(open.site.commands).toHaveLength(before);
  });

  it('hands on what the machine refuses', async () => {
    open.site.refuseNext({ ok: false, status: 409, problem: 'Cannot release d1: nobody decided about it' });
    expect(await sallyport("release d1 --reason 'mended'")).toEqual({
      code: 1,
      out: '',
      err: 'Cannot release d1: nobody decided about it\n',
    });
  });

  it('says in one sentence that no gateway runs', async () => {
    const { code, err } = await sallyport('devices', { socketPath: '/nonexistent/control.sock' });
    expect(code).toBe(1);
    expect(err).toBe('Cannot reach the gateway: it does not run on /nonexistent/control.sock; see --data\n');
  });
});

describe('sallyport export', () => {
  it('writes CSV to the standard output, and to a file that only its owner reads', async () => {
    const { code, out } = await sallyport('export');
    expect(code).toBe(0);
    expect(readCsv(out)).toHaveLength(10);
    const folder = mkdtempSync(join(tmpdir(), `sallyport-export-${process.pid}-`));
    try {
      const path = join(folder, 'inventory.jsonl');
      expect((await sallyport(`export --format jsonl -o ${path}`)).code).toBe(0);
      expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(9);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect((await sallyport(`export -o ${folder}`)).err).toContain('it is a folder');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('help', () => {
  it.each(clientVerbs)('of %s names its options and exit codes, without a gateway', async (verb: ClientVerb) => {
    const { code, out } = await sallyport(`${verb} --help`, { socketPath: '/nonexistent/control.sock' });
    expect([code, out]).toEqual([0, help[verb]]);
    expect(out).toMatch(/^Usage: sallyport /);
    expect(out).toContain('Exit codes: 0');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(140);
  });
});

describe('times as people type them', () => {
  it('reads spans', () => {
    expect(['30m', '4h', '2d', '90s', '1.5h'].map(readSpan)).toEqual([1_800_000, 14_400_000, 172_800_000, 90_000, 5_400_000]);
    for (const text of ['', '4', 'h', '-4h', '0h', '4 hours', '4h30m', '1e3h']) expect(readSpan(text), text).toBeUndefined();
  });

  it('reads instants, and a bare date as its end', () => {
    expect(readInstant('2026-03-01')).toBe(Date.UTC(2026, 2, 1, 23, 59, 59, 999));
    expect(readInstant('2026-03-01T18:00Z')).toBe(Date.UTC(2026, 2, 1, 18));
    expect(readInstant('2026-03-01 18:00+01:00')).toBe(Date.UTC(2026, 2, 1, 17));
    for (const text of ['', 'tomorrow', '2026-13-01', '2026-03-01T18:00', '1']) expect(readInstant(text), text).toBeUndefined();
  });
});
