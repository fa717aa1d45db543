import type { TransportFailure } from '../../../model/attestation.ts';
import { type Failed, failed } from './channel.ts';

/** System errors by what they say about the device. Failures to bind our own end are the lane's. */
const failures: { readonly [code: string]: TransportFailure } = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EINVAL: 'unreachable',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EADDRINUSE: 'lane',
  EADDRNOTAVAIL: 'lane',
  EACCES: 'lane',
  EPERM: 'lane',
  EPROTO: 'not-tls',
};

/** What a socket's error says: about the device where the code is known, else about us. */
export function failureOf(error: Error): Failed {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = failures[code] ?? (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_') ? 'not-tls' : 'verifier');
  const words = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  const told = words.replace(/\s+/g, ' ').slice(0, 200);
  return peerFailure(known, told);
}

/** What a person can do about a server that wants to know us. */
export const wantsUs = 'it may want a certificate of ours (settings: challengeClient)';

/** What the peer said or did, with a hint where it may be that it does not know us. */
export const peerFailure = (failure: TransportFailure, told: string): Failed =>
  failed(failure, wantsToKnowUs.test(told) ? `${told}: ${wantsUs}` : told);

/** What servers say that ask for a client's certificate and get none, or one that they do not trust (RFC 8446 §6.2, RFC 5246 §7.4.6). */
const wantsToKnowUs = /certificate required|bad certificate|unknown ca|certificate unknown|handshake failure|access denied/;
