import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../gateway/codec/bytes.ts';
import { decodeDtlsFragments, encodeDtlsMessage, fragmentDtlsMessage } from '../../gateway/codec/dtls-handshake.ts';
import {
  decodeCertificateList,
  decodeCertificateRequest,
  decodeDtlsServerHello,
  decodeHelloVerifyRequest,
  decodeServerKeyExchange,
  encodeCertificateList,
  encodeDtlsClientHello,
  encodeDtlsSignature,
} from '../../gateway/codec/dtls-messages.ts';
import { decodeDtlsRecords, encodeDtlsRecord, uint, vector } from '../../gateway/codec/dtls-record.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeClientHello } from '../../gateway/codec/tls.ts';
import { editsDecodeOrThrow } from '../attestation/edits.ts';

const record = fc.record({
  type: fc.integer({ min: 20, max: 23 }),
  version: fc.constantFrom(0xfefd, 0xfeff),
  epoch: fc.integer({ min: 0, max: 65_535 }),
  sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  fragment: fc.uint8Array({ maxLength: 200 }),
});
const extensions = vector(2, concat(uint(23, 2), vector(2), uint(0xff01, 2), vector(2, Uint8Array.of(0))));
const serverHello = concat(
  uint(0xfefd, 2),
  new Uint8Array(32).fill(5),
  vector(1, new Uint8Array(4)),
  uint(0xc02b, 2),
  Uint8Array.of(0),
  extensions,
);
const keyExchange = concat(Uint8Array.of(3), uint(23, 2), vector(1, new Uint8Array(65)), encodeDtlsSignature(0x0403, new Uint8Array(70)));
const request = concat(
  vector(1, Uint8Array.of(1, 64)),
  vector(2, uint(0x0403, 2), uint(0x0804, 2)),
  vector(2, vector(2, new Uint8Array(9))),
);
const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => unknown])[] = [
  ['HelloVerifyRequest', concat(uint(0xfeff, 2), vector(1, new Uint8Array(20))), decodeHelloVerifyRequest],
  ['ServerHello', serverHello, decodeDtlsServerHello],
  ['Certificate', encodeCertificateList([new Uint8Array(30), new Uint8Array(300)]), decodeCertificateList],
  ['ServerKeyExchange', keyExchange, decodeServerKeyExchange],
  ['CertificateRequest', request, decodeCertificateRequest],
];

describe('DTLS', () => {
  it('records are read as they were written, as many as one datagram has', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), records => {
        expect(decodeDtlsRecords(concat(...records.map(encodeDtlsRecord)))).toEqual(records);
      }),
      { numRuns: 300 },
    );
  });

  it('messages are read as they were written, in pieces of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 }), (body, most) => {
        const pieces = fragmentDtlsMessage({ type: 11, sequence: 7, body }, most).flatMap(decodeDtlsFragments);
        expect(concat(...pieces.map(({ bytes }) => bytes))).toEqual(body);
        expect(new Set(pieces.map(({ type, sequence, length }) => `${type} ${sequence} ${length}`))).toEqual(
          new Set([`11 7 ${body.length}`]),
        );
        expect(decodeDtlsFragments(encodeDtlsMessage({ type: 11, sequence: 7, body }))).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it('a ClientHello reads as one of TLS but for its cookie, with what it offers in order', () => {
    const body = encodeDtlsClientHello({
      random: new Uint8Array(32).fill(1),
      cookie: Uint8Array.of(1, 2, 3),
      suites: [0xc02b, 0xc0ae],
      groups: [29, 23],
      schemes: [0x0403, 0x0804],
    });
    expect(decodeClientHello(concat(body.subarray(0, 35), body.subarray(39)))).toMatchObject({
      version: 0xfefd,
      ciphers: [0xc02b, 0xc0ae],
      extensions: [0xff01, 23, 10, 11, 13],
      groups: [29, 23],
      signatureAlgorithms: [0x0403, 0x0804],
    });
  });

  it.each(readers)(
    'each truncation and each addition to a %s is refused, any edit decodes or throws DecodeError',
    (name, bytes, decode) => {
      decode(bytes);
      // A ServerHello may end before its extensions: then it has none.
      const allowed = name === 'ServerHello' ? [bytes.length - extensions.length] : [];
      const read = Array.from({ length: bytes.length }, (_, n) => n).filter(n => {
        try {
          decode(bytes.subarray(0, n));
          return true;
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          return false;
        }
      });
      expect(read).toEqual(allowed);
      expect(() => decode(concat(bytes, Uint8Array.of(0)))).toThrow(DecodeError);
      editsDecodeOrThrow(bytes, decode);
    },
  );

  it('records of other types, versions and lengths are refused, and so is each truncation', () => {
    const good = { type: 22, version: 0xfefd, epoch: 0, sequence: 1, fragment: new Uint8Array(20) };
    for (const bad of [{ type: 19 }, { type: 24 }, { version: 0x0303 }, { version: 0xfefc }, { fragment: new Uint8Array(18_433) }])
      expect(() => decodeDtlsRecords(encodeDtlsRecord({ ...good, ...bad }))).toThrow(DecodeError);
    const bytes = encodeDtlsRecord(good);
    for (let n = 1; n < bytes.length; n++) expect(() => decodeDtlsRecords(bytes.subarray(0, n))).toThrow(DecodeError);
    editsDecodeOrThrow(bytes, decodeDtlsRecords);
    editsDecodeOrThrow(encodeDtlsMessage({ type: 2, sequence: 1, body: new Uint8Array(20) }), decodeDtlsFragments);
  });
});
