import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../../gateway/edge/challenge/ask.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { tls } from '../../../gateway/edge/challenge/channels/tls.ts';
import { type Credential, type DiceDevice, makeDiceDevice, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { result, spec, verifier } from '../../attestation/world.ts';
import { closedPort, nodeTls, opensslServer, type Running, tcp } from './servers.ts';
import { undisturbed } from '../../undisturbed.ts';

let acme: Vendor;
let device: DiceDevice;
let stranger: Credential;
const running: Running[] = [];
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  device = await makeDiceDevice(acme, spec);
  stranger = await makeSelfSigned({ cn: 'unrelated' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});
const with_ = async (server: Promise<Running>): Promise<number> => {
  running.push(await server);
  return running[running.length - 1]?.port ?? 0;
};
const nonce = () => makeNonce({ random: new Uint8Array(32), mac: '', ip: '127.0.0.1', remotePort: 0 }, 0);
const shake = (remotePort: number, timeout = 30_000): Promise<Exchange> => tls.ask({ ip: '127.0.0.1', remotePort, nonce }, timeout);
const hashes = (chain: readonly Uint8Array[]): readonly string[] => chain.map(c => createHash('sha256').update(c).digest('hex'));
const certificatesOf = (exchange: Exchange): readonly Uint8Array[] => {
  if (exchange.kind !== 'answered') throw new Error(`${exchange.failure}: ${exchange.detail}`);
  return exchange.evidence.certificates;
};
/** Content types of whole TLS records. */
function recordTypes(bytes: Buffer): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes.readUInt8(at));
  return types;
}

describe('the chain', () => {
  it('comes exactly as sent, unrelated certificates and all, over TLS 1.3 and 1.2', async () => {
    const sent = [...device.chain, ...stranger.chain, acme.anchorDer, ...stranger.chain];
    const pem = device.chainPem + stranger.chainPem + acme.anchorPem + stranger.chainPem;
    for (const [args, protocol] of [
      [[], 'TLSv1.3'],
      [['-tls1_2'], 'TLSv1.2'],
    ] as const) {
      const exchange = await shake(await with_(opensslServer(pem, device.keyPem, args)));
      expect(hashes(certificatesOf(exchange))).toEqual(hashes(sent));
      expect(exchange).toMatchObject({ freshness: { kind: 'handshake', protocol, resumed: false } });
    }
  });

  it('of a good device affirms, of Node and of OpenSSL, and its critical DICE extension does not break the handshake', async () => {
    for (const server of [nodeTls(device.chainPem, device.keyPem), opensslServer(device.chainPem, device.keyPem)]) {
      const judged = result(verifier([acme])(certificatesOf(await shake(await with_(server)))));
      expect(judged).toMatchObject({ status: 'affirming', assurance: 5 });
    }
  });

  it('of a printer comes too, and is no Evidence', async () => {
    const exchange = await shake(await with_(nodeTls(stranger.chainPem, stranger.keyPem)));
    expect(verifier([acme])(certificatesOf(exchange)).kind).toBe('no-evidence');
  });

  it('is of a new handshake each time: no session is offered, none is resumed', async () => {
    const port = await with_(nodeTls(device.chainPem, device.keyPem, { maxVersion: 'TLSv1.2' }));
    for (let i = 0; i < 3; i++) expect(await shake(port)).toMatchObject({ kind: 'answered', freshness: { resumed: false } });
  });

  it('comes over each group that devices have, and over TLS 1.3 on P-256 without a second hello', async () => {
    for (const group of ['X25519', 'P-256', 'P-384', 'P-521', 'ffdhe2048'])
      expect((await shake(await with_(opensslServer(device.chainPem, device.keyPem, ['-tls1_3', '-groups', group])))).kind).toBe(
        'answered',
      );
    const genuine = await with_(opensslServer(device.chainPem, device.keyPem, ['-tls1_3', '-groups', 'P-256']));
    const said: Buffer[] = [];
    const relay = tcp(client => {
      const server = connect({ port: genuine, host: '127.0.0.1' });
      server.on('error', () => {}).pipe(client);
      client.on('close', () => server.destroy());
      client.on('data', (chunk: Buffer) => {
        said.push(chunk);
        server.write(chunk);
      });
    });
    expect((await shake(await with_(relay))).kind).toBe('answered');
    // Of what we say only hellos are handshake records in the clear (RFC 8446 §5).
    expect(recordTypes(Buffer.concat(said)).filter(type => type === 22)).toHaveLength(1);
  });

  it('is asked for with a hello that fits into one segment of Ethernet', async () => {
    const hello = new Promise<number>(resolve => {
      const server = tcp(s => s.once('data', (chunk: Buffer) => resolve((s.destroy(), chunk.readUInt16BE(3) + 5))));
      void with_(server).then(port => shake(port));
    });
    expect(await hello).toBeLessThan(1400);
  });

  it('comes from a server that wants a certificate of ours, over TLS 1.3', async () => {
    expect((await shake(await with_(opensslServer(device.chainPem, device.keyPem, ['-Verify', '1'])))).kind).toBe('answered');
  });
});

