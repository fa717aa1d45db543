import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { type DemoKind, folders, prefixes, removeFolder, takeFolder } from './demo-folder.ts';
import { deviceOf, liveTable } from './demo-table.ts';
import { GatewayProcess } from './gateway-process.ts';
import { makeIdentities } from './identities.ts';
import { sweep, until } from './namespace.ts';
import { forwardPage } from './page-forward.ts';
import { rows } from './rows.ts';
import { writeSite } from './site-files.ts';
import { Warehouse } from './warehouse.ts';

const usage = `Usage: ./sallyport demo [--check] [--port PORT]

A small warehouse in network namespaces behind a live gateway. Nothing of this machine's own network is touched.
  --check       headless: asserts every row of the table at the receiver and exits 0 only when all hold
  --port PORT   of 127.0.0.1 where the page is (default 9443, or a free one)
Ctrl-C tears everything down.`;

/** Everything that a demo has standing, for those who look at it. */
export type Demo = { readonly warehouse: Warehouse; readonly gateway: GatewayProcess };

/** Removes what dead demos of every kind left: processes, namespaces, folders. `ended` is known to be dead, though perhaps not yet buried. */
async function sweepAll(ended?: number): Promise<void> {
  for (const kind of ['demo', 'check'] as const) {
    const swept = await sweep(prefixes[kind], ended);
    if (swept.length > 0) console.error(`Removed ${swept.length} namespaces of a demo that did not end well`);
    removeFolder(kind);
  }
}

/** Outlives us: when we die, even by SIGKILL, its stdin ends and it sweeps. */
function startReaper(): void {
  const script = 'cat > /dev/null; exec "$0" "$@"';
  const argv = ['-c', script, process.execPath, fileURLToPath(import.meta.url), '--sweep', String(process.pid)];
  spawn('sh', argv, { stdio: ['pipe', 'ignore', 'ignore'], detached: true }).unref();
}

async function runDemo(kind: DemoKind, act: (demo: Demo) => Promise<void>): Promise<void> {
  await sweepAll();
  const folder = takeFolder(kind);
  startReaper();
  let [warehouse, gateway]: [Warehouse | undefined, GatewayProcess | undefined] = [undefined, undefined];
  try {
    const identities = await makeIdentities();
    warehouse = await Warehouse.make(prefixes[kind], `${folder}/hosts`, identities);
    writeSite(`${folder}/data`, identities);
    gateway = await GatewayProcess.start(warehouse, `${folder}/data`, `${folder}/gateway.log`);
    await act({ warehouse, gateway });
  } finally {
    await gateway?.stop();
    await warehouse?.close();
    removeFolder(kind);
  }
}

/** Switches every host on; the clone last, for its trick is to come after the one that it copies. */
async function switchOn({ warehouse, gateway }: Demo): Promise<void> {
  for (const row of rows) if (row.name !== 'clone') await warehouse.start(row);
  const [sensor, clone] = [rows.find(r => r.name === 'sensor'), rows.find(r => r.name === 'clone')];
  if (sensor === undefined || clone === undefined) return;
  await until(async () => deviceOf(sensor, (await gateway.devicesIfUp()) ?? [])?.admission === 'admitted', 'the good sensor is admitted');
  await warehouse.start(clone);
}

async function show(demo: Demo, port: number, stopped: AbortSignal): Promise<void> {
  const { warehouse, gateway } = demo;
  const page = await forwardPage(gateway.pageSocket, port);
  console.log(`\nPage           ${page.url}   (its certificate is its own, SHA-256 ${gateway.fingerprint ?? 'unknown'})`);
  console.log(`One-time code  ${gateway.oneTimeCode ?? 'none: an account exists'}`);
  console.log(`Data folder    ${gateway.data}   (./sallyport devices, why, approve … use it while this runs)\nCtrl-C ends it.\n`);
  const switching = switchOn(demo).catch((error: unknown) => console.error(error instanceof Error ? error.message : error));
  let [drawn, lines] = ['', 0];
  let devices: Awaited<ReturnType<typeof gateway.devicesIfUp>>;
  while (!stopped.aborted) {
    const found = await gateway.devicesIfUp();
    devices = found ?? devices ?? [];
    const away = found === undefined ? '\nThe gateway does not answer: what is above is older. Its supervisor starts it again' : '';
    const table = liveTable(rows, devices, await warehouse.counts()) + away;
    const state = process.stdout.isTTY ? table : table.replace(/\s+\d+$/gm, ''); // no TTY: only when more than the counts has changed
    if (state !== drawn) {
      if (process.stdout.isTTY && lines > 0) process.stdout.write(`\x1b[${lines}A\x1b[J`);
      console.log(process.stdout.isTTY ? table : `${table}\n`);
      [drawn, lines] = [state, table.split('\n').length];
    }
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  page.close();
  await switching;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
      port: { type: 'string', default: '9443' },
      sweep: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return console.log(usage);
  if (values.sweep !== undefined) return sweepAll(Number(values.sweep));
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`Cannot use port ${values.port}: it is no port number`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  process.umask(0o022); // the gateway's unprivileged processes read policies and pass through the folder
  console.log(`Building the warehouse under ${folders[values.check === true ? 'check' : 'demo']} …`);
  if (values.check !== true) return runDemo('demo', demo => show(demo, port, stop.signal));
  await runDemo('check', async demo => {
    if (await check(demo, stop.signal)) return;
    process.exitCode = 1;
    console.error(`\nEnd of the gateway's output:\n${demo.gateway.lastLines()}`);
  });
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
