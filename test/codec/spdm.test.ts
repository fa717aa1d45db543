import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeSpdmChain } from '../../gateway/codec/spdm-certificate.ts';
import { decodeBlocks, decodeMode, decodeSvn } from '../../gateway/codec/spdm-measurements.ts';
import { decodeChallenge, decodeGetCertificate, decodeGetMeasurements } from '../../gateway/codec/spdm-requests.ts';
import { selectedHash, selectedMeasurementHash, selectedSignature } from '../../gateway/codec/spdm-algorithms.ts';
import { spdmFrame, spdmUnframe } from '../../gateway/codec/spdm-tcp.ts';
import {
  commonVersion,
  decodeAlgorithms,
  decodeCapabilities,
  decodeChallengeAuth,
  decodeDigests,
  decodeError,
  decodeMeasurements,
  decodePortion,
  decodeVersions,
  type SpdmVersion,
} from '../../gateway/codec/spdm.ts';
import { exchange, good } from '../attestation/spdm-world.ts';

type Decode = (bytes: Uint8Array) => unknown;
/** Every decoder with one good message for each version. */
const cases: readonly (readonly [string, Decode, Uint8Array])[] = ([0x11, 0x12, 0x13] as const).flatMap((version: SpdmVersion) => {
  const pairs = exchange({ ...good, versions: [version] });
  const of = (code: number): { readonly request: Uint8Array; readonly response: Uint8Array } =>
    pairs.find(p => p.request[1] === code) ?? { request: new Uint8Array(), response: new Uint8Array() };
  const sizes = { hash: 32, signature: 64 };
  const found: readonly (readonly [string, Decode, Uint8Array])[] = [
    ['VERSION', decodeVersions, of(0x84).response],
    ['CAPABILITIES', b => decodeCapabilities(b, version), of(0xe1).response],
    ['ALGORITHMS', b => decodeAlgorithms(b, version), of(0xe3).response],
    ['DIGESTS', b => decodeDigests(b, version, 32), of(0x81).response],
    ['GET_CERTIFICATE', b => decodeGetCertificate(b, version), of(0x82).request],
    ['CERTIFICATE', b => decodePortion(b, version), of(0x82).response],
    ['CHALLENGE', b => decodeChallenge(b, version), of(0x83).request],
    ['CHALLENGE_AUTH', b => decodeChallengeAuth(b, version, sizes), of(0x83).response],
    ['GET_MEASUREMENTS', b => decodeGetMeasurements(b, version), of(0xe0).request],
    ['MEASUREMENTS', b => decodeMeasurements(b, version, 64), of(0xe0).response],
    ['ERROR', decodeError, Uint8Array.of(version, 0x7f, 0x42, 0, 10, 0xe0, 7, 1)],
  ];
  return found.map(([name, decode, bytes]): readonly [string, Decode, Uint8Array] => [`${name} of 1.${version & 15}`, decode, bytes]);
});

describe('SPDM messages', () => {
  it.each(cases)('%s decodes whole and no truncation of it does', (_, decode, bytes) => {
    expect(() => decode(bytes)).not.toThrow();
    for (let end = 0; end < bytes.length; end++) expect(() => decode(bytes.subarray(0, end)), `${end} bytes`).toThrow(DecodeError);
    expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(DecodeError);
  });

  it.each(cases)('%s with edits decodes or throws DecodeError', (_, decode, bytes) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 3 }), (at, gone, put) => {
        const i = at % bytes.length;
        try {
          decode(Uint8Array.of(...bytes.subarray(0, i), ...put, ...bytes.subarray(i + gone)));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of another version or code than was asked are refused', () => {
    const version = exchange(good)[1]?.response ?? new Uint8Array();
    expect(() => decodeCapabilities(version, 0x12)).toThrow('code 0x61 of version 1.3');
    expect(() => decodeVersions(version)).toThrow(DecodeError);
  });

  it('name versions, and those that are not released do not count', () => {
    const said = Uint8Array.of(0x10, 4, 0, 0, 0, 4, 0, 0x10, 0, 0x12, 3, 0x13, 0, 0x14);
    expect(decodeVersions(said)).toEqual([0x10, 0x12, 0x14]);
    expect(commonVersion(decodeVersions(said))).toBe(0x12);
    expect(commonVersion([0x10, 0x20])).toBeUndefined();
  });

  it('say how long to wait', () => {
    expect(decodeError(Uint8Array.of(0x12, 0x7f, 0x42, 0, 20, 0x83, 5, 1))).toEqual({
      code: 0x42,
      ready: { afterMs: 1049, request: 0x83, token: 5 },
    });
    expect(decodeError(Uint8Array.of(0x12, 0x7f, 0x42, 0, 255, 0x83, 5, 1)).ready?.afterMs).toBeGreaterThan(1e6);
    expect(decodeError(Uint8Array.of(0x12, 0x7f, 3, 0))).toEqual({ code: 3 });
  });

  it('select one algorithm each, or none of ours', () => {
    expect(selectedSignature(0x80)?.name).toBe('ECDSA P-384');
    expect([0, 0x90, 0x200, 0x800, 0xffffffff, 0x80000000].map(selectedSignature)).toEqual(Array.from({ length: 6 }));
    expect(selectedHash(4)?.bytes).toBe(64);
    expect([0, 3, 8].map(selectedHash)).toEqual([undefined, undefined, undefined]);
    expect([selectedMeasurementHash(1), selectedMeasurementHash(16)]).toEqual(['raw', { name: 'sha3-256', iana: 'sha3-256', bytes: 32 }]);
    expect([selectedMeasurementHash(0), selectedMeasurementHash(128)]).toEqual([undefined, undefined]);
  });
});

