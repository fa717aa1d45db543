import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientCertificate, issueClientsBy } from '../../../gateway/edge/challenge/channels/client-certificate.ts';
import { opcUa } from '../../../gateway/edge/challenge/channels/opc-ua.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { sendOpcUaIssuer } from '../../../gateway/edge/challenge/send-client.ts';
import { ClientCredentialError } from '../../../gateway/edge/store/client-credential.ts';
import { opcUaExports, opcUaIssuer } from '../../../gateway/edge/store/opc-ua-issuer.ts';
import { good, judge, now, verdict } from '../../attestation/opc-ua-world.ts';
import { zone } from '../../gateway/fixture.ts';
import { serveOpcUa } from '../../vectors/opc-ua-server.ts';
import { tcp, untilTheTestEnds } from './servers.ts';

const on = untilTheTestEnds();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-opcua-${process.pid}-`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const zones = [zone({ channels: [{ channel: 'opc-ua', port: 4840 }] })];
/** What the gateway hands to the challenger, and what it warns of. */
async function handedOver(of = zones) {
  const [sent, warned]: [unknown[], string[]] = [[], []];
  await sendOpcUaIssuer(
    message => sent.push(message) > 0,
    { folder, zones: of, now },
    line => warned.push(line),
  );
  return { sent, warned };
}
let drawn = 0;
async function asked(): Promise<string> {
  /** Trusts whoever the listed issuer signed, once somebody listed one. */
  const trusts = (client: Uint8Array): boolean => {
    if (!existsSync(at(opcUaExports.certificate))) return false;
    const listed = new X509Certificate(readFileSync(at(opcUaExports.certificate)));
    const shown = new X509Certificate(client);
    return shown.checkIssued(listed) && shown.verify(listed.publicKey);
  };
  const remotePort = await on(tcp(socket => serveOpcUa(socket, { ...good, trusts })));
  const random = new Uint8Array(32).fill((drawn += 1));
  const nonce = () => makeNonce({ random, mac: '', ip: '127.0.0.1', remotePort }, now);
  const exchange = await opcUa.ask({ ip: '127.0.0.1', remotePort, localAddress: '127.0.0.1', nonce }, 30_000);
  return exchange.kind === 'failed' ? exchange.detail : verdict(judge(exchange.evidence.bytes, exchange.freshness));
}

describe('an OPC UA server that trusts listed clients only', () => {
  it('refuses a certificate that signed itself, and the answer says what to list', async () =>
    expect(await asked()).toBe(
      'Cannot open channel: it does not trust our certificate; list opc-ua/sallyport-client-ca.der and .crl of the data folder there',
    ));

  it('opens once the issuer in the data folder is listed there, and proves its key as any other', async () => {
    expect(await handedOver([zone()])).toEqual({ sent: [], warned: [] });
    const { sent, warned } = await handedOver();
    expect(warned).toEqual([]);
    const read = order.parse(JSON.parse(JSON.stringify(sent[0])));
    if (read.type !== 'opc-ua-issuer') throw new Error(read.type);
    issueClientsBy(read.pem);
    expect(await asked()).toBe('warning NO_MEASUREMENTS A3');
    expect(await asked()).toBe('warning NO_MEASUREMENTS A3');
  });

  it('finds an issuer and a list of revoked certificates that OpenSSL takes too', async () => {
    const { certificate } = await clientCertificate(new Uint8Array(32).fill(9), now);
    writeFileSync(at('leaf.der'), certificate);
    const openssl = (...args: readonly string[]): string => execFileSync('openssl', args, { encoding: 'utf8', cwd: folder });
    openssl('x509', '-inform', 'DER', '-in', opcUaExports.certificate, '-out', 'ca.pem');
    openssl('x509', '-inform', 'DER', '-in', 'leaf.der', '-out', 'leaf.pem');
    openssl('crl', '-inform', 'DER', '-in', opcUaExports.crl, '-out', 'crl.pem');
    const when = ['-attime', String(Math.floor(now / 1000))];
    const told = openssl(
      'verify',
      ...when,
      '-CAfile',
      'ca.pem',
      '-CRLfile',
      'crl.pem',
      '-crl_check',
      '-purpose',
      'sslclient',
      '-x509_strict',
      'leaf.pem',
    );
    expect(told).toContain('leaf.pem: OK');
  });

  it('need be told once only: the issuer stays over restarts, its key is for its owner alone, and the exports come back', async () => {
    const pem = await opcUaIssuer(folder, now);
    rmSync(at('opc-ua'), { recursive: true });
    expect(await opcUaIssuer(folder, now + 86_400_000)).toBe(pem);
    expect(existsSync(at(opcUaExports.crl))).toBe(true);
    expect(statSync(at('opc-ua-client-ca.pem')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at(opcUaExports.certificate)).includes('PRIVATE')).toBe(false);
    chmodSync(at('opc-ua-client-ca.pem'), 0o644);
    await expect(opcUaIssuer(folder, now)).rejects.toThrow(ClientCredentialError);
    expect(await handedOver()).toMatchObject({ sent: [], warned: [expect.stringContaining('others may read the key in it')] });
  });
});
