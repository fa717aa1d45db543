import 'reflect-metadata';
import { Extension } from '@peculiar/x509';
import { type ChildProcess, spawn } from 'node:child_process';
import { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { receive } from '../../../gateway/edge/inbox.ts';
import { lineWriter, readLines } from '../../../gateway/edge/lines.ts';
import type { FromChallenger, LearnedRevocation, ToChallenger } from '../../../gateway/edge/messages.ts';
import type { AnchorRevocation } from '../../../gateway/model/trust.ts';
import { base64 } from '../../attestation/world.ts';
import { labIsMissing } from '../../lab/namespace.ts';
import { oid, sequence, tlv, utf8 } from '../../vectors/der-encode.ts';
import { OpensslCa } from '../../vectors/openssl-ca.ts';
import { type Credential, makeIdevid, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { nodeTls, type Running } from './servers.ts';
import { WebHost } from './web-host.ts';
import { undisturbed } from '../../undisturbed.ts';

/** The real challenger, a CA and responders of OpenSSL, HTTP over a cable. */
const script = join(import.meta.dirname, '../../../gateway/edge/challenge/challenger.ts');
const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('a challenger that may fetch', () => {
  let acme: Vendor;
  let ca: OpensslCa;
  let web: WebHost;
  const devices: { [name: string]: Credential } = {};
  const running: Running[] = [];
  let process_: ChildProcess | undefined;
  let heard: FromChallenger[] = [];
  let send: (message: ToChallenger) => boolean;
  let onHeard: () => void = () => {};

  beforeAll(async () => {
    acme = await makeVendor({ name: 'Acme' });
    ca = new OpensslCa(acme.anchorPem, KeyObject.from(acme.keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString());
    web = new WebHost(1);
    await web.serve();
    const url = (path: string): Uint8Array => tlv(0x86, utf8(`http://${web.ip}${path}`));
    const crlAt = (path: string) => new Extension('2.5.29.31', false, sequence(sequence(tlv(0xa0, tlv(0xa0, url(path))))));
    const ocspAt = (path: string) => new Extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), url(path))));
    const device = async (serial: string, ...more: readonly Extension[]) =>
      (devices[serial] = await makeIdevid(acme, { serial, edit: plan => ({ ...plan, extensions: [...plan.extensions, ...more] }) }));
    await Promise.all([
      device('listed-good', crlAt('/root.crl')),
      device('listed-revoked', crlAt('/root.crl')),
      device('asked-good', ocspAt(':8080/')),
      device('asked-revoked', ocspAt(':8080/')),
      device('asked-of-a-liar', ocspAt(':8081/')),
      device('slow', crlAt('/slow')),
      device('stapling'),
    ]);
    ca.know(Object.fromEntries(Object.entries(devices).map(([name, d]) => [serialOf(d), name.endsWith('revoked') ? 'revoked' : 'good'])));
    web.put('root.crl', Buffer.from(ca.crl().replace(/-----.*-----|\s/g, ''), 'base64'));
    // Another key under the same name, as who sits on the way would use.
    const liar = await makeVendor({ name: 'Acme' });
    const fake = new OpensslCa(liar.anchorPem, KeyObject.from(liar.keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString());
    const responder = (port: string, signer: string) =>
      web.spawnUntil(
        'waiting for OCSP client connections',
        'openssl',
        'ocsp',
        '-index',
        `${ca.folder}/index.txt`,
        '-port',
        port,
        '-rsigner',
        `${signer}/ca.pem`,
        '-rkey',
        `${signer}/ca.key`,
        '-CA',
        `${ca.folder}/ca.pem`,
        '-nmin',
        '60',
      );
    closing.push(fake);
    await Promise.all([responder('8080', ca.folder), responder('8081', fake.folder)]);
  });
  const closing: OpensslCa[] = [];
  afterAll(async () => {
    await web?.close();
    for (const one of [ca, ...closing]) one?.close();
  });
  afterEach(async () => {
    if (process_ !== undefined && process_.exitCode === null) {
      process_.kill('SIGKILL');
      await once(process_, 'exit');
    }
    for (const server of running.splice(0)) await server.close();
  });

  const serialOf = (one: Credential | undefined): string => one?.certificates[0]?.serialNumber ?? '';
  const until = (holds: () => boolean): Promise<void> =>
    new Promise(resolve => {
      onHeard = () => (holds() ? resolve() : undefined);
      onHeard();
    });
  /** A challenger that trusts the vendor so. */
  async function begin(revocation: Partial<AnchorRevocation>, kept: readonly LearnedRevocation[] = []): Promise<void> {
    heard = [];
    process_ = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const channel = process_.stdio[3];
    if (!(channel instanceof Duplex)) throw new Error('no channel');
    channel.on('error', () => {});
    const strict = (why: string): never => {
      throw new Error(why);
    };
    readLines(
      channel,
      value => {
        const message = receive('challenger', value, strict);
        if (message !== undefined) heard.push(message);
        onHeard();
      },
      strict,
    );
    send = lineWriter<ToChallenger>(channel);
    await until(() => heard.length > 0);
    const hosts = [web.ip, `${web.ip}:8080`, `${web.ip}:8081`];
    const anchor = {
      name: 'acme',
      certificate: base64(acme.anchorDer),
      revocation: { whenUnknown: 'refuse', hosts, crl: [], ocsp: true, ...revocation },
    } as const;
    send({ type: 'fetching', management: [], lan: [], now: Date.now() });
    for (const { kind, der } of kept) send({ type: 'kept-revocation', kind, der, seen: Date.now() });
    send({ type: 'trust', trust: { anchors: [anchor], referenceSets: [] } });
  }
  /** Status and reason of a device behind a real TLS server, which may staple. */
  async function judged(name: string, staple?: Buffer): Promise<string> {
    const device = devices[name];
    if (device === undefined) throw new Error(`no device ${name}`);
    const server = await nodeTls(device.chainPem, device.keyPem, {}, staple);
    running.push(server);
    send({
      type: 'challenge',
      challenge: {
        id: name,
        device: 'd1',
        mac: '02:00:00:00:00:01',
        port: 'p1',
        ip: '127.0.0.1',
        channels: [{ channel: 'tls', port: server.port }],
        ttlSeconds: 60,
      },
      localAddress: '127.0.0.1',
      localPorts: [0],
      evidenceTtlSeconds: 60,
      now: Date.now(),
    });
    const outcomes = () => heard.filter(m => m.type === 'outcome').filter(m => m.id === name);
    await until(() => outcomes().length > 0);
    const outcome = outcomes()[0]?.outcome;
    return outcome?.kind === 'appraised' ? `${outcome.result.status} ${outcome.result.reason}` : JSON.stringify(outcome);
  }
  const learned = (): readonly LearnedRevocation[] => heard.filter(m => m.type === 'learned-revocation');
  /** All that an identity without measurements can be: in force. */
  const inForce = 'warning NO_MEASUREMENTS';

  // The challenger waits 2.5 s for a server; what comes later counts for the next time.
  it('learns from the CRL of OpenSSL who is revoked, and asks its web server once', undisturbed, async () => {
    const lists = () => web.requests.filter(r => r.endsWith('/root.crl')).length;
    const before = lists();
    await begin({});
    expect(await judged('listed-good')).toBe(inForce);
    expect(await judged('listed-revoked')).toBe('contraindicated CERT_REVOKED');
    expect(lists() - before).toBe(1);
    expect(learned()).toHaveLength(1);
  });

  it('learns from the responder of OpenSSL who is revoked', undisturbed, async () => {
    await begin({});
    expect(await judged('asked-good')).toBe(inForce);
    expect(await judged('asked-revoked')).toBe('contraindicated CERT_REVOKED');
    expect(learned().map(l => l.kind)).toEqual(['ocsp', 'ocsp']);
  });

  it('does not believe a responder that its issuer never named', async () => {
    await begin({});
    expect(await judged('asked-of-a-liar')).toBe('contraindicated REVOCATION_UNKNOWN');
    expect(learned()).toEqual([]);
  });

  it('takes what a device staples, genuine answers only', async () => {
    await begin({});
    const staple = (serial: string): Buffer => {
      ca.run('ocsp', '-issuer', 'ca.pem', '-serial', `0x${serial}`, '-no_nonce', '-reqout', 'request.der');
      ca.run(
        'ocsp',
        '-index',
        'index.txt',
        '-rsigner',
        'ca.pem',
        '-rkey',
        'ca.key',
        '-CA',
        'ca.pem',
        '-reqin',
        'request.der',
        '-nmin',
        '60',
        '-respout',
        'answer.der',
      );
      return Buffer.from(ca.run('base64', '-in', 'answer.der'), 'base64');
    };
    expect(await judged('stapling', staple(serialOf(devices['stapling'])))).toBe(inForce);
    await begin({});
    expect(await judged('stapling', staple(serialOf(devices['listed-good'])))).toBe('contraindicated REVOCATION_UNKNOWN');
  });

  it('answers though a server never ends, and lets pass what its anchor lets pass', async () => {
    await begin({ whenUnknown: 'tell' });
    expect(await judged('slow')).toBe(inForce);
  });

  it('asks nobody again after a restart for what was kept', undisturbed, async () => {
    await begin({});
    await judged('listed-good');
    const before = web.requests.length;
    await begin({}, learned());
    expect(await judged('listed-revoked')).toBe('contraindicated CERT_REVOKED');
    expect(web.requests).toHaveLength(before);
  });

  it('fetches nothing where nothing is listed', async () => {
    const before = web.requests.length;
    await begin({ hosts: [] });
    expect(await judged('listed-good')).toBe('contraindicated REVOCATION_UNKNOWN');
    expect(web.requests).toHaveLength(before);
  });
});
