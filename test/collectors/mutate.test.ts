import { expect, it } from 'vitest';
import { harvest } from '../vectors/mutate.ts';

/** The bounded twin of test/bench/mutate.ts. MUTATE_SEED repeats a run. */
const seed = Number(process.env['MUTATE_SEED'] ?? Date.now() >>> 0);

it('mutated identity frames of every collector are decoded or rejected, and nothing else', () => {
  process.stdout.write(`mutated frames: seed ${seed} (MUTATE_SEED)\n`);
  const { tallies, defects, frames, slowestMillis } = harvest({ seed, frames: 60_000, deadline: performance.now() + 12_000 });
  expect(defects.slice(0, 3)).toEqual([]);
  expect(slowestMillis).toBeLessThan(1000);
  const reached = tallies.filter(t => t.vectors > 0);
  const never = reached.filter(t => t.made > 300 && t.decoded + t.deep === 0).map(t => t.name);
  process.stdout.write(`mutated frames: ${frames} for ${reached.length} collectors, slowest ${slowestMillis.toFixed(1)} ms\n`);
  expect(never).toEqual([]);
});
