import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lan, makeLan, type Output, until } from './namespace.ts';

/** How the lab's switches let a reader in. */
export const community = 'dock-reads-42';
export const user = { user: 'reader', password: 'authentic-words', privacyPassword: 'private-words' };
export const core = { ip: '10.20.0.1', mac: '02:00:00:00:00:01' };
export const dock = { ip: '10.20.0.3', mac: '02:00:5e:00:00:03', vlan: 20 };
export const box = { ip: '10.20.0.9', mac: '02:00:5e:00:00:09' };
export const device = (n: number) => ({ name: `d${n}`, port: `pd${n}`, mac: `02:00:5e:00:01:0${n}`, ip: `10.20.1.${n}/16` });

/**
 * Two real bridges, `core` without VLANs and `dock`, which is VLAN 20, joined by a cable, each with net-snmp's snmpd over the kernel's own tables. The box is an ordinary host at the core:
 * it is not the bridge. Devices 1, 2 and 4 are at the dock (4 is behind a hub with 2), 3 at the core.
 */
export class Switches {
  readonly lan: Lan;
  readonly folder: string;
  readonly #agents: ChildProcess[] = [];

  private constructor(lan: Lan, folder: string) {
    this.lan = lan;
    this.folder = folder;
  }

  static async make(prefix: string): Promise<Switches> {
    const devices = [
      { name: 'box', port: 'pbox', mac: box.mac, ip: `${box.ip}/16` },
      { name: 'dock', port: 'pdock', mac: dock.mac },
      ...[1, 2, 3, 4].map(device),
    ];
    const folder = mkdtempSync(`/run/sallyport-test-${prefix}-${process.pid}-`);
    const lan = await makeLan({ prefix, devices });
    const site = new Switches(lan, folder);
    try {
      execFileSync('chmod', ['711', folder]);
      await site.#build();
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  async #build(): Promise<void> {
    await this.must('dock', [
      'ip',
      'link',
      'add',
      'brdock',
      'address',
      dock.mac,
      'type',
      'bridge',
      'stp_state',
      '0',
      'forward_delay',
      '0',
      'mcast_snooping',
      '0',
    ]);
    await this.must('dock', ['ip', 'addr', 'add', `${dock.ip}/16`, 'dev', 'brdock']);
    for (const args of [
      ['brdock', 'up'],
      ['eth0', 'alias', 'to core', 'master', 'brdock', 'up'],
    ])
      await this.must('dock', ['ip', 'link', 'set', ...args]);
    for (const n of [1, 2]) await this.plug(device(n).port, 'gateway', 'dock', `bay ${n}`);
    // A hub without management: device 4 speaks through the port of device 2.
    await this.must('gateway', ['ip', 'link', 'del', device(4).port]);
    await this.must('d2', [
      'ip',
      'link',
      'add',
      'link',
      'eth0',
      'name',
      'hub4',
      'address',
      device(4).mac,
      'type',
      'macvlan',
      'mode',
      'bridge',
    ]);
    await this.must('d2', ['ip', 'link', 'set', 'hub4', 'netns', this.lan.ns('d4')]);
    for (const args of [
      ['link', 'set', 'hub4', 'up'],
      ['addr', 'add', device(4).ip, 'dev', 'hub4'],
    ])
      await this.must('d4', ['ip', ...args]);
  }

  /** Moves the far end of a device's cable from one switch to the other. */
  async plug(port: string, from: 'gateway' | 'dock', to: 'gateway' | 'dock', alias: string): Promise<void> {
    if (from !== to) await this.must(from, ['ip', 'link', 'set', port, 'netns', this.lan.ns(to)]);
    await this.must(to, ['ip', 'link', 'set', port, 'alias', alias, 'master', to === 'dock' ? 'brdock' : 'br0', 'up']);
  }

  /** The device says something to everybody, as devices do. */
  async speak(n: number): Promise<void> {
    await this.lan.exec(`d${n}`, ['ping', '-c', '1', '-W', '1', box.ip]);
    await this.lan.exec(`d${n}`, ['ip', 'neigh', 'flush', 'all']);
  }

  /** Starts the agents of both switches, and waits until they answer. */
  async startAgents(): Promise<void> {
    for (const [host, bridge, name, ip] of [
      ['gateway', 'br0', 'core-sw', core.ip],
      ['dock', 'brdock', 'dock-sw', dock.ip],
    ] as const) {
      const own = `${this.folder}/${name}`;
      mkdirSync(own, { mode: 0o700 });
      const script = fileURLToPath(new URL('hosts/bridge-agent.py', import.meta.url));
      const agent = `/usr/bin/python3 ${script} ${bridge}${bridge === 'brdock' ? ` ${dock.vlan}` : ''}`;
      const lines = [
        `agentAddress udp:${ip}:161`,
        `sysName ${name}`,
        'sysDescr Linux bridge of the lab',
        `rocommunity ${community}`,
        `createUser ${user.user} SHA-256 "${user.password}" AES "${user.privacyPassword}"`,
        `createUser plain SHA-256 "${user.password}"`,
        `rouser ${user.user} priv`,
        'rouser plain auth',
        `pass_persist .1.3.6.1.2.1.17 ${agent}`,
        `pass_persist .1.0.8802.1.1.2 ${agent}`,
        // snmpd has a column of its own, which it does not fill from the kernel.
        `pass_persist -p 1 .1.3.6.1.2.1.31.1.1.1.18 ${agent}`,
        `[snmp] persistentDir ${own}/state`,
      ];
      writeFileSync(`${own}/snmpd.conf`, lines.map(line => `${line}\n`).join(''), { mode: 0o600 });
      const env = { ...process.env, SNMP_PERSISTENT_DIR: `${own}/state`, MIBS: '' };
      this.#agents.push(this.lan.spawn(host, ['snmpd', '-f', '-Lf', `${own}/log`, '-C', '-c', `${own}/snmpd.conf`], { env }));
      await until(async () => (await this.walk(ip, '1.3.6.1.2.1.17.1.1')).stdout.includes('STRING'), `${name} answers`);
    }
  }

  /** What net-snmp's own client says of an object: the judge. */
  walk(ip: string, oid: string): Promise<Output> {
    return this.lan.exec('box', ['snmpbulkwalk', '-v2c', '-c', community, '-On', '-Oe', '-Ox', '-m', '', ip, oid]);
  }

  async must(host: string, argv: readonly string[]): Promise<void> {
    const { code, stderr } = await this.lan.exec(host, argv);
    if (code !== 0) throw new Error(`Cannot run ${argv.join(' ')} in ${host}: ${stderr.trim()}`);
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.kill('SIGKILL');
    await this.lan.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
