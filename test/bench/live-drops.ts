import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLines } from '../../gateway/edge/lines.ts';
import { entryOf, roles, setpriv } from '../../gateway/edge/roles.ts';
import { projectRoot } from '../architecture/imports.ts';
import { behindDoor } from '../edge/behind-door.ts';
import { labIsMissing, makeLan, until } from '../lab/namespace.ts';

/**
 * Prints what the sensor process loses of warehouse traffic that tcpreplay sends over a veth pair, and its CPU per frame, with all collectors.
 * Run: `node test/bench/live-drops.ts [pps …]`. Needs root, tcpreplay and ../shared. No figure of it is a test.
 */
const generator = join(projectRoot, '..', 'shared', 'bench', 'gen-warehouse-pcap.mjs');
const missing = labIsMissing() ?? (existsSync(generator) ? undefined : '../shared is absent');
if (missing) throw new Error(`Cannot measure: ${missing}`);
const rates = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100_000, 200_000, 300_000];
const seconds = 5;
const inFile = 100_000;

/** CPU seconds of a process, user and system (proc_pid_stat(5), 100 ticks a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-live-'));
const capture = join(folder, 'small.pcap');
spawnSync(process.execPath, [generator, '--devices', '150', '--packets', String(inFile), '--out', capture], { stdio: 'ignore' });
const lan = await makeLan({ prefix: 'splive', devices: [{ name: 'd1', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' }] });
try {
  for (const link of ['eth0']) await lan.exec('d1', ['ip', 'link', 'set', link, 'mtu', '2000']);
  await lan.exec('gateway', ['ip', 'link', 'set', 'v1', 'mtu', '2000']);
  const argument = JSON.stringify({ ports: ['v1'], filter: 'none', user: roles.sensor.becomes });
  const command = [...setpriv(roles.sensor), process.execPath, ...roles.sensor.nodeOptions, entryOf('sensor'), argument];
  const { child: sensor, call } = behindDoor(stdio => lan.spawn('gateway', command, { stdio }));
  let isUp = false;
  let counters = { frames: 0, dropped: 0 };
  let observations = 0;
  readLines(
    await call(),
    value => {
      const message = value as { type: string; observations?: readonly unknown[]; frames?: number; dropped?: number };
      if (message.type === 'port') isUp = true;
      if (message.type === 'observations') observations += message.observations?.length ?? 0;
      if (message.type === 'counters') counters = { frames: message.frames ?? 0, dropped: message.dropped ?? 0 };
    },
    why => process.stderr.write(`${why}\n`),
  );
  await until(() => isUp, 'the port is up');
  const pid = sensor.pid ?? 0;
  for (const rate of rates) {
    const count = rate * seconds;
    const [before, cpu, said] = [counters, cpuSeconds(pid), observations];
    const loops = String(Math.ceil(count / inFile));
    const pace = ['--pps', String(rate), '--pps-multi', String(Math.max(1, Math.floor(rate / 5000)))];
    const replay = ['tcpreplay', '-q', '-K', '-l', loops, '-i', 'eth0', '-L', String(count), ...pace, capture];
    const { stdout } = await lan.exec('d1', replay, { timeoutMs: 120_000 });
    const sent = Number(/Actual: (\d+) packets/.exec(stdout)?.[1]);
    const pps = Number(/([\d.]+) pps/.exec(stdout)?.[1]);
    const through = (): boolean => counters.frames + counters.dropped - before.frames - before.dropped >= sent;
    await until(through, 'all frames are counted', 15_000).catch(() => undefined);
    const frames = counters.frames - before.frames;
    const dropped = counters.dropped - before.dropped;
    const micros = ((cpuSeconds(pid) - cpu) * 1e6) / sent;
    console.log(
      `${rate} pps asked, ${pps.toFixed(0)} sent: ${sent} frames, ${frames} taken, ${dropped} dropped, ${micros.toFixed(2)} µs CPU a frame, ${observations - said} observations`,
    );
  }
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  console.log(`sensor memory ${(Number(rss) / 1024).toFixed(0)} MiB`);
} finally {
  await lan.close();
  rmSync(folder, { recursive: true });
}
