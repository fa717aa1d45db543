import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect, createSecureContext } from 'node:tls';
import { lineWriter, readLines } from '../../gateway/edge/lines.ts';
import type { FromChallenger, ToChallenger } from '../../gateway/edge/messages.ts';
import { referenceSet } from '../attestation/world.ts';

/**
 * Devices challenged by mutual TLS, from order to AttestationResult, by the real challenger; against a loop of bare handshakes of Node with the same devices,
 * the same certificates and as many at once. Both in turns, in one run.
 * Usage: node test/bench/mutual-tls.ts [devices] [rounds]
 */
const count = Number(process.argv[2] ?? '1000');
const rounds = Number(process.argv[3] ?? '3');
/** As many as the challenger runs at once. */
const atOnce = 16;
type Ready = { readonly port: number; readonly anchor: string; readonly client: string };
const isReady = (value: unknown): value is Ready => typeof value === 'object' && value !== null && 'port' in value && 'anchor' in value;
const addressOf = (n: number): string => `127.1.${n >> 8}.${n & 255}`;

const devices = fork(join(import.meta.dirname, 'mutual-tls-devices.ts'), [String(count)]);
const ready = await new Promise<unknown>(resolve => devices.once('message', resolve));
if (!isReady(ready)) throw new Error('no devices');

const challenger = spawn(process.execPath, [join(import.meta.dirname, '../../gateway/edge/challenge/challenger.ts')], {
  stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
});
const channel = challenger.stdio[3];
if (!(channel instanceof Duplex)) throw new Error('no channel');
const send = lineWriter<ToChallenger>(channel);
let heard: (message: FromChallenger) => void = () => {};
const hello = new Promise<void>(resolve => {
  heard = message => (message.type === 'hello' ? resolve() : undefined);
});
readLines(
  channel,
  value => heard(value as FromChallenger),
  why => {
    throw new Error(why);
  },
);
await hello;
send({ type: 'client', pem: ready.client });
send({ type: 'trust', trust: { anchors: [{ name: 'acme', certificate: ready.anchor }], referenceSets: [referenceSet] } });

/** CPU seconds that a process has used (proc(5), stat: utime and stime in hundredths). */
const cpuOf = (pid: number | undefined): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** Keeps so many going until all are done. Seconds. */
async function timed(begin: (n: number) => Promise<void>, inHand = atOnce): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await begin(n);
  };
  await Promise.all(Array.from({ length: inHand }, worker));
  return (performance.now() - started) / 1000;
}

const open = new Map<string, (message: FromChallenger) => void>();
heard = message => (message.type === 'outcome' ? open.get(message.id)?.(message) : undefined);
const challenged = (round: number): Promise<number> =>
  timed(
    n =>
      new Promise((resolve, reject) => {
        const id = `r${round}-${n}`;
        open.set(id, message => {
          open.delete(id);
          const good = message.type === 'outcome' && message.outcome.kind === 'appraised' && message.outcome.result.status === 'affirming';
          if (good) resolve();
          else reject(new Error(`Cannot measure: ${JSON.stringify(message).slice(0, 500)}`));
        });
        const channels = [{ channel: 'tls', port: ready.port }] as const;
        const challenge = {
          id,
          device: id,
          mac: '02:00:00:00:00:01',
          port: 'p1',
          ip: addressOf(n),
          channels,
          ttlSeconds: 600,
          zone: 'dock',
        };
        send({ type: 'challenge', challenge, localAddress: '0.0.0.0', localPorts: [], evidenceTtlSeconds: 600, now: Date.now() });
      }),
    // Some wait there, so that it need not wait for us.
    2 * atOnce,
  );

const secureContext = createSecureContext({ cert: ready.client, key: ready.client, minVersion: 'TLSv1.3' });
const bare = (): Promise<number> =>
  timed(
    n =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: addressOf(n), port: ready.port, secureContext, rejectUnauthorized: false }, () => {
          if (socket.isSessionReused() || socket.getPeerX509Certificate() === undefined)
            reject(new Error('Cannot measure: no full handshake'));
          socket.destroy();
          resolve();
        });
        socket.on('error', reject);
      }),
  );

await bare();
await challenged(-1);
const [ours, theirs]: [number[], number[]] = [[], []];
let [bareCpu, challengerCpu] = [0, 0];
for (let round = 0; round < rounds; round++) {
  const [own, other] = [cpuOf(process.pid), cpuOf(challenger.pid)];
  theirs.push(await bare());
  bareCpu += cpuOf(process.pid) - own;
  ours.push(await challenged(round));
  challengerCpu += cpuOf(challenger.pid) - other;
}
const middle = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
process.stdout.write(
  `${count} devices, ${atOnce} at once: challenged and judged ${middle(ours).toFixed(2)} s, bare handshakes ${middle(theirs).toFixed(2)} s, ` +
    `ratio ${(middle(ours) / middle(theirs)).toFixed(2)} (${ours.map((s, i) => (s / (theirs[i] ?? 1)).toFixed(2)).join(', ')}); ` +
    `CPU of the asking process per device: ${((challengerCpu / rounds / count) * 1000).toFixed(2)} ms and ${((bareCpu / rounds / count) * 1000).toFixed(2)} ms\n`,
);
challenger.kill();
devices.kill();
channel.destroy();
