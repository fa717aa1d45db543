import 'reflect-metadata';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { restconf } from '../../../gateway/edge/challenge/channels/restconf.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { decodePcrBlob } from '../../../gateway/codec/tpm-pcr-blob.ts';
import { certify } from '../../attestation/tpm/world.ts';
import { base64 } from '../../attestation/world.ts';
import { type Credential, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { sized } from '../../vectors/soft-tpm.ts';
import { noSwtpm } from '../../vectors/swtpm.ts';
import { bodyOf, httpsServer } from './https.ts';
import type { Running } from './servers.ts';
import { Site } from './site.ts';
import { bootSet, TpmDevice } from './tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const operation = '/restconf/operations/ietf-tpm-remote-attestation:tpm20-challenge-response-attestation';
const keystore = '/restconf/data/ietf-keystore:keystore/asymmetric-keys';
const module = 'ietf-tpm-remote-attestation';
let credential: Credential;
const running: Running[] = [];
const sites: Site[] = [];
beforeAll(async () => {
  credential = await makeSelfSigned({ cn: 'switch' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  for (const site of sites.splice(0)) await site.close();
});

type Answer = (path: string, body: string) => object | undefined;
const serve = async (answer: Answer, type = 'application/yang-data+json'): Promise<number> => {
  const server = await httpsServer(credential, (request: IncomingMessage, response: ServerResponse) => {
    void bodyOf(request).then(body => {
      const found = answer(request.url ?? '', body);
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': type }).end(JSON.stringify(found));
    });
  });
  running.push(server);
  return server.port;
};

describe.skipIf(missing !== undefined)('a switch with the YANG module of RFC 9684 and swtpm', () => {
  let device: TpmDevice;
  let acme: Vendor;
  let certificate: Uint8Array;
  beforeAll(async () => {
    device = await TpmDevice.make();
    acme = await makeVendor({ name: 'Acme Edge' });
    certificate = await certify(acme, { privateKey: device.akKey });
  });
  afterAll(async () => device?.tpm.remove());

  type Input = { readonly [name: string]: { readonly 'tpm20-attestation-challenge': Challenge } };
  type Challenge = {
    readonly 'nonce-value': string;
    readonly 'tpm20-pcr-selection': readonly { readonly 'tpm20-hash-algo': string; readonly 'pcr-index': readonly number[] }[];
  };
  const challengeIn = (body: string): Challenge => {
    const found = (JSON.parse(body) as Input)[`${module}:input`]?.['tpm20-attestation-challenge'];
    if (found === undefined) throw new Error(body);
    return found;
  };
  /** The answer of a device; `sizes`: the quote with its length before it. */
  const quoted = (body: string, sizes = false): object => {
    const { 'nonce-value': nonce, 'tpm20-pcr-selection': selections } = challengeIn(body);
    const [selection] = selections;
    const pcrs = selection?.['pcr-index'] ?? [];
    const { quote, signature, blob } = device.quote(`sha256:${pcrs.join(',')}`, Buffer.from(nonce, 'base64'));
    const values = [...(decodePcrBlob(blob).get('sha256') ?? [])].map(([pcr, value]) => ({ 'pcr-index': pcr, 'pcr-value': base64(value) }));
    const response = {
      'certificate-name': 'iak',
      'quote-data': base64(sizes ? sized(quote) : quote),
      'quote-signature': base64(signature),
      'up-time': 1024,
      'unsigned-pcr-values': [{ 'tpm20-hash-algo': selection?.['tpm20-hash-algo'], 'pcr-values': values }],
    };
    return { [`${module}:output`]: { 'tpm20-attestation-response': [response] } };
  };
  /** Certificates as CMS without signers, in the order given: what openssl would write as `crl2pkcs7`. */
  const cms = (...certificates: readonly Uint8Array[]): Uint8Array => {
    const tlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
      const body = Buffer.concat(parts);
      const head =
        body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
      return Buffer.concat([Buffer.from([tag, ...head]), body]);
    };
    const oid = (hex: string): Uint8Array => tlv(6, Buffer.from(hex, 'hex'));
    const set = tlv(0xa0, ...certificates);
    const signed = tlv(
      0x30,
      Buffer.from([2, 1, 1]),
      Buffer.from([0x31, 0]),
      tlv(0x30, oid('2a864886f70d010701')),
      set,
      Buffer.from([0x31, 0]),
    );
    return tlv(0x30, oid('2a864886f70d010702'), tlv(0xa0, signed));
  };
  const stored = (data: Uint8Array): object => ({
    'ietf-keystore:asymmetric-keys': {
      'asymmetric-key': [
        { name: 'other', certificates: { certificate: [{ name: 'tls', 'cert-data': base64(new Uint8Array(9)) }] } },
        { name: 'ak', certificates: { certificate: [{ name: 'iak', 'cert-data': base64(data) }] } },
      ],
    },
  });
  const open = async (answer: Answer): Promise<Site> => {
    const anchors = [{ name: 'acme', certificate: base64(acme.anchorDer) }];
    const trust = { anchors, referenceSets: [bootSet], keys: [device.listedAs('aa'.repeat(16))] };
    const site = await Site.open([{ channel: 'restconf', port: await serve(answer) }], trust, 'serial: "EB3-0001"');
    sites.push(site);
    return site;
  };

  it.each([
    ['a bare certificate and quote', () => certificate, false],
    ['CMS, its root before its leaf, and a quote with its length', () => cms(acme.anchorDer, certificate), true],
  ])('is admitted with %s', async (_, data, sizes) => {
    const paths: string[] = [];
    const site = await open((path, body) => {
      paths.push(path);
      return path === operation ? quoted(body, sizes) : path === keystore ? stored(data()) : undefined;
    });
    const view = await site.asked();
    expect(view.attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect(paths).toEqual([keystore, operation]);
    expect([view.attestation.status, view.attestation.assurance, view.decision.access]).toEqual(['affirming', 5, 'admit']);
    expect((await site.asked()).attestation.result?.quote?.since).toBe('running');
  });

  it('is contraindicated with a replayed quote, with PCR values of its own making, and without the certificate that it names', async () => {
    let kept: object | undefined;
    const replaying = await open((path, body) => (path === operation ? (kept ??= quoted(body)) : stored(certificate)));
    await replaying.asked();
    expect((await replaying.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
    const lying = await open((path, body) =>
      path === operation
        ? (JSON.parse(JSON.stringify(quoted(body)).replace(/"pcr-value":"..../, '"pcr-value":"AAAA')) as object)
        : stored(certificate),
    );
    expect((await lying.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    const nameless = await open((path, body) => (path === operation ? quoted(body) : { 'ietf-keystore:asymmetric-keys': {} }));
    expect((await nameless.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'EVIDENCE_MALFORMED' });
  });

  it('whose PCRs changed is contraindicated once a second quote says the same', async () => {
    device.tpm.extend(4, createHash('sha256').update('other loader').digest());
    const site = await open((path, body) => (path === operation ? quoted(body) : stored(certificate)));
    expect((await site.asked()).attestation).toMatchObject({ status: 'none', reason: 'DIGEST_UNKNOWN' });
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'DIGEST_UNKNOWN' });
  });
});

describe('a server that is hostile', () => {
  const ask = async (answer: Answer, type?: string): Promise<Exchange> => {
    const remotePort = await serve(answer, type);
    const nonce = () => makeNonce({ random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort }, 0);
    return restconf.ask({ ip: '127.0.0.1', remotePort, nonce }, 30_000);
  };
  const output = (...responses: readonly object[]): object => ({ [`${module}:output`]: { 'tpm20-attestation-response': responses } });
  const response = { 'certificate-name': 'x', 'quote-data': 'AA==', 'quote-signature': 'AA==' };
  it.each<readonly [string, Answer, string | undefined]>([
    ['has no such operation', () => undefined, undefined],
    ['answers in another type', () => output(response), 'text/html'],
    ['answers with no quote', () => output(), undefined],
    ['answers with too many quotes', () => output(...Array.from({ length: 17 }, () => response)), undefined],
    ['answers with a quote beyond its cap', () => output({ ...response, 'quote-data': 'A'.repeat(16_385) }), undefined],
    [
      'has PCRs that there are none of',
      () => output({ ...response, 'unsigned-pcr-values': [{ 'pcr-values': [{ 'pcr-index': 32, 'pcr-value': '' }] }] }),
      undefined,
    ],
    ['has no keystore', path => (path === operation ? output(response) : undefined), undefined],
  ])('and %s gives no Evidence', async (_, answer, type) => {
    expect(await ask(answer, type)).toMatchObject({ kind: 'failed', failure: 'refused' });
  });
});
