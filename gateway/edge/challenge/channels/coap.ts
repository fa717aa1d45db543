import { encode } from 'cborg';
import type { Millis } from '../../../model/address.ts';
import { coapCodes } from '../../../codec/coap.ts';
import { evidenceTypeOf } from '../../../attestation/evidence-type.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import { type Channel, type Exchange, failed, type Failed, type Target } from './channel.ts';
import { type CoapAnswer, CoapClient, type Datagrams } from './coap-client.ts';
import { failureOf } from './failure.ts';
import { withUdp } from './udp-socket.ts';

/** Where a device serves it unless the zone says otherwise: there is no registered path. */
const usualPath = '/attest';
/** Content-Formats: CBOR (RFC 8949) of the question, EAT as CWT (RFC 9782) of the answer. */
const [cbor, eatCwt] = [60, 263];
/** Label of eat_nonce (RFC 9711 §4.1). */
const nonceLabel = 10;

/**
 * FETCH over CoAP (RFC 7252, RFC 8132) with the nonce as a CBOR claims set, `{10: nonce}`; the answer is an EAT as CWT or, where the device has none,
 * what else its Content-Format says: EAT as JWT or CMW. What matters is signed, so that nothing is lost by the open channel but privacy.
 */
export const coap: Channel = { name: 'coap', patience: 10_000, ask: overUdp };

function overUdp(target: Target, left: Millis): Promise<Exchange> {
  return withUdp(target, socket => {
    const datagrams: Datagrams = { send: bytes => socket.send(bytes), heard: () => {}, broke: () => {} };
    socket.on('message', bytes => datagrams.heard(new Uint8Array(bytes)));
    socket.on('error', (error: Error) => datagrams.broke(failureOf(error)));
    return fetchEvidence(datagrams, target, left, { channel: 'CoAP' });
  });
}

/** What the question goes over. `instead`: what stands for Evidence where the device says that it serves none. */
type Over = {
  readonly channel: string;
  readonly exporter?: Uint8Array;
  readonly certificates?: readonly Uint8Array[];
  readonly instead?: Exchange;
};

/** Asks for Evidence over datagrams, whatever protects them. */
export async function fetchEvidence(datagrams: Datagrams, target: Target, left: Millis, over: Over): Promise<Exchange> {
  const client = new CoapClient(datagrams, left);
  const { bytes: nonce, expires } = target.nonce(over.exporter);
  const path = (target.path ?? usualPath).split('/').slice(1);
  const question = { path, contentFormat: cbor, payload: encode(new Map([[nonceLabel, nonce]])) };
  let answer = await client.fetch({ ...question, accept: eatCwt });
  if (answer.kind === 'coap' && answer.code === coapCodes.notAcceptable) answer = await client.fetch(question);
  if (answer.kind === 'failed') return answer;
  const type = answer.contentFormat === undefined ? undefined : evidenceTypeOf(answer.contentFormat);
  if (answer.code !== coapCodes.content || type === undefined) {
    const told = codeFailure(answer);
    return told.failure === 'refused' ? (over.instead ?? told) : told;
  }
  const freshness = { kind: 'nonce', nonce, expires, spent: false, channel: over.channel } as const;
  return { kind: 'answered', evidence: messageEvidence(type, answer.body, over.certificates), freshness };
}

/** What a code other than 2.05 says about the device, or a Content-Format that is no Evidence. */
function codeFailure({ code, contentFormat }: CoapAnswer): Failed {
  const text = `CoAP ${code >> 5}.${String(code & 31).padStart(2, '0')}`;
  if (code >> 5 === 5) return failed('reset', text);
  if (code >> 5 === 2) return failed('refused', `${text} with Content-Format ${contentFormat ?? 'unsaid'}: no Evidence`);
  return failed('refused', `${text}: serves no such thing`);
}
