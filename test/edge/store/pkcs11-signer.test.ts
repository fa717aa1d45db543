import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pkcs11Signer } from '../../../gateway/edge/store/pkcs11-signer.ts';
import { readSettings } from '../../../gateway/edge/store/settings.ts';
import { SigningKeyError } from '../../../gateway/edge/store/signing-key.ts';

const module = '/usr/lib/softhsm/libsofthsm2.so';
const isThere = existsSync(module) && spawnSync('pkcs11-tool', ['--help']).error === undefined;
const missing = isThere ? undefined : 'there is no SoftHSM or no pkcs11-tool here (packages softhsm2 and opensc)';
if (missing !== undefined) console.log(`skipped: ${missing}`);

describe.skipIf(missing !== undefined)('the signing key in a PKCS #11 token', () => {
  let folder = '';
  let environment: Record<string, string> = {};
  const pin = '471147';
  const settings = () => ({ module, token: 'site', id: '01', pinFile: join(folder, 'pin') });
  const tool = (...args: readonly string[]) =>
    execFileSync('pkcs11-tool', ['--module', module, '--token-label', 'site', '--login', '--pin', pin, ...args], {
      env: { ...process.env, ...environment },
      stdio: 'pipe',
    });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), `sallyport-hsm-${process.pid}-`));
    mkdirSync(join(folder, 'tokens'));
    writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${join(folder, 'tokens')}\n`);
    environment = { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
    const env = { ...process.env, ...environment };
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'site', '--pin', pin, '--so-pin', pin], { env, stdio: 'pipe' });
    tool('--keypairgen', '--key-type', 'EC:prime256v1', '--id', '01', '--label', 'results');
    tool('--keypairgen', '--key-type', 'EC:secp384r1', '--id', '02', '--label', 'other');
  });
  beforeEach(() => {
    writeFileSync(join(folder, 'pin'), `${pin}\n`, { mode: 0o600 });
    chmodSync(join(folder, 'pin'), 0o600);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const text = new TextEncoder().encode('what leaves this gateway');

  it('signs what its public key verifies, under the thumbprint that jose computes', async () => {
    const signer = await pkcs11Signer(settings(), environment);
    const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' });
    const isGood = (signature: Uint8Array, bytes: Uint8Array): boolean =>
      verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
    const signature = await signer.sign(text);
    expect(isGood(signature, text)).toBe(true);
    expect(isGood(signature, text.subarray(1))).toBe(false);
    expect(signer.keyId).toBe(await calculateJwkThumbprint(await exportJWK(key)));
    expect((await pkcs11Signer(settings(), environment)).keyId).toBe(signer.keyId);
  });

  it('is refused with a PIN that others may read, without one, and with a wrong one', async () => {
    chmodSync(join(folder, 'pin'), 0o640);
    await expect(pkcs11Signer(settings(), environment)).rejects.toThrow('others may read or change it (mode 640)');
    rmSync(join(folder, 'pin'));
    await expect(pkcs11Signer(settings(), environment)).rejects.toThrow('there is no PIN in it');
    writeFileSync(join(folder, 'pin'), '000000', { mode: 0o600 });
    const wrong = await pkcs11Signer(settings(), environment);
    await expect(wrong.sign(text)).rejects.toThrow('CKR_PIN_INCORRECT');
  });

  it('is refused when it is no P-256 key, when there is none of that id, and when the token or the library is not there', async () => {
    for (const wrong of [{ id: '02' }, { id: '03' }, { token: 'elsewhere' }, { module: '/absent.so' }])
      await expect(pkcs11Signer({ ...settings(), ...wrong }, environment)).rejects.toThrow(SigningKeyError);
  });

  it('is named in the settings, whole or not at all', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const file = { network: { kind: 'listen', ports: ['eth0'] }, signingKey: { module, token: 'site', id: '01', pinFile: 'pin' } };
    writeFileSync(join(data, 'settings.json'), JSON.stringify(file));
    const { settings: read, problems } = await readSettings(data, () => {});
    expect(problems).toEqual([]);
    expect(read?.signingKey).toEqual({ module, token: 'site', id: '01', pinFile: join(data, 'pin') });
    writeFileSync(
      join(data, 'settings.json'),
      JSON.stringify({ ...file, signingKey: { module: 'relative.so', token: 'site', id: '1' } }, null, 1),
    );
    const wrong = (await readSettings(data, () => {})).problems.join('\n');
    for (const words of ['signingKey.module', 'signingKey.id', 'signingKey.pinFile']) expect(wrong).toContain(words);
  });
});
