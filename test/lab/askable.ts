import { type ChildProcess, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asking, Heard } from './asker.ts';
import { type Lan, type LanDevice, makeLan, type Output, until } from './namespace.ts';

/** Devices that answer questions: real daemons where Debian has them, else simulators (in ../shared/lab, or labelled as our own in ./hosts). */
export const devices = {
  printer: { name: 'printer', port: 'p1', mac: '00:07:4d:00:00:05', ip: '10.21.0.11' },
  nas: { name: 'nas', port: 'p2', mac: '00:11:32:00:00:02', ip: '10.21.0.12' },
  camera: { name: 'camera', port: 'p3', mac: '44:19:b6:00:00:03', ip: '10.21.0.13' },
  screen: { name: 'screen', port: 'p4', mac: '00:09:b0:00:00:04', ip: '10.21.0.14' },
  plc: { name: 'plc', port: 'p6', mac: '00:00:bc:00:00:06', ip: '10.21.0.16' },
  ahu: { name: 'ahu', port: 'p7', mac: '00:40:ae:00:00:07', ip: '10.21.0.17' },
  chiller: { name: 'chiller', port: 'p8', mac: '00:40:ae:00:00:08', ip: '10.21.0.18' },
  station: { name: 'station', port: 'p9', mac: '00:1c:06:00:00:09', ip: '10.21.0.19' },
  node6: { name: 'node6', port: 'p10', mac: '00:1b:c5:00:00:10', ip: '10.21.0.20' },
} as const;
export type Name = keyof typeof devices;
const hosts = Object.values(devices);

export const own = { mac: '02:00:00:00:00:01', ip: '10.21.0.1', prefix: '10.21.0.0/24' } as const;
const server = { port: 'up0', mac: '02:00:00:00:00:02', ip: '10.21.0.2/24' } as const;

const here = import.meta.dirname;
const shared = join(here, '../../../shared/lab');
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

/** What stands on this machine; the tests of the rest are skipped, and the reason is printed. */
export const there = {
  avahi: has('avahi-daemon'),
  nmbd: has('nmbd'),
  wsdd: has('wsdd'),
  simulators: existsSync(join(shared, 'onvif.js')) && existsSync(join(shared, 'otsim.js')),
  nmap: has('nmap'),
  tcpdump: has('tcpdump'),
};
for (const [what, is] of Object.entries(there)) if (!is) process.stdout.write(`skipped: ${what} is not on this machine\n`);

/** A LAN of the devices above; `ask` runs probes from the gateway, `judge` runs nmap at the server's place. */
export class Askable {
  readonly lan: Lan;
  readonly #folder: string;

  private constructor(lan: Lan) {
    this.lan = lan;
    this.#folder = mkdtempSync(join(tmpdir(), 'sallyport-askable-'));
  }

  static async make(prefix: string): Promise<Askable> {
    const withPrefix = (d: (typeof hosts)[number]): LanDevice => ({ ...d, ip: `${d.ip}/24` });
    const lan = await makeLan({ prefix, devices: hosts.map(withPrefix), gateway: { mac: own.mac, ip: `${own.ip}/24` }, server });
    const site = new Askable(lan);
    try {
      await site.#start();
    } catch (error) {
      await site.close();
      throw error;
    }
    return site;
  }

  async #start(): Promise<void> {
    const { lan } = this;
    // A namespace with only a subnet route cannot send to groups.
    await Promise.all(['server', ...hosts.map(h => h.name)].map(h => lan.exec(h, ['ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0'])));
    for (const host of ['node6', 'server'])
      await lan.exec(host, [
        'sh',
        '-c',
        'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6',
      ]);
    const ear = await lan.receive('server');
    const announced = (mac: string, port: number): number => ear.frames.filter(f => isAnnouncement(f, mac, port)).length;
    const { printer, nas, camera, screen, ahu, chiller, station, plc } = devices;
    const ready: Promise<unknown>[] = [
      this.#simulate(screen.name, 'upnp-device.ts', screen.ip),
      this.#simulate(ahu.name, 'bacnet-device.ts', '4711', '10.21.0.255'),
      this.#simulate(chiller.name, 'bacnet-device.ts', '1500042', 'unicast'),
      this.#simulate(station.name, 'profinet-station.ts', station.mac, station.ip, 'conveyor-7'),
    ];
    if (there.simulators) {
      lan.spawn(camera.name, [process.execPath, join(shared, 'onvif.js'), camera.ip]);
      lan.spawn(plc.name, [process.execPath, join(shared, 'otsim.js')]);
      ready.push(this.#bound(camera.name, 3702), this.#bound(plc.name, 44_818));
    }
    if (there.avahi) {
      this.#avahi(printer.name);
      ready.push(until(() => announced(printer.mac, 5353) > 0, 'avahi announces'));
    }
    if (there.nmbd) {
      this.#nmbd(nas.name, nas.ip);
      ready.push(until(() => announced(nas.mac, 138) > 0, 'nmbd announces', 30_000));
    }
    if (there.wsdd) {
      lan.spawn(nas.name, ['wsdd', '-i', 'eth0', '-n', 'DOCKNAS', '-w', 'WAREHOUSE', '-4']);
      ready.push(until(() => announced(nas.mac, 3702) >= 4, 'wsdd has said Hello four times'));
    }
    await Promise.all(ready);
    await ear.close();
  }

