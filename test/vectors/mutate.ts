import type { Collector } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { collectors } from '../../collectors/index.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { frame } from './frames/build.ts';
import { vectors } from './frames/index.ts';
import { cost } from '../undisturbed.ts';

/** What happened to one collector: frames made for it, of those given to it, decoded, rejected behind its own header, rejected within, facts. */
export type Tally = {
  readonly name: string;
  readonly vectors: number;
  made: number;
  asked: number;
  decoded: number;
  deep: number;
  shallow: number;
  facts: number;
};
export type Harvest = {
  readonly tallies: readonly Tally[];
  /** What was thrown and is no DecodeError: the collector, the error, the frame in hex. */
  readonly defects: readonly string[];
  readonly frames: number;
  /** Wall time of the slowest frame; includes pauses of the garbage collector. */
  readonly slowestMillis: number;
};

/** What is rejected from this byte on was past the header: protocols begin with a few bytes of magic, version and type. */
const header = 8;

/** A small generator with a seed, so that every run can be had again. Mulberry32. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** Where the collector's own bytes begin in a vector that reaches it. */
type Seed = { readonly bytes: Uint8Array; readonly body: number };

/** Which vectors reach which collector, found by feeding them as they are. */
function seedsOf(): ReadonlyMap<string, readonly Seed[]> {
  const found = new Map<string, Seed[]>();
  for (const bytes of Object.values(vectors)) {
    const reached = new Map<string, number>();
    const listening = collectors.map(c => ({
      ...c,
      said: (packet: Parameters<Collector['said']>[0]) => {
        if (!reached.has(c.name)) reached.set(c.name, packet.payload - packet.start);
        return c.said(packet);
      },
    }));
    new Dissector({ collectors: listening, maxAddresses: 16 }).frame(frame(bytes));
    for (const [name, body] of reached) found.set(name, [...(found.get(name) ?? []), { bytes, body: Math.min(body, bytes.length - 1) }]);
  }
  return found;
}

/** One to eight edits, most of them in the collector's own bytes: other values, flipped bits, bytes taken out or put in, an end cut off, a part said twice. */
export function mutate({ bytes, body }: Seed, random: (below: number) => number): Uint8Array {
  let out = bytes.slice();
  for (let n = 1 + random(8); n > 0; n--) {
    const from = random(8) === 0 ? 0 : Math.min(body, out.length - 1);
    const at = from + random(Math.max(1, out.length - from));
    switch (random(16)) {
      case 0:
        out = out.slice(0, Math.max(15, at));
        break;
      case 1:
        out = Uint8Array.of(...out.subarray(0, at), ...out.subarray(at + 1 + random(4)));
        break;
      case 2:
        out = Uint8Array.of(...out.subarray(0, at), random(256), ...out.subarray(at));
        break;
      case 3:
        out = Uint8Array.of(...out.subarray(0, at), ...out.subarray(at, at + 1 + random(16)), ...out.subarray(at));
        break;
      case 4:
      case 5:
        out[at] = [0, 255, 0x7f, 0x80][random(4)] ?? 0;
        break;
      case 6:
      case 7:
        out[at] = (out[at] ?? 0) ^ (1 << random(8));
        break;
      case 8:
        out[at] = (out[at] ?? 0) + (random(2) === 0 ? 1 : -1);
        break;
      default:
        out[at] = random(256);
    }
  }
  return lengths(out);
}

/** Lengths of IP and UDP follow what was put in or taken out, three times in four: else such frames end at the header stage. */
function lengths(b: Uint8Array): Uint8Array {
  if (b[12] !== 8 || b[13] !== 0 || b[14] !== 0x45 || b.length < 42 || (b.at(-1) ?? 0) % 4 === 0) return b;
  const view = new DataView(b.buffer, b.byteOffset, b.length);
  view.setUint16(16, b.length - 14);
  if (b[23] === 17) view.setUint16(38, b.length - 34);
  return b;
}

/** Segments of one TCP stream belong together; each frame here is to be a stream of its own. */
function ownStream(b: Uint8Array, n: number): void {
  if (b[12] !== 8 || b[23] !== 6 || b.length < 34) return;
  b[28] = n >> 8;
  b[29] = n;
}

/**
 * Feeds mutated identity frames of every collector to one sensor, `frames` in all, the same number for each collector, and more for those
 * that did not get `past` frames behind their header, up to twenty times as many. Stops at `deadline` (performance.now).
 */
export function harvest(options: {
  readonly seed: number;
  readonly frames: number;
  readonly past?: number;
  readonly deadline?: number;
  readonly each?: (frames: number) => void;
}): Harvest {
  const { seed, frames, past = 0, deadline = Number.POSITIVE_INFINITY, each } = options;
  const random = generator(seed);
  const seeds = seedsOf();
  const tallies = new Map<string, Tally>(
    collectors.map(c => [
      c.name,
      { name: c.name, vectors: seeds.get(c.name)?.length ?? 0, made: 0, asked: 0, decoded: 0, deep: 0, shallow: 0, facts: 0 },
    ]),
  );
  const defects: string[] = [];
  let now: Uint8Array = new Uint8Array(0);
  const watched = collectors.map(c =>
    watch(c, tallies.get(c.name), error => defects.push(`${c.name}: ${error} ${Buffer.from(now).toString('hex')}`)),
  );
  // Room for every source address that edits make: a sensor that is full would not look at the senders of the last collectors.
  const dissector = new Dissector({ collectors: watched, maxAddressesPerPort: 8192 });
  const share = Math.ceil(frames / Math.max(1, seeds.size));
  let [count, slowestMillis] = [0, 0];

  const isBehind = (t: Tally): boolean => t.made < share || (t.decoded + t.deep < past && t.made < share * 20);
  const queue = [...tallies.values()].filter(t => t.vectors > 0);
  for (let t = queue.shift(); t !== undefined && performance.now() < deadline; t = queue.shift()) {
    for (let n = 0; n < 500 && isBehind(t); n++) {
      const list = seeds.get(t.name) ?? [];
      const pick = list[random(list.length)];
      if (pick === undefined) break;
      now = mutate(pick, random);
      ownStream(now, count);
      t.made++;
      count++;
      const one = frame(now, { number: count, at: 1_700_000_000_000 + count * 5 });
      const millis = cost(() => dissector.frame(one));
      slowestMillis = Math.max(slowestMillis, millis);
      if (count % 1000 === 0) {
        const { malformed } = dissector.drain(true);
        for (const m of malformed)
          if (m.message.startsWith('defect:') && m.collector === 'packet') defects.push(`${m.collector}: ${m.message}`);
      }
      if (count % 100_000 === 0) each?.(count);
    }
    if (isBehind(t)) queue.push(t);
  }
  return { tallies: [...tallies.values()], defects, frames: count, slowestMillis };
}

/** The same collector, counted. */
function watch(c: Collector, tally: Tally | undefined, defect: (error: string) => void): Collector {
  if (tally === undefined) return c;
  return {
    ...c,
    said: packet => {
      tally.asked++;
      try {
        const said = c.said(packet);
        tally.decoded++;
        tally.facts += said.length;
        return said;
      } catch (error) {
        if (!(error instanceof DecodeError)) defect(error instanceof Error ? (error.stack ?? error.message) : String(error));
        else if (Number(/at byte (\d+)/.exec(error.message)?.[1] ?? 0) >= header) tally.deep++;
        else tally.shallow++;
        throw error;
      }
    },
  };
}
