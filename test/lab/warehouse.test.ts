import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIdentities } from './identities.ts';
import { machineState } from './machine-state.ts';
import { type Ear, labIsMissing, run, until } from './namespace.ts';
import { type Row, rows } from './rows.ts';
import { Warehouse } from './warehouse.ts';
import { undisturbed } from '../undisturbed.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const prefix = 'spware';
const row = (name: string): Row => rows.find(r => r.name === name) ?? expect.fail(`no row ${name}`);

describe.skipIf(missing)('the demo warehouse', () => {
  const folder = missing === undefined ? mkdtempSync(join(tmpdir(), `${prefix}-`)) : '';
  let warehouse: Warehouse;
  let before: string;
  const ears = new Map<string, Ear>();
  beforeAll(async () => {
    await run(undefined, ['ip', 'netns', 'add', `${prefix}-4194998-gateway`]); // what a crash would leave
    before = await machineState();
    warehouse = await Warehouse.make(prefix, folder, await makeIdentities());
    for (const name of ['printer', 'camera']) ears.set(name, await warehouse.lan.receive('gateway', row(name).port));
    for (const each of rows) await warehouse.start(each);
  });
  afterAll(async () => {
    await warehouse?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('sweeps what a crashed demo left', () => {
    expect(readdirSync('/run/netns')).not.toContain(`${prefix}-4194998-gateway`);
  });

  it('leases a fixed address to each host that asks by DHCP', async () => {
    const asking = rows.filter(r => r.lease !== undefined);
    await until(async () => (await Promise.all(asking.map(r => warehouse.address(r.name)))).every(a => a !== undefined), 'all have leases');
    expect(await Promise.all(asking.map(r => warehouse.address(r.name)))).toEqual(asking.map(r => r.lease));
  });

  it('lets every host reach the server through the bridge, the stealth host and the clone included', async () => {
    const names = [...rows.map(r => r.name), 'modbus'];
    const all = async (): Promise<boolean> => names.every(n => (counts.get(n) ?? 0) >= 3) || ((counts = await warehouse.counts()), false);
    let counts: ReadonlyMap<string, number> = new Map();
    await until(all, 'all are heard');
    expect([...counts.keys()].toSorted()).toEqual(names.toSorted());
  });

  it.each([
    ['printer', '_pdl-datastream'],
    ['camera', 'NetworkVideoTransmitter'],
  ])('the %s announces itself by multicast', async (name, text) => {
    const spoken = (): boolean => ears.get(name)?.frames.some(f => Buffer.from(f).includes(text)) ?? false;
    await until(spoken, `${name} has announced ${text}`);
  });

  it('counts at the receiver: a port that is cut sends on and arrives no more', async () => {
    await warehouse.pinServer('plc');
    await warehouse.lan.exec('gateway', ['ip', 'link', 'set', row('plc').port, 'nomaster']);
    const [arrived, sent] = [(await warehouse.counts()).get('plc'), await warehouse.sent('plc')];
    await until(async () => (await warehouse.sent('plc')) >= sent + 3, 'the host has sent on');
    expect((await warehouse.counts()).get('plc')).toBe(arrived);
    await warehouse.lan.exec('gateway', ['ip', 'link', 'set', row('plc').port, 'master', 'br0']);
    await until(async () => ((await warehouse.counts()).get('plc') ?? 0) > (arrived ?? 0), 'it arrives again');
    expect((await warehouse.lost()).get('plc')).toBeGreaterThanOrEqual(3);
    expect((await warehouse.lost()).get('sensor')).toBe(0);
  });

  it.each([
    ['sensor', 'CN=Alias'],
    ['printer', 'CN=zebra-dock-3.local'],
  ])('%s shows its certificate on 8443', async (name, subject) => {
    const argv = ['timeout', '60', 'openssl', 's_client', '-connect', `${row(name).lease}:8443`];
    const { stdout } = await warehouse.lan.exec('gateway', argv);
    expect(stdout.replaceAll(' = ', '=')).toContain(subject);
  });

  it('the stealth host sends, but no frame of ARP, and answers none', async () => {
    const asked = await warehouse.lan.exec('server', ['busybox', 'arping', '-c1', '-w1', '-I', 'eth0', '10.20.8.8']);
    expect(asked.stdout).toContain('Received 0 response');
    const ear = await warehouse.lan.receive('gateway', 'v8');
    await until(() => ear.frames.length >= 5, 'frames of the stealth host');
    const types = new Set(ear.frames.filter(f => f[6] === 0xb8).map(f => ((f[12] ?? 0) << 8) | (f[13] ?? 0)));
    expect([...types]).toEqual([0x0800]);
    await ear.close();
  });

  it('leaves the machine as it was', undisturbed, async () => {
    await warehouse.close();
    expect(readdirSync('/run/netns').filter(n => n.startsWith(`${prefix}-${process.pid}-`))).toEqual([]);
    expect(await machineState()).toBe(before);
  });
});
