import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { entryOf, roles, setpriv } from '../../gateway/edge/roles.ts';
import { readLines } from '../../gateway/edge/lines.ts';
import { behindDoor } from '../edge/behind-door.ts';
import { labIsMissing, makeLan, until } from '../lab/namespace.ts';

/**
 * Prints how long a frame of a new device takes from the wire to the Observation that its gateway reads, and what a flood of frames of one
 * device costs it. Run: `node test/bench/latency.ts [frames]`. Needs root. No figure of it is a test.
 */
const missing = labIsMissing();
if (missing) throw new Error(`Cannot measure: ${missing}`);
const frames = Number(process.argv[2] ?? 500);
const floodFrames = 200_000;
const sender = fileURLToPath(new URL('latency-sender.py', import.meta.url));

/** CPU seconds of a process, user and system (proc_pid_stat(5), 100 ticks a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2);

const lan = await makeLan({ prefix: 'splat', devices: [{ name: 'd1', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' }] });
try {
  const argument = JSON.stringify({ ports: ['v1'], filter: 'none', user: roles.sensor.becomes });
  const command = [...setpriv(roles.sensor), process.execPath, ...roles.sensor.nodeOptions, entryOf('sensor'), argument];
  const startedAt = performance.now();
  const { child: sensor, call } = behindDoor(stdio => lan.spawn('gateway', command, { stdio }));
  const seenAt = new Map<string, number>();
  let isUp = false;
  let taken = 0;
  readLines(
    await call(),
    value => {
      const now = performance.timeOrigin + performance.now();
      const message = value as { type: string; observations?: readonly { mac: string; fact: { kind: string } }[]; frames?: number };
      if (message.type === 'port') isUp = true;
      taken = message.frames ?? taken;
      for (const o of message.observations ?? []) if (o.fact.kind === 'seen') seenAt.set(o.mac, now);
    },
    why => process.stderr.write(`${why}\n`),
  );
  await until(() => isUp, 'the port is up');
  console.log(`sensor: start to port up ${(performance.now() - startedAt).toFixed(0)} ms`);

  const { stdout } = await lan.exec('d1', ['/usr/bin/python3', sender, 'eth0', String(frames)], { timeoutMs: 60_000 });
  const sent = stdout
    .trim()
    .split('\n')
    .map(line => line.split(' '));
  await until(() => sent.every(([mac = '']) => seenAt.has(mac)), 'every device is seen');
  const millis = sent.map(([mac = '', nanos]) => (seenAt.get(mac) ?? 0) - Number(nanos) / 1e6).sort((a, b) => a - b);
  console.log(
    `frame on the wire → observation read: median ${at(millis, 0.5)} ms, p99 ${at(millis, 0.99)} ms, max ${at(millis, 1)} ms (${millis.length} frames)`,
  );

  const pid = sensor.pid ?? 0;
  const [before, from] = [cpuSeconds(pid), taken];
  await lan.exec('d1', ['/usr/bin/python3', sender, 'eth0', String(floodFrames), 'flood'], { timeoutMs: 60_000 });
  const settled = (): boolean => taken - from >= floodFrames * 0.99;
  await until(settled, 'the flood is through', 5_000).catch(() => undefined);
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  console.log(
    `flood of one device: ${taken - from} of ${floodFrames} frames, ${(((cpuSeconds(pid) - before) * 1e6) / (taken - from)).toFixed(2)} µs CPU a frame, sensor ${(Number(rss) / 1024).toFixed(0)} MiB`,
  );
} finally {
  await lan.close();
}
