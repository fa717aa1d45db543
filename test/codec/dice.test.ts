import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeMultiTcbInfo, decodeTcbInfo, decodeUeid, diceOids } from '../../gateway/codec/dice.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { bitBytes, octets, oid, sequence, tlv } from '../vectors/der-encode.ts';
import { tcbInfo } from '../vectors/pki.ts';

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
      hasRegisters: false,
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
    const registers = tlv(
      0xaa,
      sequence(tlv(0x81, Uint8Array.of(1)), tlv(0xa2, sequence(oid('2.16.840.1.101.3.4.2.1'), octets(new Uint8Array(32))))),
    );
    expect(decodeTcbInfo(sequence(tlv(0x87, bitBytes([3], 32)), tlv(0x8a, bitBytes([0], 32)))).flags?.debug).toBe(false);
    expect(decodeTcbInfo(sequence(tlv(0x87, bitBytes([3])), registers))).toMatchObject({ flags: { debug: true }, hasRegisters: true });
    expect(decodeTcbInfo(sequence(tlv(0x8a, bitBytes([0])), tlv(0xab, registers.subarray(2)))).hasRegisters).toBe(true);
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
    const fwid = sequence(oid('2.16.840.1.101.3.4.2.1'), octets(new Uint8Array(32).fill(1)));
    const composite = sequence(tlv(0x02, Uint8Array.of(1)), sequence(), fwid);
    expect(decodeTcbInfo(composite)).toEqual({ digests: [{ alg: 'sha-256', value: '01'.repeat(32) }], hasRegisters: false });
  });

  it('of Ueid is its octets', () => {
    expect(decodeUeid(sequence(octets(Uint8Array.of(1, 2, 3))))).toBe('010203');
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
    expect(found.filter(i => i.hasRegisters).length).toBeGreaterThan(0);
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
