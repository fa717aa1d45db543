import { X509Certificate } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CoapMessage, decodeCoap } from '../../../gateway/codec/coap.ts';
import type { Exchange, Target } from '../../../gateway/edge/challenge/channels/channel.ts';
import { CoapClient } from '../../../gateway/edge/challenge/channels/coap-client.ts';
import { coaps } from '../../../gateway/edge/challenge/channels/coaps.ts';
import { withDtls } from '../../../gateway/edge/challenge/channels/dtls-socket.ts';
import { presentClient } from '../../../gateway/edge/challenge/channels/tls-socket.ts';
import { withUdp } from '../../../gateway/edge/challenge/channels/udp-socket.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { instance, listedKey, psaSet } from '../../attestation/token-world.ts';
import { result, spec, verifier } from '../../attestation/world.ts';
import { type DtlsPeer, DtlsServer, type DtlsServerOptions, isThere, selfSignedByOpenssl } from '../../vectors/dtls-server.ts';
import { type Credential, type DiceDevice, makeDiceDevice, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { blockwise, nonceIn, response, token } from './coap-answers.ts';
import { Site } from './site.ts';

let acme: Vendor;
let device: DiceDevice;
let plain: Credential;
let ours: Credential;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  device = await makeDiceDevice(acme, spec);
  plain = await makeSelfSigned({ cn: 'device' });
  ours = await makeSelfSigned({ cn: 'gateway' });
});
const running: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

type Answer = (request: CoapMessage) => Uint8Array | undefined;
/** OpenSSL's DTLS server, that does this with each request. */
async function serve(answer: Answer, options: Partial<DtlsServerOptions> = {}): Promise<DtlsServer> {
  const server = await DtlsServer.open('openssl', { ...plain, ...options });
  server.heard = bytes => {
    const said = answer(decodeCoap(bytes));
    if (said !== undefined) server.say(said);
  };
  running.push(server);
  return server;
}
const exporters: Uint8Array[] = [];
const target = (remotePort: number): Target => ({
  ip: '127.0.0.1',
  remotePort,
  nonce: exporter => {
    exporters.push(exporter ?? new Uint8Array());
    return makeNonce(
      { random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort, ...(exporter === undefined ? {} : { exporter }) },
      0,
    );
  },
});
const ask = async (answer: Answer, options: Partial<DtlsServerOptions> = {}, left = 8_000): Promise<Exchange> =>
  coaps.ask(target((await serve(answer, options)).port), left);
const detailOf = (exchange: Exchange): string => (exchange.kind === 'failed' ? `${exchange.failure}: ${exchange.detail}` : exchange.kind);
const withToken: Answer = request => response(request, token(nonceIn(request)));

