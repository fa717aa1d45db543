import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { derOfPair } from '../../gateway/codec/ecdsa-signature.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { fromHex } from '../vectors/tokens.ts';

const curves = [
  { namedCurve: 'P-256', hash: 'sha256', half: 32 },
  { namedCurve: 'P-384', hash: 'sha384', half: 48 },
  { namedCurve: 'P-521', hash: 'sha512', half: 66 },
] as const;
const pairOf = (r: string, s: string, half: number): Uint8Array => fromHex(r.padStart(2 * half, '0') + s.padStart(2 * half, '0'));
const derText = (pair: Uint8Array): string => Buffer.from(derOfPair(pair)).toString('hex');

describe('a pair of r and s in DER', () => {
  for (const { namedCurve, hash, half } of curves)
    it(`is checked by OpenSSL as the pair is, on ${namedCurve}, and each is wrong over other bytes`, () => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
      for (let i = 0; i < 64; i += 1) {
        const message = Buffer.from(`message ${i}`);
        const pair = sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
        expect(pair).toHaveLength(2 * half);
        expect(verify(hash, message, publicKey, derOfPair(pair))).toBe(true);
        expect(verify(hash, Buffer.from('another'), publicKey, derOfPair(pair))).toBe(false);
      }
    });
  it('has the fewest octets: no zeros before, but one where the number would be negative', () => {
    expect(derText(pairOf('01', '02', 32))).toBe('3006020101020102');
    expect(derText(pairOf('80', '0100', 32))).toBe('300802020080' + '02020100');
    expect(derText(pairOf('00', '7f', 32))).toBe('300602010002017f');
    expect(derText(pairOf('ff'.repeat(32), 'ff'.repeat(32), 32))).toBe(`3046022100${'ff'.repeat(32)}022100${'ff'.repeat(32)}`);
  });
  it('has a long length where P-521 needs one', () => {
    const most = `01${'ff'.repeat(65)}`;
    expect(derText(pairOf(most, most, 66))).toBe(`3081880242${most}0242${most}`);
  });
  it('is refused when it is no pair: nothing, an odd number of bytes, more than any curve has', () => {
    for (const length of [0, 1, 63, 65, 134]) expect(() => derOfPair(new Uint8Array(length))).toThrow(DecodeError);
  });
});
