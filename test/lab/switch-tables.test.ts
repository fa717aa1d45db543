import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SwitchAccess, SwitchReading, SwitchTables } from '../../gateway/model/switch.ts';
import * as b from '../vectors/frames/build.ts';
import { lldp, tlv } from '../vectors/frames/lldp.ts';
import { labIsMissing, until } from './namespace.ts';
import { box, community, core, device, dock, Switches, user } from './switches.ts';

const missing = labIsMissing() ?? (spawnSync('snmpd', ['-v']).status === 0 ? undefined : 'there is no snmpd');
if (missing) console.log(`skipped: ${missing}`);
const script = fileURLToPath(new URL('../edge/probe/read-switch-once.ts', import.meta.url));

const names = [tlv(1, 4, b.mac(core.mac)), tlv(2, 5, 'pdock'), tlv(3, b.u16(120)), tlv(5, 'core-sw'), tlv(7, b.u16(0x14), b.u16(0x04))];
const announce = b.ethernet(core.mac, '01:80:c2:00:00:0e', 0x88cc, lldp(...names));

describe.skipIf(missing)('two bridges behind a real snmpd', () => {
  let site: Switches;
  beforeAll(async () => {
    site = await Switches.make('spsw');
    await site.startAgents();
    for (const n of [1, 2, 3, 4]) await site.speak(n);
  });
  afterAll(() => site?.close());

  const read = async (ip: string, access: SwitchAccess): Promise<SwitchReading> => {
    const { stdout, stderr } = await site.lan.exec('box', [process.execPath, script, ip, JSON.stringify(access)]);
    return JSON.parse(stdout === '' ? JSON.stringify({ kind: 'failed', detail: stderr }) : stdout) as SwitchReading;
  };
  const tables = async (ip: string, access: SwitchAccess = { version: '2c', community }): Promise<SwitchTables> => {
    const reading = await read(ip, access);
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    return reading.tables;
  };
  const portOf = ({ ports, entries }: SwitchTables, mac: string): string | undefined =>
    ports.find(({ port }) => port === entries.find(entry => entry.mac === mac)?.port)?.name;

  it('are read: names, ports with their aliases, addresses, neighbours', async () => {
    // As every switch does, the core announces itself again and again.
    const announced = async (): Promise<boolean> => {
      await site.lan.sendFrames('gateway', [announce], 'pdock');
      return (await tables(dock.ip)).neighbours.length > 0;
    };
    await until(announced, 'the dock has heard the core');
    const it = await tables(dock.ip);
    expect(it).toMatchObject({ name: 'dock-sw', description: 'Linux bridge of the lab', chassis: dock.mac, truncated: [], skipped: 0 });
    expect(it.own).toContain(dock.mac);
    expect(it.ports).toContainEqual({ port: expect.any(Number) as number, name: 'pd1', alias: 'bay 1' });
    expect(portOf(it, device(1).mac)).toBe('pd1');
    expect([portOf(it, device(2).mac), portOf(it, device(4).mac)]).toEqual(['pd2', 'pd2']);
    expect(portOf(it, box.mac)).toBe('eth0');
    const uplink = it.ports.find(({ name }) => name === 'eth0')?.port;
    expect(it.neighbours).toEqual([{ port: uplink, chassis: core.mac, name: 'core-sw', isBridge: true }]);
    expect(portOf(await tables(core.ip), device(3).mac)).toBe('pd3');
  });

  it('say to snmpbulkwalk what they say to us', async () => {
    const old = { ip: core.ip, table: '1.3.6.1.2.1.17.4.3.1' };
    const perVlan = { ip: dock.ip, table: '1.3.6.1.2.1.17.7.1.2.2.1' };
    for (const { ip, table } of [old, perVlan]) {
      const ours = await tables(ip);
      const objects = [`${table}.2`, `${table}.3`, '1.3.6.1.2.1.17.1.4.1.2'];
      const [ports, status, names] = await Promise.all(objects.map(async oid => rowsOf(await site.walk(ip, oid), oid)));
      const learned = [...(ports ?? [])].filter(([index]) => status?.get(index) === 3);
      const theirs = learned.map(([index, port]) => {
        const parts = index.split('.').map(Number);
        const mac = parts.slice(-6).map(part => part.toString(16).padStart(2, '0'));
        return `${mac.join(':')} ${port} ${table === perVlan.table ? (parts[0] ?? 0) - 1000 : undefined}`;
      });
      expect(theirs.length).toBeGreaterThan(3);
      expect(ours.entries.map(({ mac, port, vlan }) => `${mac} ${port} ${vlan}`).toSorted()).toEqual(theirs.toSorted());
      expect(ours.ports.map(({ port }) => String(port)).toSorted()).toEqual([...(names?.keys() ?? [])].toSorted());
    }
  });

  it('say the same in version 1', async () => {
    const [first, second] = [await tables(dock.ip, { version: '1', community }), await tables(dock.ip)];
    expect(first.ports).toEqual(second.ports);
    expect(new Set(first.entries.map(({ mac }) => mac))).toEqual(new Set(second.entries.map(({ mac }) => mac)));
  });

  it('say the same in version 3, with and without encryption', async () => {
    const second = await tables(dock.ip);
    for (const access of [{ version: '3', ...user } as const, { version: '3', user: 'plain', password: user.password } as const]) {
      const third = await tables(dock.ip, access);
      expect(third.ports).toEqual(second.ports);
      expect(new Set(third.entries.map(({ mac }) => mac))).toEqual(new Set(second.entries.map(({ mac }) => mac)));
    }
  });

  it('say why they refuse a user', async () => {
    const refused = async (over: object) => read(dock.ip, { version: '3', ...user, ...over });
    expect(await refused({ user: 'nobody' })).toMatchObject({ kind: 'refused', detail: 'it knows no such user' });
    expect(await refused({ password: 'another-password' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^the password is wrong/) as string,
    });
    expect((await refused({ privacyPassword: 'another-password' })).kind).not.toBe('read');
    expect(await read(dock.ip, { version: '3', user: user.user, password: user.password })).toMatchObject({
      kind: 'read',
      tables: { ports: [] },
    });
  });

  it('say nothing to a wrong community, and that is said', async () =>
    expect(await read(dock.ip, { version: '2c', community: 'public' })).toEqual({ kind: 'silent', detail: 'no answer to 3 questions' }));
});

/** `.1.3.6.1.…index = INTEGER: 3` → index → 3. */
function rowsOf({ stdout }: { readonly stdout: string }, oid: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const [, index, value] = /^\.([\d.]+) = [\w-]+: (\d+)/.exec(line) ?? [];
    if (index?.startsWith(`${oid}.`) === true) found.set(index.slice(oid.length + 1), Number(value));
  }
  return found;
}
