import { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Record content types (RFC 8446 §5.1). */
const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
/** Handshake types that are sent in the clear (RFC 8446 §4, RFC 5246 §7.4). */
export const handshakeTypes = { clientHello: 1, serverHello: 2, certificate: 11, serverHelloDone: 14 } as const;
/** Extension types that we read (RFC 8446 §4.2, RFC 6066, RFC 7301, RFC 8422). */
export const tlsExtensions = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
} as const;

/** Longest record (RFC 5246 §6.2.3) and longest handshake message that we wait for, bytes. */
const [maxRecord, maxMessage] = [16_384 + 2048, 65_536];

/** A handshake message; `body` is behind type and length. */
export type HandshakeMessage = { readonly type: number; readonly body: Uint8Array };

/** The whole handshake messages at the start of one direction, and a Certificate whose first one is whole, as if it were the only one. `isOver`: no more of them will come in the clear. */
export type HandshakeStart = { readonly messages: readonly HandshakeMessage[]; readonly isOver: boolean };

/** Joins the records at the start of one direction of a TLS connection. What has not come yet is no fault. Throws DecodeError. */
export function decodeHandshakeStart(bytes: Uint8Array): HandshakeStart {
  const r = new Reader(bytes, 'TLS record');
  const parts: Uint8Array[] = [];
  let isOver = false;
  while (r.left >= 5 && !isOver) {
    const type = r.u8();
    const major = r.u8();
    r.skip(1); // minor version: middleboxes and old clients put anything here (RFC 8446 §5.1)
    const length = r.u16();
    if (major !== 3 || type < contentTypes.changeCipherSpec || type > contentTypes.applicationData)
      throw r.fault(`type ${type}, version ${major}`);
    if (length > maxRecord) throw r.fault(`length ${length}`);
    if (type === contentTypes.handshake) parts.push(r.take(Math.min(length, r.left)));
    else isOver = true; // what follows is encrypted, or the connection failed
  }
  const found = messages(parts.length === 1 ? (parts[0] ?? bytes) : join(parts));
  return isOver ? { messages: found.messages, isOver } : found;
}

/** A message may be spread over records, and a record may hold several (RFC 8446 §5.1). */
function messages(bytes: Uint8Array): HandshakeStart {
  const r = new Reader(bytes, 'TLS handshake');
  const found: HandshakeMessage[] = [];
  while (r.left >= 4) {
    const type = r.u8();
    const length = r.u8() * 0x10000 + r.u16();
    if (length > maxMessage) throw r.fault(`message of ${length} bytes`);
    if (length > r.left) {
      // Of a chain that is longer than what is kept of a frame, the sender's own certificate is enough.
      const own = type === handshakeTypes.certificate ? ownOf(r.rest()) : undefined;
      if (own !== undefined) found.push({ type, body: own });
      break;
    }
    found.push({ type, body: r.take(length) });
  }
  return { messages: found, isOver: found.some(m => m.type === handshakeTypes.serverHelloDone) };
}

