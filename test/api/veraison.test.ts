import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAttestationListener } from '../../gateway/api/attestation-listener.ts';
import type { AttestationListener } from '../../gateway/api/attestation-listener.ts';
import type { Told } from '../../gateway/api/attesting.ts';
import { maxBody, paths } from '../../gateway/api/veraison.ts';
import type { ServedSession } from '../../gateway/attestation/served-sessions.ts';
import type { Served } from '../../gateway/attestation/serving.ts';
import { fixtureSite } from './fixture-site.ts';
import { undisturbed } from '../undisturbed.ts';

/** The listener over a real socket; devices are loopback addresses. What is judged is told by the test. */
type Reply = { readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly body: string };
const session = 'application/vnd.veraison.challenge-response-session+json';
const psa = 'application/psa-attestation-token';
const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', alg: 'ES256' };

let listener: AttestationListener;
let clock = 1_000_000;
let judged: { session: ServedSession; mediaType: string; bytes: Uint8Array }[] = [];
let verdict: () => Promise<Told>;
const places = new Map<string, Served>();
const place = (n: number, port: string): Served => ({
  kind: 'armed',
  asker: { device: `d${n}`, mac: `02:00:00:00:00:0${n}`, port, ip: `127.0.0.1${n}` },
  zone: 'dock',
  ttlSeconds: 600,
});

const placeAt = (ip: string): Served => places.get(ip) ?? { kind: 'unknown' };

beforeEach(async () => {
  judged = [];
  verdict = () => Promise.resolve({ kind: 'ear', ear: 'a.signed.ear' });
  places.clear();
  for (const n of [1, 2, 3]) places.set(`127.0.0.1${n}`, place(n, n === 3 ? 'v9' : 'v1'));
  places.set('127.0.0.14', { kind: 'unarmed' });
  const attesting = {
    at: placeAt,
    portAt: (ip: string) => {
      const served = placeAt(ip);
      return served.kind === 'armed' ? served.asker.port : undefined;
    },
    judge: (of: ServedSession, evidence: { mediaType: string; bytes: Uint8Array }) => {
      judged.push({ session: of, ...evidence });
      return verdict();
    },
    verificationKey: () => Promise.resolve(key),
    version: '1.2.3',
  };
  listener = await createAttestationListener(fixtureSite([]), attesting, { log: () => undefined, now: () => clock });
});
afterEach(() => listener.close());

/** Sends bytes from an address and reads the answer to its end. */
async function say(from: string, head: string, body: Uint8Array | string = ''): Promise<Reply> {
  const socket = connect({ host: '127.0.0.1', port: listener.port, localAddress: from });
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
  socket.on('error', () => undefined); // a reset after the answer is an end too
  socket.write(head);
  if (body.length > 0) socket.write(body);
  await once(socket, 'close');
  const [top = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...fields] = top.split('\r\n');
  const headers = new Map(fields.map(field => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 2)]));
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
const ask = (method: string, path: string, from = '127.0.0.11', more = '') =>
  say(from, `${method} ${path} HTTP/1.1\r\nHost: g\r\n${more}\r\n`);
const open = (query = '?nonceSize=32', from = '127.0.0.11') =>
  ask('POST', `${paths.newSession}${query}`, from, `Accept: ${session}\r\nContent-Length: 0\r\n`);
