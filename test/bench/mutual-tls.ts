import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect, createSecureContext, type SecureContext } from 'node:tls';
import { lineWriter, readLines } from '../../gateway/edge/lines.ts';
import type { FromChallenger, ToChallenger } from '../../gateway/edge/messages.ts';
import { referenceSet } from '../attestation/world.ts';

/**
 * Devices challenged by mutual TLS, from order to AttestationResult, by the real challenger; against a loop of bare handshakes of Node with the same devices,
 * the same certificates and as many at once: as Node does them, and with the groups that the challenger offers, since half of what Node does by itself is
 * post-quantum. All in turns, in one run. The challenger remembers about a thousand devices: of more, all are new to it each time.
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

/** A lane's port, as the gateway orders it. */
let taken = 0;
const takePort = (): number => 20_000 + (taken++ % 8192);

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
        send({
          type: 'challenge',
          challenge,
          localAddress: '127.0.0.1',
          localPorts: [takePort()],
          evidenceTtlSeconds: 600,
          now: Date.now(),
        });
      }),
    // Some wait there, so that it need not wait for us.
    2 * atOnce,
  );

const ca = `-----BEGIN CERTIFICATE-----\n${ready.anchor}\n-----END CERTIFICATE-----`;
/** Our certificate is shown, theirs is followed up to the anchor. */
const own = { cert: ready.client, key: ready.client, ca, minVersion: 'TLSv1.3' } as const;
const [asNode, alike] = [createSecureContext(own), createSecureContext({ ...own, ecdhCurve: '*X25519:*P-256' })];
const bare = (secureContext: SecureContext): Promise<number> =>
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

type Measured = { readonly seconds: number; readonly cpu: number };
/** With the CPU seconds of the asking process. */
async function measured(pid: number | undefined, work: () => Promise<number>): Promise<Measured> {
  const before = cpuOf(pid);
  const seconds = await work();
  return { seconds, cpu: cpuOf(pid) - before };
}

const took: { readonly node: Measured; readonly alike: Measured; readonly ours: Measured }[] = [];
for (let round = -1; round < rounds; round++) {
  const node = await measured(process.pid, () => bare(asNode));
  const same = await measured(process.pid, () => bare(alike));
  const ours = await measured(challenger.pid, () => challenged(round));
  if (round >= 0) took.push({ node, alike: same, ours });
}
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const of = (who: 'node' | 'alike' | 'ours', what: keyof Measured): string => middle(took.map(t => t[who][what])).toFixed(2);
const ratio = (to: 'node' | 'alike', what: keyof Measured): string => {
  const all = took.map(t => t.ours[what] / t[to][what]);
  return `${middle(all).toFixed(2)} (${all.map(r => r.toFixed(2)).join(', ')})`;
};
process.stdout.write(
  `${count} devices, ${atOnce} at once, ${count > 1000 ? 'all of them new' : 'all of them known'}: challenged and judged in ${of('ours', 'seconds')} s\n`,
);
for (const [to, name] of [
  ['node', 'bare handshakes as Node does them'],
  ['alike', 'bare handshakes with our groups'],
] as const)
  process.stdout.write(
    `${name}: ${of(to, 'seconds')} s, ratio ${ratio(to, 'seconds')}; CPU of the asking process: ${of('ours', 'cpu')} s to ${of(to, 'cpu')} s, ratio ${ratio(to, 'cpu')}\n`,
  );
challenger.kill();
devices.kill();
channel.destroy();
