import type { Millis } from '../model/address.ts';
import { concat } from './bytes.ts';
import { application, arrayLength, byteString, dateTime, messageType, readResponseHeader, string } from './opc-ua.ts';
import { DecodeError, Reader } from './reader.ts';
import { decodeText } from './text.ts';

/**
 * The connection protocol of OPC UA over TCP as a client needs it to take a server's endpoints and to open a channel: OPC 10000-6 §6.7 (secure
 * conversation) and §7.1 (TCP), services by OPC 10000-4 §5.5, encoded by §5.2; numbers little-endian. No session is made. All that is read is untrusted.
 */

/** Numeric ids of the messages, namespace 0, binary encoding (OPC 10000-6 §A.3). */
const types = {
  serviceFault: 397,
  getEndpointsRequest: 428,
  getEndpointsResponse: 431,
  openRequest: 446,
  openResponse: 449,
  closeRequest: 452,
} as const;
export const policyNone = 'http://opcfoundation.org/UA/SecurityPolicy#None';
/** OPC 10000-4 §7.20. */
export const securityModes = { none: 1, sign: 2, signAndEncrypt: 3 } as const;

/** Most that we take in one answer, bytes and chunks; said in the Hello. */
export const maxOpcUaAnswer = 131_072;
const maxChunks = 16;
const bufferBytes = 65_535;

const u32 = (n: number): Uint8Array => Uint8Array.of(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);
/** A string or byte string with its length; undefined is null (§5.2.2.4). */
const counted = (bytes: Uint8Array | undefined): readonly Uint8Array[] =>
  bytes === undefined ? [u32(0xffff_ffff)] : [u32(bytes.length), bytes];
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A final chunk (§6.7.2.2): three letters, `F`, the size of all of it. `extra`: bytes that are still to be added. */
export const chunkHeader = (type: string, bodyBytes: number): Uint8Array => concat(utf8(`${type}F`), u32(bodyBytes + 8));
const chunk = (type: string, ...body: readonly Uint8Array[]): Uint8Array => {
  const whole = concat(...body);
  return concat(chunkHeader(type, whole.length), whole);
};
const typeId = (id: number): Uint8Array => Uint8Array.of(1, 0, id & 255, id >> 8);
/** OPC 10000-4 §7.32: no session, the time, which some servers insist on, a handle, no diagnostics, no audit entry, five seconds, nothing more. */
const requestHeader = (handle: number, at: Millis): Uint8Array =>
  concat(Uint8Array.of(0, 0), dateTime(at), u32(handle), u32(0), u32(0xffff_ffff), u32(5000), Uint8Array.of(0, 0, 0));

/** §7.1.2.3. */
export const hello = (url: string): Uint8Array =>
  chunk('HEL', u32(0), u32(bufferBytes), u32(bufferBytes), u32(maxOpcUaAnswer), u32(maxChunks), ...counted(utf8(url)));

/** Body of OpenSecureChannel (OPC 10000-4 §5.5.2): a new channel for ten seconds. */
export const openRequest = (mode: number, nonce: Uint8Array | undefined, handle: number, at: Millis): Uint8Array =>
  concat(typeId(types.openRequest), requestHeader(handle, at), u32(0), u32(0), u32(mode), ...counted(nonce), u32(10_000));

/** Asymmetric security header (§6.7.2.3) with the channel before it: a new one. */
export const asymmetricHeader = (policy: string, certificate?: Uint8Array, thumbprint?: Uint8Array): Uint8Array =>
  concat(u32(0), ...counted(utf8(policy)), ...counted(certificate), ...counted(thumbprint));
export const sequenceHeader = (sequence: number, request: number): Uint8Array => concat(u32(sequence), u32(request));

/** Opens a channel without security: in it every server tells its endpoints. */
export const openWithoutSecurity = (at: Millis): Uint8Array =>
  chunk('OPN', asymmetricHeader(policyNone), sequenceHeader(1, 1), openRequest(securityModes.none, undefined, 1, at));

export type OpcUaToken = { readonly channel: number; readonly token: number };
const inChannel = ({ channel, token }: OpcUaToken, request: number): Uint8Array =>
  concat(u32(channel), u32(token), sequenceHeader(request, request));

export const getEndpoints = (opened: OpcUaToken, url: string, at: Millis): Uint8Array =>
  chunk(
    'MSG',
    inChannel(opened, 2),
    typeId(types.getEndpointsRequest),
    requestHeader(2, at),
    ...counted(utf8(url)),
    u32(0xffff_ffff),
    u32(0xffff_ffff),
  );

/** §7.1.4: it has no answer; the server closes the connection. */
export const closeChannel = (opened: OpcUaToken, at: Millis): Uint8Array =>
  chunk('CLO', inChannel(opened, 3), typeId(types.closeRequest), requestHeader(3, at));

/** An answer as it came, chunk after chunk: its type, and the bodies behind the size. */
export type OpcUaAnswer = { readonly type: string; readonly bodies: readonly Uint8Array[] };

