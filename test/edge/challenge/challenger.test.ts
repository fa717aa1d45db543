import { encode } from 'cborg';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evidenceId } from '../../../gateway/attestation/evidence.ts';
import { receive } from '../../../gateway/edge/inbox.ts';
import { lineWriter, readLines } from '../../../gateway/edge/lines.ts';
import type { FromChallenger, ToChallenger } from '../../../gateway/edge/messages.ts';
import type { TrustMaterial } from '../../../gateway/model/trust.ts';
import { listedKey, nonce, now as tokenTime, psaClaims, psaSet } from '../../attestation/token-world.ts';
import { base64, referenceSet, spec } from '../../attestation/world.ts';
import { type DiceDevice, makeDiceDevice, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { makeSign1 } from '../../vectors/tokens.ts';
import { closedPort, nodeTls, type Running, tcp } from './servers.ts';

/** The real process, spoken to over its fd 3; what it says must pass the gateway's own inbox. */
const script = join(import.meta.dirname, '../../../gateway/edge/challenge/challenger.ts');
let acme: Vendor;
let device: DiceDevice;
let challenger: ChildProcess;
let send: (message: ToChallenger | { readonly type: string }) => boolean;
let heard: FromChallenger[];
let log: string;
let onHeard: () => void = () => {};
const running: Running[] = [];

beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  device = await makeDiceDevice(acme, spec);
});
beforeEach(async () => {
  heard = [];
  log = '';
  challenger = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  challenger.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    onHeard();
  });
  const channel = challenger.stdio[3];
  if (!(channel instanceof Duplex)) throw new Error('no channel');
  channel.on('error', () => {});
  const take = (value: unknown): void => {
    const message = receive('challenger', value, why => {
      throw new Error(why);
    });
    if (message !== undefined) heard.push(message);
    onHeard();
  };
  readLines(channel, take, why => {
    throw new Error(why);
  });
  send = lineWriter(channel);
  await until(() => heard.length === 1);
});
afterEach(async () => {
  if (challenger.exitCode === null) {
    challenger.kill('SIGKILL');
    await once(challenger, 'exit');
  }
  for (const server of running.splice(0)) await server.close();
});

const until = (holds: () => boolean): Promise<void> =>
  new Promise(resolve => {
    onHeard = () => (holds() ? resolve() : undefined);
    onHeard();
  });
const outcomes = () => heard.filter(m => m.type === 'outcome');
const outcome = async (id: string) => {
  await until(() => outcomes().some(m => m.id === id));
  return outcomes().find(m => m.id === id);
};
const serve = async (server: Promise<Running>): Promise<number> => {
  const one = await server;
  running.push(one);
  return one.port;
};
const trustIn = (vendor: Vendor): TrustMaterial => ({
  anchors: [{ name: 'acme.device-ca.pem', certificate: base64(vendor.anchorDer) }],
  referenceSets: [referenceSet],
});
const order = (id: string, ports: readonly number[], now = Date.now()): ToChallenger => ({
  type: 'challenge',
  challenge: {
    id,
    device: 'd1',
    mac: '02:00:00:00:00:01',
    port: 'p1',
    ip: '127.0.0.1',
    channels: ports.map(port => ({ channel: 'tls', port })),
    ttlSeconds: 600,
  },
  localAddress: '127.0.0.1',
  localPorts: [],
  evidenceTtlSeconds: 600,
  now,
});

