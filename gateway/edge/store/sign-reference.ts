import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { hashOf, ReferenceFileError, readReferenceKey } from '../../attestation/reference-values.ts';
import { readSuitMap } from '../../attestation/suit-map.ts';
import { isSuitMap, openReferences } from './reference-files.ts';

/** Detached signature of a file of reference values (`.json`, `.corim`, `.suit`), base64. `pem` is an Ed25519 or ECDSA private key. */
function signReference(name: string, bytes: Uint8Array, pem: string): string {
  const key = createPrivateKey(pem);
  const signature = `${sign(hashOf(key) ?? null, bytes, key).toString('base64')}\n`;
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  // Read back by the code that will read it, so that a file that would be refused is never signed.
  const keys = [readReferenceKey('signing key', publicPem)];
  if (isSuitMap(name)) readSuitMap(name, bytes, signature, keys);
  else openReferences(name, bytes, { keys, maps: [] }, signature);
  return signature;
}

/** `node gateway/edge/store/sign-reference.ts KEY.pem FILE` writes FILE.sig. Exit 1 when it would be refused. */
function main([keyFile, file, ...rest]: readonly string[]): void {
  if (keyFile === undefined || file === undefined || rest.length > 0) throw new ReferenceFileError('usage: sign-reference KEY.pem FILE');
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
