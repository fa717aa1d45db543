import { bitBytes, integerBytes, oid, sequence, tlv, utf8 } from '../der-encode.ts';
import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from RFC 8446 §4, RFC 5246 §7.4 and RFC 5280 §4.1. The certificate's key and signature are no real ones. */
const u24 = (n: number): readonly number[] => [n >> 16, ...b.u16(n & 0xffff)];
const sized1 = (body: Uint8Array): Uint8Array => b.bytes(body.length, body);
const sized2 = (body: Uint8Array): Uint8Array => b.bytes(b.u16(body.length), body);
const sized3 = (body: Uint8Array): Uint8Array => b.bytes(u24(body.length), body);

export const record = (type: number, body: Uint8Array): Uint8Array => b.bytes(type, b.u16(0x0301), sized2(body));
export const message = (type: number, body: Uint8Array): Uint8Array => b.bytes(type, sized3(body));
export const extension = (type: number, body: Uint8Array | readonly number[] = []): Uint8Array =>
  b.bytes(b.u16(type), sized2(b.bytes(body)));
const list16 = (numbers: readonly number[]): Uint8Array => b.bytes(numbers.map(b.u16));

export const serverNameExtension = (name: string): Uint8Array => extension(0, sized2(b.bytes(0, sized2(b.bytes(name)))));
export const alpnExtension = (...protocols: readonly (string | Uint8Array)[]): Uint8Array =>
  extension(16, sized2(b.bytes(protocols.map(p => sized1(b.bytes(p))))));
export const groupsExtension = (...groups: readonly number[]): Uint8Array => extension(10, sized2(list16(groups)));
export const formatsExtension = (...formats: readonly number[]): Uint8Array => extension(11, sized1(b.bytes(formats)));
export const algorithmsExtension = (...algorithms: readonly number[]): Uint8Array => extension(13, sized2(list16(algorithms)));
export const versionsExtension = (...versions: readonly number[]): Uint8Array => extension(43, sized1(list16(versions)));

const random = new Uint8Array(32).fill(7);

/** Body of a ClientHello; without `extensions` there is no extension field at all. */
export const helloBody = (ciphers: readonly number[], extensions?: readonly Uint8Array[], version = 0x0303): Uint8Array =>
  b.bytes([b.u16(version), random, 0, sized2(list16(ciphers)), 1, 0], extensions === undefined ? [] : sized2(b.bytes(extensions)));
export const clientHello = (ciphers: readonly number[], extensions?: readonly Uint8Array[], version?: number): Uint8Array =>
  message(1, helloBody(ciphers, extensions, version));
export const serverHello = (cipher: number, extensions: readonly Uint8Array[] = []): Uint8Array =>
  message(2, b.bytes(b.u16(0x0303), random, 0, b.u16(cipher), 0, sized2(b.bytes(extensions))));
export const certificateMessage = (...chain: readonly Uint8Array[]): Uint8Array => message(11, sized3(b.bytes(chain.map(sized3))));
export const serverHelloDone = message(14, b.bytes());

const name = (common: string): Uint8Array => sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, utf8(common)))));
const ed25519 = sequence(oid('1.3.101.112'));
/** SubjectPublicKeyInfo of RFC 8410 with 32 times the same byte. */
export const keyInfo = sequence(ed25519, tlv(0x03, b.bytes(0, new Uint8Array(32).fill(9))));

/** A certificate that reads well and proves nothing; `names`: what its subjectAltName holds. */
export const certificate = (subject: string, issuer: string, names?: Uint8Array): Uint8Array =>
  sequence(
    sequence(
      tlv(0xa0, tlv(0x02, integerBytes(2))),
      tlv(0x02, integerBytes(1)),
      ed25519,
      name(issuer),
      sequence(tlv(0x17, utf8('250101000000Z')), tlv(0x17, utf8('350101000000Z'))),
      name(subject),
      keyInfo,
      tlv(
        0xa3,
        sequence(
          sequence(oid('2.5.29.15'), tlv(0x04, tlv(0x03, bitBytes([0])))),
          ...(names === undefined ? [] : [sequence(oid('2.5.29.17'), tlv(0x04, names))]),
        ),
      ),
    ),
    ed25519,
    tlv(0x03, b.bytes(0, new Uint8Array(64).fill(5))),
  );

/** A hello as a browser sends it: GREASE (RFC 8701) in ciphers, extensions, groups and versions. */
export const greaseHello = clientHello(
  [0x0a0a, 0x1301, 0x1302, 0xc02b],
  [
    extension(0x1a1a),
    serverNameExtension('Updates.Vendor.example'),
    groupsExtension(0x2a2a, 29, 23),
    formatsExtension(0),
    algorithmsExtension(0x0403, 0x0804),
    alpnExtension('h2', 'http/1.1'),
    versionsExtension(0x3a3a, 0x0304, 0x0303),
    extension(0xfafa, [0]),
  ],
);
export const serverFlight = b.bytes(
  record(22, serverHello(0xc02b, [alpnExtension('http/1.1')])),
  record(22, b.bytes(certificateMessage(certificate('cam-7.plant.example', 'Vendor CA')), serverHelloDone)),
);
export const clientSecondFlight = b.bytes(record(22, certificateMessage(certificate('plc-7', 'Plant CA'))), record(20, b.bytes(1)));

export const tlsVectors: { readonly [name: string]: Uint8Array } = {
  'tls-client-hello': fromClient(443, record(22, greaseHello)),
  'tls-old-client-hello': fromClient(443, record(22, clientHello([4, 5, 10], undefined, 0x0301))),
  'tls-server-flight': fromServer(443, serverFlight),
  'tls-client-certificate': fromClient(443, b.bytes(record(22, greaseHello), clientSecondFlight)),
};
