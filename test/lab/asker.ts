import { randomBytes } from 'node:crypto';
import { Dissector } from '../../collectors/dissector.ts';
import { LivePort } from '../../gateway/edge/capture/live.ts';
import { ask } from '../../gateway/edge/probe/ask.ts';
import type { Observation } from '../../gateway/model/fact.ts';
import type { ProbeOutcome } from '../../gateway/model/probe.ts';
import { probes } from '../../gateway/probing/index.ts';
import { nonceBytes, type ProbeContext } from '../../gateway/probing/probe.ts';
import { openEthernet } from './hosts/ethernet.ts';

export type Asking = {
  readonly own: ProbeContext['own'];
  readonly subnetBroadcast: string;
  readonly ports: readonly string[];
  readonly probes: readonly string[];
  /** The sensor's filter; `identity` is its degraded mode. */
  readonly filter: 'none' | 'identity';
};
export type Heard = {
  readonly outcomes: Readonly<Record<string, ProbeOutcome>>;
  readonly observations: readonly Observation[];
  readonly malformed: readonly string[];
};

/**
 * `node asker.ts ASKING`, inside the gateway's namespace: runs the named probes at once by real sockets and a real injector on the bridge, while the
 * sensor's own capture and dissector hear every port of a device. Prints what came of it as one line, `Heard`.
 */
const asking = JSON.parse(process.argv[2] ?? '{}') as Asking;
const dissector = new Dissector();
const numbers = { last: 0 };
for (const port of asking.ports) {
  const listener = { onFrame: dissector.frame.bind(dissector), onTurn: () => undefined, onBroken: () => process.exit(2) };
  const live = LivePort.open(port, { filter: asking.filter, bufferBytes: 1 << 20 }, listener, numbers);
  if (!(live instanceof LivePort)) throw new Error(`Cannot hear ${port}: ${live.detail}`);
  live.start();
}
const sendFrame = openEthernet('br0', 'less 1', () => undefined);
const edge = { now: Date.now, mayLeave: () => Promise.resolve(true), sendFrame, subnetBroadcast: asking.subnetBroadcast };
const outcomes = await Promise.all(
  probes
    .filter(p => asking.probes.includes(p.name))
    .map(
      async p =>
        [
          p.name,
          await ask(p, { own: asking.own, nonce: randomBytes(nonceBytes), now: Date.now() }, edge, new AbortController().signal),
        ] as const,
    ),
);
const { observations, malformed } = dissector.drain(true);
const heard: Heard = { outcomes: Object.fromEntries(outcomes), observations, malformed: malformed.map(m => `${m.mac} ${m.message}`) };
process.stdout.write(`${JSON.stringify(heard)}\n`, () => process.exit(0));
