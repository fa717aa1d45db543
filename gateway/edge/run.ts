import { closeSync, constants, existsSync, fchownSync, fstatSync, openSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Settings } from '../model/settings.ts';
import { table } from '../quarantine/render.ts';
import { sweepDoors } from './door.ts';
import { forgetKept, openKept } from './enforcers/kept-rules.ts';
import { leftInForce, prepareBridge } from './enforcers/prepare-bridge.ts';
import { projectRoot } from './project-files.ts';
import { type Folder, makeDataFolder, makeReach, sweepReach } from './reach.ts';
import { roleSpec, roles } from './roles.ts';
import { JsonFile } from './store/json-file.ts';
import { settingsFile, settingsInForce, settingsToRun } from './store/settings.ts';
import { supervise } from './supervisor.ts';
import { wiresOf } from './wires.ts';

const runHelp = `Usage: sallyport run [--data FOLDER]

Starts the gateway with FOLDER/settings.json. Without one, the first start writes settings that listen on every
interface of this machine and cut nothing (one zone, mode observe).

  --data FOLDER   data folder: settings, journal, accounts (default: /var/lib/sallyport)

It prints the address of the page, the fingerprint of its certificate and, at the first start, the one-time code.
Stop it with Ctrl-C or SIGTERM: what is enforced stays in force.
`;

function readCall(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`Cannot read the call: ${error.message.split('.')[0]}; see sallyport run --help`, { cause: error });
  }
}

/** The `run` verb: prepares as root what needs root once, then keeps the processes alive until it is told to stop. Exit code 1 for bad settings. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = readCall(args);
  if (values.help === true) {
    process.stdout.write(runHelp);
    return 0;
  }
  if (process.getuid?.() !== 0) throw new Error('Cannot start the gateway: it needs root to open interfaces and set rules');
  const data = resolve(values.data ?? '/var/lib/sallyport');
  makeDataFolder(data, roles.gateway.becomes);
  const warn = (line: string): void => void process.stderr.write(`${line}\n`);
  if (!existsSync(join(data, settingsFile))) await writeFirstSettings(data, warn);
  const { settings, problems } = await settingsToRun(data, warn);
  if (settings === undefined) throw new Error(problems.join('\n'));
  for (const name of [settingsFile, settingsInForce].flatMap(file => [file, `${file}.bak`]))
    handOver(join(data, name), roles.gateway.becomes);
  if (settings.network.kind === 'bridge') prepareBridge(settings.network);
  else {
    forgetKept(data, roles.enforcer.becomes, warn);
    if (leftInForce())
      warn(`Rules of an earlier start are still in force here, and with these settings nobody changes them: nft delete table ${table}`);
  }

  sweepReach();
  sweepDoors();
  const reach = makeReach(foldersOf(settings, data));
  const readsSwitches = (settings.switches ?? []).length > 0;
  const gatewayArgs = ['--data', reach.path(data), ...(settings.browseMdns ? ['--browser'] : []), ...(readsSwitches ? ['--switches'] : [])];
  // A handle for each port of the bridge: behind the uplinks are no devices of ours, but addresses that nobody else may claim.
  const { network } = settings;
  const ports = network.kind === 'bridge' ? [...network.ports, ...network.uplinks] : network.ports;
  const sensor = JSON.stringify({ ports, filter: 'none', user: roles.sensor.becomes });
  const kept = network.kind === 'bridge' ? openKept(data, roles.enforcer.becomes, warn) : undefined;
  const enforcerRole = kept === undefined ? roleSpec('enforcer', [], reach) : { ...roleSpec('enforcer', ['kept'], reach), inherits: kept };
  const enforcer = network.kind === 'bridge' ? [enforcerRole] : [];
  // Uplinks are not among its ports: nobody behind them is a device of ours.
  const proberOptions =
    network.kind === 'bridge' ? JSON.stringify({ bridge: network.bridge, ports: network.ports, user: roles.prober.becomes }) : '';
  const prober = network.kind === 'bridge' ? [roleSpec('prober', [proberOptions], reach)] : [];
  const browser = settings.browseMdns ? [roleSpec('browser', [], reach)] : [];
  const specs = [
    roleSpec('gateway', gatewayArgs, reach),
    roleSpec('sensor', [sensor], reach),
    ...enforcer,
    roleSpec('challenger', [], reach),
    ...browser,
    ...prober,
    ...(readsSwitches ? [roleSpec('switch-reader', [], reach)] : []),
  ];
  const supervisor = supervise({ roles: specs });
  await new Promise<void>(done => {
    process.once('SIGTERM', () => done());
    process.once('SIGINT', () => done());
  });
  await supervisor.stop();
  reach.remove();
  sweepDoors();
  return 0;
}

/** What the unprivileged processes must reach. */
function foldersOf(settings: Settings, data: string): readonly Folder[] {
  const inside = (path: string): boolean => path.startsWith(`${projectRoot}/`) || path.startsWith(`${data}/`);
  const others = settings.policyFolders.filter(path => !inside(path)).map(path => ({ path, access: 'read' }) as const);
  return [{ path: projectRoot, access: 'read' }, { path: data, access: 'write' }, ...others];
}

/** Listening on every wire of an interface that has an address; the rest are the defaults: one zone, which only observes, so the first start cuts nothing. */
async function writeFirstSettings(data: string, warn: (line: string) => void): Promise<void> {
  const ports = Object.entries(networkInterfaces())
    .filter(([name, addresses]) => name !== 'lo' && addresses?.some(({ internal }) => !internal))
    .map(([name]) => name);
  const path = join(data, settingsFile);
  if (ports.length === 0)
    throw new Error(`Cannot write first settings: this machine has no interface with an address; write ${path} by hand`);
  const file = new JsonFile<unknown>(path, { parse: value => value, warn });
  await file.read();
  await file.write({ network: { kind: 'listen', ports: wiresOf(ports).slice(0, 64) } });
}

/** Gives a settings file to the gateway's user; a link or anything but a file of root stays as it is. */
function handOver(path: string, user: number): void {
  if (!existsSync(path)) return;
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (found.isFile() && found.uid === 0 && found.nlink === 1) fchownSync(file, user, user);
  } finally {
    closeSync(file);
  }
}
