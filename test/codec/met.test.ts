import { describe, expect, test } from 'vitest';
import { DerReader } from '../../gateway/codec/der.ts';
import { Met } from '../../gateway/codec/met.ts';

/** The text of an OBJECT IDENTIFIER with this content, fewer than 128 octets. */
const objectIdentifier = (content: Uint8Array): string => new DerReader(Uint8Array.of(6, content.length, ...content)).oid('OID');
const bytes = (...octets: readonly number[]): Uint8Array => Uint8Array.from(octets);
/** A reader that says what it was given, and how often. */
function counting() {
  const seen: string[] = [];
  return { seen, read: (octets: Uint8Array): string => seen[seen.push(octets.join(' ')) - 1] ?? '' };
}

describe('octets met again', () => {
  test('are read once, wherever they stand', () => {
    const { seen, read } = counting();
    const met = new Met<string>(8, 16);
    expect(met.at(bytes(1, 2, 3), 0, 3, read)).toBe('1 2 3');
    expect(met.at(bytes(9, 1, 2, 3, 9), 1, 4, read)).toBe('1 2 3');
    expect(seen).toEqual(['1 2 3']);
  });

  test('of 10,000 values in 8 places each is told from all the others', () => {
    const met = new Met<string>(8, 16);
    for (let i = 0; i < 10_000; i++) {
      const octets = bytes(i >> 8, i & 255);
      expect(met.at(octets, 0, 2, found => found.join(' '))).toBe(octets.join(' '));
    }
  });

  test('are told from longer ones that begin like them, and from what they begin with', () => {
    const { seen, read } = counting();
    const met = new Met<string>(1, 16);
    for (const octets of [bytes(1, 2), bytes(1, 2, 3), bytes(1, 2)]) expect(met.at(octets, 0, octets.length, read)).toBe(octets.join(' '));
    expect(seen).toEqual(['1 2', '1 2 3', '1 2']);
  });

  test('do not change with the message that they stood in', () => {
    const { seen, read } = counting();
    const met = new Met<string>(8, 16);
    const message = bytes(1, 2);
    met.at(message, 0, 2, read);
    message[0] = 7;
    expect(met.at(bytes(1, 2), 0, 2, read)).toBe('1 2');
    expect(met.at(message, 0, 2, read)).toBe('7 2');
    expect(seen).toEqual(['1 2', '7 2']);
  });

  test('are not kept when they are long, or when they cannot be read', () => {
    const { seen, read } = counting();
    const met = new Met<string>(8, 2);
    for (const _ of [1, 2]) met.at(bytes(1, 2, 3), 0, 3, read);
    expect(seen).toHaveLength(2);
    const fail = (): string => {
      throw new Error('no');
    };
    expect(() => met.at(bytes(5), 0, 1, fail)).toThrow('no');
    expect(met.at(bytes(5), 0, 1, read)).toBe('5');
  });

  test('identifiers that share a place are read right each time', () => {
    for (let round = 0; round < 2; round++)
      for (let arc = 0; arc < 128; arc++)
        for (let next = 0; next < 16; next++) expect(objectIdentifier(bytes(0x2b, arc, next))).toBe(`1.3.${arc}.${next}`);
  });
});
