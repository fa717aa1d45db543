import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import type { Demo } from './demo.ts';
import { attestationText, columns, deviceOf } from './demo-table.ts';
import { everyMillis } from './hosts/beat.ts';
import { tryLeaks } from './leaks.ts';
import { type Row, rows } from './rows.ts';

/** One thing that must hold, and what was seen. */
export type Finding = {
  readonly host: string;
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly holds: boolean;
};
type Counts = ReadonlyMap<string, number>;

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Datagrams that show that a wire is open, and frames sent in vain that show that it is shut. */
const enough = 5;
/** What is to come is waited for so long: who waits in vain waits longer, and that is all. Milliseconds. */
const patience = 60_000;
const [blocked, free] = [rows.filter(r => r.expect.enforcement !== 'open'), rows.filter(r => r.expect.enforcement === 'open')];

/**
 * The demo's table as assertions, each counted at the receiver: every blocked host first passes while enforcement is paused, then sends in
 * vain, then passes after approval or release; the good sensor passes all the time. True iff all of them hold.
 */
export async function check(demo: Demo, stopped: AbortSignal): Promise<boolean> {
  const began = Date.now();
  const findings: Finding[] = [];
  const phases = [whilePaused, whenEnforced, whatIsSaid, afterApproval, tryLeaks];
  const steady = watchSensor(demo);
  try {
    for (const phase of phases) {
      if (stopped.aborted) throw new Error('Cannot finish the check: it was stopped');
      const found = await phase(demo);
      report(found);
      findings.push(...found);
    }
  } finally {
    const found = await steady.stop();
    report(found);
    findings.push(...found);
  }
  const failed = findings.filter(f => !f.holds).length;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`\n${findings.length - failed} of ${findings.length} hold, after ${seconds} s`);
  return failed === 0;
}

function report(findings: readonly Finding[]): void {
  const lines = findings.map(f => [f.holds ? 'ok' : 'FAIL', f.host, f.what, f.holds ? f.seen : `expected ${f.expected}; seen ${f.seen}`]);
  if (lines.length > 0) console.log(columns(lines));
}

/** Polls; a time-out is no error here, for the finding then says what was seen instead. */
async function settle(is: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patience; !(await is()) && Date.now() < end; ) await new Promise(resolve => setTimeout(resolve, 50));
}

const more = (now: Counts, before: Counts, name: string): number => (now.get(name) ?? 0) - (before.get(name) ?? 0);

/** With enforcement paused the bridge is a cable, though everybody is challenged and judged already. */
async function whilePaused({ warehouse, gateway }: Demo): Promise<readonly Finding[]> {
  console.log('\nEnforcement paused: every host passes');
  await gateway.command('/pause', { minutes: 30, reason: 'demo check' });
  const clone = rows.filter(r => r.name === 'clone');
  for (const row of rows) if (!clone.includes(row)) await warehouse.start(row);
  await settle(async () => {
    const devices = await gateway.devices();
    return free.every(r => deviceOf(r, devices)?.admission === r.expect.admission);
  });
  for (const row of clone) await warehouse.start(row); // it copies a device that has proved itself
  await settle(async () => {
    const devices = await gateway.devices();
    return rows.every(r => deviceOf(r, devices)?.reason === r.expect.reason);
  });
  const before = await warehouse.counts();
  let now = before;
  await settle(async () => {
    now = await warehouse.counts();
    return rows.every(r => more(now, before, r.name) >= enough);
  });
  for (const row of rows) await warehouse.pinServer(row.name);
  return rows.map(r => {
    const passed = more(now, before, r.name);
    return {
      host: r.title,
      what: 'passes',
      expected: `${enough} or more at the server`,
      seen: `${passed} at the server`,
      holds: passed >= enough,
    };
  });
}

/** Armed: whoever is blocked sends on, and nothing of it arrives. */
async function whenEnforced({ warehouse, gateway }: Demo): Promise<readonly Finding[]> {
  console.log('\nEnforcement armed: only the good sensor passes');
  await gateway.command('/resume', { reason: 'demo check' });
  await settle(async () => {
    const devices = await gateway.devices();
    return rows.every(r => deviceOf(r, devices)?.enforcement === r.expect.enforcement);
  });
  const before = await warehouse.counts();
  const sentBefore = new Map(await Promise.all(rows.map(async r => [r.name, await warehouse.sent(r.name)] as const)));
  const vain = async (r: Row): Promise<number> => (await warehouse.sent(r.name)) - (sentBefore.get(r.name) ?? 0);
  await settle(async () => (await Promise.all(rows.map(vain))).every(n => n >= 2 * enough));
  await settle(async () => {
    const now = await warehouse.counts();
    return free.every(r => more(now, before, r.name) >= enough);
  });
  const sent = new Map(await Promise.all(rows.map(async r => [r.name, await vain(r)] as const)));
  const now = await warehouse.counts();
  return rows.map(r => {
    const [left, arrived] = [sent.get(r.name) ?? 0, more(now, before, r.name)];
    const seen = `${left} sent, ${arrived} at the server`;
    const passes = free.includes(r);
    return passes
      ? { host: r.title, what: 'passes', expected: `${enough} or more at the server`, seen, holds: arrived >= enough }
      : { host: r.title, what: 'is blocked', expected: '0 at the server', seen, holds: arrived === 0 && left >= enough };
  });
}

