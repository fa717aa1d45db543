import { describe, expect, it } from 'vitest';
import { DerReader } from '../../gateway/codec/der.ts';
import { pssParameters } from '../../gateway/codec/pss-parameters.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { integerBytes, oid, sequence, tlv } from '../vectors/der-encode.ts';

const [sha256, sha512] = ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.3'];
const nothing = tlv(0x05);
const int = (value: number): Uint8Array => tlv(0x02, integerBytes(value));
const mgf1 = (...of: readonly Uint8Array[]): Uint8Array => sequence(oid('1.2.840.113549.1.1.8'), ...of);
const read = (...fields: readonly Uint8Array[]): unknown => pssParameters(new DerReader(sequence(...fields)).next());
const whole = [tlv(0xa0, sequence(oid(sha256), nothing)), tlv(0xa1, mgf1(sequence(oid(sha512)))), tlv(0xa2, int(222)), tlv(0xa3, int(1))];

describe('parameters of RSASSA-PSS', () => {
  it('name both hashes and the salt, with NULL for the parameters of a hash or without', () =>
    expect(read(...whole)).toEqual({ hashOid: sha256, maskHashOid: sha512, saltBytes: 222 }));

  it('are those of SHA-1 where they say nothing', () =>
    expect(read()).toEqual({ hashOid: '1.3.14.3.2.26', maskHashOid: '1.3.14.3.2.26', saltBytes: 20 }));

  it.each([
    ['another trailer', [tlv(0xa3, int(2))]],
    ['a salt of less than nothing', [tlv(0xa2, tlv(0x02, Uint8Array.of(0xff)))]],
    ['two salts', [tlv(0xa2, int(32), int(32))]],
    ['the salt before the hash', [tlv(0xa2, int(32)), tlv(0xa0, sequence(oid(sha256)))]],
    ['a hash with parameters', [tlv(0xa0, sequence(oid(sha256), int(1)))]],
    ['a NULL that is none', [tlv(0xa0, sequence(oid(sha256), tlv(0x05, Uint8Array.of(0))))]],
    ['a mask that is no MGF1', [tlv(0xa1, sequence(oid(sha256), sequence(oid(sha256))))]],
    ['a mask without a hash', [tlv(0xa1, mgf1())]],
    ['a field that is none', [tlv(0xa4, int(1))]],
  ])('with %s are none', (_, fields) => expect(() => read(...fields)).toThrow(DecodeError));

  it('are a SEQUENCE, and end where they say', () => {
    expect(() => pssParameters(new DerReader(nothing).next())).toThrow(DecodeError);
    const bytes = sequence(...whole);
    for (let end = 0; end < bytes.length; end++)
      expect(() => pssParameters(new DerReader(bytes.subarray(0, end)).next()), `${end} bytes`).toThrow(DecodeError);
  });
});
