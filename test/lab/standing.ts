import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { deviceOf } from './demo-table.ts';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Identities, makeIdentities } from './identities.ts';
import { until } from './namespace.ts';
import { hostile, type Row, rows } from './rows.ts';
import { makeVendor } from '../vectors/pki.ts';
import { writeSite } from './site-files.ts';
import { Warehouse } from './warehouse.ts';

/** A warehouse behind a live gateway, for one test file. `data` may be put on a small file system of its own. */
export class Standing {
  readonly warehouse: Warehouse;
  readonly folder: string;
  readonly identities: Identities;
  gateway: GatewayProcess;
  readonly #mounted: boolean;

  private constructor(warehouse: Warehouse, folder: string, identities: Identities, gateway: GatewayProcess, mounted: boolean) {
    this.warehouse = warehouse;
    this.identities = identities;
    this.folder = folder;
    this.gateway = gateway;
    this.#mounted = mounted;
  }

  /** `prefix`: lower-case letters, at most 8. `dataMegabytes`: put the data folder on a tmpfs of that size. Needs a build in dist. */
  static async make(
    prefix: string,
    options: { readonly dataMegabytes?: number; readonly before?: readonly string[] } = {},
  ): Promise<Standing> {
    sweepFolders(prefix);
    const folder = mkdtempSync(`/run/sallyport-test-${prefix}-${process.pid}-`);
    execFileSync('chmod', ['711', folder]);
    const umask = process.umask(0o022); // the gateway's unprivileged processes read what is written here
    const data = `${folder}/data`;
    const mounted = options.dataMegabytes !== undefined;
    let warehouse: Warehouse | undefined;
    try {
      mkdirSync(data, { mode: 0o700 });
      mkdirSync(`${folder}/hosts`, { mode: 0o700 });
      if (mounted) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.dataMegabytes}m,mode=700`, 'sallyport-test', data]);
      const identities = await makeIdentities();
      warehouse = await Warehouse.make(prefix, `${folder}/hosts`, identities);
      writeSite(data, identities);
      const gateway = await GatewayProcess.start(warehouse, data, `${folder}/gateway.log`, options.before);
      return new Standing(warehouse, folder, identities, gateway, mounted);
    } catch (error) {
      await warehouse?.close();
      clear(folder, mounted);
      throw error;
    } finally {
      process.umask(umask);
    }
  }

  /** Switches hosts on and waits until the good sensor, if among them, is admitted. */
  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.warehouse.start(row(name));
    if (names.includes('sensor')) await this.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  }

  /** Switches the sensor on while nobody trusts its maker: it is cut off. The maker's anchor, for people to bring, is `acme.pem` of the folder. */
  async startUntrusted(): Promise<void> {
    const anchors = `${this.gateway.data}/policies.d/anchors`;
    writeFileSync(`${anchors}/other.device-ca.pem`, (await makeVendor({ name: 'Other' })).anchorPem);
    rmSync(`${anchors}/acme.device-ca.pem`);
    await this.warehouse.start(row('sensor'));
    await this.untilDevice('sensor', d => d.enforcement === 'quarantined' && d.reason === 'CHAIN_UNTRUSTED');
    writeFileSync(`${this.folder}/acme.pem`, this.identities.anchorPem);
  }

  async device(name: string): Promise<DeviceRow | undefined> {
    return deviceOf(row(name), await this.gateway.devices());
  }

  async untilDevice(name: string, holds: (device: DeviceRow) => boolean, timeoutMs = 60_000): Promise<DeviceRow> {
    let seen: DeviceRow | undefined;
    await until(
      async () => {
        seen = await this.device(name).catch(() => undefined);
        return seen !== undefined && holds(seen);
      },
      `${name} is as it should be; it is ${JSON.stringify(seen)}`,
      timeoutMs,
    );
    if (seen === undefined) throw new Error(`Cannot find ${name}`);
    return seen;
  }

  /** How many datagrams of each host arrive at the server while `act` runs and until `enough` of `steady` have. */
  async arriving(steady: string, enough: number, act: () => Promise<void> = () => Promise.resolve()): Promise<(name: string) => number> {
    const before = await this.warehouse.counts();
    await act();
    let now = before;
    const more = (name: string): number => (now.get(name) ?? 0) - (before.get(name) ?? 0);
    await until(async () => {
      now = await this.warehouse.counts();
      return more(steady) >= enough;
    }, `${enough} datagrams of ${steady} arrive`);
    return more;
  }

  /** Process ids by role, of this gateway only. */
  pids(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const top = descendants(this.gateway.pid ?? 0);
    for (const pid of top) for (const [role, part] of Object.entries(parts)) if (commandOf(pid).includes(part)) found.set(role, pid);
    return found;
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await this.warehouse.close();
    clear(this.folder, this.#mounted);
  }
}

/** Removes what sites of dead processes left: they would fill /run. */
function sweepFolders(prefix: string): void {
  for (const name of readdirSync('/run')) {
    const pid = new RegExp(`^sallyport-test-${prefix}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) clear(`/run/${name}`, true);
  }
}

/** Leaves nothing of a site on the machine, also when it never stood. */
function clear(folder: string, mounted: boolean): void {
  if (mounted) spawnSync('umount', ['-l', `${folder}/data`]);
  rmSync(folder, { recursive: true, force: true });
}

const parts = {
  gateway: 'gateway/main.js',
  sensor: 'capture/sensor.js',
  enforcer: 'enforcers/enforcer.js',
  challenger: 'challenge/challenger.js',
  supervisor: 'gateway/cli.js',
};

export function row(name: string): Row {
  const found = [...rows, hostile].find(r => r.name === name);
  if (found === undefined) throw new Error(`Cannot find host ${name}`);
  return found;
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
};

/** All descendants of a process, itself included. */
function descendants(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow);
}
