import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Millis } from '../../../model/address.ts';
import { DtlsClient, type DtlsState } from '../../../attestation/dtls/client.ts';
import type { DtlsIdentity } from '../../../attestation/dtls/handshake.ts';
import { KeyCache } from '../../../attestation/keys.ts';
import { type Failed, failed } from './channel.ts';
import type { Datagrams } from './coap-client.ts';
import { failureOf, peerFailure, wantsUs } from './failure.ts';

/** Keys of the servers we spoke to last. */
const keys = new KeyCache(64);
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
let identity: DtlsIdentity | undefined;

/** From now on servers that ask who we are get this certificate shown: PEM with chain and key. Without it they get none. */
export function presentDtlsClient(pem: string): void {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  const key = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----/s)?.[0] ?? '';
  identity = { certificates: certificates.map(one => new Uint8Array(new X509Certificate(one).raw)), key: createPrivateKey(key) };
}

/** A finished handshake. `certificates`: the chain exactly as sent, DER, own first, untrusted. `datagrams` carries what runs inside. */
export type DtlsConnection = {
  readonly datagrams: Datagrams;
  readonly certificates: readonly Uint8Array[];
  /** Keying material of this connection (RFC 9266 §4.2), which a nonce is bound to. */
  readonly exporter: Uint8Array;
  readonly suite: string;
};

/**
 * Runs `talk` inside a DTLS connection over a socket that is connected to one peer, and takes leave. `left`: for the handshake, repetitions and all; a server
 * that never ends it costs no more. Never rejects for what the peer does.
 */
export async function withDtls<T>(socket: Socket, left: Millis, talk: (connection: DtlsConnection) => Promise<T>): Promise<T | Failed> {
  const client = new DtlsClient({ random, keys, ...(identity === undefined ? {} : { identity }) });
  const send = (datagrams: readonly Uint8Array[]): void => datagrams.forEach(datagram => socket.send(datagram));
  const datagrams: Datagrams = {
    send: bytes => {
      const { state } = client;
      if (state.kind === 'open') send([client.write(bytes)]);
      // Told once whoever wants to say something is ready to hear that nobody is there.
      if (state.kind === 'failed') queueMicrotask(() => datagrams.broke(failureIn(state)));
    },
    heard: () => {},
    broke: () => {},
  };
  let timer: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  try {
    const problem = await new Promise<Failed | undefined>(resolve => {
      datagrams.broke = resolve;
      deadline = setTimeout(() => {
        const why = `no DTLS handshake within ${Math.round(left)} ms`;
        resolve(failed('timeout', client.isStranger ? `${why}; ${wantsUs}` : why));
      }, left);
      /** After each event: tells whoever waits, and sets the alarm for the next. */
      const settle = (): void => {
        clearTimeout(timer);
        if (client.state.kind === 'open') {
          clearTimeout(deadline);
          resolve(undefined);
        }
        if (client.state.kind === 'failed') datagrams.broke(failureIn(client.state));
        if (client.wakeAt === undefined) return;
        const wake = (): void => {
          send(client.tick(performance.now()));
          settle();
        };
        timer = setTimeout(wake, Math.max(1, client.wakeAt - performance.now()));
      };
      socket.on('error', (error: Error) => datagrams.broke(failureOf(error)));
      socket.on('message', bytes => {
        const step = client.take(new Uint8Array(bytes), performance.now());
        send(step.send);
        // First what was said, then that it hung up.
        step.heard.forEach(one => datagrams.heard(one));
        settle();
      });
      send(client.start(performance.now()));
      settle();
    });
    if (problem !== undefined) return problem;
    return await talk({
      datagrams,
      certificates: client.certificates,
      exporter: client.exporter('EXPORTER-Channel-Binding', 32, new Uint8Array()),
      suite: client.suite?.name ?? 'unknown',
    });
  } finally {
    clearTimeout(timer);
    clearTimeout(deadline);
    send(client.close());
  }
}

/** What breaks a handshake says that it is no server of ours; what it says itself, or does later, that it does not want. */
const failureIn = ({ why, isPeers }: Extract<DtlsState, { readonly kind: 'failed' }>): Failed =>
  isPeers && why === 'closed the connection' ? failed('reset', why) : peerFailure('not-tls', why);
