import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, compactVerify, exportJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSigner, lazySigner, type Signer, SigningKeyError, signingKeyFile } from '../../../gateway/edge/store/signing-key.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-key-${process.pid}-`));
  path = join(folder, signingKeyFile);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = new TextEncoder().encode('what leaves this gateway');
const publicKeyOf = ({ spki }: Signer) => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
const isSigned = (signer: Signer, signature: Uint8Array, bytes = text): boolean =>
  verify('sha256', bytes, { key: publicKeyOf(signer), dsaEncoding: 'ieee-p1363' }, signature);

describe('the signing key in a file', () => {
  it('is made at the first start and is the same at the next', async () => {
    const first = await fileSigner(folder);
    const next = await fileSigner(folder);
    expect(next.keyId).toBe(first.keyId);
    expect(isSigned(first, await next.sign(text))).toBe(true);
    expect(isSigned(first, await next.sign(text), text.subarray(1))).toBe(false);
    expect(readdirSync(folder)).toEqual([signingKeyFile]);
  });

  it('is one key for all who start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => fileSigner(folder)));
    expect(new Set(all.map(({ keyId }) => keyId)).size).toBe(1);
  });

  it('is for its owner only', async () => {
    await fileSigner(folder);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('signs what jose accepts, under the thumbprint that jose computes', async () => {
    const signer = await fileSigner(folder);
    const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: signer.keyId })).toString('base64url');
    const body = `${head}.${Buffer.from(text).toString('base64url')}`;
    const token = `${body}.${Buffer.from(await signer.sign(Buffer.from(body))).toString('base64url')}`;
    const { payload } = await compactVerify(token, publicKeyOf(signer));
    expect(Buffer.from(payload).toString()).toBe('what leaves this gateway');
    expect(signer.keyId).toBe(await calculateJwkThumbprint(await exportJWK(publicKeyOf(signer))));
  });

  it.each([0o640, 0o604, 0o620, 0o660])('is refused when others have a right to it (case %#), and kept as it is', async mode => {
    await fileSigner(folder);
    const before = readFileSync(path, 'utf8');
    chmodSync(path, mode);
    await expect(fileSigner(folder)).rejects.toThrow(
      new RegExp(`others may read or change it \\(mode ${mode.toString(8)}\\), must be 600`),
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('asked for when it is needed is read once, and again after it was refused', async () => {
    await fileSigner(folder);
    chmodSync(join(folder, signingKeyFile), 0o640);
    const signer = lazySigner(folder);
    await expect(signer()).rejects.toThrow(SigningKeyError);
    chmodSync(join(folder, signingKeyFile), 0o600);
    const first = await signer();
    expect(await signer()).toBe(first);
  });

  it('is refused as a link, as a folder, and when it holds no key', async () => {
    await fileSigner(folder);
    renameSync(path, join(folder, 'away'));
    symlinkSync(join(folder, 'away'), path);
    await expect(fileSigner(folder)).rejects.toThrow('it is a link');
    rmSync(path);
    mkdirSync(path);
    await expect(fileSigner(folder)).rejects.toThrow('it is not a file');
    rmSync(path, { recursive: true });
    writeFileSync(path, 'no key', { mode: 0o600 });
    await expect(fileSigner(folder)).rejects.toThrow(SigningKeyError);
    expect(readFileSync(path, 'utf8')).toBe('no key');
  });

  it('is refused when it is of another curve or kind', async () => {
    for (const { privateKey } of [generateKeyPairSync('ec', { namedCurve: 'P-384' }), generateKeyPairSync('ed25519')]) {
      writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      await expect(fileSigner(folder)).rejects.toThrow(/Cannot sign with a key of kind (P-384|ed25519)/);
    }
  });
});
