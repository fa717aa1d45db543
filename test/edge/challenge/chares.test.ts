import { encode } from 'cborg';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { chares } from '../../../gateway/edge/challenge/channels/chares.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { maxEvidenceBytes } from '../../../gateway/edge/challenge/wire.ts';
import * as ear from '../../attestation/ear-world.ts';
import { instance, listedKey, psaClaims, psaSet } from '../../attestation/token-world.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { base64url, makeSign1 } from '../../vectors/tokens.ts';
import { bodyOf, httpsServer } from './https.ts';
import { closedPort, type Running, tcp } from './servers.ts';
import { Site } from './site.ts';

let credential: Credential;
const running: Running[] = [];
const sites: Site[] = [];
beforeAll(async () => {
  credential = await makeSelfSigned({ cn: 'sensor' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  for (const site of sites.splice(0)) await site.close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const serve = async (answer: Answer): Promise<number> => {
  const server = await httpsServer(credential, (request, response) => {
    response.on('error', () => {});
    void bodyOf(request).then(
      body => answer(request, response, body),
      () => {},
    );
  });
  running.push(server);
  return server.port;
};
const seen: Uint8Array[] = [];
const target = (remotePort: number) => ({
  ip: '127.0.0.1',
  remotePort,
  nonce: (exporter?: Uint8Array) => {
    seen.push(exporter ?? new Uint8Array());
    return makeNonce(
      { random: new Uint8Array(64).fill(seen.length), mac: '', ip: '127.0.0.1', remotePort, ...(exporter && { exporter }) },
      0,
    );
  },
});
const ask = (remotePort: number, left = 30_000): Promise<Exchange> => chares.ask(target(remotePort), left);
const nonceIn = (body: string): Uint8Array => {
  const { nonce }: { nonce: string } = JSON.parse(body) as { nonce: string };
  return new Uint8Array(Buffer.from(nonce, 'base64url'));
};
const token = (nonce: Uint8Array, changed: Record<number, unknown> = {}) => makeSign1(encode(psaClaims({ 10: nonce, ...changed })));
const psaType = 'application/eat+cwt; eat_profile="tag:psacertified.org,2023:psa#tfm"';

describe('a device that answers chares', () => {
  const trust = { anchors: [], referenceSets: [psaSet], keys: [listedKey] };
  const device = async (answer: Answer): Promise<Site> => {
    const site = await Site.open([{ channel: 'chares', port: await serve(answer), path: '/attest' }], trust, `serial: "${instance}"`);
    sites.push(site);
    return site;
  };

  it.each<readonly [string, Answer]>([
    ['a bare token', (_, response, body) => response.setHeader('content-type', psaType).end(token(nonceIn(body)))],
    [
      'a wrapper',
      (_, response, body) => response.setHeader('content-type', 'application/cmw+cbor').end(encode([263, token(nonceIn(body))])),
    ],
    [
      'the unsigned bundle of ratsd, in chunks',
      (_, response, body) => {
        const cmw = base64url(JSON.stringify({ __cmwc_t: 'tag:x', a: [psaType, base64url(token(nonceIn(body)))] }));
        const text = JSON.stringify({ eat_profile: 'tag:github.com,2024:veraison/ratsd', eat_nonce: 'whatever', cmw });
        response.setHeader('content-type', 'application/eat-ucs+json; eat_profile="tag:github.com,2024:veraison/ratsd"');
        for (const part of text.match(/.{1,100}/g) ?? []) response.write(part);
        response.end();
      },
    ],
  ])('with %s is admitted, and its Evidence kept as it came', async (_, answer) => {
    const requests: string[] = [];
    const site = await device((request, response, body) => {
      requests.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      answer(request, response, body);
    });
    const view = await site.asked();
    expect(requests).toEqual(['POST /attest application/vnd.veraison.chares+json']);
    expect(site.outcomes[0]).toMatchObject({ kind: 'appraised', result: { status: 'affirming', identity: { serial: instance } } });
    expect([view.decision.access, view.enforcement]).toEqual(['admit', 'open']);
    expect(site.kept[0]?.id).toBe(view.attestation.result?.evidence);
  });

  it('with what it answered before is contraindicated: the nonce is of this one question', async () => {
    let first: Uint8Array | undefined;
    const site = await device((_, response, body) => {
      first ??= token(nonceIn(body));
      response.setHeader('content-type', psaType).end(first);
    });
    expect((await site.asked()).decision.access).toBe('admit');
    const replayed = await site.asked();
    expect(replayed.attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
    expect(replayed.decision.access).toBe('quarantine');
  });

  it('with debug open is contraindicated, and with a page about itself it cannot attest', async () => {
    const debug = await device((_, response, body) =>
      response.setHeader('content-type', psaType).end(token(nonceIn(body), { 2395: 0x4000 })),
    );
    expect((await debug.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'DEBUG_ENABLED' });
    const page = await device((_, response) => response.setHeader('content-type', 'text/html').end('<h1>Printer</h1>'));
    expect((await page.asked()).attestation).toMatchObject({ status: 'none', reason: 'CANNOT_ATTEST' });
  });
});

describe('a device that carries the EAR of another Verifier', () => {
  const trust = { anchors: [], referenceSets: [], verifiers: [ear.listed] };
  const expected = `serial: "${instance}"\n  vendor: Acme Sensors`;
  const earType = 'application/eat+jwt; eat_profile="tag:ietf.org,2026:rats/ear#03"';
  const seconds = Math.floor(Date.now() / 1000);
  const of = async (more: ear.Json): Promise<Uint8Array> => ear.signed(ear.draft({ iat: seconds, exp: seconds + 300, ...more }));
  const device = async (make: (nonce: Uint8Array) => Promise<Uint8Array>): Promise<Site> => {
    const answer: Answer = (_, response, body) =>
      void make(nonceIn(body)).then(token => response.setHeader('content-type', earType).end(token));
    const site = await Site.open([{ channel: 'chares', port: await serve(answer) }], trust, expected);
    sites.push(site);
    return site;
  };
  it('made for our nonce is admitted, as far as the site trusts that Verifier', async () => {
    const site = await device(nonce => of({ eat_nonce: base64url(nonce) }));
    const view = await site.asked();
    expect(site.outcomes[0]).toMatchObject({ result: { scheme: 'ear', status: 'affirming', assurance: 4 } });
    expect([view.decision.access, view.enforcement]).toEqual(['admit', 'open']);
  });
  it('made for our nonce once and shown again is a replay; one that has ended is stale; one without a nonce proves nothing', async () => {
    let first: Promise<Uint8Array> | undefined;
    const replayed = await device(nonce => (first ??= of({ eat_nonce: base64url(nonce) })));
    expect((await replayed.asked()).decision.access).toBe('admit');
    expect(await replayed.asked()).toMatchObject({ attestation: { reason: 'NONCE_MISMATCH' }, decision: { access: 'quarantine' } });
    const stale = await device(() => of({ iat: seconds - 7200, exp: seconds - 3600 }));
    expect(await stale.asked()).toMatchObject({
      attestation: { status: 'contraindicated', reason: 'EAR_STALE' },
      decision: { access: 'quarantine', reason: 'EAR_STALE' },
    });
    const passport = await device(() => of({ eat_nonce: undefined }));
    const view = await passport.asked();
    expect(view.attestation).toMatchObject({ status: 'none', reason: 'EVIDENCE_NOT_FRESH' });
    expect(view.decision.access).toBe('hold');
  });
});

describe('the question', () => {
  it('is bound to the connection that it leaves by', async () => {
    const bodies: string[] = [];
    const port = await serve((_, response, body) => {
      bodies.push(body);
      response.setHeader('content-type', psaType).end('x');
    });
    const before = seen.length;
    const [one, other] = [await ask(port), await ask(port)];
    if (one.kind !== 'answered' || other.kind !== 'answered' || one.freshness.kind !== 'nonce') throw new Error('no answer');
    expect(Buffer.from(nonceIn(bodies[0] ?? ''))).toEqual(Buffer.from(one.freshness.nonce));
    expect(one.freshness.nonce.length).toBe(64);
    const [a, b] = seen.slice(before);
    expect(a).toHaveLength(32);
    expect(a).not.toEqual(b);
    expect(one.evidence.certificates.map(c => Buffer.from(c))).toEqual(credential.chain.map(c => Buffer.from(c)));
  });
});

describe('a hostile server', () => {
  const cases: readonly (readonly [string, Answer, object])[] = [
    [
      'that sends us elsewhere is not followed',
      (_, r) => r.writeHead(302, { location: 'https://127.0.0.1:1/' }).end(),
      { failure: 'refused', detail: 'HTTP 302: sends us elsewhere, where we do not go' },
    ],
    ['that wants a password is not given one', (_, r) => r.writeHead(401).end(), { failure: 'refused' }],
    ['that is busy has not answered', (_, r) => r.writeHead(503).end(), { failure: 'reset' }],
    [
      'that has no such thing cannot attest',
      (_, r) => r.writeHead(404).end(),
      { failure: 'refused', detail: 'HTTP 404: serves no such thing' },
    ],
    [
      'that packs its answer is not unpacked',
      (_, r) => r.writeHead(200, { 'content-type': psaType, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
      { failure: 'refused', detail: 'answers packed, which nobody asked for' },
    ],
    [
      'that promises more than a cap is not even heard',
      (_, r) => r.writeHead(200, { 'content-type': psaType, 'content-length': 2 ** 40 }).write(Buffer.alloc(1)),
      { failure: 'reset', detail: `answers with ${2 ** 40} bytes, at most ${maxEvidenceBytes} are taken` },
    ],
    [
      'that never stops sending chunks is cut off',
      (_, r) => {
        r.writeHead(200, { 'content-type': psaType });
        const more = (): void => {
          while (!r.destroyed && r.write(Buffer.alloc(65_536)));
        };
        r.on('drain', more);
        more();
      },
      { failure: 'reset', detail: `answers with more than ${maxEvidenceBytes} bytes` },
    ],
    [
      'that sends provisional answers without end is cut off',
      (_, r) => {
        const more = (): void => {
          if (r.socket === null || r.socket.destroyed) return;
          for (let i = 0; i < 500; i++) r.writeProcessing();
          setImmediate(more);
        };
        more();
      },
      { failure: 'reset' },
    ],
    [
      'that hangs up in the middle has not answered',
      (_, r) => {
        r.writeHead(200, { 'content-type': psaType, 'content-length': 100 }).write('half');
        setTimeout(() => r.destroy(), 20);
      },
      { failure: 'reset' },
    ],
    ['with a head beyond the cap is not HTTP', (_, r) => r.writeHead(200, { x: 'y'.repeat(20_000) }).end(), { failure: 'refused' }],
    [
      'that answers a bundle which is none cannot attest',
      (_, r) => r.writeHead(200, { 'content-type': 'application/eat-ucs+json' }).end('{"cmw": 7'),
      { failure: 'refused' },
    ],
  ];
  it.each(cases)('%s', async (_, answer, expected) => {
    expect(await ask(await serve(answer))).toMatchObject({ kind: 'failed', ...expected });
  });

  it('that drips a byte now and then ends at the deadline', async () => {
    const port = await serve((_, r) => {
      r.writeHead(200, { 'content-type': psaType });
      const drip = setInterval(() => (r.destroyed ? clearInterval(drip) : r.write('x')), 20);
    });
    expect(await ask(port, 500)).toMatchObject({ failure: 'timeout' });
  });

  it('that never answers, is not there or speaks no TLS is told apart', async () => {
    expect(await ask(await serve(() => {}), 300)).toMatchObject({ failure: 'timeout' });
    expect(await ask(await closedPort())).toMatchObject({ failure: 'refused' });
    const banner = await tcp(s => s.write('220 ready\r\n'));
    running.push(banner);
    expect(await ask(banner.port)).toMatchObject({ failure: 'not-tls' });
  });
});
