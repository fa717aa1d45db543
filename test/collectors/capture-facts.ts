import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Collector } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import type { Drained } from '../../collectors/dissector-options.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Fact } from '../../gateway/model/fact.ts';

const shared = join(import.meta.dirname, '../../../shared');
/** Other people's captures are read where they lie and never copied; not every machine has them. */
export const hasCaptures = existsSync(join(shared, 'captures'));
if (!hasCaptures) process.stdout.write('skipped: other people’s captures are not on this machine (../shared)\n');

/** What one collector says of each address in a capture, as `MAC → facts`, without `protocol`; `all`: what it says of any. */
export function captureFacts(file: string, c: Collector): { readonly of: (mac: string) => readonly Fact[]; readonly all: readonly Fact[] } {
  const dissector = new Dissector({ collectors: [c] });
  const reader = new CaptureReader(f => dissector.frame(f));
  reader.push(readFileSync(join(shared, file)));
  reader.finish();
  const said = dissector.drain(true).observations.filter(o => o.collector === c.name && o.fact.kind !== 'protocol');
  return { of: mac => said.filter(o => o.mac === mac).map(o => o.fact), all: said.map(o => o.fact) };
}

/** All that a fresh sensor, with every collector, says of a capture. */
export function drainedCapture(file: string): Drained {
  const dissector = new Dissector();
  const reader = new CaptureReader(f => dissector.frame(f));
  reader.push(readFileSync(join(shared, 'captures', file)));
  reader.finish();
  return dissector.drain(true);
}

/** What it learns of one address, without the header stage. */
export const inCapture = (file: string, mac: string): readonly Fact[] =>
  drainedCapture(file).observations.flatMap(o => (o.mac === mac && o.collector !== 'header' ? [o.fact] : []));
