import type { X509Certificate } from 'node:crypto';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import type { Millis } from '../../../model/address.ts';
import type { TransportFailure } from '../../../model/attestation.ts';
import { chainEvidence, maxCertificates } from '../../../attestation/evidence.ts';
import { type Channel, type Exchange, failed, type Target } from './channel.ts';
import { failureOf } from './failure.ts';

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

/** The chain of a TLS handshake: exactly as sent, at most one certificate above the cap. */
export const tls: Channel = { name: 'tls', ask: handshake };

/**
 * One full TLS handshake as a client. Possession and freshness are proved by the handshake signature over our random (TLS 1.3: RFC 8446
 * §4.4.3, TLS 1.2: RFC 5246 §7.4.3), which Node checks in any case; `rejectUnauthorized` is off because a critical DICE extension breaks
 * OpenSSL's path check, and ours follows. Nothing is sent after the handshake. Never rejects.
 */
function handshake(target: Target, timeout: Millis): Promise<Exchange> {
  return new Promise(resolve => {
    const socket = connect({
      secureContext,
      rejectUnauthorized: false,
      requestOCSP: true,
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
    const fail = (failure: TransportFailure, detail: string): void => finish(failed(failure, detail));
    const deadline = setTimeout(() => fail('timeout', `no TLS handshake within ${timeout} ms`), timeout);
    const watch = setInterval(() => {
      if (socket.bytesRead > maxBytes) fail('not-tls', `more than ${maxBytes} bytes without a handshake`);
    }, watchEvery);
    socket.on('error', (error: Error) => finish(failureOf(error)));
    socket.on('close', () => fail('reset', 'closed before the handshake was done'));
    let staple: Uint8Array | undefined;
    // Before `secureConnect`; null where nothing is stapled.
    socket.on('OCSPResponse', (der: Buffer | null) => (staple = der === null || der.length === 0 ? undefined : new Uint8Array(der)));
    socket.once('secureConnect', () => finish(answer(socket, staple)));
  });
}

function answer(socket: TLSSocket, staple: Uint8Array | undefined): Exchange {
  return {
    kind: 'answered',
    evidence: chainEvidence(chainOf(socket.getPeerX509Certificate())),
    freshness: { kind: 'handshake', protocol: socket.getProtocol() ?? 'unknown', resumed: socket.isSessionReused() },
    ...(staple === undefined ? {} : { staple }),
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
