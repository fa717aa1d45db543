import type { X509Certificate } from 'node:crypto';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import type { Ip, Millis } from '../../model/address.ts';
import type { TransportFailure } from '../../model/attestation.ts';
import { maxCertificates } from '../../attestation/evidence.ts';
import type { Freshness } from '../../attestation/scheme.ts';

/** Where to ask, and from where: the lane of the reply is open for exactly this pair. */
export type Target = { readonly ip: Ip; readonly remotePort: number; readonly localAddress?: Ip; readonly localPort?: number };

/** What the TLS handshake gave. `certificates` is the chain exactly as sent, DER, leaf first, untrusted, at most one above the cap. */
export type Exchange =
  | { readonly kind: 'answered'; readonly certificates: readonly Uint8Array[]; readonly freshness: Freshness }
  | { readonly kind: 'failed'; readonly failure: TransportFailure; readonly detail: string };

/** Most bytes that we take from a device in one handshake; OpenSSL's own cap on a chain is 100 kB. */
const maxBytes = 262_144;
const watchEvery: Millis = 20;

/**
 * Suites and algorithms that prove possession and freshness by a signature: no pre-shared keys, no anonymous suites, no RSA key exchange.
 * The security level is off, since weak certificates are ours to judge and to name; what the handshake itself is signed with stays SHA-2
 * or better. No CA is given, so that OpenSSL's path check never succeeds: if it did, Node would read the chain before us (`chainOf`).
 */
const secureContext = createSecureContext({
  ca: [],
  minVersion: 'TLSv1.2',
  ciphers: 'DEFAULT:!aNULL:!eNULL:!PSK:!SRP:!kRSA:@SECLEVEL=0',
  sigalgs: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512',
});

/**
 * One full TLS handshake as a client. Possession and freshness are proved by the handshake signature over our random (TLS 1.3: RFC 8446
 * §4.4.3, TLS 1.2: RFC 5246 §7.4.3), which Node checks in any case; `rejectUnauthorized` is off because a critical DICE extension breaks
 * OpenSSL's path check, and ours follows. Nothing is sent after the handshake. Never rejects.
 */
export function handshake(target: Target, timeout: Millis): Promise<Exchange> {
  return new Promise(resolve => {
    const socket = connect({
      secureContext,
      rejectUnauthorized: false,
      host: target.ip,
      port: target.remotePort,
      ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
      ...(target.localPort === undefined ? {} : { localPort: target.localPort }),
    });
    const finish = (exchange: Exchange): void => {
      clearTimeout(deadline);
      clearInterval(watch);
      if (exchange.kind === 'answered') politely(socket);
      else socket.destroy();
      resolve(exchange);
    };
    const failed = (failure: TransportFailure, detail: string): void => finish({ kind: 'failed', failure, detail });
    const deadline = setTimeout(() => failed('timeout', `no TLS handshake within ${timeout} ms`), timeout);
    const watch = setInterval(() => {
      if (socket.bytesRead > maxBytes) failed('not-tls', `more than ${maxBytes} bytes without a handshake`);
    }, watchEvery);
    socket.on('error', (error: Error) => failed(...failureOf(error)));
    socket.on('close', () => failed('reset', 'closed before the handshake was done'));
    socket.once('secureConnect', () => finish(answer(socket)));
  });
}

function answer(socket: TLSSocket): Exchange {
  return {
    kind: 'answered',
    certificates: chainOf(socket.getPeerX509Certificate()),
    freshness: { kind: 'handshake', protocol: socket.getProtocol() ?? 'unknown', resumed: socket.isSessionReused() },
  };
}

/**
 * The chain exactly as sent. `getPeerX509Certificate` links it by position and only on its first call (a second one has no issuers), while
 * `getPeerCertificate(true)` drops what does not chain by name.
 */
function chainOf(leaf: X509Certificate | undefined): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let c = leaf; c !== undefined && chain.length <= maxCertificates; c = c.issuerCertificate) chain.push(new Uint8Array(c.raw));
  return chain;
}

/** Says goodbye, but waits for none. */
function politely(socket: TLSSocket): void {
  socket.on('data', () => socket.destroy());
  socket.end();
  setTimeout(() => socket.destroy(), 200).unref();
}

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

function failureOf(error: Error): [TransportFailure, string] {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = failures[code] ?? (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_') ? 'not-tls' : 'verifier');
  const words = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return [known, words.replace(/\s+/g, ' ').slice(0, 200)];
}
