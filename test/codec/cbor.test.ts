import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CborFloat, CborTag, decodeCbor, intOf, numberOf } from '../../gateway/codec/cbor.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const strict = (text: string): unknown => decodeCbor(bytes(text));
const lenient = (text: string): unknown => decodeCbor(bytes(text), { lenient: true });

describe('CBOR', () => {
  it('reads the examples of RFC 8949 appendix A that are deterministic', () => {
    expect(strict('1bffffffffffffffff')).toBe(18446744073709551615n);
    expect(strict('3903e7')).toBe(-1000);
    expect(strict('f5')).toBe(true);
    expect(strict('62c3bc')).toBe('ü');
    expect(strict('83010203')).toEqual([1, 2, 3]);
    expect(strict('a201020304')).toEqual(
      new Map([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(strict('c11a514b67b0')).toEqual(new CborTag(1, 1363896240));
    expect(strict('d818456449455446')).toEqual(new CborTag(24, bytes('6449455446')));
  });

  it('keeps floats apart from integers, however whole they are (RFC 8949 §3.3)', () => {
    for (const one of ['f93c00', 'fa3f800000', 'fb3ff0000000000000']) {
      const value = decodeCbor(bytes(one));
      expect(value).toEqual(new CborFloat(1));
      expect(() => intOf(value, 'it')).toThrow('Cannot read it: the float 1');
      expect(numberOf(value, 'it')).toBe(1);
    }
    expect(numberOf(decodeCbor(bytes('01')), 'it')).toBe(1);
    expect(strict('82 01 f93e00')).toEqual([1, new CborFloat(1.5)]);
    expect(strict('c1 fb41d452d9ec200000')).toEqual(new CborTag(1, new CborFloat(1363896240.5)));
  });

  it('keeps tags within maps within tags', () =>
    expect(strict('d2 a1 01 d864 02')).toEqual(new CborTag(18, new Map([[1, new CborTag(100, 2)]]))));

  const refused: readonly (readonly [string, string])[] = [
    ['a repeated key', 'a2 01 02 01 03'],
    ['a repeated key, the second one as a longer number', 'a2 01 02 1801 03'],
    ['a key that is bytes', 'a1 4101 02'],
    ['a key that is a list', 'a1 80 02'],
    ['a key that is a float', 'a1 f93c00 02'],
    ['a key that is tagged', 'a1 c101 02'],
    ['something after the end', '01 01'],
    ['nothing', ''],
    ['a break alone', 'ff'],
    ['a list that is longer than the message', '9a ffffffff 01'],
    ['a map of 2^63 pairs', 'bb 7fffffffffffffff'],
    ['bytes of 2^64 - 1', '5b ffffffffffffffff'],
    ['text that is no UTF-8', '62 c328'],
    ['infinity', 'f97c00'],
    ['an unassigned simple value', 'f0'],
    ['a reserved head', '1c'],
    ['a key without its value', 'a1 01'],
    ['a tag without its value', 'd2'],
    ['a string in pieces', '5f 4101 ff'],
  ];
  for (const [name, text] of refused)
    it(`refuses ${name}, leniently too`, () => {
      expect(() => strict(text)).toThrow(DecodeError);
      expect(() => lenient(text)).toThrow(DecodeError);
    });

  const sloppy: readonly (readonly [string, string, unknown])[] = [
    ['a number with a longer head than needed', '1801', 1],
    ['a list without a length', '9f0102ff', [1, 2]],
    ['a map without a length', 'bf0102ff', new Map([[1, 2]])],
    ['not a number', 'f97e00', new CborFloat(Number.NaN)],
  ];
  for (const [name, text, value] of sloppy)
    it(`takes ${name} when it is lenient only`, () => {
      expect(() => strict(text)).toThrow(DecodeError);
      expect(lenient(text)).toEqual(value);
    });

  it('a map without a length must end after a value', () => expect(() => lenient('bf01ff')).toThrow(DecodeError));

  it('a bomb of 60,000 nested lists is refused, not followed', () => {
    expect(() => decodeCbor(new Uint8Array(60_000).fill(0x81))).toThrow(/nested deeper/);
    expect(() => decodeCbor(new Uint8Array(60_000).fill(0xc1))).toThrow(/nested deeper/);
    expect(() => decodeCbor(new Uint8Array(60_000).fill(0x9f), { lenient: true })).toThrow(/nested deeper/);
  });

  it('too many items and too many bytes are refused', () => {
    expect(() => decodeCbor(encode(Array.from({ length: 9000 }, () => 0)))).toThrow(/more than 8192/);
    expect(() => decodeCbor(encode(new Uint8Array(65_536)))).toThrow(/65541 bytes/);
  });

  it('each truncation of a message is refused', () => {
    const whole = encode(
      new Map<number, unknown>([
        [1, 'text'],
        [2, [1, 2, { a: 1n << 60n }]],
        [3, new Uint8Array(40)],
      ]),
    );
    expect(decodeCbor(whole)).toBeInstanceOf(Map);
    for (let i = 0; i < whole.length; i++) expect(() => decodeCbor(whole.subarray(0, i)), `${i} bytes`).toThrow(DecodeError);
  });

  it('any bytes decode or throw DecodeError', () => {
    const edits = fc.tuple(fc.constantFrom('a201820304036161', '9f01ff', 'd28443a10126a04101', 'a1613102'), fc.nat(7), fc.nat(255));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          edits.map(([t, at, v]) => bytes(t).with(at % (t.length / 2), v)),
        ),
        input => {
          for (const rules of [{ lenient: false }, { lenient: true }])
            try {
              decodeCbor(input, rules);
            } catch (error) {
              if (!(error instanceof DecodeError)) throw error;
            }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