describe('what is no TLS, or none that proves anything', () => {
  it('a chain without its key is not presented: the handshake signature is checked', async () => {
    // A relay that changes the signed key exchange of TLS 1.2, as a server without the key would have to make it up.
    const genuine = await with_(
      nodeTls(device.chainPem, device.keyPem, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    );
    const relay = await with_(
      tcp(client => {
        const server = connect({ port: genuine, host: '127.0.0.1' });
        server.on('error', () => {});
        client.on('close', () => server.destroy());
        client.pipe(server);
        server.on('data', (chunk: Buffer) => client.write(spoilKeyExchange(chunk)));
      }),
    );
    expect(await shake(relay)).toMatchObject({
      kind: 'failed',
      failure: 'not-tls',
      detail: expect.stringContaining('signature') as string,
    });
  });

  it('a server with pre-shared keys only, or with TLS 1.1 only, is refused', async () => {
    for (const args of [
      ['-nocert', '-psk', 'abcd'],
      ['-nocert', '-psk', 'abcd', '-tls1_2'],
    ])
      expect(await shake(await with_(opensslServer(undefined, '', args)))).toMatchObject({ kind: 'failed', failure: 'not-tls' });
    const old = opensslServer(device.chainPem, device.keyPem, ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']);
    expect(await shake(await with_(old))).toMatchObject({ kind: 'failed', failure: 'not-tls' });
  });

  it('a handshake signed with SHA-1 is refused, while a weak certificate under a strong signature still comes', async () => {
    const weakArgs = ['-tls1_2', '-cipher', 'DEFAULT:@SECLEVEL=0'];
    const sha1 = opensslServer(device.chainPem, device.keyPem, [...weakArgs, '-sigalgs', 'ECDSA+SHA1']);
    expect(await shake(await with_(sha1))).toMatchObject({ kind: 'failed', failure: 'not-tls' });
    const old = weakPrinter();
    const exchange = await shake(await with_(opensslServer(old.certificate, old.key, weakArgs)));
    expect(verifier([acme])(certificatesOf(exchange)).kind).toBe('no-evidence');
  });

  it('a plain banner is not TLS', async () => {
    expect(await shake(await with_(tcp(s => s.write('220 ready\r\n'))))).toMatchObject({ kind: 'failed', failure: 'not-tls' });
  });

  it('a reset, a goodbye and a closed port are told apart', async () => {
    expect(await shake(await with_(tcp(s => s.resetAndDestroy())))).toMatchObject({ failure: 'reset' });
    expect(await shake(await with_(tcp(s => s.end())))).toMatchObject({ failure: 'reset' });
    expect(await shake(await closedPort())).toMatchObject({ failure: 'refused' });
  });

  it('a silent port ends at the deadline', async () => {
    expect(await shake(await with_(tcp(() => {})), 300)).toMatchObject({ failure: 'timeout' });
  });

  it('a server that drips one byte at a time ends at the deadline', async () => {
    // A record header that promises 16 kB, then a byte now and then.
    const port = await with_(
      tcp(s => {
        s.write(Uint8Array.of(22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc));
        const drip = setInterval(() => (s.destroyed ? clearInterval(drip) : s.write(Uint8Array.of(0))), 20);
      }),
    );
    expect(await shake(port, 400)).toMatchObject({ failure: 'timeout' });
  });

  it('a server that floods is cut off long before the deadline', async () => {
    // Endless records of a handshake message that never ends: empty warnings, which are legal and worth nothing.
    const alert = Uint8Array.of(21, 3, 3, 0, 2, 1, 90);
    const records = Buffer.concat(Array.from({ length: 2000 }, () => alert));
    const port = await with_(
      tcp(s => {
        const more = (): void => {
          while (!s.destroyed && s.write(records));
        };
        s.on('drain', more);
        more();
      }),
    );
    expect(await shake(port)).toMatchObject({ kind: 'failed', failure: 'not-tls' });
  });

  it('an address that we cannot bind is a fault of the lane', async () => {
    const target = { ip: '127.0.0.1', remotePort: await closedPort(), localAddress: '192.0.2.1', nonce };
    expect(await tls.ask(target, 30_000)).toMatchObject({ failure: 'lane' });
  });
});

describe('asking', () => {
  const clock = (): number => performance.now();
  const judge = ({ evidence }: { readonly evidence: { readonly certificates: readonly Uint8Array[] } }) =>
    verifier([acme])(evidence.certificates);
  const question = (ports: readonly number[], localPorts: readonly number[] = []) => ({
    ip: '127.0.0.1',
    channels: ports.map(port => ({ channel: 'tls' as const, port })),
    nonce,
    localAddress: '127.0.0.1',
    localPorts,
  });

  it('takes the first port that yields TLS, from the source port whose lane is open', async () => {
    const from: (number | undefined)[] = [];
    const spare = await closedPort();
    const first = await with_(
      tcp(s => {
        from.push(s.remotePort);
        s.end('no TLS');
      }),
    );
    const second = await with_(nodeTls(device.chainPem, device.keyPem));
    const asked = await ask(question([first, second], [spare]), 30_000, clock, judge);
    expect(asked.evidence?.certificates).toHaveLength(device.chain.length);
    expect(from).toEqual([spare]);
  });

  it('says refused only when all ports refuse, and what tells more otherwise', async () => {
    const [a, b] = [await closedPort(), await closedPort()];
    expect((await ask(question([a, b]), 30_000, clock, judge)).outcome).toMatchObject({ failure: 'refused' });
    const banner = await with_(tcp(s => s.write('220 ready\r\n')));
    expect((await ask(question([a, banner, b]), 30_000, clock, judge)).outcome).toMatchObject({
      failure: 'not-tls',
      detail: expect.stringContaining(`${banner}`) as string,
    });
  });

  it('goes on after a page that never claimed to attest, and falls back on it when nobody does', async () => {
    const printer = await with_(nodeTls(stranger.chainPem, stranger.keyPem));
    const good = await with_(nodeTls(device.chainPem, device.keyPem));
    expect((await ask(question([printer, good]), 30_000, clock, judge)).outcome).toMatchObject({ kind: 'appraised' });
    const fallen = await ask(question([printer, await closedPort()]), 30_000, clock, judge);
    expect(fallen.outcome).toMatchObject({ kind: 'no-evidence' });
    expect(fallen.evidence?.certificates).toHaveLength(1);
  });

  it('without time left blames us, not the device', async () => {
    expect((await ask(question([await closedPort()]), -1, clock, judge)).outcome).toMatchObject({ failure: 'verifier' });
  });

  it('blames us, not the device, for a time-out that comes too late: we stood still', async () => {
    const silent = await with_(tcp(() => {}));
    const late = (ms: number) => {
      let calls = 0;
      return () => (calls++ < 2 ? 0 : 300 + ms); // the end, the beginning; and what it is then
    };
    expect((await ask(question([silent]), 300, late(200), judge)).outcome).toMatchObject({ failure: 'timeout' });
    expect((await ask(question([silent]), 300, late(4_000), judge)).outcome).toMatchObject({
      failure: 'verifier',
      detail: `tls port ${silent}: we stood still when its time was over, for 4000 ms`,
    });
  });

  it('gives a silent port its share of the time only', undisturbed, async () => {
    const silent = await with_(tcp(() => {}));
    const good = await with_(nodeTls(device.chainPem, device.keyPem));
    expect((await ask(question([silent, good]), 2000, clock, judge)).outcome.kind).toBe('appraised');
  });
});

/** RSA-1024 signed with SHA-1, as printers of twenty years ago have it. */
function weakPrinter(): { readonly certificate: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-printer-${process.pid}-`));
  const keyFile = join(folder, 'key.pem');
  try {
    const how = ['-newkey', 'rsa:1024', '-sha1', '-nodes', '-keyout', keyFile, '-subj', '/CN=printer/', '-days', '9'];
    const certificate = execFileSync('openssl', ['req', '-x509', ...how], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return { certificate, key: readFileSync(keyFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Changes the last byte of the ServerKeyExchange (type 12), whose end is its signature (RFC 8422 §5.4). */
function spoilKeyExchange(chunk: Buffer): Buffer {
  const changed = Buffer.from(chunk);
  for (let record = 0; record + 5 < changed.length; record += 5 + changed.readUInt16BE(record + 3)) {
    if (changed[record] !== 22) continue;
    const end = record + 5 + changed.readUInt16BE(record + 3);
    for (let at = record + 5; at + 4 <= end; at += 4 + changed.readUIntBE(at + 1, 3)) {
      const last = at + 3 + changed.readUIntBE(at + 1, 3);
      if (changed[at] === 12 && last < changed.length) changed[last] = (changed[last] ?? 0) ^ 1;
    }
  }
  return changed;
}
