import type { Millis } from '../../../model/address.ts';
import { chainEvidence } from '../../../attestation/evidence.ts';
import type { Channel, Exchange, Target } from './channel.ts';
import { fetchEvidence } from './coap.ts';
import { withDtls } from './dtls-socket.ts';
import { withUdp } from './udp-socket.ts';

/**
 * As `coap`, over DTLS 1.2 (RFC 7252 §9): the nonce is bound to the connection, and the server's chain comes along, since a token may be signed by its key.
 * Where the device serves no Evidence, the chain itself is the answer, as by `tls`: that it holds the key was proved in the handshake. Devices that know
 * their peers by shared secrets or bare keys are not asked: neither says whose device it is.
 */
export const coaps: Channel = { name: 'coaps', patience: 10_000, ask };

function ask(target: Target, left: Millis): Promise<Exchange> {
  const end = performance.now() + left;
  return withUdp(target, socket =>
    withDtls<Exchange>(socket, left, async ({ datagrams, certificates, exporter, suite }) => {
      const freshness = { kind: 'handshake', protocol: 'DTLSv1.2', resumed: false } as const;
      const instead = { kind: 'answered', evidence: chainEvidence(certificates), freshness } as const;
      const over = { channel: `CoAPS, DTLS 1.2, ${suite}`, exporter, certificates, instead };
      return fetchEvidence(datagrams, target, Math.max(1, end - performance.now()), over);
    }),
  );
}
