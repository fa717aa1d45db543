import { concat } from './bytes.ts';
import { u24 } from './dtls-handshake.ts';
import { dtls10, dtls12, uint, vector } from './dtls-record.ts';
import { Reader } from './reader.ts';

/** Extensions that we send (RFC 8422 §5.1, RFC 5246 §7.4.1.4.1, RFC 7627 §5.1, RFC 5746 §3.2). */
export const dtlsExtensions = {
  groups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  extendedMasterSecret: 23,
  renegotiationInfo: 0xff01,
} as const;
export const randomBytesOfHello = 32;

export type DtlsClientHello = {
  readonly random: Uint8Array;
  /** Empty in the first one (RFC 6347 §4.2.1). */
  readonly cookie: Uint8Array;
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly schemes: readonly number[];
};

const numbers = (values: readonly number[]): Uint8Array => vector(2, ...values.map(value => uint(value, 2)));

/** Body of a ClientHello without session, for uncompressed points and no compression. */
export function encodeDtlsClientHello({ random, cookie, suites, groups, schemes }: DtlsClientHello): Uint8Array {
  const extension = (type: number, ...data: readonly Uint8Array[]): Uint8Array => concat(uint(type, 2), vector(2, ...data));
  const extensions = [
    extension(dtlsExtensions.renegotiationInfo, vector(1)),
    extension(dtlsExtensions.extendedMasterSecret),
    extension(dtlsExtensions.groups, numbers(groups)),
    extension(dtlsExtensions.pointFormats, vector(1, Uint8Array.of(0))),
    extension(dtlsExtensions.signatureAlgorithms, numbers(schemes)),
  ];
  const head = concat(uint(dtls12, 2), random, vector(1), vector(1, cookie));
  return concat(head, numbers(suites), vector(1, Uint8Array.of(0)), vector(2, ...extensions));
}

/** The cookie of a HelloVerifyRequest; which version it names decides nothing (RFC 6347 §4.2.1). Throws DecodeError. */
export function decodeHelloVerifyRequest(body: Uint8Array): Uint8Array {
  const r = new Reader(body, 'DTLS HelloVerifyRequest');
  const version = r.u16();
  if (version !== dtls10 && version !== dtls12) throw r.fault(`version ${version.toString(16)}`);
  const cookie = r.take(r.u8());
  r.end();
  return cookie;
}

export type DtlsServerHello = {
  readonly version: number;
  readonly random: Uint8Array;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: ReadonlyMap<number, Uint8Array>;
};

/** RFC 5246 §7.4.1.3. Throws DecodeError, for an extension that comes twice too. */
export function decodeDtlsServerHello(body: Uint8Array): DtlsServerHello {
  const r = new Reader(body, 'DTLS ServerHello');
  const [version, random] = [r.u16(), r.take(randomBytesOfHello)];
  const session = r.take(r.u8());
  if (session.length > 32) throw r.fault(`session id of ${session.length} bytes`);
  const [suite, compression] = [r.u16(), r.u8()];
  const extensions = new Map<number, Uint8Array>();
  if (r.left > 0) {
    const list = new Reader(r.take(r.u16()), 'DTLS ServerHello extensions');
    while (list.left > 0) {
      const type = list.u16();
      if (extensions.has(type)) throw list.fault(`extension ${type} twice`);
      extensions.set(type, list.take(list.u16()));
    }
  }
  r.end();
  return { version, random, suite, compression, extensions };
}

/** Certificates, DER, the sender's own first (RFC 5246 §7.4.2). Throws DecodeError. */
export function decodeCertificateList(body: Uint8Array): readonly Uint8Array[] {
  const r = new Reader(body, 'DTLS Certificate');
  const list = new Reader(r.take(u24(r)), 'DTLS Certificate');
  r.end();
  const certificates: Uint8Array[] = [];
  while (list.left > 0) {
    const certificate = list.take(u24(list));
    if (certificate.length === 0) throw list.fault('a certificate of no bytes');
    certificates.push(certificate.slice());
  }
  return certificates;
}

export const encodeCertificateList = (certificates: readonly Uint8Array[]): Uint8Array => vector(3, ...certificates.map(c => vector(3, c)));

/** `params` is what was signed, `point` the server's share of the key. */
export type DtlsKeyExchange = {
  readonly group: number;
  readonly point: Uint8Array;
  readonly params: Uint8Array;
  readonly scheme: number;
  readonly signature: Uint8Array;
};

/** ServerKeyExchange of the ECDHE suites, named curves only (RFC 8422 §5.4). Throws DecodeError. */
export function decodeServerKeyExchange(body: Uint8Array): DtlsKeyExchange {
  const r = new Reader(body, 'DTLS ServerKeyExchange');
  const curveType = r.u8();
  if (curveType !== 3) throw r.fault(`curve type ${curveType}`);
  const [group, point] = [r.u16(), r.take(r.u8())];
  const params = body.subarray(0, r.at);
  const [scheme, signature] = [r.u16(), r.take(r.u16())];
  r.end();
  return { group, point, params, scheme, signature };
}

/** `types` of RFC 8422 §5.5, `schemes` in the order wished; which authorities it names is not looked at. */
export type DtlsCertificateRequest = { readonly types: readonly number[]; readonly schemes: readonly number[] };

/** RFC 5246 §7.4.4. Throws DecodeError. */
export function decodeCertificateRequest(body: Uint8Array): DtlsCertificateRequest {
  const r = new Reader(body, 'DTLS CertificateRequest');
  const types = [...r.take(r.u8())];
  const list = new Reader(r.take(r.u16()), 'DTLS CertificateRequest');
  const schemes: number[] = [];
  while (list.left > 0) schemes.push(list.u16());
  r.skip(r.u16());
  r.end();
  return { types, schemes };
}

/** A signature with its scheme (RFC 5246 §4.7). */
export const encodeDtlsSignature = (scheme: number, signature: Uint8Array): Uint8Array => concat(uint(scheme, 2), vector(2, signature));
