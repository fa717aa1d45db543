import { describe, expect, it } from 'vitest';
import { encode } from 'cborg';
import { decodeCbor, mapOf } from '../../gateway/codec/cbor.ts';
import { decodeEatClaims } from '../../gateway/codec/eat.ts';
import { decodeJson, jsonMapOf } from '../../gateway/codec/json.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { base64url, claims } from '../vectors/tokens.ts';

/** A float of CBOR, which our encoder writes for no whole number by itself. */
const whole = (value: number): Uint8Array => {
  const bytes = new Uint8Array(9);
  bytes[0] = 0xfb;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
};
/** One claim of CBOR, its value as bytes. */
const rawCbor = (label: number, value: Uint8Array): unknown =>
  decodeEatClaims(mapOf(decodeCbor(Uint8Array.from([0xa1, ...encode(label), ...value]), { lenient: true }), 'claims'), 'cbor');
const cbor = (label: number, value: unknown): unknown => rawCbor(label, encode(value));
const json = (name: string, value: unknown): unknown =>
  decodeEatClaims(jsonMapOf(decodeJson(new TextEncoder().encode(JSON.stringify({ [name]: value }))), 'claims'), 'json');

const octets = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const text = (length: number): string => base64url(octets(length));
type Case = readonly [label: number, name: string, cbor: readonly unknown[], json: readonly unknown[]];

/** What RFC 9711 §7.3 and RFC 8392 §4 allow, in both encodings. */
const good: readonly Case[] = [
  [1, 'iss', ['acme'], ['acme']],
  [2, 'sub', ['sensor'], ['sensor']],
  [4, 'exp', [1e9, 1e9 + 0.5], [1e9, 1e9 + 0.5]],
  [6, 'iat', [0, 1e9], [0, 1e9]],
  [10, 'eat_nonce', [octets(8), octets(64), [octets(8), octets(9)]], [text(8), text(64), [text(8), text(9)]]],
  [256, 'ueid', [octets(7), octets(17), octets(25), octets(33)], [text(7), text(17), text(33)]],
  [257, 'sueids', [claims(['a', octets(7)], ['b', octets(33)])], [{ a: text(7) }]],
  [258, 'oemid', [76_543, octets(3), octets(16)], [76_543, text(3), text(16), `${text(16)}==`]],
  [259, 'hwmodel', [octets(1), octets(32)], [text(1), text(32)]],
  [260, 'hwversion', [['1'], ['1', 1], ['1', 'x-scheme']], [['1'], ['1', 'multipartnumeric']]],
  [261, 'uptime', [0, 2 ** 33], [0, 5]],
  [262, 'oemboot', [true, false], [true, false]],
  [263, 'dbgstat', [0, 4], ['enabled', 'disabled-fully-and-permanently']],
  [
    264,
    'location',
    [claims([1, 48.5], [2, -9]), claims([1, 90], [2, 180], [3, -3.5], [4, 1], [5, 2.5], [6, 360], [7, 0], [8, 1e9], [9, 60])],
    [{ latitude: -90, longitude: 9.25, altitude: 300, age: 3 }],
  ],
  [265, 'eat_profile', ['tag:acme,2026:1', octets(9)], ['tag:acme,2026:1', '1.3.6.1.4.1.99']],
  [267, 'bootcount', [0, 7], [7]],
  [268, 'bootseed', [octets(8), octets(32)], [text(32)]],
  [269, 'dloas', [[['https://dloa.example', 'A1']], [['u', 'p', 'a']]], [[['u', 'p', 'a']]]],
  [270, 'swname', ['os'], ['os']],
  [271, 'swversion', [['1.2'], ['1.2', 16_384]], [['1.2', 'semver']]],
  [272, 'manifests', [[[258, octets(4)]], [[20, '{}']]], [[[258, text(4)]]]],
  [273, 'measurements', [[[258, octets(4)]]], [[[258, text(4)]]]],
  [274, 'measres', [[['rim', [['kernel', 1]]]], [['rim', [[octets(2), 4]]]]], [[['rim', [['kernel', 'not-run']]]]]],
  [275, 'intuse', [1, 5], ['generic', 'pop']],
];

