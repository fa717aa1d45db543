import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type Ear, PacketAgent } from './packet-agent.ts';

/** One device: its own namespace with `eth0`, whose other end is `port` of the bridge. Without `ip` (CIDR) it has no address. */
export type LanDevice = { readonly name: string; readonly port: string; readonly mac: string; readonly ip?: string };

export type LanOptions = {
  /** Lower-case letters and digits, at most 8. Names are `<prefix>-<pid>-<host>`. */
  readonly prefix: string;
  readonly devices: readonly LanDevice[];
  readonly gateway?: { readonly mac: string; readonly ip: string };
  readonly server?: { readonly port: string; readonly mac: string; readonly ip: string };
  /** Off by default: kernels that speak IPv6 of their own accord blur what a test counts. */
  readonly ipv6?: boolean;
};

export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type ExecOptions = { readonly input?: string; readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv };

/** What was heard on an interface. `frames` grows; `close` ends it. */
export type { Ear } from './packet-agent.ts';

/** Frames of nobody (IEEE 802 local experimental EtherType 1); the library's own fences, which no count includes. */
const fenceType = 0x88b5;

/** True where namespaces can be made: root on Linux with iproute2 and nft. Otherwise the reason, to print with the skip. */
export function labIsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the lab needs Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root';
  return undefined;
}

/** Runs a program, in a namespace if one is named. Never rejects for an exit code; 127 when it cannot start, 124 when time is up. */
export function run(namespace: string | undefined, argv: readonly string[], options: ExecOptions = {}): Promise<Output> {
  const [file = 'true', ...rest] = namespace === undefined ? argv : ['ip', 'netns', 'exec', namespace, ...argv];
  return new Promise(resolve => {
    const limits = { timeout: options.timeoutMs ?? 60_000, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 * 1024, env: options.env };
    const child = execFile(file, rest, limits, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.killed === true ? 124 : typeof error.code === 'number' ? error.code : 127;
      resolve({ code, stdout, stderr: code === 127 ? `${stderr}${error?.message ?? ''}` : stderr });
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read everything
    child.stdin?.end(options.input ?? '');
  });
}

async function must(namespace: string | undefined, argv: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await run(namespace, argv, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`Cannot run ${argv.join(' ')}: ${stderr.trim() || code}`);
}

/** Removes namespaces of `prefix` whose maker is dead (or that `mine` names), with the processes left in them. Returns their names. */
export async function sweep(prefix: string, mine?: number): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of namespaces()) {
    const [owner, pid] = name.split('-');
    if (owner !== prefix || pid === undefined || !/^\d+$/.test(pid)) continue;
    if (Number(pid) !== mine && isAlive(Number(pid))) continue;
    const { stdout } = await run(undefined, ['ip', 'netns', 'pids', name]);
    for (const left of stdout.split('\n')) if (/^\d+$/.test(left)) end(Number(left));
    await run(undefined, ['ip', 'netns', 'del', name]);
    removed.push(name);
  }
  return removed;
}

function namespaces(): readonly string[] {
  try {
    return readdirSync('/run/netns');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone by itself
  }
}

/**
 * A small LAN: `gateway` (inline bridge `br0`), `server` behind the uplink, one namespace per device. Nothing of the machine's own network is
 * touched. Call `close` in `finally`; what a crash leaves is swept by the next `makeLan` of the same prefix.
 */
export async function makeLan(options: LanOptions): Promise<Lan> {
  if (!/^[a-z0-9]{1,8}$/.test(options.prefix)) throw new Error(`Cannot make a LAN: prefix ${options.prefix}`);
  await sweep(options.prefix, process.pid);
  const lan = new Lan(options);
  try {
    await build(lan, options);
  } catch (error) {
    await lan.close();
    throw error;
  }
  return lan;
}

