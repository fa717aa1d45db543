import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** Longest file, bytes: a chain and a key. */
const maxFile = 65_536;

/** The certificate with which we may show ourselves to devices cannot be used; the message says why and what to do. */
export class ClientCredentialError extends Error {}

/**
 * The PEM file that `challengeClient` names: a certificate with its chain, and its private key without passphrase. Devices that want to know who asks get it
 * shown. Throws ClientCredentialError for one that is not there, that others may read, or that does not fit together.
 */
export function readClientCredential(path: string): string {
  const pem = readOwn(path);
  try {
    createSecureContext({ cert: pem, key: pem });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ClientCredentialError(`Cannot use ${path}: no certificate with its key in PEM (${error.message.slice(0, 120)})`, {
      cause: error,
    });
  }
  return pem;
}

/** Judged by what was opened; a link is not followed and a pipe not waited for. */
function readOwn(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ClientCredentialError(`Cannot use ${path}: ${error.message}`, { cause: error });
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > maxFile) throw new ClientCredentialError(`Cannot use ${path}: no file of at most ${maxFile} bytes`);
    if ((found.mode & 0o077) !== 0)
      throw new ClientCredentialError(
        `Cannot use ${path}: others may read the key in it (mode ${(found.mode & 0o777).toString(8)}); chmod 600 it`,
      );
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
