import type { Millis } from '../model/address.ts';
import { DecodeError, Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Longest string that is read, bytes; longer ones are cut by decodeText anyway, but must fit the message. Strings of an array. */
const [maxString, maxItems] = [4096, 64];
const noString = 0xffff_ffff;

/** Numeric ids of the messages that name an application, namespace 0, binary encoding. OPC 10000-6 §A.3. */
export const opcUaTypes = {
  findServersRequest: 422,
  findServersResponse: 425,
  getEndpointsRequest: 428,
  getEndpointsResponse: 431,
  createSessionRequest: 461,
  createSessionResponse: 464,
} as const;

/** OPC 10000-4 §7.2. Untrusted. */
export type OpcUaApplication = {
  readonly applicationUri: string;
  readonly productUri: string;
  readonly applicationName: string;
};

/** What a message says of its sender. */
export type OpcUaIdentity = { readonly application?: OpcUaApplication; readonly certificate?: Uint8Array };

/** OPC 10000-6 §5.2.2.4, §5.2.2.7: a length of -1 is null. */
export function byteString(r: Reader): Uint8Array {
  const length = r.u32le();
  return length === noString ? new Uint8Array(0) : r.take(length);
}

export function string(r: Reader): string {
  const bytes = byteString(r);
  if (bytes.length > maxString) throw new DecodeError(`Cannot read OPC UA: string of ${bytes.length} bytes`);
  return decodeText(bytes).trim();
}

/** From 1601-01-01 to 1970-01-01, both UTC. */
const epochMillis = 11_644_473_600_000;

/** §5.2.2.5: eight octets, little-endian, of 100 ns since 1601. */
export function dateTime(at: Millis): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(Math.trunc(at) + epochMillis) * 10_000n, true);
  return bytes;
}

/** §5.2.2.14. */
function localizedText(r: Reader): string {
  const mask = r.u8();
  if ((mask & 1) !== 0) string(r);
  return (mask & 2) === 0 ? '' : string(r);
}

function strings(r: Reader): void {
  const count = arrayLength(r);
  for (let i = 0; i < count; i++) string(r);
}

/** Items of an array that follow; null is none. §5.2.5. */
export function arrayLength(r: Reader): number {
  const count = r.u32le();
  if (count === noString) return 0;
  if (count > maxItems) throw new DecodeError(`Cannot read OPC UA: array of ${count}`);
  return count;
}

/** The type of the message in a `MSG` body: a NodeId of two or four bytes in namespace 0, else -1. §5.2.2.9. */
export function messageType(r: Reader): number {
  const encoding = r.u8();
  if (encoding === 0) return r.u8();
  return encoding === 1 && r.u8() === 0 ? r.u16le() : -1;
}

/** NodeId of the session token in a request header. */
function skipNodeId(r: Reader): void {
  const encoding = r.u8() & 0x3f;
  if (encoding === 0) r.skip(1);
  else if (encoding === 1) r.skip(3);
  else if (encoding === 2) r.skip(6);
  else if (encoding === 4) r.skip(18);
  else if (encoding === 3 || encoding === 5) {
    r.skip(2);
    byteString(r);
  } else throw r.fault(`node id encoding ${encoding}`);
}

/** ExtensionObject: type, then an encoding with or without a body. §5.2.2.15. */
function skipExtension(r: Reader): void {
  skipNodeId(r);
  if (r.u8() !== 0) byteString(r);
}

/** OPC 10000-4 §7.32. */
function skipRequestHeader(r: Reader): void {
  skipNodeId(r);
  r.skip(16); // timestamp, handle, diagnostics
  string(r); // audit entry
  r.skip(4); // time-out
  skipExtension(r);
}

/** OPC 10000-4 §7.33. Returns the result; 0 is good. Diagnostics that are sent are not understood. */
export function readResponseHeader(r: Reader): number {
  r.skip(12); // timestamp, handle
  const result = r.u32le();
  if (r.u8() !== 0) throw r.fault('diagnostics');
  strings(r);
  skipExtension(r);
  return result;
}

/** ApplicationDescription. */
export function application(r: Reader): OpcUaApplication {
  const [applicationUri, productUri, applicationName] = [string(r), string(r), localizedText(r)];
  r.skip(4); // type
  string(r); // gateway
  string(r); // discovery profile
  strings(r); // discovery URLs
  return { applicationUri, productUri, applicationName };
}

/** What the body behind the type says of its sender; undefined when it is no message that names one. Stops at the first description. */
export function readIdentity(type: number, r: Reader): OpcUaIdentity | undefined {
  switch (type) {
    case opcUaTypes.createSessionRequest: {
      skipRequestHeader(r);
      const client = application(r);
      string(r); // server
      string(r); // endpoint
      string(r); // session name
      byteString(r); // nonce
      return { application: client, certificate: byteString(r) };
    }
    case opcUaTypes.createSessionResponse: {
      if (readResponseHeader(r) !== 0) return {};
      skipNodeId(r);
      skipNodeId(r);
      r.skip(8); // time-out
      byteString(r); // nonce
      return { certificate: byteString(r) };
    }
    case opcUaTypes.getEndpointsResponse: {
      if (readResponseHeader(r) !== 0 || arrayLength(r) === 0) return {};
      string(r); // URL
      return { application: application(r), certificate: byteString(r) };
    }
    case opcUaTypes.findServersResponse:
      // A discovery server speaks of others: only the server that is asked for endpoints speaks of itself.
      return undefined;
    default:
      return undefined;
  }
}
