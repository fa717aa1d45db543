import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readReferenceFile, ReferenceFileError, readReferenceKey } from '../../attestation/reference-values.ts';

/** Detached signature of a reference-value file, base64. `pem` is an Ed25519 or ECDSA P-256 private key. */
export function signReference(name: string, bytes: Uint8Array, pem: string): string {
  const key = createPrivateKey(pem);
  const signature = `${sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key).toString('base64')}\n`;
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  // Read back by the code that will read it, so that a file that would be refused is never signed.
  readReferenceFile(name, bytes, signature, [readReferenceKey('signing key', publicPem)]);
  return signature;
}

/** `node gateway/edge/store/sign-reference.ts KEY.pem FILE.json` writes FILE.json.sig. Exit 1 when it would be refused. */
function main([keyFile, file, ...rest]: readonly string[]): void {
  if (keyFile === undefined || file === undefined || rest.length > 0)
    throw new ReferenceFileError('usage: sign-reference KEY.pem FILE.json');
  writeFileSync(`${file}.sig`, signReference(file, readFileSync(file), readFileSync(keyFile, 'utf8')));
  process.stdout.write(`${file}.sig written\n`);
}

if (import.meta.main)
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ReferenceFileError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