async function build(lan: Lan, options: LanOptions): Promise<void> {
  const gateway = options.gateway ?? { mac: '02:00:00:00:00:01', ip: '10.20.0.1/16' };
  const server = { name: 'server', ...(options.server ?? { port: 'up0', mac: '02:00:00:00:00:02', ip: '10.20.0.2/16' }) };
  const hosts: readonly LanDevice[] = [server, ...options.devices];
  const names = ['gateway', ...hosts.map(h => h.name)];
  await must(undefined, ['ip', '-batch', '-'], names.map(n => `netns add ${lan.ns(n)}\n`).join(''));
  if (options.ipv6 !== true) {
    const quiet = 'for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done 2>/dev/null || true';
    await Promise.all(names.map(n => must(lan.ns(n), ['sh', '-c', quiet])));
  }
  const gw = lan.ns('gateway');
  await must(
    undefined,
    ['ip', '-n', gw, '-batch', '-'],
    [
      'link set lo up',
      `link add ${lan.bridge} address ${gateway.mac} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `addr add ${gateway.ip} dev ${lan.bridge}`,
      `link set ${lan.bridge} up`,
      '',
    ].join('\n'),
  );
  const pair = (h: LanDevice): string =>
    `link add ${h.port} netns ${gw} type veth peer name eth0 address ${h.mac} netns ${lan.ns(h.name)}\n`;
  await must(undefined, ['ip', '-batch', '-'], hosts.map(pair).join(''));
  await must(
    undefined,
    ['ip', '-n', gw, '-batch', '-'],
    hosts.map(h => `link set ${h.port} alias ${h.name} master ${lan.bridge} up\n`).join(''),
  );
  const up = (h: LanDevice): string => `link set lo up\nlink set eth0 up\n${h.ip === undefined ? '' : `addr add ${h.ip} dev eth0\n`}`;
  await Promise.all(hosts.map(h => must(undefined, ['ip', '-n', lan.ns(h.name), '-batch', '-'], up(h))));
}

/** A LAN that stands. Hosts are named `gateway`, `server` and as the devices are. */
export class Lan {
  readonly bridge = 'br0';
  readonly uplink: string;
  readonly #prefix: string;
  readonly #gatewayMac: string;
  readonly #ports: ReadonlyMap<string, string>;
  readonly #agents = new Map<string, PacketAgent>();
  readonly #children = new Set<ChildProcess>();

  constructor(options: LanOptions) {
    this.#prefix = options.prefix;
    this.#gatewayMac = options.gateway?.mac ?? '02:00:00:00:00:01';
    this.uplink = options.server?.port ?? 'up0';
    this.#ports = new Map([['server', this.uplink], ...options.devices.map(d => [d.name, d.port] as const)]);
  }

  /** Name of a host's network namespace. */
  ns(host: string): string {
    return `${this.#prefix}-${process.pid}-${host}`;
  }

  /** Runs a program to its end in a host's namespace; see `run`. */
  exec(host: string, argv: readonly string[], options?: ExecOptions): Promise<Output> {
    return run(this.ns(host), argv, options);
  }

  /** Starts a daemon in a host's namespace; `close` ends it. Output is thrown away unless `stdio` says otherwise. */
  spawn(host: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.ns(host), ...argv], { stdio: 'ignore', ...options });
    this.#children.add(child);
    child.on('exit', () => this.#children.delete(child));
    child.on('error', () => this.#children.delete(child));
    return child;
  }

  /** Sends raw Ethernet frames as they are. */
  async sendFrames(host: string, frames: readonly Uint8Array[], iface = 'eth0'): Promise<void> {
    await this.#agent(host).send(iface, frames);
  }

  /** Hears every frame that arrives from now on. */
  async receive(host: string, iface = 'eth0'): Promise<Ear> {
    return this.#agent(host).hear(iface);
  }

  /** What an ear of `host` has heard once all frames sent before this call are through, without waiting by the clock. */
  async heard(host: string, ear: Ear): Promise<readonly Uint8Array[]> {
    // What the gateway itself hears must come from outside: by the uplink. The others are reached from their end of the bridge.
    const [from, iface] = host === 'gateway' ? ['server', 'eth0'] : ['gateway', this.#ports.get(host)];
    if (iface === undefined) throw new Error(`Cannot fence ${host}: it has no port`);
    const stamp = ++this.#stamp;
    const fence = new Uint8Array(60);
    new DataView(fence.buffer).setUint16(12, fenceType);
    new DataView(fence.buffer).setUint32(14, stamp);
    fence.set(Buffer.from(this.#gatewayMac.replaceAll(':', ''), 'hex'));
    fence.set([2, 0, 0, 0, 0xfe, 0xff], 6);
    const count = await this.#agent(from).fence(iface, fence);
    const isMine = (f: Uint8Array): boolean => isFence(f) && new DataView(f.buffer, f.byteOffset).getUint32(14) === stamp;
    await until(() => ear.frames.filter(isMine).length >= count, `the fence reaches ${host}`);
    return ear.frames.filter(f => !isFence(f));
  }
  #stamp = 0;

  /** Ends every process in the namespaces and removes them. Safe to call twice. */
  async close(): Promise<void> {
    for (const agent of this.#agents.values()) agent.stop();
    for (const child of this.#children) child.kill('SIGKILL');
    this.#agents.clear();
    await sweep(this.#prefix, process.pid);
  }

  #agent(host: string): PacketAgent {
    const agent = this.#agents.get(host) ?? new PacketAgent(this.ns(host));
    this.#agents.set(host, agent);
    return agent;
  }
}

const isFence = (f: Uint8Array): boolean => f[12] === fenceType >> 8 && f[13] === (fenceType & 0xff);

/** Polls until `is` holds. Throws after `timeoutMs`. */
export async function until(is: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; ; ) {
    if (await is()) return;
    if (Date.now() > end) throw new Error(`Cannot wait any longer until ${what}: ${timeoutMs} ms have passed`);
    await new Promise(resolve => setTimeout(resolve, 3));
  }
}