describe('a device that answers FETCH over DTLS', () => {
  const trust = { anchors: [], referenceSets: [psaSet], keys: [listedKey] };
  const asked = async (answer: Answer, options: Partial<DtlsServerOptions> = {}) => {
    const { port } = await serve(answer, { address: '127.0.0.7', ...options });
    const site = await Site.open([{ channel: 'coaps', port }], trust, `serial: "${instance}"`);
    running.push(site);
    return site;
  };

  it.each<readonly [string, number, readonly string[]]>([
    ['at once', 1024, []],
    ['and wants a cookie first', 1024, ['-listen']],
    ['in blocks of 64 bytes, its certificates in pieces', 64, ['-mtu', '300']],
  ])('%s is admitted', async (_, size, args) => {
    let made: Uint8Array | undefined;
    const site = await asked(request => blockwise(request, (made ??= token(nonceIn(request))), size), { args });
    const view = await site.asked();
    expect(view.attestation.checks.filter(c => c.outcome === 'failed' || c.outcome === 'warned')).toEqual([]);
    expect([view.attestation.status, view.decision.access]).toEqual(['affirming', 'admit']);
  });

  it('and hands on what it answered before is contraindicated', async () => {
    let kept: Uint8Array | undefined;
    const site = await asked(request => response(request, (kept ??= token(nonceIn(request)))));
    await site.asked();
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
  });

  it('gives its chain along, and a nonce is bound to the connection', async () => {
    exporters.length = 0;
    const [first, second] = [await ask(withToken, device), await ask(withToken, device)];
    for (const one of [first, second])
      expect(one).toMatchObject({
        kind: 'answered',
        evidence: { certificates: device.chain },
        freshness: { kind: 'nonce', channel: 'CoAPS, DTLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
      });
    expect(exporters.map(({ length }) => length)).toEqual([32, 32]);
    expect(first.kind === 'answered' && first.freshness).not.toEqual(second.kind === 'answered' && second.freshness);
  });

  it('and serves no Evidence there is judged by its chain, as over TLS', async () => {
    const answer = await ask(request => response(request, new Uint8Array(), { code: 0x84 }), device);
    if (answer.kind !== 'answered') throw new Error(answer.detail);
    expect(answer.freshness).toEqual({ kind: 'handshake', protocol: 'DTLSv1.2', resumed: false });
    expect(answer.evidence.certificates).toEqual(device.chain);
    expect(result(verifier([acme], { freshness: answer.freshness })(answer.evidence.certificates))).toMatchObject({ status: 'affirming' });
  });

  it('and wants to know who asks gets our certificate shown, and says so when there is none', async () => {
    const args = ['-Verify', '2', '-verify_return_error'];
    const refused = await ask(withToken, { args });
    expect(detailOf(refused)).toMatch(/^not-tls: alert: .*: it may want a certificate of ours \(settings: challengeClient\)$/);
    presentClient(ours.chainPem + ours.keyPem);
    expect(await ask(withToken, { args: ['-Verify', '2'] })).toMatchObject({ kind: 'answered' });
  });
});

describe('servers of others', () => {
  const certificateOf = (c: Uint8Array): string => new X509Certificate(c).subject;
  /** One FETCH inside; or, of a server that says again what it hears, one line. */
  const talk = (port: number, path: string | undefined) =>
    withUdp(target(port), socket =>
      withDtls(socket, 8_000, async ({ datagrams, certificates, suite }) => {
        const said =
          path !== undefined
            ? await new CoapClient(datagrams, 5_000).fetch({ path: [path], contentFormat: 60, payload: Uint8Array.of(0xa0) })
            : await new Promise<unknown>(resolve => {
                datagrams.heard = bytes => resolve({ kind: 'coap', body: bytes });
                datagrams.send(Buffer.from('hello\n'));
              });
        return { kind: 'talked' as const, said, subject: certificateOf(certificates[0] ?? new Uint8Array()), suite };
      }),
    );
  const only = (suite: string): string => `NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+${suite}`;
  const peers: readonly (readonly [DtlsPeer, string, readonly string[], string | undefined])[] = [
    ['gnutls-serv', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', ['--priority', only('AES-128-CCM-8')], undefined],
    ['gnutls-serv', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', ['--priority', only('AES-256-GCM')], undefined],
    ['gnutls-serv', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', ['--priority', only('AES-128-GCM'), '--mtu', '400'], undefined],
    ['coap-server-openssl', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', [], 'time'],
    ['coap-server-gnutls', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', [], 'time'],
  ];
  for (const peer of new Set(peers.map(([name]) => name))) if (!isThere(peer)) console.log(`skipped: ${peer} is not on this machine`);

  it.each(peers.filter(([peer]) => isThere(peer)))('%s is understood, by %s', async (peer, suite, args, path) => {
    const server = await DtlsServer.open(peer, { ...plain, args });
    running.push(server);
    expect(await talk(server.port, path)).toMatchObject({ kind: 'talked', suite, subject: 'CN=device', said: { kind: 'coap' } });
  });

  it.each([
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', ['-cipher', 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0', '-curves', 'P-256']],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', ['-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384', '-curves', 'P-384']],
  ] as const)('openssl is understood, by %s', async (suite, args) => {
    expect(await ask(withToken, { args })).toMatchObject({ kind: 'answered', freshness: { channel: `CoAPS, DTLS 1.2, ${suite}` } });
  });

  it.each([
    ['rsa:2048', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', []],
    ['rsa:3072', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', ['-cipher', 'ECDHE-RSA-AES256-GCM-SHA384', '-curves', 'P-256']],
    ['rsa:2048', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ['-sigalgs', 'RSA+SHA512']],
    ['ec:P-384', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', []],
  ])('openssl with a key of %s is understood, by %s %j, and so is ours shown to it', async (kind, suite, args) => {
    const own = selfSignedByOpenssl(kind);
    presentClient(own.chainPem + own.keyPem);
    const server = await serve(withToken, { ...own, args: ['-Verify', '2', ...args] });
    const answer = await coaps.ask(target(server.port), 8_000);
    expect(answer).toMatchObject({ kind: 'answered', freshness: { channel: `CoAPS, DTLS 1.2, ${suite}` } });
    expect(server.printed).toContain(`depth=0 CN = ${kind.replace(':', ' ')}`);
  });

  it.skipIf(!isThere('gnutls-serv'))(
    'GnuTLS with an Ed25519 key is understood (OpenSSL has none over DTLS), and so is ours shown to OpenSSL',
    async () => {
      const own = selfSignedByOpenssl('ed25519');
      const theirs = await DtlsServer.open('gnutls-serv', own);
      running.push(theirs);
      expect(await talk(theirs.port, undefined)).toMatchObject({ kind: 'talked', subject: 'CN=ed25519' });
      presentClient(own.chainPem + own.keyPem);
      const server = await serve(withToken, { args: ['-Verify', '2'] });
      expect(await coaps.ask(target(server.port), 8_000)).toMatchObject({ kind: 'answered' });
      expect(server.printed).toContain('depth=0 CN = ed25519');
    },
  );

  it.each<readonly [DtlsPeer, string, readonly string[], string]>([
    ['openssl', 'has CBC alone', ['-cipher', 'ECDHE-ECDSA-AES128-SHA256'], 'alert: handshake failure'],
    ['openssl', 'speaks DTLS 1.0 alone', ['-dtls1', '-cipher', 'ALL:@SECLEVEL=0'], 'alert: handshake failure'],
    [
      'gnutls-serv',
      'has no extended master secret',
      ['--priority', `${only('AES-128-GCM')}:%NO_SESSION_HASH`],
      'Cannot shake hands: the server has no extended',
    ],
    ['openssl', 'knows shared secrets alone', ['-nocert', '-psk', 'abcd', '-cipher', 'PSK'], 'alert: handshake failure'],
  ])('%s that %s is not spoken to', async (peer, _, args, why) => {
    if (!isThere(peer)) return;
    const server = await DtlsServer.open(peer, { ...plain, args });
    running.push(server);
    expect(detailOf(await coaps.ask(target(server.port), 3_000))).toContain(`not-tls: ${why}`);
  });
});

describe('a hostile peer', () => {
  /** A UDP socket that does this with each datagram. */
  async function udp(
    answer: (datagram: Uint8Array, reply: (bytes: Uint8Array) => void) => void,
  ): Promise<{ socket: Socket; port: number }> {
    const socket = createSocket('udp4', (bytes, from) =>
      answer(new Uint8Array(bytes), reply => socket.send(reply, from.port, from.address)),
    );
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    running.push({ close: async () => void (socket.close(), await once(socket, 'close')) });
    return { socket, port: socket.address().port };
  }

  it('that is silent costs the time of the channel and no more', async () => {
    const heard: number[] = [];
    const { port } = await udp(bytes => heard.push(bytes.length));
    const begun = performance.now();
    expect(await coaps.ask(target(port), 1_500)).toMatchObject({ failure: 'timeout', detail: 'no DTLS handshake within 1500 ms' });
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => heard).toEqual([130, 130, 15]); // at once, after a second, and a goodbye
  });

  it('that nobody listens at has refused', async () => {
    const { socket, port } = await udp(() => {});
    socket.close();
    await once(socket, 'close');
    running.splice(0);
    expect(await coaps.ask(target(port), 3_000)).toMatchObject({ failure: 'refused' });
  });

  it('that answers with rubbish, in plain CoAP, or with an alert is told apart', async () => {
    const rubbish = await udp((_, reply) =>
      [new Uint8Array(0), new Uint8Array(2000).fill(22), Uint8Array.of(0x60, 0, 1, 2)].forEach(reply),
    );
    expect(await coaps.ask(target(rubbish.port), 500)).toMatchObject({ failure: 'timeout' });
    const alert = await udp((_, reply) => reply(Uint8Array.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40])));
    expect(await coaps.ask(target(alert.port), 3_000)).toMatchObject({
      failure: 'not-tls',
      detail: 'alert: handshake failure: it may want a certificate of ours (settings: challengeClient)',
    });
  });

  it('that hangs up, or answers nothing inside, has not answered', async () => {
    expect(await ask(() => undefined, {}, 1_500)).toMatchObject({ failure: 'timeout' });
    const server = await serve(() => undefined);
    server.heard = () => void server.close();
    expect(await coaps.ask(target(server.port), 4_000)).toMatchObject({ kind: 'failed', failure: 'refused' });
  });

  it('that sends without end is cut off', async () => {
    const endless = new Uint8Array(1_000_000);
    expect(await ask(request => blockwise(request, endless, 1024))).toMatchObject({
      failure: 'reset',
      detail: 'answers with more than 262144 bytes',
    });
  });

  it('elsewhere is not heard, and what was sealed once is not heard twice', async () => {
    const server = await serve(withToken);
    const stranger = createSocket('udp4');
    running.push({ close: async () => void (stranger.close(), await once(stranger, 'close')) });
    // A relay that says all that the server says twice, and lets a stranger say it a third time.
    const back = createSocket('udp4');
    running.push({ close: async () => void (back.close(), await once(back, 'close')) });
    let client: { port: number; address: string } | undefined;
    const front = createSocket('udp4', (bytes, from) => {
      client = from;
      back.send(bytes, server.port, '127.0.0.1');
    });
    running.push({ close: async () => void (front.close(), await once(front, 'close')) });
    back.on('message', bytes => {
      if (client === undefined) return;
      front.send(bytes, client.port, client.address);
      front.send(bytes, client.port, client.address);
      stranger.send(bytes, client.port, client.address);
    });
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    expect(await coaps.ask(target(front.address().port), 6_000)).toMatchObject({ kind: 'answered', freshness: { kind: 'nonce' } });
  });

  it.each([[[0]], [[1]], [[2]], [[1, 4]], [[0, 2, 5]]])(
    'on a link that loses its datagrams %j is asked again until it answers',
    async lost => {
      const server = await serve(withToken, { args: ['-listen'] });
      const back = createSocket('udp4');
      let client: { port: number; address: string } | undefined;
      let count = 0;
      const front = createSocket('udp4', (bytes, from) => {
        client = from;
        back.send(bytes, server.port, '127.0.0.1');
      });
      for (const socket of [back, front]) running.push({ close: async () => void (socket.close(), await once(socket, 'close')) });
      back.on('message', bytes => {
        if (client !== undefined && !lost.includes(count++)) front.send(bytes, client.port, client.address);
      });
      front.bind(0, '127.0.0.1');
      await once(front, 'listening');
      expect(await coaps.ask(target(front.address().port), 9_500)).toMatchObject({ kind: 'answered', freshness: { kind: 'nonce' } });
      expect(count).toBeGreaterThan(Math.max(...lost));
    },
  );
});
