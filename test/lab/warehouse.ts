import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Identities } from './identities.ts';
import { server } from './hosts/beat.ts';
import { type Lan, makeLan, until } from './namespace.ts';
import { hostile, type Row, rows } from './rows.ts';

const hosts = fileURLToPath(new URL('hosts', import.meta.url));
export const gateway = { mac: '02:00:00:00:00:01', ip: '10.20.0.1' };
export const uplink = { port: 'up0', mac: '02:00:00:00:00:02', ip: `${server.address}/16` };
const everyone = [...rows, hostile];

/** A warehouse of namespaces: the gateway's inline bridge, a server with a real DHCP daemon behind the uplink, and the hosts of `rows`. */
export class Warehouse {
  readonly lan: Lan;
  readonly #folder: string;
  readonly #identities: Identities;
  readonly #sink: ChildProcess;
  readonly #answers: ((line: string) => void)[] = [];

  private constructor(lan: Lan, folder: string, identities: Identities) {
    this.lan = lan;
    this.#folder = folder;
    this.#identities = identities;
    const plc = rows.find(r => r.role === 'plc')?.ip?.split('/')[0] ?? '';
    this.#sink = lan.spawn('server', [process.execPath, `${hosts}/sink.ts`, plc], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#sink.stdout) createInterface({ input: this.#sink.stdout }).on('line', line => this.#answers.shift()?.(line));
  }

  /** Bridge, uplink and server; no host is switched on yet. `folder` takes leases, keys and configurations. */
  static async make(prefix: string, folder: string, identities: Identities): Promise<Warehouse> {
    const devices = everyone.map(r => ({ name: r.name, port: r.port, mac: r.mac }));
    const lan = await makeLan({ prefix, devices, gateway: { mac: gateway.mac, ip: `${gateway.ip}/16` }, server: uplink });
    try {
      const warehouse = new Warehouse(lan, folder, identities);
      await new Promise<void>((resolve, reject) => {
        warehouse.#answers.push(() => resolve());
        warehouse.#sink.on('exit', code => reject(new Error(`Cannot start the server's counter: it ended with ${code}`)));
      });
      await warehouse.#startDhcp();
      return warehouse;
    } catch (error) {
      await lan.close();
      throw error;
    }
  }