const hand = (path: string, body: Uint8Array | string, type = psa, from = '127.0.0.11') =>
  say(
    from,
    `POST ${path} HTTP/1.1\r\nHost: g\r\nAccept: ${session}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
    body,
  );
const json = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body) as Record<string, unknown>;
const opened = async (from?: string): Promise<string> => (await open('', from)).headers.get('location') ?? '';

describe('the discovery document', () => {
  it('says where sessions are opened, which Evidence is taken, and what key checks the results', async () => {
    const reply = await ask('GET', paths.discovery);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/vnd.veraison.discovery+json']);
    expect(json(reply)).toMatchObject({
      'ear-verification-key': key,
      version: '1.2.3',
      'service-state': 'READY',
      'api-endpoints': { newChallengeResponseSession: '/challenge-response/v1/newSession' },
    });
    const types = json(reply)['media-types'];
    expect(types).toContain(psa);
    expect(types).not.toContain('application/vnd.sallyport.x509-chain');
  });
});

describe('a new session', () => {
  it('has a nonce of ours, 32 bytes or as many as asked for, a minute to live, and a place of its own', async () => {
    const [a, b] = [await open(), await open('?nonceSize=64')];
    expect([a.status, a.headers.get('content-type')]).toEqual([201, session]);
    expect(a.headers.get('location')).toMatch(/^\/challenge-response\/v1\/session\/[0-9a-f-]{36}$/);
    expect(json(a)).toMatchObject({ status: 'waiting', expiry: new Date(clock + 60_000).toISOString() });
    expect(json(a)['accept']).toContain(psa);
    const nonces = [a, b].map(reply => String(json(reply)['nonce']));
    expect(nonces.map(text => Buffer.from(text, 'base64url').length)).toEqual([32, 64]);
    // Clients that read the other alphabet of base64 get the same bytes.
    expect(nonces.every(text => /^[A-Za-z0-9]+$/.test(text))).toBe(true);
    expect(json(await ask('GET', a.headers.get('location') ?? ''))).toEqual(json(a));
  });

  it('never takes a nonce of the client, nor a short, long or odd one', async () => {
    const queries = [
      '?nonce=QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE',
      '?nonce=&nonceSize=32',
      '?nonceSize=31',
      '?nonceSize=65',
      '?nonceSize=-1',
      '?nonceSize=abc',
    ];
    for (const query of queries) {
      const reply = await open(query);
      expect([query, reply.status, reply.headers.get('content-type')]).toEqual([query, 400, 'application/problem+json']);
      expect(json(reply)).toMatchObject({ type: 'about:blank', title: 'Bad request', status: 400 });
    }
  });

  it('is for devices of the bridge in armed zones: not for a remote address', async () => {
    expect((await open('', '127.0.0.99')).status).toBe(403);
    const unarmed = await open('', '127.0.0.14');
    expect([unarmed.status, json(unarmed)['title']]).toEqual([403, 'Not armed']);
  });

  it('comes ten times in ten minutes for a device, and forty for all behind its port; another port is not kept waiting', async () => {
    const statuses = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await open()).status);
    expect(statuses).toEqual([...Array<number>(10).fill(201), 429, 429]);
    expect((await open('', '127.0.0.12')).status).toBe(201);
    for (let n = 20; n < 60; n += 1) {
      const ip = `127.0.0.${n}`;
      places.set(ip, {
        kind: 'armed',
        asker: { device: `d${n}`, mac: '02:00:00:00:00:20', port: 'v1', ip },
        zone: 'dock',
        ttlSeconds: 600,
      });
      await open('', ip);
    }
    expect((await open('', '127.0.0.12')).status).toBe(429);
    expect((await open('', '127.0.0.13')).status).toBe(201);
    clock += 600_001;
    expect((await open()).status).toBe(201);
  });

  it('needs POST, and an answer in its own format', async () => {
    expect((await ask('GET', paths.newSession)).headers.get('allow')).toBe('POST');
    expect((await ask('POST', paths.newSession, '127.0.0.11', 'Accept: text/html\r\nContent-Length: 0\r\n')).status).toBe(406);
  });
});

describe('Evidence', () => {
  it('is judged for the session of its device, and the EAR comes back at once and again', async () => {
    const path = await opened();
    const reply = await hand(path, Uint8Array.of(1, 2, 3));
    expect(reply.status).toBe(200);
    const told = { status: 'complete', result: 'a.signed.ear', evidence: { type: psa, value: 'AQID' } };
    expect(json(reply)).toMatchObject(told);
    expect(judged).toHaveLength(1);
    expect(judged[0]).toMatchObject({
      mediaType: psa,
      session: { asker: { device: 'd1', mac: '02:00:00:00:00:01', port: 'v1', ip: '127.0.0.11' } },
    });
    expect([...(judged[0]?.bytes ?? [])]).toEqual([1, 2, 3]);
    expect(json(await ask('GET', path))).toMatchObject(told);
    expect((await ask('DELETE', path)).status).toBe(204);
    expect((await ask('GET', path)).status).toBe(404);
  });

  it('answers a nonce once: the second of two is refused, also when both are on their way', async () => {
    const path = await opened();
    const statuses = (await Promise.all([hand(path, 'a'), hand(path, 'b'), hand(path, 'c')])).map(reply => reply.status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect((await hand(path, 'd')).status).toBe(409);
    expect(judged).toHaveLength(1);
  });

  it('from another device, or after a minute, finds no session', async () => {
    const path = await opened();
    for (const from of ['127.0.0.12', '127.0.0.13', '127.0.0.99'])
      expect((await hand(path, 'x', psa, from)).status).toBeGreaterThanOrEqual(403);
    clock += 60_000;
    expect((await hand(path, 'x')).status).toBe(404);
    expect(judged).toEqual([]);
  });

  it('from the address, but of another device or at another port by now, finds none either', async () => {
    const path = await opened();
    places.set('127.0.0.11', place(1, 'v2'));
    expect((await hand(path, 'x')).status).toBe(404);
    places.set('127.0.0.11', place(2, 'v1'));
    expect((await hand(path, 'x')).status).toBe(404);
    expect(judged).toEqual([]);
  });

  it('of the names that clients use is known; of another it is refused, and the session waits on', async () => {
    const path = await opened();
    const odd = await hand(path, 'x', 'application/pem-certificate-chain');
    expect([odd.status, odd.headers.get('accept')?.includes(psa)]).toEqual([415, true]);
    expect((await hand(path, 'x', 'Application/EAT-cwt; profile="http://arm.com/psa/2.0.0"')).status).toBe(200);
    expect(judged[0]?.mediaType).toBe('application/eat+cwt');
  });

  it('that is empty or too large is not judged, and its nonce is spent', async () => {
    for (const [body, status] of [
      [new Uint8Array(0), 400],
      [new Uint8Array(maxBody + 1), 413],
    ] as const) {
      const path = await opened();
      expect((await hand(path, body)).status).toBe(status);
      expect(json(await ask('GET', path))).toMatchObject({ status: 'failed' });
      expect((await hand(path, 'x')).status).toBe(409);
    }
    expect(judged).toEqual([]);
  });

  it('that is too large is refused without its length too', async () => {
    const path = await opened();
    const head = `POST ${path} HTTP/1.1\r\nHost: g\r\nContent-Type: ${psa}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    expect((await say('127.0.0.11', head, `${chunk.repeat(maxBody / 0x10000)}1\r\nx\r\n0\r\n\r\n`)).status).toBe(413);
    expect(judged).toEqual([]);
  });

  it('that we cannot judge, or that is none, fails with a problem and no result', async () => {
    for (const [kind, status] of [
      ['failed', 500],
      ['no-evidence', 400],
    ] as const) {
      verdict = () => Promise.resolve({ kind });
      const path = await opened();
      const reply = await hand(path, 'x');
      expect([reply.status, reply.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      expect(json(await ask('GET', path))).toMatchObject({ status: 'failed' });
    }
  });

  it('that takes long is answered with 202 and fetched later', async () => {
    let finish: (told: Told) => void = () => undefined;
    verdict = () => new Promise(resolve => (finish = resolve));
    const path = await opened();
    const reply = await hand(path, 'x');
    expect([reply.status, json(reply)['status']]).toEqual([202, 'processing']);
    finish({ kind: 'ear', ear: 'late.ear' });
    await expect.poll(async () => json(await ask('GET', path))).toMatchObject({ status: 'complete', result: 'late.ear' });
  });
});

