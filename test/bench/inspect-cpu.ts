/**
 * CPU and memory of `inspect` against its anchors, pair by pair: node test/bench/inspect-cpu.ts [pairs]
 * Build first (npm run build). Captures are made by ../shared/bench and kept in the folder for temporary files; without ../shared, libpcap's header or ndpiReader
 * nothing is measured, and the reason is said. Only ratios of one run count: the machine may have other work.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const bench = join(root, '../shared/bench');
const folder = join(tmpdir(), 'sallyport-inspect-bench');
const pairs = Number(process.argv[2] ?? 5);
const packets = 2_000_000;

/** CPU seconds and peak MiB of a child, as the kernel counts them. */
type Cost = { readonly cpu: number; readonly peak: number };
/** Node tells the use of all children together, and the peak of none: a shell that only waits for one tells both. */
const measure = `import os,sys
p=os.fork()
if p==0:
    d=os.open(os.devnull,os.O_WRONLY); os.dup2(d,1); os.dup2(d,2); os.execvp(sys.argv[1],sys.argv[1:])
_,s,r=os.wait4(p,0); print(r.ru_utime+r.ru_stime, r.ru_maxrss/1024); sys.exit(1 if s else 0)`;

function run(...command: readonly string[]): Cost {
  const { stdout, status } = spawnSync('python3', ['-c', measure, ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot measure ${command.join(' ')}: it failed`);
  const [cpu = 0, peak = 0] = stdout.split(' ').map(Number);
  return { cpu, peak };
}

function prepare(name: string, ...args: readonly string[]): string {
  const file = join(folder, `${name}.pcap`);
  const isMade = existsSync(file) && statSync(file).size > 0;
  if (!isMade && spawnSync(process.execPath, [join(bench, 'gen-warehouse-pcap.mjs'), '--out', file, ...args]).status !== 0)
    throw new Error(`Cannot make ${file}`);
  return file;
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
const show = (list: readonly number[]): string =>
  `${median(list).toFixed(2)} [${Math.min(...list).toFixed(2)}-${Math.max(...list).toFixed(2)}]`;
const inspect = (file: string): Cost => run(process.execPath, join(root, 'dist/gateway/cli.js'), 'inspect', file, '--json');

function main(): string {
  if (!existsSync(bench)) return `Cannot measure: there is no ${bench}`;
  if (spawnSync('ndpiReader', ['-h']).error !== undefined) return 'Cannot measure: ndpiReader is not installed (package libndpi-bin)';
  mkdirSync(folder, { recursive: true });
  const raw = join(folder, 'rawpcap');
  if (spawnSync('cc', ['-O2', '-o', raw, join(bench, 'rawpcap.c'), '-lpcap']).status !== 0)
    return 'Cannot measure: rawpcap.c does not compile (packages gcc, libpcap-dev)';
  const [medium, big] = [prepare('medium'), prepare('big', '--devices', '10000')];
  const rounds = Array.from({ length: pairs }, () => {
    const [ours, loop, ndpi] = [inspect(medium), run(raw, medium), run('ndpiReader', '-i', medium, '-q')];
    return { ours, loop, ndpi, ten: inspect(big), ndpiTen: run('ndpiReader', '-i', big, '-q') };
  });
  const ratios = (of: (round: (typeof rounds)[number]) => number): string => show(rounds.map(of));
  return [
    `CPU s of inspect, ${packets} packets: ${ratios(({ ours }) => ours.cpu)}; us a packet ${ratios(({ ours }) => (ours.cpu / packets) * 1e6)}`,
    `CPU / raw libpcap loop (goal 2.0): ${ratios(({ ours, loop }) => ours.cpu / loop.cpu)}`,
    `CPU / ndpiReader (goal 0.33): ${ratios(({ ours, ndpi }) => ours.cpu / ndpi.cpu)}`,
    `CPU at 10,000 devices / at 1,000 (goal 1.25): ${ratios(({ ours, ten }) => ten.cpu / ours.cpu)}`,
    `peak MiB of inspect, of ndpiReader: ${ratios(({ ours }) => ours.peak)}, ${ratios(({ ndpi }) => ndpi.peak)}; ratio (goal 1.0) ${ratios(({ ours, ndpi }) => ours.peak / ndpi.peak)}`,
    `the same at 10,000 devices: ${ratios(({ ten }) => ten.peak)}, ${ratios(({ ndpiTen }) => ndpiTen.peak)}; ratio (goal 1.0) ${ratios(({ ten, ndpiTen }) => ten.peak / ndpiTen.peak)}`,
  ].join('\n');
}

console.log(main());
