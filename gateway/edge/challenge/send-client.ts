import type { Millis } from '../../model/address.ts';
import type { Settings } from '../../model/settings.ts';
import type { ToChallenger } from '../messages.ts';
import { opcUaIssuer } from '../store/opc-ua-issuer.ts';
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

/** Hands over who issues our OPC UA certificates, where a zone asks so; made at the first time. Without it each signs itself, and says so. */
export async function sendOpcUaIssuer(
  send: (message: ToChallenger) => boolean,
  { folder, zones, now }: { readonly folder: string; readonly zones: Settings['zones']; readonly now: Millis },
  warn: (line: string) => void,
): Promise<void> {
  if (!zones.some(({ channels }) => channels?.some(({ channel }) => channel === 'opc-ua') === true)) return;
  try {
    send({ type: 'opc-ua-issuer', pem: await opcUaIssuer(folder, now) });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    warn(error.message);
  }
}
