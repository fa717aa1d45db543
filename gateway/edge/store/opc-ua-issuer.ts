import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';
import { ClientCredentialError, readClientCredential } from './client-credential.ts';

/**
 * Who issues the certificates that we open OPC UA channels with. Each of those holds the nonce of one question, so no server can list it; this one it can, with
 * the empty CRL that its stack asks for. Both lie in `folder`/opc-ua for people to take; the key stays in `folder`, mode 0600.
 */
const keyFile = 'opc-ua-client-ca.pem';
export const opcUaExports = { certificate: 'opc-ua/sallyport-client-ca.der', crl: 'opc-ua/sallyport-client-ca.crl' } as const;

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1), modulusLength: 2048 } as const;
const day = 86_400_000;
/** Nobody lists a new one on every controller every other year. */
const lifetime = 20 * 365 * day;

/** Certificate and key of the issuer as PEM; made when there is none. Rejects with ClientCredentialError for one that cannot be used. */
export async function opcUaIssuer(folder: string, now: number): Promise<string> {
  const path = join(folder, keyFile);
  const pem = (await exists(path)) ? readClientCredential(path) : await makeIn(folder, now);
  await share(folder, pem, now);
  return pem;
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    if (error instanceof Error) throw new ClientCredentialError(`Cannot use ${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function makeIn(folder: string, now: number): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial(),
      name: [{ CN: ['Sallyport OPC UA client CA'] }, { O: ['Sallyport'] }],
      notBefore: new Date(now - 2 * day), // before those that it issues, which allow for clocks that are behind
      notAfter: new Date(now + lifetime),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const pem = `${certificate.toString('pem')}\n${key}\n`;
  await put(join(folder, keyFile), pem, 0o600);
  return pem;
}

/** What people take to their servers. Written at each start, so that the CRL is of now and a lost file comes back. */
async function share(folder: string, pem: string, now: number): Promise<void> {
  const certificate = new X509Certificate(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '');
  const crl = await X509CrlGenerator.create(
    {
      issuer: certificate.subject,
      thisUpdate: new Date(now - day),
      nextUpdate: certificate.notAfter,
      entries: [],
      signingAlgorithm: algorithm,
      signingKey: await issuerKey(pem),
      extensions: [await AuthorityKeyIdentifierExtension.create(certificate.publicKey, false, crypto)],
    },
    crypto,
  );
  await mkdir(join(folder, 'opc-ua'), { recursive: true, mode: 0o755 });
  await put(join(folder, opcUaExports.certificate), new Uint8Array(certificate.rawData), 0o644);
  await put(join(folder, opcUaExports.crl), new Uint8Array(crl.rawData), 0o644);
}

/** The key in the PEM of an issuer, ready to sign. Rejects when there is none. */
export function issuerKey(pem: string): Promise<CryptoKey> {
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(pem)?.[0] ?? '';
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, false, ['sign']);
}

async function put(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01; // positive and not zero, RFC 5280 §4.1.2.2
  return bytes.toString('hex');
}