describe('SPDM over TCP', () => {
  const message = Uint8Array.of(0x10, 0x84, 0, 0);
  it('frames a message and takes it out again', () => {
    expect(spdmFrame(message)).toEqual(Uint8Array.of(6, 0, 1, 5, 0x10, 0x84, 0, 0));
    expect(spdmUnframe(spdmFrame(message))).toEqual(message);
    for (let end = 0; end < 8; end++) expect(spdmUnframe(spdmFrame(message).subarray(0, end))).toBeUndefined();
  });
  it('refuses everything but one message out of a session', () => {
    for (const [at, value] of [
      [2, 2],
      [3, 6],
      [3, 0xbf],
      [3, 0xc0],
      [3, 0xc3],
      [0, 5],
    ] as const)
      expect(() => spdmUnframe(spdmFrame(message).with(at, value))).toThrow(DecodeError);
    expect(() => spdmUnframe(Uint8Array.of(...spdmFrame(message), 1))).toThrow(DecodeError);
  });
});

describe('measurement blocks', () => {
  const block = Uint8Array.of(1, 1, 5, 0, 0x81, 2, 0, 0xaa, 0xbb);
  it('decode whole, and no truncation does', () => {
    expect(decodeBlocks(block, 1)).toEqual([{ index: 1, type: 1, isRaw: true, value: Uint8Array.of(0xaa, 0xbb) }]);
    for (let end = 0; end < block.length; end++) expect(() => decodeBlocks(block.subarray(0, end), 1)).toThrow(DecodeError);
    expect(() => decodeBlocks(block, 2)).toThrow(DecodeError);
    expect(() => decodeBlocks(block, 0)).toThrow(DecodeError);
  });
  it('stand once each, their sizes agree, and have an index', () => {
    expect(() => decodeBlocks(Uint8Array.of(...block, ...block), 2)).toThrow('index 1');
    for (const [at, value] of [
      [0, 0],
      [0, 255],
      [5, 1],
      [5, 3],
    ] as const)
      expect(() => decodeBlocks(block.with(at, value), 1)).toThrow(DecodeError);
    expect(decodeBlocks(block.with(1, 2), 1)).toEqual([{ index: 1, isRaw: true, value: block.subarray(4) }]);
  });
  it('of a mode and a security version have one length', () => {
    expect(decodeSvn(Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 1))).toBe(0x0100000000000007n);
    for (const length of [0, 7, 9]) expect(() => decodeSvn(new Uint8Array(length))).toThrow(DecodeError);
    for (const length of [0, 15, 17]) expect(() => decodeMode(new Uint8Array(length))).toThrow(DecodeError);
  });
});

const shared = join(import.meta.dirname, '../../../shared/vectors/spdm');
describe.skipIf(!existsSync(shared))('messages of other projects (skipped where ../shared is absent)', () => {
  const read = (file: string): Uint8Array => new Uint8Array(readFileSync(join(shared, file)));
  it('that were made to break parsers are read or refused, and never more', () => {
    const seeds = 'libspdm/fuzz-seeds/test_spdm_requester_get_';
    for (const [file, decode] of [
      [`${seeds}certificate-get_certificate.raw`, (b: Uint8Array) => decodePortion(b, 0x12)],
      [`${seeds}measurements-get_measurements.raw`, (b: Uint8Array) => decodeMeasurements(b, 0x11, 64)],
      [`${seeds}measurements-get_measurements12.raw`, (b: Uint8Array) => decodeMeasurements(b, 0x12, 64)],
      ['libspdm/fuzz-seeds/test_x509_certificate_check-x509_certificate_check.raw', (b: Uint8Array) => decodeSpdmChain(b, 32)],
    ] as const) {
      try {
        decode(read(file));
      } catch (error) {
        expect(error, file).toBeInstanceOf(DecodeError);
      }
    }
  });
});
