import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../../gateway/codec/der.ts';
import { keyKind, publicKeyBits } from '../../gateway/codec/x509-key.ts';
import { sameName } from '../../gateway/codec/x509-name-match.ts';
import { type Name, name } from '../../gateway/codec/x509-name.ts';
import { integerBytes, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { newKeys, spkiOf } from '../vectors/path-pki.ts';

type Pair = readonly [type: string, tag: number, value: Uint8Array];
const of = (...rdns: readonly (readonly Pair[])[]): Name => {
  const sets = rdns.map(rdn => tlv(0x31, ...rdn.map(([type, tag, value]) => sequence(oid(type), tlv(tag, value)))));
  return name(new DerReader(sequence(...sets)), 'name');
};
const [cn, ou] = ['2.5.4.3', '2.5.4.11'];
const text = (value: string, tag = 0x0c, type = cn): Pair => [type, tag, utf8(value)];
const same = (a: readonly Pair[], b: readonly Pair[]): boolean => sameName(of(a), of(b));

describe('distinguished names (RFC 5280 §7.1)', () => {
  it('are the same whatever their case, white space and string type', () => {
    expect(same([text('Acme Root')], [text('  ACME   root ', 0x13)])).toBe(true);
    expect(same([text('Acme\tRoot')], [text('Acme Root')])).toBe(true);
    expect(same([text('A')], [[cn, 0x1e, Uint8Array.of(0, 0x41)]])).toBe(true);
  });
  it('are the same in any form of Unicode, without what cannot be seen', () => {
    expect(same([text('Stra\u00dfe \u00c9')], [text('stra\u00dfe e\u0301')])).toBe(true);
    expect(same([text('Ac\u00ad\u200bme')], [text('acme')])).toBe(true);
    expect(same([text('\uff21cme')], [text('acme')])).toBe(true);
  });
  it('are folded letter by letter: sharp s is two, sigma is one, and a dotless i is no i (RFC 4518 §2.2, RFC 3454 §B.2)', () => {
    for (const [a, b] of [
      ['Stra\u00dfe', 'STRASSE'],
      ['Stra\u1e9ee', 'strasse'],
      ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c3'],
      ['\u03bf\u03b4\u03bf\u03c2', '\u03bf\u03b4\u03bf\u03c3'],
      ['\u00b5m', '\u03bcm'],
      ['Acme\u0085Corp', 'acme corp'],
      ['Ac\u1806me', 'acme'],
    ] as const)
      expect([a, same([text(a)], [text(b)])]).toEqual([a, true]);
    for (const [a, b] of [
      ['\u0131D', 'id'],
      ['Acme\u0085Corp', 'acmecorp'],
      ['\u00df', 's'],
    ] as const)
      expect([a, same([text(a)], [text(b)])]).toEqual([a, false]);
  });
  it('are a set in each RDN, and a list of RDNs', () => {
    const [a, b] = [text('a'), text('b', 0x0c, ou)];
    expect(same([a, b], [b, text('A')])).toBe(true);
    expect(sameName(of([a], [b]), of([b], [a]))).toBe(false);
    expect(sameName(of([a, b]), of([a], [b]))).toBe(false);
    expect(sameName(of(), of([a]))).toBe(false);
  });
  it('differ by type, by text, and by the octets of what is no text', () => {
    expect(same([text('a')], [text('a', 0x0c, ou)])).toBe(false);
    expect(same([text('ab')], [text('a b')])).toBe(false);
    expect(same([[cn, 0x04, utf8('A')]], [[cn, 0x04, utf8('a')]])).toBe(false);
    expect(same([[cn, 0x04, utf8('a')]], [text('#4:a')])).toBe(false);
    expect(same([text('"],["')], [text('"')])).toBe(false);
  });
  it('that are longer than anybody needs are the same only as they stand', () => {
    const long = 'a\u00e9'.repeat(600);
    expect(same([text(long)], [text(long, 0x0c)])).toBe(true);
    expect(same([text(long)], [text(long.toUpperCase())])).toBe(false);
  });
});

describe('public keys', () => {
  const rsa = (exponent: bigint): Uint8Array => {
    const key = sequence(tlv(0x02, integerBytes(2n ** 2047n + 1n)), tlv(0x02, integerBytes(exponent)));
    return sequence(sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)), tlv(0x03, Uint8Array.of(0), key));
  };
  it('of RSA have a short exponent: a long one makes each check dear', () => {
    expect(keyKind(rsa(65_537n))).toEqual({ kind: 'rsa', bits: 2048 });
    expect(keyKind(rsa(2n ** 64n - 1n))).toEqual({ kind: 'rsa', bits: 2048 });
    expect(keyKind(rsa(2n ** 64n + 1n))).toEqual({ kind: 'other', found: 'RSA with an exponent of 65 bits' });
  });
  it('are hashed without their wrapping', () => {
    const keys = newKeys();
    expect(publicKeyBits(spkiOf(keys))).toEqual(spkiOf(keys).subarray(-65));
    const ed = new Uint8Array(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }));
    expect(publicKeyBits(ed)).toEqual(ed.subarray(-32));
  });
});
