import { Dissector } from '../../collectors/dissector.ts';
import type { Drained } from '../../collectors/dissector-options.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { Frame } from '../../gateway/model/frame.ts';
import { frame } from '../vectors/frames/build.ts';

/** All that a fresh sensor says of these frames, one after the other, one millisecond apart. It holds few addresses: one of usual size takes four times as long to make. */
export function drainedAll(...frames: readonly (Uint8Array | Frame)[]): Drained {
  const dissector = new Dissector({ maxAddresses: 256, maxAddressesPerPort: 256 });
  frames.forEach((f, i) => dissector.frame(f instanceof Uint8Array ? frame(f, { number: i + 1, at: 1_700_000_000_000 + i }) : f));
  return dissector.drain(true);
}

/** The same without the facts that a protocol was spoken, which the dissector adds by itself. */
export function drained(...frames: readonly (Uint8Array | Frame)[]): Drained {
  const all = drainedAll(...frames);
  return { ...all, observations: all.observations.filter(o => o.fact.kind !== 'protocol') };
}

/** The facts that collectors learnt of an address, in their order; without `protocol`. */
export const factsOf = (mac: string, ...frames: readonly (Uint8Array | Frame)[]): readonly Fact[] =>
  drained(...frames)
    .observations.filter(o => o.mac === mac && o.collector !== 'header')
    .map(o => o.fact);

/** The protocols that an address spoke, in the order of their first frames. */
export const protocolsOf = (mac: string, ...frames: readonly (Uint8Array | Frame)[]): readonly string[] =>
  drainedAll(...frames).observations.flatMap(o => (o.mac === mac && o.fact.kind === 'protocol' ? [o.fact.name] : []));