/** The start of a Certificate message as one that ends with its first certificate; undefined while that is not whole. */
function ownOf(begun: Uint8Array): Uint8Array | undefined {
  if (begun.length < 6) return undefined;
  const end = 6 + u24(new Reader(begun.subarray(3), 'TLS Certificate'));
  if (end > begun.length) return undefined;
  const own = begun.slice(0, end);
  own.set([(end - 3) >> 16, ((end - 3) >> 8) & 0xff, (end - 3) & 0xff]);
  return own;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A ClientHello, all lists in the order sent and with GREASE (RFC 8701). Lists whose extension is absent are empty. */
export type ClientHello = {
  readonly version: number;
  readonly ciphers: readonly number[];
  /** Types of the extensions. */
  readonly extensions: readonly number[];
  readonly supportedVersions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly alpn: readonly Uint8Array[];
  readonly serverName?: string;
};

/** RFC 8446 §4.1.2, RFC 5246 §7.4.1.2. Throws DecodeError. */
export function decodeClientHello(body: Uint8Array): ClientHello {
  const r = new Reader(body, 'TLS ClientHello');
  const version = r.u16();
  r.skip(32); // random
  r.skip(r.u8()); // session id
  const ciphers = numbers(r.part(r.u16(), 'TLS list'));
  r.skip(r.u8()); // compression methods
  const found = extensions(r);
  const versions = found.get(tlsExtensions.supportedVersions);
  const formats = found.get(tlsExtensions.pointFormats);
  const names = found.get(tlsExtensions.serverName);
  const serverName = names === undefined ? undefined : hostName(names);
  const hello = {
    version,
    ciphers,
    extensions: Array.from(found.keys()),
    supportedVersions: versions === undefined ? none : numbers(sized(versions, 1)),
    groups: list(found.get(tlsExtensions.supportedGroups)),
    pointFormats: formats === undefined ? none : Array.from(sized(formats, 1).rest()),
    signatureAlgorithms: list(found.get(tlsExtensions.signatureAlgorithms)),
    alpn: protocols(found.get(tlsExtensions.alpn)),
  };
  return serverName === undefined ? hello : { ...hello, serverName };
}

const none: readonly number[] = [];
const list = (value: Reader | undefined): readonly number[] => (value === undefined ? none : numbers(sized(value, 2)));

/** A ServerHello; `version` is the one that was chosen. */
export type ServerHello = { readonly version: number; readonly cipher: number; readonly alpn?: string };

/** RFC 8446 §4.1.3, RFC 5246 §7.4.1.3. Throws DecodeError. */
export function decodeServerHello(body: Uint8Array): ServerHello {
  const r = new Reader(body, 'TLS ServerHello');
  const legacy = r.u16();
  r.skip(32); // random
  r.skip(r.u8()); // session id
  const cipher = r.u16();
  r.skip(1); // compression method
  const found = extensions(r);
  const chosen = found.get(tlsExtensions.supportedVersions);
  const version = chosen === undefined ? legacy : chosen.u16();
  const alpn = protocols(found.get(tlsExtensions.alpn))[0];
  return alpn === undefined ? { version, cipher } : { version, cipher, alpn: decodeText(alpn) };
}

/** The first certificate, which is the sender's own, in DER; undefined when the list is empty (RFC 5246 §7.4.2, §7.4.6). Throws DecodeError. */
export function ownCertificate(body: Uint8Array): Uint8Array | undefined {
  const r = new Reader(body, 'TLS Certificate');
  const list = new Reader(r.take(u24(r)), 'TLS Certificate');
  r.end();
  return list.left === 0 ? undefined : list.take(u24(list));
}

const u24 = (r: Reader): number => r.u8() * 0x10000 + r.u16();

/** By type, in the order sent. A type that occurs twice is an error (RFC 8446 §4.2). SSL 3.0 and old TLS may have no extensions at all. */
function extensions(r: Reader): ReadonlyMap<number, Reader> {
  const found = new Map<number, Reader>();
  if (r.left === 0) return found;
  const all = r.part(r.u16(), 'TLS extensions');
  r.end();
  while (all.left > 0) {
    const type = all.u16();
    if (found.has(type)) throw all.fault(`extension ${type} twice`);
    found.set(type, all.part(all.u16(), 'TLS extension'));
  }
  return found;
}

/** What stands behind a length of one or two bytes, which must cover the rest. */
function sized(value: Reader, lengthBytes: 1 | 2): Reader {
  const found = value.part(lengthBytes === 1 ? value.u8() : value.u16(), 'TLS list');
  value.end();
  return found;
}

function numbers(r: Reader): readonly number[] {
  const found: number[] = [];
  while (r.left > 0) found.push(r.u16());
  return found;
}

/** RFC 7301 §3.1. */
function protocols(value: Reader | undefined): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  if (value === undefined) return found;
  const r = sized(value, 2);
  while (r.left > 0) found.push(r.take(r.u8()));
  return found;
}

/** RFC 6066 §3: only host names are defined. A server's empty answer names none. */
function hostName(value: Reader): string | undefined {
  if (value.left === 0) return undefined;
  const r = sized(value, 2);
  while (r.left > 0) {
    const type = r.u8();
    const length = r.u16();
    if (type === 0) return r.text(length);
    r.skip(length);
  }
  return undefined;
}
