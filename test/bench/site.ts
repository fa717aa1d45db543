import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DeviceDetail, DeviceRow } from '../../gateway/api/contract.ts';
import { Standing, row } from '../lab/standing.ts';
import { until } from '../lab/namespace.ts';

/**
 * Figures of a live gateway on this machine: frame on the wire → device known to the page, frame → quarantine committed in the kernel,
 * link up → verdict of the good sensor, start-up time, memory of each process. `node test/bench/site.ts` as root, after a build.
 */
const rounds = 40;
/** Below what one port may journal in a minute. */
const newcomers = 100;
const sender = fileURLToPath(new URL('latency-sender.py', import.meta.url));
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const p95 = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN;
const p99 = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
const line = (what: string, values: readonly number[]): void =>
  console.log(
    `${what.padEnd(52)} median ${median(values).toFixed(1)} ms, p95 ${p95(values).toFixed(1)} ms, p99 ${p99(values).toFixed(1)} ms, n ${values.length}`,
  );

const mac = (prefix: string, n: number): string =>
  `${prefix}:${[(n >> 16) & 255, (n >> 8) & 255, n & 255].map(b => b.toString(16).padStart(2, '0')).join(':')}`;
const bytes = (text: string): readonly number[] => text.split(':').map(part => Number.parseInt(part, 16));

/** A gratuitous ARP of an invented host. */
function hello(from: string, n: number): Uint8Array {
  const frame = new Uint8Array(60).fill(0xff, 0, 6);
  const ip = [10, 20, 200 + (n >> 8), n & 255];
  frame.set([...bytes(from), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, ...bytes(from), ...ip, 0, 0, 0, 0, 0, 0, ...ip], 6);
  return frame;
}

async function main(): Promise<void> {
  const began = performance.now();
  const site = await Standing.make('spbench');
  try {
    console.log(`start of warehouse, gateway and page: ${(performance.now() - began).toFixed(0)} ms`);
    const up = performance.now();
    await site.start('sensor');
    console.log(`sensor switched on (link, DHCP, TLS, verdict, wire open): ${(performance.now() - up).toFixed(0)} ms`);

    // By the gateway's own clock: the frame's time stamp of the capture, and the instants of the Events that followed from it.
    // The kernel's own word comes from `nft monitor`, so the second figure holds that tool's delay too.
    const known = await arrivals(site);
    const cut: number[] = [];
    const confirmed: number[] = [];
    const committed = await monitor(site);
    for (let n = 0; n < rounds; n += 1) {
      const camera = mac('44:19:b6', n); // a rule quarantines cameras
      await site.warehouse.lan.sendFrames('stealth', [hello(camera, n)]);
      const detail = await detailOf(site, camera);
      const frameAt = detail.facts.find(fact => fact.collector === 'arp')?.at ?? Number.NaN;
      const eventAt = (kind: string): number => detail.timeline.find(event => event.kind === kind)?.at ?? Number.NaN;
      cut.push((committed.get(camera) ?? Number.NaN) - frameAt);
      confirmed.push(eventAt('enforced') - frameAt);
    }
    line('frame on the wire → device known', known);
    line('frame on the wire → quarantine committed in the kernel', cut);
    line('  … → lane planned too, read back and journalled', confirmed);

    const links: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const id = (await site.device('sensor'))?.id ?? '';
      const verified = async () => (await site.gateway.device(id)).lastVerified ?? 0;
      const before = await verified();
      await site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', row('sensor').port, 'down']);
      await until(async () => (await site.device('sensor'))?.presence === 'offline', 'it is offline');
      const at = performance.now();
      await site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', row('sensor').port, 'up']);
      await until(async () => (await verified()) > before, 'it is judged again', 20_000);
      links.push(performance.now() - at);
    }
    line('link up → verdict of the good sensor', links);

    const health = await site.gateway.health();
    console.log(`journal: ${health.journal.events} events`);
    for (const [role, pid] of site.pids()) {
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      console.log(`memory of ${role.padEnd(12)} ${(kilobytes / 1024).toFixed(0)} MB`);
    }
  } finally {
    await site.close();
  }
}

/**
 * From the instant a new device sends its first frame until the machine has it, one every 10 ms. Nobody asks the gateway meanwhile. Its clock counts
 * whole milliseconds, so half of one is added to each.
 */
async function arrivals(site: Standing): Promise<readonly number[]> {
  const { stdout } = await site.warehouse.lan.exec('stealth', ['/usr/bin/python3', sender, 'eth0', String(newcomers)], {
    timeoutMs: 30_000,
  });
  const sentAt = new Map(
    stdout
      .trim()
      .split('\n')
      .map(said => [said.split(' ')[0] ?? '', Number(said.split(' ')[1]) / 1e6] as const),
  );
  let found: readonly DeviceRow[] = [];
  await until(async () => {
    found = (await site.gateway.devices()).filter(device => sentAt.has(device.mac));
    return found.length >= newcomers;
  }, 'every newcomer is there');
  const known: number[] = [];
  for (const { id, mac } of found) {
    const { timeline } = await site.gateway.device(id);
    known.push((timeline.find(event => event.kind === 'device-found')?.at ?? Number.NaN) + 0.5 - (sentAt.get(mac) ?? Number.NaN));
  }
  return known;
}

/** When the kernel committed each address to a set, by `nft monitor`. */
async function monitor(site: Standing): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const child = site.warehouse.lan.spawn('gateway', ['nft', 'monitor'], { stdio: ['ignore', 'pipe', 'ignore'] });
  if (child.stdout === null) throw new Error('Cannot watch the kernel: no output of nft monitor');
  createInterface({ input: child.stdout }).on('line', text => {
    const address = /add element bridge sallyport cut \{ (\S+) /.exec(text)?.[1];
    if (address !== undefined && !seen.has(address)) seen.set(address, performance.timeOrigin + performance.now());
  });
  await new Promise(resolve => setTimeout(resolve, 300));
  return seen;
}

async function detailOf(site: Standing, address: string): Promise<DeviceDetail> {
  let detail: DeviceDetail | undefined;
  await until(async () => {
    const found = (await site.gateway.devices()).find(d => d.mac === address && d.enforcement === 'quarantined');
    if (found !== undefined) detail = await site.gateway.device(found.id);
    return detail !== undefined;
  }, `${address} is quarantined`);
  return detail ?? Promise.reject(new Error(`Cannot find ${address}`));
}

await main();