const bad: readonly Case[] = [
  [1, 'iss', [1, octets(2)], [1]],
  [2, 'sub', [null], [null]],
  [6, 'iat', [-1, 1e9 + 0.5, '2026'], [1e9 + 0.5, '2026']],
  [10, 'eat_nonce', [octets(7), octets(65), [], [octets(8), octets(7)], text(8)], [text(7), text(65), [], 8]],
  [256, 'ueid', [octets(6), octets(34), 1, text(33)], [text(6), text(34), 1]],
  [257, 'sueids', [claims(), claims(['a', octets(6)]), claims([1, octets(7)]), [octets(7)]], [{}, { a: text(6) }, [text(7)]]],
  [258, 'oemid', [-1, octets(2), octets(4), octets(15), octets(17), 'acme'], [-1, 1.5, text(4), text(15), true]],
  [259, 'hwmodel', [octets(0), octets(33), 'a'], ['', text(33)]],
  [260, 'hwversion', ['1', [], [1], ['1', octets(1)], ['1', 1, 2]], ['1', [], [1], ['1', 1.5]]],
  [261, 'uptime', [-1, 0.5, '1'], [-1, 0.5]],
  [262, 'oemboot', [1, 0, 'true', null], [1, 'true']],
  [263, 'dbgstat', [5, -1, 'disabled'], [1, 'off']],
  [
    264,
    'location',
    [claims([1, 1]), claims([1, 91], [2, 0]), claims([1, 0], [2, -181]), claims([1, '1'], [2, 0]), claims([1, 0], [2, 0], [6, 361]), []],
    [
      { latitude: 1 },
      { latitude: 91, longitude: 0 },
      { latitude: 0, longitude: 0, age: -1 },
      { latitude: 0, longitude: 0, timestamp: 0.5 },
    ],
  ],
  [265, 'eat_profile', [1, ['a']], [1]],
  [267, 'bootcount', [-1, 1.5, '1'], [-1, 1.5]],
  [268, 'bootseed', ['seed', 1], ['a b', 1]],
  [269, 'dloas', [[], [['u']], [['u', 'p', 'a', 'b']], [[1, 'p']]], [[], [['u']]]],
  [270, 'swname', [['os'], 1], [1]],
  [271, 'swversion', ['1.2', [], ['1', 1, 1]], ['1.2', []]],
  [272, 'manifests', [[], [[258]], [[-1, octets(1)]], [[65_536, octets(1)]], [[258, 1]]], [[], [[258]]]],
  [273, 'measurements', [[], [[258]], [[258, octets(1), 1]]], [[], [[258]]]],
  [274, 'measres', [[], [['rim', []]], [['rim', [['a', 5]]]], [['rim', [['a', 'fail']]]]], [[], [['rim', [['a', 2]]]]]],
  [275, 'intuse', [0, 6, 'generic'], [1, 'admission']],
];

describe('claims of an EAT', () => {
  for (const [label, name, inCbor, inJson] of good)
    it(`${name} of its type is read in both forms`, () => {
      for (const value of inCbor) expect(() => cbor(label, value)).not.toThrow();
      for (const value of inJson) expect(() => json(name, value)).not.toThrow();
    });

  for (const [label, name, inCbor, inJson] of bad)
    it(`${name} of another type is refused in both forms`, () => {
      for (const [i, value] of inCbor.entries()) expect(() => cbor(label, value), `CBOR ${i}`).toThrow(DecodeError);
      for (const [i, value] of inJson.entries()) expect(() => json(name, value), `JSON ${i}`).toThrow(DecodeError);
    });

  it('that are integers are no floats, however whole (RFC 8610 §3.3)', () => {
    for (const label of [6, 258, 261, 263, 267, 275]) {
      expect(() => rawCbor(label, Uint8Array.of(1))).not.toThrow();
      expect(() => rawCbor(label, whole(1)), String(label)).toThrow(DecodeError);
    }
    expect(() => rawCbor(273, Uint8Array.from([0x81, 0x82, ...whole(258), 0x41, 0]))).toThrow(DecodeError);
  });

  it('that are coordinates are numbers, and a heading alone may be none (§4.2.10)', () => {
    expect(() => cbor(264, claims([1, 0], [2, 0], [6, Number.NaN]))).not.toThrow();
    for (const label of [1, 2, 3, 7])
      expect(() => cbor(264, new Map([...claims([1, 0], [2, 0]), [label, Number.NaN]])), String(label)).toThrow(DecodeError);
  });

  it('of a submodule must be of their types too', () => {
    expect(() => cbor(266, claims(['radio', claims([262, 1])]))).toThrow(DecodeError);
    expect(() => json('submods', { radio: { oemboot: 1 } })).toThrow(DecodeError);
  });

  it('that nobody defined are passed over', () => {
    expect(() => cbor(-70_000, [1.5, null])).not.toThrow();
    expect(() => json('acme', { a: 1.5 })).not.toThrow();
  });
});
