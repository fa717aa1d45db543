import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { bitString, boolean, DerReader, inside, integer, openWhole, smallInteger, utf8 } from '../../gateway/codec/der.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { integerBytes, oidBytes, tlv } from '../vectors/der-encode.ts';

/** The text of an OBJECT IDENTIFIER with this content, fewer than 128 octets. */
const objectIdentifier = (content: Uint8Array): string => new DerReader(Uint8Array.of(6, content.length, ...content)).oid('OID');

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/ /g, ''), 'hex'));
const refused: readonly (readonly [string, () => unknown])[] = [
  ['a length that is not minimal', () => new DerReader(bytes('04 81 05 0102030405')).next()],
  ['a length with a leading zero', () => new DerReader(bytes('04 82 00 85')).next()],
  ['indefinite length', () => new DerReader(bytes('30 80 00 00')).next()],
  ['a length of four octets', () => new DerReader(bytes('04 84 00 00 00 01 00')).next()],
  ['a length beyond the end', () => new DerReader(bytes('04 05 01')).next()],
  ['an element above the size cap', () => new DerReader(Uint8Array.of(0x04, 0x83, 0x01, 0x00, 0x01, ...new Uint8Array(65537))).next()],
  ['a high tag number', () => new DerReader(bytes('1f 81 01 00')).next()],
  ['nothing', () => new DerReader(bytes('')).next()],
  ['bytes after the whole', () => openWhole(bytes('30 00 00'), 0x30, 'test')],
  ['an empty INTEGER', () => integer(bytes(''), 'test')],
  ['an INTEGER with a superfluous zero', () => integer(bytes('00 7f'), 'test')],
  ['an INTEGER with a superfluous sign', () => integer(bytes('ff 80'), 'test')],
  ['a small integer below zero', () => smallInteger(bytes('ff'), 'test')],
  ['a small integer of five octets', () => smallInteger(bytes('01 00 00 00 00'), 'test')],
  ['an empty OID', () => objectIdentifier(bytes(''))],
  ['an OID arc that is not minimal', () => objectIdentifier(bytes('2a 80 01'))],
  ['an OID that is cut off', () => objectIdentifier(bytes('2a 81'))],
  ['a BOOLEAN of 1', () => boolean(bytes('01'), 'test')],
  ['a BIT STRING with set unused bits', () => bitString(bytes('03 0f'), 'test')],
  ['a BIT STRING with 8 unused bits', () => bitString(bytes('08 00'), 'test')],
  ['an empty BIT STRING with unused bits', () => bitString(bytes('01'), 'test')],
  ['text that is no UTF-8', () => utf8(bytes('c0 80'), 'test')],
];

describe('the DER reader', () => {
  for (const [what, read] of refused)
    it(`refuses ${what}`, () => {
      expect(read).toThrow(DecodeError);
    });

  it('refuses to go deeper than 24 levels, without touching the stack', () => {
    let nested = tlv(0x30);
    for (let i = 0; i < 40; i++) nested = tlv(0x30, nested);
    const descend = (reader: DerReader): unknown => (reader.done ? 'bottom' : descend(inside(reader.next())));
    expect(() => descend(new DerReader(nested))).toThrow(DecodeError);
  });

  it('reads back integers and object identifiers of any size', () => {
    for (const n of [0n, 1n, 127n, 128n, 255n, 256n, 2n ** 64n, 2n ** 255n]) expect(integer(integerBytes(n), 'test')).toBe(n);
    expect(integer(bytes('80'), 'test')).toBe(-128n);
    for (const oid of ['0.9.2342.19200300.100.1.25', '1.2.840.113549.1.1.11', '2.23.133.5.4.1', '2.999.3'])
      expect(objectIdentifier(oidBytes(oid))).toBe(oid);
    // An arc of 127 bits, as 2.25.<UUID> has them (X.667).
    expect(objectIdentifier(bytes('69 81 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff 7f'))).toBe(`2.25.${2n ** 127n - 1n}`);
  });
});

describe('OBJECT IDENTIFIER', () => {
  /** Content octets of these arcs (X.690 §8.19), by the text of the standard. */
  const octetsOf = (arcs: readonly bigint[]): Uint8Array => {
    const [first = 0n, second = 0n, ...rest] = arcs;
    const base128 = (arc: bigint): readonly number[] => {
      const digits = [Number(arc & 0x7fn)];
      for (let left = arc >> 7n; left > 0n; left >>= 7n) digits.unshift(Number(left & 0x7fn) | 0x80);
      return digits;
    };
    return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
  };
  it('of any arcs is read as they are, up to those of 128 bits', () => {
    const arc = fc.bigInt(0n, (1n << 128n) - 1n);
    const edges = fc.constantFrom(0n, 39n, 127n, 128n, 1n << 39n, (1n << 40n) - 1n, 1n << 40n, 1n << 47n, 1n << 53n, (1n << 53n) + 1n);
    const any = fc.oneof(arc, edges);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), any, fc.array(any, { maxLength: 2 }), (first, second, rest) => {
        const arcs = [BigInt(first), first < 2 ? second % 40n : second, ...rest];
        expect(objectIdentifier(octetsOf(arcs))).toBe(arcs.join('.'));
      }),
      { numRuns: 500 },
    );
  });
});
