import { randomBytes } from 'node:crypto';
import { KeyCache } from '../../../attestation/keys.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import { nonceBytes } from '../../../attestation/scheme.ts';
import { chooseEndpoint, proveChannel, takeEndpoints } from '../../../attestation/opc-ua/client.ts';
import { writeOpcUaProof } from '../../../attestation/opc-ua/message.ts';
import { maxOpcUaAnswer, readOpcUaAnswer } from '../../../codec/opc-ua-channel.ts';
import { authority, type Channel, type Exchange, failed, type Target } from './channel.ts';
import { clientCertificate } from './client-certificate.ts';
import { talk } from './tcp-talk.ts';

const framing = {
  write: (message: Uint8Array): Uint8Array => message,
  read: (heard: Uint8Array): Uint8Array | undefined => (readOpcUaAnswer(heard) === undefined ? undefined : heard),
  maxBytes: maxOpcUaAnswer,
};
const keys = new KeyCache(64);

/**
 * OPC UA over TCP: takes the endpoints, then opens a secure channel in a connection of its own, to a certificate of ours that holds our nonce. It makes no session,
 * names no user, reads and writes nothing. Servers that trust only clients whom somebody listed do not open it until they trust who issues our certificates.
 */
export const opcUa: Channel = { name: 'opc-ua', ask };

async function ask(target: Target, left: number): Promise<Exchange> {
  const end = performance.now() + left;
  const url = `opc.tcp://${authority(target)}`;
  // The second connection leaves from the same port: the first must be gone on both sides before.
  const told = await talk(target, left, takeEndpoints(url, Date.now()), framing, 'gone');
  if (told.kind === 'failed') return told;
  const choice = chooseEndpoint(told.value);
  if (choice === undefined) return failed('refused', `it has ${told.value.length} endpoints, none with a security policy of ours`);
  const { bytes, expires } = target.nonce();
  const nonce = bytes.subarray(0, nonceBytes);
  const own = await clientCertificate(nonce, expires);
  const step = proveChannel(url, choice.endpoint, { ...own, random: randomBytes(36), keys, at: Date.now() });
  const proof = await talk(target, Math.max(1, end - performance.now()), step, framing);
  if (proof.kind === 'failed') return proof;
  return {
    kind: 'answered',
    evidence: messageEvidence('application/vnd.sallyport.opcua-server', writeOpcUaProof(proof.value)),
    freshness: { kind: 'nonce', nonce, expires, spent: false, channel: `OPC UA secure channel, ${choice.policy.name}` },
  };
}
