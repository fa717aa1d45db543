import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { harvest } from '../vectors/mutate.ts';

/**
 * Mutated identity frames of every collector through one sensor: counts those that got past each decoder's own header, looks for throws that
 * are no DecodeError, and for memory that grows. Usage: node test/bench/mutate.ts [frames=1000000] [past=10000] [seed]. Exits 1 on a defect.
 */
const [frames = 1_000_000, past = 10_000, seed = Date.now() >>> 0] = process.argv.slice(2).map(Number);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

process.stdout.write(`seed ${seed}, ${frames} frames, at least ${past} past each header\n`);
const start = performance.now();
const memory: number[] = [];
const { tallies, defects, frames: fed, slowestMillis } = harvest({ seed, frames, past, each: () => memory.push(heap()) });
process.stdout.write('collector                  made     asked   decoded  rejected: deep  in header  facts\n');
for (const t of tallies.toSorted((a, b) => a.name.localeCompare(b.name))) {
  const cells = [t.made, t.asked, t.decoded, t.deep, t.shallow, t.facts].map(n => String(n).padStart(10)).join('');
  // tcp-services reads no bytes of its own and looks at each port of an address once.
  const note = t.vectors === 0 ? '  no vector reaches it' : t.decoded + t.deep < past ? `  fewer than ${past} past the header` : '';
  process.stdout.write(`${t.name.padEnd(20)}${cells}${note}\n`);
}
const seconds = (performance.now() - start) / 1000;
process.stdout.write(`${fed} frames in ${seconds.toFixed(0)} s, slowest ${slowestMillis.toFixed(1)} ms, ${defects.length} defects\n`);
process.stdout.write(`heap after each 100,000 frames, MiB: ${memory.map(m => m.toFixed(1)).join(' ')}\n`);
for (const defect of defects.slice(0, 10)) process.stdout.write(`${defect}\n`);
const half = memory.slice(Math.floor(memory.length / 2));
const grows = half.length > 2 && (half.at(-1) ?? 0) > (half[0] ?? 0) * 1.2 + 4;
if (grows) process.stdout.write('memory grows\n');
process.exit(defects.length > 0 || grows ? 1 : 0);
