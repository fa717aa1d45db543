import { closeSync, openSync, readSync } from 'node:fs';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { Dissector } from '../../collectors/dissector.ts';
import type { Frame } from '../../gateway/model/frame.ts';

/**
 * CPU per frame of each stage, in microseconds: reading the file, the header stage (no collector), the whole sensor core.
 * Usage: node test/bench/header-stage.ts FILE [rounds]; a capture of some 100,000 frames or more, opened by name.
 */
const [file, rounds = '5'] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Cannot measure: no capture file named\n');
  process.exit(1);
}

const block = new Uint8Array(4 << 20);

/** CPU seconds of this process for one pass. */
function pass(take: (frame: Frame) => void): { readonly seconds: number; readonly frames: number } {
  const before = process.cpuUsage();
  const reader = new CaptureReader(take);
  const fd = openSync(file ?? '', 'r');
  for (let got = readSync(fd, block); got > 0; got = readSync(fd, block)) reader.push(block.subarray(0, got));
  closeSync(fd);
  reader.finish();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, frames: reader.frames };
}

const stages: readonly (readonly [string, () => (frame: Frame) => void])[] = [
  ['read only', () => () => undefined],
  ['read and header stage', () => dissect(new Dissector({ collectors: [] }))],
  ['read, header stage, collectors, drained after each frame', () => dissect(new Dissector())],
];

function dissect(dissector: Dissector): (frame: Frame) => void {
  return frame => {
    dissector.frame(frame);
    dissector.drain();
  };
}

for (const [name, make] of stages) {
  const passes = Array.from({ length: Number(rounds) }, () => pass(make())).toSorted((a, b) => a.seconds - b.seconds);
  const median = passes[passes.length >> 1];
  if (median === undefined) continue;
  const each = (1e6 * median.seconds) / median.frames;
  process.stdout.write(`${each.toFixed(3)} µs CPU per frame (${(1 / each).toFixed(2)} million/s), ${median.frames} frames: ${name}\n`);
}
