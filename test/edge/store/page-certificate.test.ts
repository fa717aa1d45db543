import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extensionOids } from '../../../gateway/codec/x509-extension.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { pageCertificate } from '../../../gateway/edge/store/page-certificate.ts';

const now = Date.UTC(2026, 2, 1);
const day = 86_400_000;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-cert-${process.pid}-`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the certificate of the page', () => {
  it('is made once, names localhost and the host, and fits its key', async () => {
    const first = await pageCertificate(folder, '10.20.4.1', now);
    const parsed = new X509Certificate(first.certificate);
    expect(first.made).toBe(true);
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(parsed.checkIP('::1')).toBeDefined();
    expect(parsed.checkIP('10.20.4.1')).toBe('10.20.4.1');
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkPrivateKey(createPrivateKey(first.key))).toBe(true);
    expect(parsed.ca).toBe(false);
    expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(first.fingerprint).toBe(parsed.fingerprint256);
    const again = await pageCertificate(folder, '10.20.4.1', now);
    expect(again).toEqual({ ...first, made: false });
  });

  it('says that it signs connections and no certificates, so that nobody reads past it', async () => {
    const { certificate } = await pageCertificate(folder, '127.0.0.1', now);
    const read = decodeCertificate(new Uint8Array(new X509Certificate(certificate).raw));
    expect(read.basicConstraints?.ca).toBe(false);
    expect(read.keyUsage).toMatchObject({ digitalSignature: true, keyCertSign: false });
    const critical = read.extensions.filter(e => e.critical).map(e => e.oid);
    expect(critical.toSorted()).toEqual([extensionOids.keyUsage, extensionOids.basicConstraints]);
  });

  it('keeps its key away from other users', async () => {
    await pageCertificate(folder, '127.0.0.1', now);
    expect(statSync(join(folder, 'page.pem')).mode & 0o777).toBe(0o600);
  });

  it('is made anew before it ends and for another host', async () => {
    const first = await pageCertificate(folder, '10.20.4.1', now);
    expect((await pageCertificate(folder, '10.20.4.1', now + 780 * day)).made).toBe(true);
    expect((await pageCertificate(folder, '10.20.4.2', now + 780 * day)).made).toBe(true);
    expect((await pageCertificate(folder, '0.0.0.0', now + 780 * day)).made).toBe(false);
    expect(new X509Certificate(first.certificate).validToDate.getTime() - now).toBeLessThan(825 * day);
  });

  it('is made anew when its file is cut short', async () => {
    await pageCertificate(folder, '127.0.0.1', now);
    const path = join(folder, 'page.pem');
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    expect((await pageCertificate(folder, '127.0.0.1', now)).made).toBe(true);
  });
});