/** The four axes, the reason code and the rule of each host, the rule's line looked up in its file. */
async function whatIsSaid({ gateway }: Demo): Promise<readonly Finding[]> {
  console.log('\nWhat the gateway says of them');
  let devices = await gateway.devices();
  let said: readonly Finding[] = [];
  await settle(async () => {
    devices = await gateway.devices();
    said = rows.map(row => describe(row, deviceOf(row, devices)));
    return said.every(({ holds }) => holds);
  });
  const tampered = rows.find(r => r.name === 'tampered');
  const device = tampered === undefined ? undefined : deviceOf(tampered, devices);
  const checks = device === undefined ? [] : (await gateway.device(device.id)).checks;
  const digest = checks.find(c => c.check === 'reference');
  const compared =
    digest?.outcome === 'failed' && (digest.expected ?? '') !== '' && (digest.seen ?? '') !== '' && digest.seen !== digest.expected;
  const seen = digest === undefined ? 'no such check' : `${digest.outcome}: expected ${digest.expected ?? '–'}, seen ${digest.seen ?? '–'}`;
  return [
    ...said,
    {
      host: tampered?.title ?? '',
      what: 'the failed check names both digests',
      expected: 'failed: expected …, seen …',
      seen,
      holds: compared,
    },
  ];
}

function describe(row: Row, d: DeviceRow | undefined): Finding {
  const { expect } = row;
  const text = [
    expect.attestation +
      (expect.assurance === undefined ? '' : ` A${expect.assurance}`) +
      (expect.expected === undefined ? '' : expect.expected ? ', expected' : ', not expected'),
    ...(expect.admission === undefined ? [] : [expect.admission]),
    expect.enforcement,
    expect.reason,
    ...(expect.rule === undefined ? [] : [expect.rule]),
  ].join(' · ');
  if (d === undefined) return { host: row.title, what: 'is', expected: text, seen: 'no such device', holds: false };
  const holds =
    d.attestation === expect.attestation &&
    (expect.assurance === undefined || d.assurance === expect.assurance) &&
    (expect.expected === undefined || d.expected === expect.expected) &&
    (expect.admission === undefined || d.admission === expect.admission) &&
    d.enforcement === expect.enforcement &&
    d.reason === expect.reason &&
    (expect.rule === undefined || (d.rule.name === expect.rule && standsAt(d.rule.name, d.rule.at)));
  const seen = `${attestationText(d)} · ${d.admission} · ${d.enforcement} · ${d.reason} · ${d.rule.name} (${d.rule.at})`;
  return { host: row.title, what: 'is', expected: text, seen, holds };
}

/** True iff the named rule begins on that very line of that file. */
function standsAt(name: string, at: string): boolean {
  const [file = '', line = ''] = at.split(':');
  if (!file.startsWith('policies/rules/')) return false;
  return readFileSync(`${root}/${file}`, 'utf8').split('\n')[Number(line) - 1]?.includes(`name: ${name}`) ?? false;
}

/** A person lets in whom the table lets in; the others stay cut. */
async function afterApproval({ warehouse, gateway }: Demo): Promise<readonly Finding[]> {
  console.log('\nAfter approval');
  const devices = await gateway.devices();
  const before = await warehouse.counts();
  const opened = blocked.filter(r => r.approved === true);
  const passing = [...opened, ...free];
  for (const row of opened) {
    const device = deviceOf(row, devices);
    if (device !== undefined)
      await gateway.command(`/devices/${device.id}/approve`, { hours: 1, reason: `demo check: let in the ${row.name}` });
  }
  let now = before;
  await settle(async () => {
    now = await warehouse.counts();
    return passing.every(r => more(now, before, r.name) >= enough);
  });
  return rows.map(r => {
    const arrived = more(now, before, r.name);
    const seen = `${arrived} at the server`;
    return passing.includes(r)
      ? { host: r.title, what: 'passes', expected: `${enough} or more at the server`, seen, holds: arrived >= enough }
      : { host: r.title, what: 'is blocked still', expected: '0 at the server', seen, holds: arrived === 0 };
  });
}

/**
 * What of the good sensor is missing at the server, by the numbers that its datagrams carry: nothing that happens to others may interrupt it. A pause of the host, of
 * the server or of this process is none.
 */
function watchSensor({ warehouse }: Demo): { stop(): Promise<readonly Finding[]> } {
  const most = 1500;
  return {
    stop: async () => {
      const before = await warehouse.counts();
      let now = before;
      await settle(async () => more((now = await warehouse.counts()), before, 'sensor') > 0);
      const longest = (((await warehouse.lost()).get('sensor') ?? 0) + 1) * everyMillis;
      const goesOn = more(now, before, 'sensor') > 0;
      const seen = goesOn ? `${now.get('sensor')} at the server, never more than ${longest} ms apart` : 'nothing of it arrives any more';
      return [
        {
          host: 'sensor, good',
          what: 'passes all the time',
          expected: `never more than ${most} ms apart`,
          seen,
          holds: goesOn && longest <= most,
        },
      ];
    },
  };
}