describe('a hostile client', () => {
  it('that sends half of its Evidence and waits is cut, and its nonce is spent', undisturbed, async () => {
    const path = await opened();
    const began = performance.now();
    await say('127.0.0.11', `POST ${path} HTTP/1.1\r\nHost: g\r\nContent-Type: ${psa}\r\nContent-Length: 100\r\n\r\nhalf`);
    expect(performance.now() - began).toBeLessThan(9_000);
    expect(judged).toEqual([]);
    expect((await hand(path, 'x')).status).toBe(409);
  });

  it('that opens every connection it can leaves the other ports theirs', undisturbed, async () => {
    let closed = 0;
    const sockets = Array.from({ length: 100 }, (_, n) =>
      connect({ host: '127.0.0.1', port: listener.port, localAddress: n % 2 === 0 ? '127.0.0.11' : '127.0.0.12' }),
    );
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (closed += 1));
    await expect.poll(() => closed, { timeout: 2_500 }).toBe(84); // both are behind one port: 16 stay
    expect((await open('', '127.0.0.13')).status).toBe(201);
    for (const socket of sockets) socket.destroy();
  });

  it('with odd paths and queries gets 4xx and nothing else', async () => {
    for (const path of [
      `${paths.session}`,
      `${paths.session}..%2f`,
      `${paths.session}${'x'.repeat(1000)}`,
      `${paths.newSession}?%ff=%`,
      `${paths.newSession}/x`,
    ])
      expect((await ask('PUT', path)).status).toBeGreaterThanOrEqual(400);
    expect((await ask('GET', '//')).status).toBe(404);
  });
});
