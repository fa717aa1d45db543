import type { KeyObject } from 'node:crypto';
import type { Millis } from '../../model/address.ts';
import { concat } from '../../codec/bytes.ts';
import {
  bodyOf,
  closeChannel,
  getEndpoints,
  hello,
  type OpcUaEndpoint,
  type OpcUaToken,
  openRequest,
  openWithoutSecurity,
  readAsymmetric,
  readEndpoints,
  readOpcUaAnswer,
  readOpened,
  securityModes,
  sequenceHeader,
} from '../../codec/opc-ua-channel.ts';
import { DecodeError, Reader } from '../../codec/reader.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { KeyCache } from '../keys.ts';
import { applicationUri } from './application.ts';
import { chainIn, type OpcUaProof } from './message.ts';
import { type ChannelKeys, channelNonceBytes, decryptOpened, type OpcUaPolicy, opcUaPolicies, policyOf, sealOpen } from './policies.ts';

/** What a client does next, one message and one answer at a time. `parting`: takes leave, and no answer is awaited. */
export type OpcUaStep<T> =
  | { readonly kind: 'send'; readonly message: Uint8Array; readonly afterMs: 0; readonly next: (answer: Uint8Array) => OpcUaStep<T> }
  | { readonly kind: 'done'; readonly value: T; readonly parting?: Uint8Array }
  | { readonly kind: 'failed'; readonly why: string };

const send = <T>(message: Uint8Array, then: (answer: Uint8Array) => OpcUaStep<T>): OpcUaStep<T> => ({
  kind: 'send',
  message,
  afterMs: 0,
  next: answer => reading(() => then(answer)),
});

/** What cannot be read or used ends the conversation. */
function reading<T>(step: () => OpcUaStep<T>): OpcUaStep<T> {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
    return { kind: 'failed', why: error.message };
  }
}

/** The bodies of a whole answer. */
function bodies(answer: Uint8Array, wanted: string): readonly Uint8Array[] {
  const whole = readOpcUaAnswer(answer);
  if (whole === undefined) throw new DecodeError('Cannot read OPC UA: the answer is not whole');
  return bodyOf(whole, wanted);
}
const only = (answer: Uint8Array, wanted: string): Uint8Array => {
  const [first, second] = bodies(answer, wanted);
  if (first === undefined || second !== undefined) throw new DecodeError(`Cannot read OPC UA: ${wanted} in more than one chunk`);
  return first;
};

/** First conversation: the endpoints of a server, told in a channel without security (OPC 10000-4 §5.5.4). Nobody signed them. `at`: the time that is told it. */
export const takeEndpoints = (url: string, at: Millis): OpcUaStep<readonly OpcUaEndpoint[]> =>
  send(hello(url), ack => {
    bodies(ack, 'ACK');
    return send(openWithoutSecurity(at), opened => {
      const token = openedIn(only(opened, 'OPN'));
      return send(getEndpoints(token, url, at), told => ({
        kind: 'done',
        value: readEndpoints(bodies(told, 'MSG'), token),
        parting: closeChannel(token, at),
      }));
    });
  });

function openedIn(body: Uint8Array): OpcUaToken {
  const r = new Reader(body, 'OPC UA');
  readAsymmetric(r);
  const { request, channel, token } = readOpened(r);
  if (request !== 1) throw r.fault('an answer to another request');
  return { channel, token };
}

/** The endpoint to prove itself at: the strongest policy of ours, signed rather than encrypted too, since an OPN is both in any case. */
export function chooseEndpoint(
  endpoints: readonly OpcUaEndpoint[],
): { readonly endpoint: OpcUaEndpoint; readonly policy: OpcUaPolicy } | undefined {
  for (const policy of opcUaPolicies)
    for (const mode of [securityModes.sign, securityModes.signAndEncrypt]) {
      const endpoint = endpoints.find(e => e.policy === policy.uri && e.mode === mode && e.certificate.length > 0);
      if (endpoint !== undefined) return { endpoint, policy };
    }
  return undefined;
}

/** What we prove ourselves with, and random octets for the channel: its nonce, and the number of our request. */
export type ClientParts = {
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
  readonly random: Uint8Array;
  readonly keys: KeyCache;
  readonly at: Millis;
};

/** Second conversation: opens a secure channel and keeps what the server signed. No session follows. */
export const proveChannel = (url: string, endpoint: OpcUaEndpoint, parts: ClientParts): OpcUaStep<OpcUaProof> =>
  reading(() => startProof(url, endpoint, parts));

function startProof(url: string, endpoint: OpcUaEndpoint, { certificate, key, random, keys, at }: ClientParts): OpcUaStep<OpcUaProof> {
  const policy = policyOf(endpoint.policy);
  const [server] = chainIn(endpoint.certificate);
  if (policy === undefined || server === undefined) return { kind: 'failed', why: 'it names no certificate or policy of ours' };
  const leaf = decodeCertificate(server);
  if (leaf.key.kind !== 'rsa' || leaf.key.bits < 2048 || leaf.key.bits > 4096 || leaf.key.bits % 8 !== 0)
    return { kind: 'failed', why: 'its certificate has no RSA key of 2048 to 4096 bits' };
  // A server is the application that its certificate names (OPC 10000-4 §6.1.3). Nobody signs what an endpoint says, so this is no proof, and stands in none.
  if (applicationUri(leaf) !== endpoint.applicationUri)
    return { kind: 'failed', why: 'its certificate is for another application than it says it is' };
  const ends: ChannelKeys = { certificate, key, server, serverKey: keys.get(leaf.spki) };
  const r = new Reader(random, 'random octets');
  const [nonce, number] = [r.take(channelNonceBytes), r.u32() >>> 1];
  const request = concat(sequenceHeader(1, number), openRequest(endpoint.mode, nonce, number, at));
  return send(hello(url), ack => {
    bodies(ack, 'ACK');
    return send(sealOpen(policy, ends, request), answer => ({
      kind: 'done',
      value: { client: certificate, ...opened(answer, policy, key, number) },
    }));
  });
}

/** The answer in clear, cut before the signature. Whose signature it is, and over what, is for the Verifier. */
function opened(answer: Uint8Array, policy: OpcUaPolicy, key: KeyObject, number: number): Pick<OpcUaProof, 'signed' | 'signature'> {
  const body = only(answer, 'OPN');
  const r = new Reader(body, 'OPC UA');
  const { certificate, policy: said } = readAsymmetric(r);
  if (said !== policy.uri) throw new DecodeError('Cannot read OPC UA: it answered with another policy');
  const header = answer.subarray(0, answer.length - r.left);
  const clear = decryptOpened(policy, key, r.rest());
  const [leaf] = chainIn(certificate);
  const sender = leaf === undefined ? undefined : decodeCertificate(leaf).key;
  const signatureBytes = sender?.kind === 'rsa' ? Math.ceil(sender.bits / 8) : 0;
  if (signatureBytes === 0 || signatureBytes >= clear.length) throw new DecodeError('Cannot read OPC UA: the answer has no signature');
  const plain = clear.subarray(0, clear.length - signatureBytes);
  // That it knows our number shows that it could read what was encrypted to it.
  if (readOpened(new Reader(plain, 'OPC UA')).request !== number) throw new DecodeError('Cannot read OPC UA: an answer to another request');
  return { signed: concat(header, plain), signature: clear.slice(clear.length - signatureBytes) };
}