describe('the challenger', () => {
  it('says hello with its epoch and pid, and ends when its channel closes', async () => {
    expect(heard[0]).toMatchObject({ type: 'hello', role: 'challenger', pid: challenger.pid });
    const channel = challenger.stdio[3];
    if (channel instanceof Duplex) channel.end();
    await once(challenger, 'exit');
    expect(challenger.exitCode).toBe(0);
  });

  it('affirms a good device with the Evidence that it saw, judged at the time of the gateway', async () => {
    const port = await serve(nodeTls(device.chainPem, device.keyPem));
    const now = Date.parse('2031-05-06T07:08:09Z');
    send({ type: 'trust', trust: trustIn(acme) });
    send(order('c1', [await closedPort(), port], now));
    const answer = await outcome('c1');
    expect(answer?.evidence?.certificates).toEqual(device.chain.map(base64));
    if (answer?.outcome.kind !== 'appraised') throw new Error(JSON.stringify(answer));
    const { result } = answer.outcome;
    expect(result).toMatchObject({ status: 'affirming', assurance: 5, evidence: evidenceId(device.chain) });
    expect(result.at - now).toBeGreaterThanOrEqual(0);
    expect(result.at - now).toBeLessThan(60_000);
  });

  it('tells tampered, printer and no TLS apart: failed Evidence, no Evidence, transport failure', async () => {
    const tampered = await makeDiceDevice(acme, { ...spec, digestHex: 'ee'.repeat(32) });
    const printer = await makeSelfSigned({ cn: 'printer' });
    send({ type: 'trust', trust: trustIn(acme) });
    send(order('tampered', [await serve(nodeTls(tampered.chainPem, tampered.keyPem))]));
    send(order('printer', [await serve(nodeTls(printer.chainPem, printer.keyPem))]));
    send(order('plc', [await serve(tcp(s => s.end('no TLS')))]));
    send(order('nobody', [await closedPort(), await closedPort()]));
    expect((await outcome('tampered'))?.outcome).toMatchObject({
      kind: 'appraised',
      result: { status: 'contraindicated', reason: 'DIGEST_UNKNOWN' },
    });
    expect((await outcome('printer'))?.outcome).toMatchObject({ kind: 'no-evidence' });
    expect((await outcome('plc'))?.outcome).toMatchObject({ kind: 'transport-failure' });
    expect((await outcome('nobody'))?.outcome).toMatchObject({ kind: 'transport-failure', failure: 'refused' });
  });

  it('judges nobody before it is told whom to trust, and trusts nobody whom it is told no more', async () => {
    const port = await serve(nodeTls(device.chainPem, device.keyPem));
    send(order('before', [port]));
    expect((await outcome('before'))?.outcome).toMatchObject({ kind: 'transport-failure', failure: 'verifier' });
    send({ type: 'trust', trust: trustIn(acme) });
    send(order('with', [port]));
    expect((await outcome('with'))?.outcome).toMatchObject({ result: { status: 'affirming' } });
    send({ type: 'trust', trust: { anchors: [], referenceSets: [] } });
    send(order('without', [port]));
    expect((await outcome('without'))?.outcome).toMatchObject({ result: { status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' } });
  });

  it('judges Evidence that it is handed, and takes the gateway’s word for what made it fresh', async () => {
    const evidence = {
      mediaType: 'application/psa-attestation-token',
      bytes: base64(makeSign1(encode(psaClaims()))),
      certificates: [],
    } as const;
    const judge = (id: string, bytes: Uint8Array): ToChallenger => {
      const freshness = { kind: 'nonce', nonce: base64(bytes), expires: tokenTime + 60_000, spent: false, channel: 'test' } as const;
      return { type: 'judge', id, evidence, freshness, ttlSeconds: 600, now: tokenTime };
    };
    send({ type: 'trust', trust: { anchors: [], referenceSets: [psaSet], keys: [listedKey] } });
    send(judge('good', nonce));
    send(judge('other', new Uint8Array(32)));
    expect((await outcome('good'))?.outcome).toMatchObject({ kind: 'appraised', result: { status: 'affirming', scheme: 'psa' } });
    expect((await outcome('good'))?.evidence).toBeUndefined();
    expect((await outcome('other'))?.outcome).toMatchObject({ result: { status: 'contraindicated', reason: 'NONCE_MISMATCH' } });
  });

  it('runs 16 at once, lets 64 wait and answers what is more as its own failure; every order is answered', async () => {
    let most = 0;
    const open: Socket[] = [];
    const slow = await serve(tcp(socket => void (most = Math.max(most, open.push(socket)))));
    send({ type: 'trust', trust: trustIn(acme) });
    for (let i = 0; i < 200; i++) send(order(`c${i}`, [slow]));
    // Nobody is answered before all 200 have been taken: those for whom there is no room are, at once.
    await until(() => outcomes().length === 120);
    while (outcomes().length < 200) {
      for (const socket of open.splice(0, 1)) socket.destroy();
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(most).toBeLessThanOrEqual(16);
    const failures = outcomes().map(m => (m.outcome.kind === 'transport-failure' ? m.outcome.failure : m.outcome.kind));
    expect(failures.filter(f => f === 'verifier')).toHaveLength(120);
    expect(failures.filter(f => f === 'reset').length).toBe(80);
  });

  it('survives orders that it does not understand and says so', async () => {
    send({ type: 'nonsense' });
    await until(() => log.includes('refused'));
    send({ type: 'trust', trust: trustIn(acme) });
    send(order('after', [await closedPort()]));
    expect((await outcome('after'))?.outcome).toMatchObject({ failure: 'refused' });
  });
});
