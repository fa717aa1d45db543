import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { CoapClient } from '../../../gateway/edge/challenge/channels/coap-client.ts';
import { coaps } from '../../../gateway/edge/challenge/channels/coaps.ts';
import { withDtls } from '../../../gateway/edge/challenge/channels/dtls-socket.ts';
import { presentClient } from '../../../gateway/edge/challenge/channels/tls-socket.ts';
import { withUdp } from '../../../gateway/edge/challenge/channels/udp-socket.ts';
import { instance, listedKey, psaSet } from '../../attestation/token-world.ts';
import { result, spec, verifier } from '../../attestation/world.ts';
import { type DtlsPeer, DtlsServer, type DtlsServerOptions, isThere, selfSignedByOpenssl } from '../../vectors/dtls-server.ts';
import { type Credential, type DiceDevice, makeDiceDevice, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { blockwise, nonceIn, response, token } from './coap-answers.ts';
import { type Answer, CoapsWorld, target, withToken } from './coaps-world.ts';
import { Site } from './site.ts';

const world = CoapsWorld.make();

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
const serve = (answer: Answer, options: Partial<DtlsServerOptions> = {}): Promise<DtlsServer> =>
  world.serve(answer, { ...plain, ...options });
const exporters: Uint8Array[] = [];
const ask = async (answer: Answer, options: Partial<DtlsServerOptions> = {}): Promise<Exchange> =>
  coaps.ask(target((await serve(answer, options)).port, exporters), 30_000);
const detailOf = (exchange: Exchange): string => (exchange.kind === 'failed' ? `${exchange.failure}: ${exchange.detail}` : exchange.kind);

describe('a device that answers FETCH over DTLS', () => {
  const trust = { anchors: [], referenceSets: [psaSet], keys: [listedKey] };
  const asked = async (answer: Answer, options: Partial<DtlsServerOptions> = {}) => {
    const { port } = await serve(answer, { address: '127.0.0.7', ...options });
    const site = await Site.open([{ channel: 'coaps', port }], trust, `serial: "${instance}"`);
    return world.keep(site);
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
            ? await new CoapClient(datagrams, 30_000).fetch({ path: [path], contentFormat: 60, payload: Uint8Array.of(0xa0) })
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
    world.keep(server);
    expect(await talk(server.port, path)).toMatchObject({ kind: 'talked', suite, subject: 'CN=device', said: { kind: 'coap' } });
  });

  it.each([
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', ['-cipher', 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0', '-curves', 'P-256']],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', ['-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384', '-curves', 'P-384']],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM', ['-cipher', 'ECDHE-ECDSA-AES128-CCM', '-curves', 'P-521:P-256']],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM', ['-cipher', 'ECDHE-ECDSA-AES256-CCM']],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', ['-cipher', 'ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0']],
  ] as const)('openssl is understood, by %s', async (suite, args) => {
    expect(await ask(withToken, { args })).toMatchObject({ kind: 'answered', freshness: { channel: `CoAPS, DTLS 1.2, ${suite}` } });
  });

  it.each([
    ['rsa:2048', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', []],
    ['rsa:3072', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', ['-cipher', 'ECDHE-RSA-AES256-GCM-SHA384', '-curves', 'P-256']],
    ['rsa:2048', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ['-sigalgs', 'RSA+SHA512']],
    ['ec:P-384', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', []],
    ['ec:P-521', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', ['-curves', 'P-521']],
  ])('openssl with a key of %s is understood, by %s %j, and so is ours shown to it', async (kind, suite, args) => {
    const own = selfSignedByOpenssl(kind);
    presentClient(own.chainPem + own.keyPem);
    const server = await serve(withToken, { ...own, args: ['-Verify', '2', ...args] });
    const answer = await coaps.ask(target(server.port), 30_000);
    expect(answer).toMatchObject({ kind: 'answered', freshness: { channel: `CoAPS, DTLS 1.2, ${suite}` } });
    expect(server.printed).toContain(`depth=0 CN = ${kind.replace(':', ' ')}`);
  });

  it.skipIf(!isThere('gnutls-serv'))(
    'GnuTLS with an Ed25519 key is understood (OpenSSL has none over DTLS), and so is ours shown to OpenSSL',
    async () => {
      const own = selfSignedByOpenssl('ed25519');
      const theirs = await DtlsServer.open('gnutls-serv', own);
      world.keep(theirs);
      expect(await talk(theirs.port, undefined)).toMatchObject({ kind: 'talked', subject: 'CN=ed25519' });
      presentClient(own.chainPem + own.keyPem);
      const server = await serve(withToken, { args: ['-Verify', '2'] });
      expect(await coaps.ask(target(server.port), 30_000)).toMatchObject({ kind: 'answered' });
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
    world.keep(server);
    expect(detailOf(await coaps.ask(target(server.port), 30_000))).toContain(`not-tls: ${why}`);
  });
});
