import type { ToChallenger } from '../messages.ts';
import { ClientCredentialError, readClientCredential } from '../store/client-credential.ts';

/** Hands the certificate that we show ourselves with to a challenger that has just begun. Without one that can be used we show none, and say so. */
export function sendClient(send: (message: ToChallenger) => boolean, path: string, warn: (line: string) => void): void {
  try {
    send({ type: 'client', pem: readClientCredential(path) });
  } catch (error) {
    if (!(error instanceof ClientCredentialError)) throw error;
    warn(error.message);
  }
}
