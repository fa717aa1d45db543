import type { X509Certificate } from 'node:crypto';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { Millis } from '../../../model/address.ts';
import type { TransportFailure } from '../../../model/attestation.ts';
import { maxCertificates } from '../../../attestation/evidence.ts';
import { type Failed, failed, type Target } from './channel.ts';
import { presentDtlsClient } from './dtls-socket.ts';
import { failureOf } from './failure.ts';

/** Most bytes that we take from a device in one handshake; OpenSSL's own cap on a chain is 100 kB. */
const maxBytes = 262_144;
const watchEvery: Millis = 20;

/**
 * Suites and algorithms that prove possession and freshness by a signature: no pre-shared keys, no anonymous suites, no RSA key exchange.
 * The security level is off, since weak certificates are ours to judge and to name; what the handshake itself is signed with stays SHA-2
 * or better. No CA is given, so that OpenSSL's path check never succeeds: if it did, Node would read the chain before us (`chainOf`).
 * Key shares (RFC 8446 §4.2.8, marked `*`) are for the curves that devices have. A post-quantum share protects what is said for years to come, and we say
 * nothing; its 1.2 kB would break the ClientHello into two segments, which small stacks cannot read, and cost as much as the rest of the key exchange.
 */
const contextWith = (client: { readonly cert?: string; readonly key?: string }): SecureContext =>
  createSecureContext({
    ...client,
    ca: [],
    minVersion: 'TLSv1.2',
    ciphers: 'DEFAULT:!aNULL:!eNULL:!PSK:!SRP:!kRSA:@SECLEVEL=0',
    ecdhCurve: '*X25519:*P-256:X448:P-384:P-521:ffdhe2048:ffdhe3072',
    sigalgs: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512',
  });
let secureContext = contextWith({});

/** From now on devices that ask who we are get this certificate shown: PEM with chain and key. Without it they get none. */
export function presentClient(pem: string): void {
  secureContext = contextWith({ cert: pem, key: pem });
  presentDtlsClient(pem);
}

/** A finished handshake. `certificates`: the chain exactly as sent, DER, leaf first, untrusted, at most one above the cap. */
export type TlsConnection = {
  readonly kind: 'connected';
  readonly socket: TLSSocket;
  readonly certificates: readonly Uint8Array[];
  /** The OCSP response that came along (RFC 6066 §8), DER, untrusted. */
  readonly staple?: Uint8Array;
};

/**
 * One full TLS handshake as a client. Possession and freshness are proved by the handshake signature over our random (TLS 1.3: RFC 8446
 * §4.4.3, TLS 1.2: RFC 5246 §7.4.3), which Node checks in any case; `rejectUnauthorized` is off because a critical DICE extension breaks
 * OpenSSL's path check, and ours follows. Never rejects.
 */
export function connectTls(target: Target, timeout: Millis): Promise<TlsConnection | Failed> {
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
    const finish = (result: TlsConnection | Failed): void => {
      clearTimeout(deadline);
      clearInterval(watch);
      if (result.kind === 'failed') socket.destroy();
      resolve(result);
    };
    const fail = (failure: TransportFailure, detail: string): void => finish(failed(failure, detail));
    const deadline = setTimeout(() => fail('timeout', `no TLS handshake within ${Math.round(timeout)} ms`), timeout);
    const watch = setInterval(() => {
      if (socket.bytesRead > maxBytes) fail('not-tls', `more than ${maxBytes} bytes without a handshake`);
    }, watchEvery);
    // Stays: what goes wrong with the socket later must find a listener.
    socket.on('error', (error: Error) => finish(failureOf(error)));
    socket.on('close', () => fail('reset', 'closed before the handshake was done'));
    let stapled = {};
    // Comes before `secureConnect`; null where nothing is stapled.
    socket.on('OCSPResponse', (der: Buffer | null) => (stapled = der === null || der.length === 0 ? {} : { staple: new Uint8Array(der) }));
    const certificates = (): readonly Uint8Array[] => chainOf(socket.getPeerX509Certificate());
    socket.once('secureConnect', () => finish({ kind: 'connected', socket, certificates: certificates(), ...stapled }));
  });
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
export function politely(socket: TLSSocket): void {
  socket.on('data', () => socket.destroy());
  socket.end();
  const timer = setTimeout(() => socket.destroy(), 200).unref();
  // Else the timer would hold on to a socket that has gone.
  socket.on('close', () => clearTimeout(timer));
}
