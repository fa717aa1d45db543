import type { Mac, PortName } from '../../model/address.ts';
import type { FromEnforcer } from '../messages.ts';
import { Follower, run } from './command.ts';

type Entry = Extract<FromEnforcer, { type: 'forwarding-entry' }>;

/** Most addresses remembered per port, and ports; beyond it an address may be told twice or not at all: nothing is held by it. */
export const maxPerPort = 4096;
const maxPorts = 1024;

/**
 * Watches the addresses that a bridge learns on device ports, so that hosts which no capture shows are known. Each (address, port) is told
 * once; a moved address is told again. Both the table and its news are read, so that a restart misses nothing.
 */
export class ForwardingTable {
  readonly #bridge: PortName;
  readonly #report: (entry: Entry) => void;
  readonly #follower: Follower;
  /** Capped by `maxPerPort` and `maxPorts`; an entry leaves with the bridge's own, which age after 300 s. */
  readonly #told = new Map<PortName, Set<Mac>>();
  #ignored: ReadonlySet<PortName>;

  constructor(bridge: PortName, ignored: readonly PortName[], report: (entry: Entry) => void) {
    this.#bridge = bridge;
    this.#ignored = new Set(ignored);
    this.#report = report;
    this.#follower = new Follower(
      ['bridge', 'monitor', 'fdb'],
      line => this.take(line),
      () => void this.#resync(),
    );
  }

  /** Addresses on these ports are not told: uplinks. */
  ignore(ports: readonly PortName[]): void {
    this.#ignored = new Set(ports);
  }

  /** One line of `bridge monitor fdb` or `bridge fdb show`: `[Deleted ]02:… dev v3 [vlan 20 ]master br0 …`. */
  take(line: string): void {
    const parsed = readEntry(line);
    if (parsed === undefined || parsed.bridge !== this.#bridge || this.#ignored.has(parsed.port)) return;
    const { port, mac, vlan } = parsed;
    const told = this.#told.get(port) ?? new Set();
    if (parsed.deleted) told.delete(mac);
    if (parsed.deleted || told.has(mac) || told.size >= maxPerPort || (this.#told.size >= maxPorts && !this.#told.has(port))) return;
    this.#told.set(port, told.add(mac));
    for (const [other, macs] of this.#told) if (other !== port) macs.delete(mac);
    this.#report({ type: 'forwarding-entry', mac, port, vlan });
  }

  stop(): void {
    this.#follower.stop();
  }

  async #resync(): Promise<void> {
    const before = new Map([...this.#told].map(([port, macs]) => [port, [...macs]]));
    const { code, stdout } = await run('bridge', ['fdb', 'show', 'br', this.#bridge]);
    if (code !== 0) return;
    const lines = stdout.split('\n');
    // What left while nobody was told would fill the caps for ever, and its return would not be told.
    const here = new Set(lines.map(readEntry).map(entry => `${entry?.port} ${entry?.mac}`));
    for (const [port, macs] of before) for (const mac of macs) if (!here.has(`${port} ${mac}`)) this.#told.get(port)?.delete(mac);
    for (const line of lines) this.take(line);
  }
}

/** Undefined for the bridge's own addresses, group addresses and entries that were set and not learned. */
export function readEntry(line: string) {
  const match = /^(Deleted )?([0-9a-f]{2}(?::[0-9a-f]{2}){5}) dev (\S+) (?:vlan (\d+) )?(.*)$/.exec(line.trim());
  const [, deleted, mac, port, vlan, rest = ''] = match ?? [];
  const master = /(?:^| )master (\S+)/.exec(rest)?.[1];
  if (mac === undefined || port === undefined || master === undefined) return undefined;
  if (/(?:^| )(?:permanent|static|self|sticky)(?: |$)/.test(rest)) return undefined;
  return { deleted: deleted !== undefined, mac, port, vlan: Number(vlan ?? 0), bridge: master };
}
