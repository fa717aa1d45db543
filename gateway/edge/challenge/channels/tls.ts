import { chainEvidence } from '../../../attestation/evidence.ts';
import type { Channel } from './channel.ts';
import { connectTls, politely } from './tls-socket.ts';

/** The chain of a TLS handshake, exactly as sent. Nothing is sent after the handshake. */
export const tls: Channel = {
  name: 'tls',
  ask: async (target, left) => {
    const connection = await connectTls(target, left);
    if (connection.kind === 'failed') return connection;
    const { socket, certificates, staple } = connection;
    const freshness = { kind: 'handshake', protocol: socket.getProtocol() ?? 'unknown', resumed: socket.isSessionReused() } as const;
    politely(socket);
    return { kind: 'answered', evidence: chainEvidence(certificates), freshness, ...(staple === undefined ? {} : { staple }) };
  },
};
