import 'reflect-metadata';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { JsonGeneralName } from '@peculiar/x509';

/** The certificate of the page. `fingerprint` is the SHA-256 of its DER, as browsers show it; print it so that people can compare. */
export type PageCertificate = {
  readonly key: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly made: boolean;
};

const day = 86_400_000;
/** Browsers refuse server certificates that last longer than 825 days. */
const lifetime = 800 * day;
const renewBefore = 30 * day;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Addresses that mean "everywhere" name nothing that a browser could ask for. */
const everywhere = new Set(['0.0.0.0', '::']);

/**
 * The page's key and self-signed certificate in `folder`; made when missing, when it ends within 30 days, or when it does not name
 * `host`. Both stand in one file, so that a crash never leaves a key with another key's certificate. Rejects when the folder cannot be written.
 */
export async function pageCertificate(folder: string, host: string, now: number): Promise<PageCertificate> {
  const path = join(folder, 'page.pem');
  const names = wantedNames(host);
  const kept = await readKept(path, names, now);
  if (kept !== undefined) return { ...kept, made: false };
  const fresh = await make(names, now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${fresh.key}\n${fresh.certificate}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return { ...fresh, made: true };
}

function wantedNames(host: string): readonly string[] {
  const names = ['localhost', '127.0.0.1', '::1', hostname().toLowerCase(), ...(everywhere.has(host) ? [] : [host.toLowerCase()])];
  return [...new Set(names.filter(name => isIP(name) !== 0 || /^[a-z0-9][a-z0-9.-]{0,252}$/.test(name)))];
}

async function readKept(path: string, names: readonly string[], now: number) {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text)?.[0];
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  if (key === undefined || certificate === undefined) return undefined;
  const parsed = new X509Certificate(certificate);
  const named = new Set(parsed.getExtension(SubjectAlternativeNameExtension)?.names.items.map(item => item.value));
  if (parsed.notAfter.getTime() - now < renewBefore || !names.every(name => named.has(name))) return undefined;
  await chmod(path, 0o600);
  return { key, certificate, fingerprint: fingerprintOf(parsed) };
}

async function make(names: readonly string[], now: number) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01; // positive and not zero, RFC 5280 §4.1.2.2
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial.toString('hex'),
      name: 'CN=Sallyport page',
      notBefore: new Date(now - day), // the clock of the browser may be behind
      notAfter: new Date(now + lifetime),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value): JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      ],
    },
    crypto,
  );
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key, certificate: certificate.toString('pem'), fingerprint: fingerprintOf(certificate) };
}

function fingerprintOf(certificate: X509Certificate): string {
  const hex = createHash('sha256').update(new Uint8Array(certificate.rawData)).digest('hex').toUpperCase();
  return (hex.match(/../g) ?? []).join(':');
}
