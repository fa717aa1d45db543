import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { DeviceView } from '../model/device.ts';
import { reasons } from '../model/reason.ts';
import { type Answer, send } from './answer.ts';
import type { Attesting } from './attesting.ts';
import { listenAlso } from './further-hosts.ts';
import { remoteOf, shortAddress } from './guard.ts';
import { Limiter } from './limiter.ts';
import { RegistrarApi, type Registering } from './registrar.ts';
import type { Site } from './site.ts';
import { VeraisonApi } from './veraison.ts';

/** `registering`: who enrols keys of TPMs; absent: nobody does. `also`: further addresses of ours where devices reach it. */
export type AttestationOptions = {
  readonly log: (line: string) => void;
  readonly now?: () => number;
  readonly registering?: Registering;
  readonly also?: readonly string[];
};
export type AttestationListener = { readonly port: number; close(): Promise<void> };

/** Connections at a time, and of them from behind one port, so that one slow client, or a crowd of them, takes nobody else's. Each answer closes its own. */
const maxConnections = 128;
const maxPerPort = 16;
const limits = {
  maxHeaderSize: 2_048,
  headersTimeout: 3_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 1,
  connectionsCheckingInterval: 1_000,
} as const;

/**
 * The one listener of ours that a held device can reach: plain HTTP, no cookies. It tells the asking address what is known of that address and of nobody
 * else, lets it ask to be challenged, takes its Evidence (`VeraisonApi`) and enrols the key of its TPM (`RegistrarApi`). Rejects when it cannot listen.
 */
export async function createAttestationListener(
  site: Site,
  attesting: Attesting,
  { log, now = Date.now, registering, also = [] }: AttestationOptions,
): Promise<AttestationListener> {
  // One challenge in ten seconds for a device, and twenty for all together.
  const challenges = new Limiter(1, 20, 10_000);
  const veraison = new VeraisonApi(attesting);
  const registrar = registering && new RegistrarApi(registering);
  const server = createServer(limits, (request, response) => {
    const answer = veraison.answer(request, remoteOf(request), now);
    answer
      .then(one => one ?? registrar?.answer(request, remoteOf(request), now))
      .then(one => one ?? answerTo(site, challenges, now(), request))
      .then(
        answer => send(response, answer),
        (error: unknown) => {
          log(`attestation listener: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
          send(response, { status: 500, text: 'The gateway failed.\n' });
        },
      );
  });
  server.on('connection', fairShare(attesting));
  server.maxConnections = maxConnections;
  server.maxHeadersCount = 32;
  server.setTimeout(10_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: site.settings.attestation.host, port: site.settings.attestation.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : site.settings.attestation.port;
  const endAlso = listenAlso(server, { hosts: also, port, most: maxConnections }, log);
  return {
    port,
    close: () =>
      new Promise(resolve => {
        endAlso();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Ends connections above the share of their port, and above what all may have, by whichever address they came; an address that is nobody's counts for itself. */
function fairShare(attesting: Attesting): (socket: Socket) => void {
  /** At most `maxConnections` entries: one goes with the last connection of its port. */
  const open = new Map<string, number>();
  let all = 0;
  return socket => {
    const address = shortAddress(socket.remoteAddress ?? '');
    const port = attesting.portAt(address);
    const key = port === undefined ? address : `port ${port}`;
    const count = (open.get(key) ?? 0) + 1;
    if (count > maxPerPort || all >= maxConnections) return void socket.destroy();
    open.set(key, count);
    all += 1;
    socket.once('close', () => {
      all -= 1;
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
  };
}

async function answerTo(site: Site, challenges: Limiter, now: number, request: IncomingMessage): Promise<Answer> {
  const { method, url } = request;
  const isStatus = url === '/' && (method === 'GET' || method === 'HEAD');
  const isChallenge = url === '/challenge' && method === 'POST';
  if (!isStatus && !isChallenge)
    return {
      status: 404,
      text: 'Nothing is here. GET / tells what is known of you; POST /challenge asks for a challenge; /.well-known/veraison/verification says how to hand Evidence in.\n',
    };
  const ip = remoteOf(request);
  const view = site.deviceByIp(ip);
  if (view === undefined) return { status: 404, text: `Nothing is known of ${ip} yet. Ask again in a few seconds.\n` };
  if (isStatus) return { status: 200, text: statusOf(view, ip) };
  if (!challenges.take(view.device.id, now))
    return { status: 429, text: 'A challenge was asked for a moment ago. Ask again in ten seconds.\n', headers: { 'Retry-After': '10' } };
  const answer = await site.command(`device:${view.device.id}`, 'the device asked to be challenged', {
    kind: 'challenge',
    device: view.device.id,
  });
  return answer.ok
    ? { status: 202, text: 'A challenge is on its way. Answer it with TLS on a challenge port; GET / tells what came of it.\n' }
    : { status: answer.status, text: `${answer.problem}\n` };
}

/** Four lines that a person with a serial console can read. No text of the device is repeated. */
function statusOf({ admission, enforcement, attestation, decision }: DeviceView, ip: string): string {
  const { text, next } = reasons[decision.reason];
  return [
    `address: ${ip}`,
    `state: ${admission}, ${enforcement}; attestation ${attestation.status}, A${attestation.assurance}`,
    `reason: ${decision.reason}: ${text}`,
    `next: ${next}`,
    '',
  ].join('\n');
}
