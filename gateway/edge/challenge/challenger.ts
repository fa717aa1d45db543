import { randomBytes, randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { ChallengeOutcome, Evidence } from '../../model/attestation.ts';
import { KeyCache } from '../../attestation/keys.ts';
import { schemeFor } from '../../attestation/schemes/index.ts';
import { filesWanted, type ShownAk } from '../../attestation/tpm/file-list.ts';
import { namedPcrs } from '../../attestation/tpm/pcrs.ts';
import { prepareEnrolled } from '../../attestation/tpm/enrolled.ts';
import { prepareTrust, type Trust } from '../../attestation/trust.ts';
import { lineWriter, readLines } from '../lines.ts';
import type { FromChallenger } from '../messages.ts';
import { runSelfTest } from '../self-test.ts';
import { AnswerRoom, type Share } from './answer-room.ts';
import { type Answered, ask } from './ask.ts';
import { patienceFor } from './channels/index.ts';
import { issueClientsBy } from './channels/client-certificate.ts';
import { presentClient } from './channels/tls-socket.ts';
import { inTurns } from './in-turns.ts';
import { judgeInSlices } from './judge.ts';
import { enrol } from './enrol.ts';
import { makeNonce } from './nonce.ts';
import { type ChallengeOrder, type EnrolOrder, type JudgeOrder, order } from './orders.ts';
import { RevocationFetcher } from './revocation/fetcher.ts';
import { FetchError, httpGet } from './revocation/http-get.ts';
import { CrlsAhead } from './send-trust.ts';
import { wireEvidence } from './wire.ts';

/**
 * The challenger process: connects to devices, decodes and verifies what they send, and holds nothing worth having but, where a person
 * named one, the certificate with which we show ourselves, and the key that issues those for OPC UA servers. Talks to the gateway
 * on fd 3 and ends when that closes. Whatever goes wrong in it is `transport-failure`, never a pass.
 */
const gatewayFd = 3;
const maxRunning = 16;
/** Orders that wait for a free place. More are answered as our failure. */
const maxWaiting = 64;

/** Unset until the gateway has said whom to trust: judging before that would blame devices for our start. */
let trust: Trust | undefined;
/** What its reference sets speak of. */
let named = namedPcrs([]);
/** What TPMs enrolled; held beside the trust, which comes anew more often. */
let enrolled: NonNullable<Trust['enrolled']> = new Map();
const ahead = new CrlsAhead();
/** For a thousand devices with a chain of two; about 10 kB each at most. */
const keys = new KeyCache(2048);
/** How long a judgement waits for CRLs and OCSP responses that are fetched for it; later ones lead to another challenge. */
const fetchMillis = 2_500;
/** The gateway's clock as it was last said, moved on by ours: this process needs no clock of its own. */
let said = { now: 0, at: performance.now() };
let forbidden: { readonly management: readonly string[]; readonly lan: readonly string[] } | undefined;
const revocation = new RevocationFetcher({
  now: () => Math.round(said.now + performance.now() - said.at),
  random: Math.random,
  get: wish =>
    forbidden === undefined ? Promise.reject(new FetchError('Cannot fetch: nobody said where not to')) : httpGet(wish, forbidden),
  keys,
  learned: ({ der, ...rest }) => send({ type: 'learned-revocation', der: Buffer.from(der).toString('base64'), ...rest }),
  log,
});
const room = new AnswerRoom();
const waiting: { readonly order: ChallengeOrder | EnrolOrder | JudgeOrder; readonly since: number }[] = [];
let running = 0;

/** Set iff this Verifier does not tell good from bad: then nothing is judged. Found before anything is judged. */
const fault = runSelfTest();
if (fault !== undefined) log({ defect: fault });

const gateway = new Socket({ fd: gatewayFd, readable: true, writable: true });
const write = lineWriter<FromChallenger>(gateway);
/** What is said in one turn of the event loop leaves at its end, by one system call: each of them wakes the gateway, and devices are judged many at once. */
function send(message: FromChallenger): void {
  if (gateway.writableCorked === 0) {
    gateway.cork();
    setImmediate(() => gateway.uncork());
  }
  write(message);
}
const end = (): never => process.exit(0);
gateway.on('error', end).on('close', end).on('end', end);
readLines(gateway, take, why => log({ spoilt: why }));
send({ type: 'hello', role: 'challenger', epoch: randomUUID(), pid: process.pid, ...(fault === undefined ? {} : { fault }) });
// Hostile Evidence must not be able to hang us unseen: after 2 s without a beat the supervisor starts another challenger.
setInterval(() => send({ type: 'beat' }), 500);
setInterval(() => revocation.tick(), 1_000);

function take(value: unknown): void {
  const parsed = order.safeParse(value);
  if (!parsed.success) return log({ refused: parsed.error.message.slice(0, 500) });
  if (parsed.data.type === 'trust') {
    const { trust: next, problems } = prepareTrust(ahead.complete(parsed.data.trust));
    [trust, named] = [next, namedPcrs(next.referenceSets)];
    return problems.length > 0 ? log({ problems }) : undefined;
  }
  if (parsed.data.type === 'enrolled') {
    const { enrolled: all, problems } = prepareEnrolled(parsed.data.keys);
    enrolled = all;
    return problems.length > 0 ? log({ problems }) : undefined;
  }
  if (parsed.data.type === 'client') return presentClient(parsed.data.pem);
  if (parsed.data.type === 'opc-ua-issuer') return issueClientsBy(parsed.data.pem);
  if (parsed.data.type === 'crl') return ahead.take(parsed.data.sha256, parsed.data.der);
  if (parsed.data.type === 'kept-revocation')
    return revocation.restore(parsed.data.kind, new Uint8Array(Buffer.from(parsed.data.der, 'base64')), parsed.data.seen);
  said = { now: parsed.data.now, at: performance.now() };
  if (parsed.data.type === 'fetching') return void (forbidden = parsed.data);
  if (waiting.length >= maxWaiting) return fail(idOf(parsed.data), `Cannot judge: ${waiting.length} wait already`);
  waiting.push({ order: parsed.data, since: performance.now() });
  return startWaiting();
}

function startWaiting(): void {
  for (
    let next = running < maxRunning ? waiting.shift() : undefined;
    next !== undefined;
    next = running < maxRunning ? waiting.shift() : undefined
  ) {
    running += 1;
    const { order: one, since } = next;
    const share = room.share();
    void answer(one, since, share)
      .catch((error: unknown) => {
        // The only catch-all: our defect. Loud, and no verdict about the device.
        log({ defect: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        if (one.type === 'enrol') send({ type: 'enrolment', id: one.id });
        else fail(idOf(one), error instanceof Error ? error.message : 'unknown');
      })
      .finally(() => {
        share.end();
        running -= 1;
        startWaiting();
      });
  }
}

const idOf = (one: ChallengeOrder | EnrolOrder | JudgeOrder): string => (one.type === 'challenge' ? one.challenge.id : one.id);

async function answer(one: ChallengeOrder | EnrolOrder | JudgeOrder, since: number, share: Share): Promise<void> {
  if (fault !== undefined) return fail(idOf(one), fault);
  if (trust === undefined) return fail(idOf(one), 'Cannot judge: no trust material was received yet');
  const judgedBy = enrolled.size === 0 ? trust : { ...trust, enrolled };
  // The gateway's clock, moved on by how long it took: this process needs no clock of its own.
  const clock = (): number => Math.round(one.now + performance.now() - since);
  if (one.type === 'enrol') {
    const [ak, ek] = [bytesOf(one.ak), bytesOf(one.ek)];
    const wish = { agent: one.agent, ak, ek, certificates: one.certificates.map(bytesOf) };
    return send({ type: 'enrolment', id: one.id, enrolment: enrol(wish, { trust: judgedBy, keys, now: clock() }) });
  }
  if (one.type === 'judge') {
    const outcome = await revocation.judged(judgedBy, undefined, fetchMillis, known =>
      inTurns(judgeInSlices(one, { trust: known, keys, now: clock() })),
    );
    return reply(one.id, outcome);
  }
  const { challenge, localAddress, localPorts, evidenceTtlSeconds: ttlSeconds } = one;
  const { id, ip, mac, channels, quote: previous, zone } = challenge;
  const judgeAnswer = ({ evidence, freshness, quote, staple }: Answered): Promise<ChallengeOutcome> => {
    const scheme = schemeFor(evidence.mediaType);
    if (scheme === undefined) throw new Error(`Cannot judge ${evidence.mediaType}: no scheme`);
    const known = { ...quote, ...(previous === undefined ? {} : { previous }) };
    const context = { keys, freshness, ttlSeconds, quote: known, ...(zone === undefined ? {} : { zone }) };
    return revocation.judged(judgedBy, staple, fetchMillis, trusted => {
      const given = { ...context, trust: trusted, now: clock() };
      return scheme.judgeInSlices === undefined ? scheme.judge(evidence, given) : inTurns(scheme.judgeInSlices(evidence, given));
    });
  };
  const nonce = (remotePort: number, exporter?: Uint8Array) =>
    makeNonce({ random: randomBytes(64), mac, ip, remotePort, ...(exporter === undefined ? {} : { exporter }) }, clock());
  const { whole, byEvents } = named;
  const question = {
    ip,
    channels,
    localAddress,
    localPorts,
    nonce,
    share,
    pcrs: [...whole, ...byEvents],
    bootLog: byEvents.size > 0,
    filesFrom: (ak: ShownAk) =>
      filesWanted(ak, { trust: judgedBy, keys, now: clock(), ...(previous === undefined ? {} : { quote: { previous } }) }),
    ...(previous === undefined ? {} : { previous }),
  };
  // From the order to its end, by all ways together. A nonce ends later.
  const left = patienceFor(channels.map(({ channel }) => channel)) - (performance.now() - since);
  const asked = await ask(question, left, () => performance.now(), judgeAnswer);
  return reply(id, asked.outcome, asked.evidence);
}

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

function reply(id: string, outcome: ChallengeOutcome, evidence?: Evidence): void {
  send({ type: 'outcome', id, outcome, ...(evidence === undefined ? {} : { evidence: wireEvidence(evidence) }) });
}

function fail(id: string, why: string): void {
  reply(id, { kind: 'transport-failure', failure: 'verifier', detail: why.slice(0, 500) });
}

function log(words: { readonly [key: string]: unknown }): void {
  process.stderr.write(`${JSON.stringify({ role: 'challenger', ...words })}\n`);
}
