import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { roles } from '../../gateway/edge/roles.ts';
import { statusOf } from '../edge/processes.ts';
import { labIsMissing, until } from './namespace.ts';
import { community, core, device, dock, Switches, user } from './switches.ts';

const missing = labIsMissing() ?? (spawnSync('snmpd', ['-v']).status === 0 ? undefined : 'there is no snmpd');
if (missing) console.log(`skipped: ${missing}`);
const cli = fileURLToPath(new URL('../../dist/gateway/cli.js', import.meta.url));

/** The box only listens, as a host of the core switch: what stands between it and the devices it knows from the switches alone. */
describe.skipIf(missing)('a gateway that is not the bridge', () => {
  let site: Switches;
  let gateway: ChildProcess;
  let data: string;
  let log = '';
  beforeAll(async () => {
    site = await Switches.make('spswp');
    await site.startAgents();
    data = `${site.folder}/data`;
    mkdirSync(data, { mode: 0o700 });
    const switches = [
      { ip: core.ip, community, intervalSeconds: 10 },
      { ip: dock.ip, ...user, intervalSeconds: 10 },
      { ip: '10.20.0.77', community },
    ];
    const settings = { network: { kind: 'listen', ports: ['eth0'] }, page: { host: '127.0.0.1', port: 8443 }, switches };
    writeFileSync(`${data}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
    gateway = site.lan.spawn('box', [process.execPath, cli, 'run', '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [gateway.stdout, gateway.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (log += text));
  });
  afterAll(async () => {
    gateway?.kill('SIGTERM');
    await site?.close();
  });

  const pids = (): readonly number[] =>
    execFileSync('ip', ['netns', 'pids', site.lan.ns('box')], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  const procOf = (pid: number, file: 'cmdline' | 'environ'): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  const verb = async (...args: readonly string[]): Promise<string> =>
    (await site.lan.exec('box', [process.execPath, cli, ...args, '--data', data])).stdout;
  const rows = async (): Promise<readonly DeviceRow[]> => JSON.parse((await verb('devices', '--json')) || '[]') as readonly DeviceRow[];
  const attached = async (n: number): Promise<DeviceRow['attachedTo']> =>
    (await rows()).find(({ mac }) => mac === device(n).mac)?.attachedTo;
  const untilAt = (n: number, port: string): Promise<void> =>
    until(
      async () => {
        await Promise.all([1, 2, 3, 4].map(each => site.speak(each)));
        return (await attached(n))?.port === port;
      },
      `device ${n} is at ${port}\n${log.slice(-2000)}`,
      150_000,
    );

  it('names switch, port and VLAN of each device, and who shares a port', async () => {
    for (const [n, port] of [
      [4, 'pd2'],
      [1, 'pd1'],
      [2, 'pd2'],
      [3, 'pd3'],
    ] as const)
      await untilAt(n, port);
    const edge = { how: 'edge', at: expect.any(Number) as number };
    const atDock = { switchIp: dock.ip, switchName: 'dock-sw', chassis: dock.mac, vlan: 20 };
    expect(await attached(1)).toEqual({ ...edge, ...atDock, port: 'pd1', alias: 'bay 1', addresses: 1 });
    expect(await attached(4)).toEqual({ ...edge, ...atDock, port: 'pd2', alias: 'bay 2', addresses: 2 });
    expect(await attached(3)).toEqual({
      ...edge,
      switchIp: core.ip,
      switchName: 'core-sw',
      chassis: core.mac,
      port: 'pd3',
      alias: 'd3',
      addresses: 1,
    });
  });

  it('says so in the table, in why and in the export', async () => {
    expect(await verb('devices')).toMatch(/SWITCH PORT\n.*dock-sw pd1/s);
    expect(await verb('why', device(2).mac)).toContain('plugged in at dock-sw port pd2 “bay 2”, VLAN 20, one of 2 on this port');
    expect(await verb('export')).toMatch(new RegExp(`${device(1).mac}.*"dock-sw","${dock.ip}","${dock.mac}","pd1","bay 1","edge","20"`));
  });

  it('says which switch cannot be read', async () => {
    const health = async (): Promise<string> =>
      new Promise((resolve, reject) => {
        const call = get({ socketPath: `${data}/control.sock`, path: '/api/v1/health', headers: { host: 'localhost' } }, response => {
          let body = '';
          response.setEncoding('utf8').on('data', (part: string) => (body += part));
          response.on('end', () => resolve(body));
        });
        call.on('error', reject);
      });
    const wanted = /"role":"switch-reader","alive":true,"detail":"10\.20\.0\.77 silent: no answer/;
    await until(async () => wanted.test(await health()), 'the silent switch is named');
  });

  it('follows a cable from one switch to the other', async () => {
    await site.plug('pd1', 'dock', 'gateway', 'crane');
    await untilAt(1, 'pd1');
    await until(async () => (await site.speak(1), (await attached(1))?.switchName === 'core-sw'), 'the core has it', 150_000);
    expect(await attached(1)).toMatchObject({ switchName: 'core-sw', port: 'pd1', alias: 'crane', how: 'edge' });
    const { timeline } = JSON.parse(await verb('why', '--json', device(1).mac)) as { timeline: readonly { readonly text: string }[] };
    expect(timeline.map(({ text }) => text)).toContain('plugged in at core-sw port pd1 “crane”');
  });

  const secrets = [community, user.password, user.privacyPassword];
  it.each(secrets)('keeps %s in its settings of mode 0600, and nowhere else', async secret => {
    const holders = readdirSync(data).filter(
      name => statSync(`${data}/${name}`).isFile() && readFileSync(`${data}/${name}`).includes(secret),
    );
    expect(holders.toSorted()).toEqual(['settings-in-force.json', 'settings-in-force.json.bak', 'settings.json', 'settings.json.bak']);
    for (const name of holders) expect(statSync(`${data}/${name}`).mode & 0o777, name).toBe(0o600);
    expect(log).not.toContain(secret);
    const said = [await verb('devices', '--json'), await verb('export', '--format', 'jsonl'), await verb('why', '--json', device(1).mac)];
    expect(said.join('')).not.toContain(secret);
    expect(pids().length).toBeGreaterThan(4);
    for (const pid of pids()) expect(procOf(pid, 'cmdline') + procOf(pid, 'environ')).not.toContain(secret);
  });

  it('reads them in a process that has no privilege', async () => {
    const reader = pids().find(pid => procOf(pid, 'cmdline').includes('edge/probe/switch-reader')) ?? 0;
    expect(statusOf(reader, 'Uid')).toBe(Array(4).fill(roles['switch-reader'].user).join(' '));
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) expect(statusOf(reader, set), set).toMatch(/^0+$/);
  });
});