  /** Switches a host on: its address, its daemons, and five datagrams a second to the server. */
  async start(row: Row): Promise<void> {
    const folder = `${this.#folder}/${row.name}`;
    mkdirSync(folder, { recursive: true });
    if (row.credential !== undefined) {
      const { chainPem, keyPem } = this.#identities.credentials[row.credential];
      writeFileSync(`${folder}/chain.pem`, chainPem);
      writeFileSync(`${folder}/key.pem`, keyPem, { mode: 0o600 });
    }
    if (row.name === 'stealth') await this.#hush(row);
    else if (row.ip !== undefined) await this.#must(row.name, ['ip', 'addr', 'add', row.ip, 'dev', 'eth0']);
    else this.#startDhcpClient(row);
    if (row.role === 'printer') this.#startAvahi(row, folder);
    this.lan.spawn(row.name, [process.execPath, `${hosts}/host.ts`, row.role, row.name, folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  }

  /** Datagrams of each host that arrived at the server so far; `modbus` counts the PLC's answers to it. */
  counts(): Promise<ReadonlyMap<string, number>> {
    return this.#seen('counts');
  }

  /** Most datagrams in a row that a host sent and that did not arrive, between the first and the last that did. */
  lost(): Promise<ReadonlyMap<string, number>> {
    return this.#seen('lost');
  }

  async #seen(what: 'counts' | 'lost'): Promise<ReadonlyMap<string, number>> {
    const line = await new Promise<string>(resolve => {
      this.#answers.push(resolve);
      this.#sink.stdin?.write('\n');
    });
    const seen = JSON.parse(line) as Readonly<Record<typeof what, Readonly<Record<string, number>>>>; // our own sink wrote it
    return new Map(Object.entries(seen[what]));
  }

  /** Frames that have left the host, by its own kernel: a host that sends nothing proves nothing. */
  async sent(name: string): Promise<number> {
    const { stdout } = await this.lan.exec(name, ['cat', '/sys/class/net/eth0/statistics/tx_packets']);
    return Number(stdout);
  }

  /** Tells a host the server's address for good, so that it goes on sending when nobody answers its ARP any more. */
  async pinServer(name: string): Promise<void> {
    await this.#must(name, ['ip', 'neigh', 'replace', server.address, 'lladdr', uplink.mac, 'dev', 'eth0', 'nud', 'permanent']);
  }

  /** The address that a host has now, if any. */
  async address(name: string): Promise<string | undefined> {
    const { stdout } = await this.lan.exec(name, ['ip', '-4', '-o', 'addr', 'show', 'dev', 'eth0']);
    return /inet ([\d.]+)/.exec(stdout)?.[1];
  }

  async close(): Promise<void> {
    await this.lan.close();
  }

  /** dnsmasq as DHCP server only. Leases are fixed per MAC, so that people find the same addresses at each run. */
  async #startDhcp(): Promise<void> {
    const fixed = everyone.flatMap(r => (r.lease === undefined ? [] : [`--dhcp-host=${r.mac},${r.lease}`]));
    const argv =
      'dnsmasq -k -p0 --conf-file=/dev/null --interface=eth0 --bind-interfaces --except-interface=lo --no-ping --no-resolv --no-hosts';
    const range = ['--dhcp-authoritative', '--dhcp-range=10.20.100.10,10.20.120.254,255.255.0.0,10m', `--dhcp-option=3,${gateway.ip}`];
    const files = ['--pid-file=', `--dhcp-leasefile=${this.#folder}/leases`, '--user=root', '--log-facility=-'];
    this.lan.spawn('server', [...argv.split(' '), ...range, ...files, ...fixed]);
    await until(async () => (await this.lan.exec('server', ['ss', '-Hlun', 'sport = :67'])).stdout !== '', 'the DHCP server listens');
  }

  #startDhcpClient(row: Row): void {
    const names = ['-x', `hostname:${row.name}`, '-V', row.title.replaceAll(' ', '-')];
    const patience = ['-t', '5', '-T', '1', '-A', '1'];
    this.lan.spawn(row.name, ['busybox', 'udhcpc', '-f', '-i', 'eth0', '-s', `${hosts}/dhcp-script.sh`, ...patience, ...names]);
  }

  /** Never asks and never answers: no IPv6, ARP mute, fixed neighbours on both sides (`arp off` would flush them). */
  async #hush(row: Row): Promise<void> {
    const quiet = 'for c in all default eth0; do echo 8 > /proc/sys/net/ipv4/conf/$c/arp_ignore; done';
    await this.#must(row.name, ['sh', '-c', quiet]);
    await this.#must(row.name, ['ip', 'addr', 'add', row.ip ?? '', 'dev', 'eth0']);
    await this.pinServer(row.name);
    const ip = row.ip?.split('/')[0] ?? '';
    await this.#must('server', ['ip', 'neigh', 'replace', ip, 'lladdr', row.mac, 'dev', 'eth0', 'nud', 'permanent']);
  }

  /** avahi in a mount namespace of its own: the machine's /etc/avahi and /run stay untouched. */
  #startAvahi(row: Row, folder: string): void {
    cpSync(`${hosts}/avahi`, folder, { recursive: true });
    const own = `mount --bind ${folder} /etc/avahi && mount -t tmpfs run /run && mkdir /run/avahi-daemon`;
    const daemon = 'exec avahi-daemon -f /etc/avahi/avahi-daemon.conf --no-drop-root --no-rlimits --no-chroot';
    this.lan.spawn(row.name, ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${own} && ${daemon}`]);
  }

  async #must(host: string, argv: readonly string[]): Promise<void> {
    const { code, stderr } = await this.lan.exec(host, argv);
    if (code !== 0) throw new Error(`Cannot prepare ${host}: ${argv.join(' ')}: ${stderr.trim()}`);
  }
}