/** The answer in what came so far; undefined while it is not whole. Throws DecodeError for more than one. */
export function readOpcUaAnswer(bytes: Uint8Array): OpcUaAnswer | undefined {
  const r = new Reader(bytes, 'OPC UA');
  const bodies: Uint8Array[] = [];
  let first: string | undefined;
  for (let isFinal = false; !isFinal; ) {
    if (r.left < 8) return undefined;
    const type = decodeText(r.take(3));
    const kind = r.u8();
    const size = r.u32le();
    first ??= type;
    if (type !== first || (kind !== 0x46 && kind !== 0x43)) throw r.fault(`chunk ${type.slice(0, 3)} 0x${kind.toString(16)}`);
    if (size < 8 || size > maxOpcUaAnswer || bodies.length >= maxChunks) throw r.fault(`chunk ${bodies.length + 1} of ${size} bytes`);
    if (r.left < size - 8) return undefined;
    bodies.push(r.take(size - 8));
    isFinal = kind === 0x46;
  }
  r.end();
  return { type: first ?? '', bodies };
}

/** What a person can do about it; the files are made by `edge/store/opc-ua-issuer.ts`. */
const toDo = 'list opc-ua/sallyport-client-ca.der and .crl of the data folder there';
/** Refusals that a client of ours meets (OPC 10000-6 §A.2). */
const refusals: ReadonlyMap<number, string> = new Map([
  [0x8013_0000, `it does not trust our certificate, or does not say why; ${toDo}`],
  [0x801a_0000, `it does not trust our certificate; ${toDo}`],
  [0x801b_0000, `it knows no CRL of who issued our certificate; ${toDo}`],
  [0x801c_0000, `it knows no CRL above who issued our certificate; ${toDo}`],
  [0x810d_0000, `it does not know who issued our certificate; ${toDo}`],
  [0x8012_0000, 'it finds our certificate invalid'],
  [0x8023_0000, 'it does not take the time that our clock says'],
  [0x8055_0000, 'it rejects the security policy'],
  [0x8054_0000, 'it rejects the security mode'],
]);

/** The body of an answer that must be of this type and of one chunk unless `many`. Throws DecodeError, which says what the server said. */
export function bodyOf({ type, bodies }: OpcUaAnswer, wanted: string): readonly Uint8Array[] {
  if (type === 'ERR') {
    const code = new Reader(bodies[0] ?? new Uint8Array(), 'OPC UA error').u32le();
    throw new DecodeError(`Cannot open channel: ${refusals.get(code) ?? `error 0x${code.toString(16)}`}`);
  }
  if (type !== wanted || bodies.length === 0) throw new DecodeError(`Cannot read OPC UA: ${type} in place of ${wanted}`);
  return bodies;
}

/** What an OPN says before what may be encrypted. */
export type OpcUaAsymmetric = { readonly policy: string; readonly certificate: Uint8Array; readonly thumbprint: Uint8Array };

/** Reads the security header of an OPN, at the channel. */
export function readAsymmetric(r: Reader): OpcUaAsymmetric {
  r.skip(4);
  return { policy: string(r), certificate: byteString(r), thumbprint: byteString(r) };
}

/** Reads an OpenSecureChannel response from its sequence header on. Throws DecodeError when the server declined. */
export function readOpened(r: Reader): OpcUaToken & { readonly request: number; readonly nonce: Uint8Array } {
  r.skip(4);
  const request = r.u32le();
  const type = messageType(r);
  if (type !== types.openResponse && type !== types.serviceFault) throw r.fault(`message type ${type}`);
  const result = readResponseHeader(r);
  if (type === types.serviceFault || result !== 0)
    throw new DecodeError(`Cannot open channel: ${refusals.get(result) ?? `result 0x${result.toString(16)}`}`);
  r.skip(4); // protocol
  const [channel, token] = [r.u32le(), r.u32le()];
  r.skip(12); // created, lifetime
  return { request, channel, token, nonce: byteString(r) };
}

/** One endpoint (OPC 10000-4 §7.14). Nobody signed it. */
export type OpcUaEndpoint = {
  readonly applicationUri: string;
  readonly certificate: Uint8Array;
  readonly mode: number;
  readonly policy: string;
};

/** Endpoints out of the bodies of a GetEndpoints answer: channel, token, sequence, request, then each piece of the message. Throws DecodeError. */
export function readEndpoints(bodies: readonly Uint8Array[], { channel }: OpcUaToken): readonly OpcUaEndpoint[] {
  const pieces = bodies.map(body => {
    const r = new Reader(body, 'OPC UA');
    if (r.u32le() !== channel) throw r.fault('another channel');
    r.skip(8);
    if (r.u32le() !== 2) throw r.fault('an answer to another request');
    return r.rest();
  });
  const r = new Reader(concat(...pieces), 'OPC UA endpoints');
  const type = messageType(r);
  const result = readResponseHeader(r);
  if (type === types.serviceFault)
    throw new DecodeError(`Cannot take endpoints: ${refusals.get(result) ?? `result 0x${result.toString(16)}`}`);
  if (type !== types.getEndpointsResponse || result !== 0) throw r.fault(`message type ${type}, result 0x${result.toString(16)}`);
  const found = Array.from({ length: arrayLength(r) }, () => endpoint(r));
  r.end();
  return found;
}

function endpoint(r: Reader): OpcUaEndpoint {
  string(r); // URL
  const { applicationUri } = application(r);
  const certificate = byteString(r);
  const mode = r.u32le();
  const policy = string(r);
  for (let tokens = arrayLength(r); tokens > 0; tokens--) {
    string(r); // policy id
    r.skip(4); // type
    for (let i = 0; i < 3; i++) string(r); // issued type, issuer, policy
  }
  string(r); // transport
  r.skip(1); // level
  return { applicationUri, certificate, mode, policy };
}
