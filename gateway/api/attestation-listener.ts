import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeviceView } from '../model/device.ts';
import { reasons } from '../model/reason.ts';
import { remoteOf } from './guard.ts';
import { Limiter } from './limiter.ts';
import type { Site } from './site.ts';

export type AttestationOptions = { readonly log: (line: string) => void; readonly now?: () => number };
export type AttestationListener = { readonly port: number; close(): Promise<void> };

/** Connections at a time: a held lane has one device behind each port, and each answer closes its connection. */
const maxConnections = 64;
const limits = {
  maxHeaderSize: 2_048,
  headersTimeout: 3_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 1,
  connectionsCheckingInterval: 1_000,
} as const;

type Answer = { readonly status: number; readonly text: string; readonly headers?: Record<string, string> };

/**
 * The one listener of ours that a held device can reach: plain HTTP, text only, no cookies. It tells the asking address what is known of
 * that address and of nobody else, and lets it ask to be challenged. Rejects when it cannot listen.
 */
export async function createAttestationListener(site: Site, { log, now = Date.now }: AttestationOptions): Promise<AttestationListener> {
  // One challenge in ten seconds for a device, and twenty for all together.
  const challenges = new Limiter(1, 20, 10_000);
  const server = createServer(limits, (request, response) => {
    answerTo(site, challenges, now(), request).then(
      answer => send(response, answer),
      (error: unknown) => {
        log(`attestation listener: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        send(response, { status: 500, text: 'The gateway failed.\n' });
      },
    );
  });
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
  return {
    port: typeof address === 'object' && address !== null ? address.port : site.settings.attestation.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerTo(site: Site, challenges: Limiter, now: number, request: IncomingMessage): Promise<Answer> {
  const { method, url } = request;
  const isStatus = url === '/' && (method === 'GET' || method === 'HEAD');
  const isChallenge = url === '/challenge' && method === 'POST';
  if (!isStatus && !isChallenge)
    return { status: 404, text: 'Nothing is here. GET / tells what is known of you; POST /challenge asks for a challenge.\n' };
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

/** Whatever else the request carries is not read: the connection ends with the answer. */
function send(response: ServerResponse, { status, text, headers = {} }: Answer): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
    ...headers,
  });
  response.end(text);
}
