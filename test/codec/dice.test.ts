import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeMultiTcbInfo,
  decodeMultiTcbInfoComp,
  decodeTcbFreshness,
  decodeTcbInfo,
  decodeUeid,
  diceOids,
} from '../../gateway/codec/dice.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { bitBytes, integerBytes, octets, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { tcbInfo } from '../vectors/pki.ts';

const fwid = (byte: number) => sequence(oid('2.16.840.1.101.3.4.2.1'), octets(new Uint8Array(32).fill(byte)));
const whole = tcbInfo({
  vendor: 'Acme',
  model: 'M',
  version: '1',
  svn: 2n ** 127n,
  layer: 2,
  index: 1,
  fwids: [
    { alg: 'sha-256', digest: 'ab'.repeat(32) },
    { alg: 'sha-384', digest: 'cd'.repeat(48) },
  ],
  flags: [3],
  flagsMask: [0, 1, 2, 3],
});

describe('DiceTcbInfo', () => {
  it('reads back whole', () => {
    expect(decodeTcbInfo(whole)).toEqual({
      vendor: 'Acme',
      model: 'M',
      version: '1',
      svn: 2n ** 127n,
      layer: 2,
      index: 1,
      digests: [
        { alg: 'sha-256', value: 'ab'.repeat(32) },
        { alg: 'sha-384', value: 'cd'.repeat(48) },
      ],
      flags: { notConfigured: false, notSecure: false, recovery: false, debug: true },
      registers: [],
    });
  });

  it('cut off at any byte throws: an unreadable measurement is never "no measurements"', () => {
    for (let n = 0; n < whole.length; n++) expect(() => decodeTcbInfo(whole.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
  });

  it('cut off at any byte with lengths mended is another measurement or throws, but is never silently empty', () => {
    const content = whole.subarray(whole[1] === 0x81 ? 3 : 2);
    for (let n = 0; n < content.length; n++) {
      try {
        const found = decodeTcbInfo(sequence(content.subarray(0, n)));
        // Whole fields may be missing from the end; a digest that was begun is there or it throws.
        if (n > 40) expect(found.digests.length, `${n} bytes`).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it('has [10] as flags mask when primitive and as integrity registers when constructed', () => {
    const list = sequence(tlv(0x81, Uint8Array.of(1)), tlv(0xa2, fwid(7)));
    const registers = [{ key: 'ir-1', digests: [{ alg: 'sha-256', value: '07'.repeat(32) }] }];
    expect(decodeTcbInfo(sequence(tlv(0x87, bitBytes([3], 32)), tlv(0x8a, bitBytes([0], 32)))).flags?.debug).toBe(false);
    expect(decodeTcbInfo(sequence(tlv(0x87, bitBytes([3])), tlv(0xaa, list)))).toMatchObject({ flags: { debug: true }, registers });
    expect(decodeTcbInfo(sequence(tlv(0x8a, bitBytes([0])), tlv(0xab, list))).registers).toEqual(registers);
    expect(() => decodeTcbInfo(sequence(tlv(0xaa, list), tlv(0xab, list)))).toThrow(DecodeError);
  });

  it('names an integrity register by its name, else by its number, and refuses one that has neither, no digest, or stands twice', () => {
    const one = (...parts: readonly Uint8Array[]) => sequence(...parts);
    const digests = tlv(0xa2, fwid(1));
    const read = (...list: readonly Uint8Array[]) => decodeTcbInfo(sequence(tlv(0xab, ...list))).registers.map(r => r.key);
    const named = one(tlv(0x80, utf8('PCR')), tlv(0x81, Uint8Array.of(4)), digests);
    expect(read(named, one(tlv(0x81, Uint8Array.of(4)), digests))).toEqual(['ir-PCR', 'ir-4']);
    // A name of digits is no number, as with those of reference values.
    const five = [one(tlv(0x80, utf8('5')), digests), one(tlv(0x81, Uint8Array.of(5)), digests)];
    expect(read(...five)).toEqual(['ir-"5"', 'ir-5']);
    for (const bad of [
      [one(digests)],
      [one(tlv(0x81, Uint8Array.of(4)))],
      [one(tlv(0x81, Uint8Array.of(4)), tlv(0xa2))],
      [named, named],
      [],
      [one(tlv(0x80, utf8('')), digests)],
      [one(tlv(0x80, utf8('a\u0001')), digests)],
      Array.from({ length: 65 }, (_, i) => one(tlv(0x81, integerBytes(i)), digests)),
    ])
      expect(() => read(...bad)).toThrow(DecodeError);
  });

  it('has flags as their bits stand: recovery and debug are positive, and count only where the mask says so; without a mask the four count', () => {
    const flags = (set: readonly number[], mask?: readonly number[]) =>
      decodeTcbInfo(sequence(tlv(0x87, bitBytes(set, 32)), ...(mask === undefined ? [] : [tlv(0x8a, bitBytes(mask, 32))]))).flags;
    const none = { notConfigured: false, notSecure: false, recovery: false, debug: false };
    expect(flags([2])).toEqual({ ...none, recovery: true });
    expect(flags([3])).toEqual({ ...none, debug: true });
    expect(flags([0, 1, 2, 3, 31])).toEqual({ notConfigured: true, notSecure: true, recovery: true, debug: true });
    expect(flags([0, 1, 2, 3], [3])).toEqual({ ...none, debug: true });
    expect(flags([], [0, 1, 2, 3])).toEqual(none);
  });

  it('has an svn of any size, and of 32 digits exactly', () => {
    const svn = 12_345_678_901_234_567_890_123_456_789_012n;
    expect(decodeTcbInfo(sequence(tlv(0x83, integerBytes(svn)))).svn).toBe(svn);
    expect(decodeTcbInfo(sequence(tlv(0x83, integerBytes(0x0107)))).svn).toBe(0x107n);
  });

  it('knows the hashes that devices use, and keeps the OID of another, so that it matches nothing', () => {
    const read = (id: string, length: number) =>
      decodeTcbInfo(sequence(tlv(0xa6, sequence(oid(id), octets(new Uint8Array(length)))))).digests[0]?.alg;
    expect([
      read('1.3.14.3.2.26', 20),
      read('2.16.840.1.101.3.4.2.1', 32),
      read('2.16.840.1.101.3.4.2.2', 48),
      read('2.16.840.1.101.3.4.2.3', 64),
      read('2.16.840.1.101.3.4.2.8', 32),
      read('1.2.3', 16),
    ]).toEqual(['sha-1', 'sha-256', 'sha-384', 'sha-512', 'sha3-256', '1.2.3']);
    expect(() => read('2.16.840.1.101.3.4.2.1', 31)).toThrow(DecodeError);
  });

  it('stands under 2.23.133.5.4.1, not under .2, where one library looks for it', () => {
    expect(diceOids.tcbInfo).toBe('2.23.133.5.4.1');
    expect(Object.values<string>(diceOids)).not.toContain('2.23.133.5.4.2');
  });

  it('keeps vendorInfo and type whole, and refuses them above 1,024 octets', () => {
    expect(decodeTcbInfo(sequence(tlv(0x88, Uint8Array.of(1, 2)), tlv(0x89, new Uint8Array(300))))).toMatchObject({
      vendorInfo: '0102',
      type: '00'.repeat(300),
    });
    for (const tag of [0x88, 0x89]) expect(() => decodeTcbInfo(sequence(tlv(tag, new Uint8Array(1025))))).toThrow(DecodeError);
  });

  it('refuses fields out of order, twice or unknown, an empty digest list and text above 255 bytes', () => {
    const text = (tag: number, length = 1) => tlv(tag, new Uint8Array(length).fill(0x41));
    for (const parts of [
      [text(0x81), text(0x80)],
      [text(0x80), text(0x80)],
      [text(0x8c)],
      [tlv(0xa6)],
      [text(0x80, 256)],
      [tlv(0x83, Uint8Array.of(0xff))],
    ])
      expect(() => decodeTcbInfo(sequence(...parts))).toThrow(DecodeError);
    expect(() => decodeMultiTcbInfo(sequence())).toThrow(DecodeError);
  });

  it('is recognised as RIoT CompositeDeviceID by its first INTEGER', () => {
    const composite = sequence(tlv(0x02, Uint8Array.of(1)), sequence(), fwid(1));
    expect(decodeTcbInfo(composite)).toEqual({ digests: [{ alg: 'sha-256', value: '01'.repeat(32) }], registers: [] });
  });

  it('is no CompositeDeviceID of another version, without its key or with more behind it', () => {
    const version = (n: number) => tlv(0x02, Uint8Array.of(n));
    for (const parts of [
      [version(2), sequence(), fwid(1)],
      [version(1), fwid(1)],
      [version(1), sequence(), fwid(1), version(1)],
    ])
      expect(() => decodeTcbInfo(sequence(...parts))).toThrow(DecodeError);
  });

  it('of Ueid is its octets', () => {
    expect(decodeUeid(sequence(octets(Uint8Array.of(1, 2, 3))))).toBe('010203');
  });

  it('of TcbFreshness is its nonce, 1 to 64 octets', () => {
    expect(decodeTcbFreshness(sequence(octets(Uint8Array.of(1, 2, 3))))).toEqual(Uint8Array.of(1, 2, 3));
    for (const bad of [sequence(), sequence(octets(new Uint8Array())), sequence(octets(new Uint8Array(65))), octets(Uint8Array.of(1))])
      expect(() => decodeTcbFreshness(bad)).toThrow(DecodeError);
  });
});

describe('DiceMultiTcbInfoComp', () => {
  const common = tcbInfo({ vendor: 'Acme', model: 'M', layer: 1 });
  const own = (index: number) => tcbInfo({ index, fwids: [{ alg: 'sha-256', digest: `0${index}`.repeat(32) }] });
  const values = sequence(own(1), own(2));
  const inner = (bytes: Uint8Array) => bytes.subarray(bytes[1] === 0x81 ? 3 : 2);
  const expected = [1, 2].map(index => ({
    vendor: 'Acme',
    model: 'M',
    layer: 1,
    index,
    digests: [{ alg: 'sha-256', value: `0${index}`.repeat(32) }],
    registers: [],
  }));

  it('gives each value the common fields, in implicit tags and in plain sequences', () => {
    expect(decodeMultiTcbInfoComp(sequence(tlv(0xa0, inner(common)), tlv(0xa1, inner(values))))).toEqual(expected);
    expect(decodeMultiTcbInfoComp(sequence(common, values))).toEqual(expected);
  });

  it('puts a common mask over the flags of each value', () => {
    const masked = tcbInfo({ flagsMask: [3] });
    const flagged = sequence(tcbInfo({ flags: [2, 3] }));
    expect(decodeMultiTcbInfoComp(sequence(masked, flagged))[0]?.flags).toEqual({
      notConfigured: false,
      notSecure: false,
      recovery: false,
      debug: true,
    });
  });

  it('refuses a field that is common and yet differs, no values, and anything behind', () => {
    expect(() => decodeMultiTcbInfoComp(sequence(common, sequence(tcbInfo({ layer: 2 }))))).toThrow(/layer is common/);
    expect(decodeMultiTcbInfoComp(sequence(common, sequence(tcbInfo({ layer: 1 }))))).toHaveLength(1);
    for (const bad of [sequence(common, sequence()), sequence(common), sequence(common, values, values), values])
      expect(() => decodeMultiTcbInfoComp(bad)).toThrow(DecodeError);
    const bytes = sequence(common, values);
    for (let n = 0; n < bytes.length; n++) expect(() => decodeMultiTcbInfoComp(bytes.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
  });
});

const vectors = join(import.meta.dirname, '../../../shared/vectors/dice-tcg');
const there = existsSync(vectors);
if (!there) process.stderr.write('skip: ../shared/vectors/dice-tcg is absent\n');
describe.skipIf(!there)('vectors of others', () => {
  const files = (folder: string): readonly string[] => readdirSync(join(vectors, folder)).map(f => join(vectors, folder, f));

  it("Cerberus's extension bodies parse, integrity registers at constructed [10] too", () => {
    const found = files('cerberus').map(f => decodeTcbInfo(readFileSync(f)));
    expect(found.every(i => i.digests.length > 0 && i.version === '1.2.3.4')).toBe(true);
    expect(found.some(i => i.registers.length > 1 && i.registers.every(r => r.digests.length > 0))).toBe(true);
  });

  it("Caliptra's MultiTcbInfo parses, and its redacted one is an error", () => {
    const read = (name: string) => {
      const certificate = decodeCertificate(new Uint8Array(readFileSync(join(vectors, 'caliptra', name))));
      const body = certificate.extensions.find(e => e.oid === diceOids.multiTcbInfo || e.oid === diceOids.tcbInfo);
      return decodeMultiTcbInfo(body?.value ?? new Uint8Array());
    };
    expect(read('fmc_alias_cert_ecc.der').map(i => [i.svn, i.digests[0]?.alg])).toEqual([
      [0x107n, 'sha-384'],
      [0x109n, 'sha-384'],
    ]);
    for (const redacted of ['rom-latest-fmc_alias_cert_redacted.der', 'rt_alias_cert_redacted.der'])
      expect(() => read(redacted)).toThrow(DecodeError);
  });
});