  /** Runs the named probes at once, the sensor listening on every port of a device. */
  async ask(probes: readonly string[], filter: Asking['filter'] = 'none'): Promise<Heard> {
    const asking: Asking = { own, subnetBroadcast: '10.21.0.255', ports: hosts.map(h => h.port), probes, filter };
    const argv = [process.execPath, join(here, 'asker.ts'), JSON.stringify(asking)];
    const { stdout, stderr, code } = await this.lan.exec('gateway', argv, { timeoutMs: 120_000 });
    if (code !== 0) throw new Error(`Cannot ask: ${stderr}`);
    const heard = JSON.parse(stdout) as Heard;
    return heard;
  }

  /** Writes down the frames of a wire that the filter lets pass, until the returned function is called, which gives the file. */
  async record(wire: string, filter: readonly string[], direction: 'in' | 'out' = 'out'): Promise<() => Promise<string>> {
    const file = join(this.#folder, `${wire}-${direction}.pcap`);
    const argv = ['tcpdump', '-i', wire, '-Q', direction, '-U', '-Z', 'root', '-w', file, ...filter];
    const child = this.lan.spawn('gateway', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    await said(child.stderr, 'listening on');
    return async () => {
      const ended = new Promise(resolve => child.on('exit', resolve));
      child.kill('SIGINT');
      await ended;
      return file;
    };
  }

  /** nmap in the place of the server, as an independent judge. */
  async judge(...argv: readonly string[]): Promise<Output> {
    return this.lan.exec('server', ['nmap', '-n', ...argv], { timeoutMs: 120_000 });
  }

  async close(): Promise<void> {
    await this.lan.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #simulate(host: string, file: string, ...argv: readonly string[]): Promise<void> {
    const child = this.lan.spawn(host, [process.execPath, join(here, 'hosts', file), ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
    await said(child.stdout, 'up');
  }

  #bound(host: string, port: number): Promise<void> {
    const is = async (): Promise<boolean> => (await this.lan.exec(host, ['ss', '-ulnH'])).stdout.includes(`:${port} `);
    return until(is, `${host} listens on ${port}`);
  }

  /** In a mount namespace of its own: the machine's /etc/avahi and /run stay untouched. */
  #avahi(host: string): void {
    const folder = join(this.#folder, 'avahi');
    cpSync(join(here, 'hosts/avahi'), folder, { recursive: true });
    const mounts = `mount --bind ${folder} /etc/avahi && mount -t tmpfs run /run && mkdir /run/avahi-daemon`;
    const daemon = 'exec avahi-daemon -f /etc/avahi/avahi-daemon.conf --no-drop-root --no-rlimits --no-chroot';
    this.lan.spawn(host, ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${mounts} && ${daemon}`]);
  }

  #nmbd(host: string, ip: string): void {
    const folder = join(this.#folder, 'nmbd');
    mkdirSync(folder);
    const folders = ['lock directory', 'state directory', 'cache directory', 'pid directory', 'private dir', 'ncalrpc dir'];
    const lines = [
      '[global]',
      'netbios name = DOCKNAS',
      'workgroup = WAREHOUSE',
      'server role = standalone server',
      `interfaces = ${ip}/24`,
      'bind interfaces only = yes',
      `log file = ${folder}/log`,
      ...folders.map(name => `${name} = ${folder}`),
    ];
    writeFileSync(join(folder, 'smb.conf'), `${lines.join('\n')}\n`);
    this.lan.spawn(host, ['nmbd', '-F', '--no-process-group', '-s', join(folder, 'smb.conf')]);
  }
}

/** A datagram of that address to that port; of mDNS a response (RFC 6762 §18.2). */
function isAnnouncement(f: Uint8Array, mac: string, port: number): boolean {
  const isSender = Buffer.from(f.subarray(6, 12)).toString('hex') === mac.replaceAll(':', '');
  const isPort = f[23] === 17 && (((f[36] ?? 0) << 8) | (f[37] ?? 0)) === port;
  return isSender && isPort && (port !== 5353 || ((f[44] ?? 0) & 0x80) !== 0);
}

/** Resolves when a child has written that. */
function said(stream: ChildProcess['stdout'], what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream?.on('data', chunk => {
      text += String(chunk);
      if (text.includes(what)) resolve();
    });
    stream?.on('end', () => reject(new Error(`Cannot start: ${text}`)));
  });
}
