import { describe, expect, it } from 'vitest';
import { decodeJson } from '../../gateway/codec/json.ts';
import { decodeJws, jwsAlgorithm } from '../../gateway/codec/jws.ts';
import { fromBase64Url, toBase64Url } from '../../gateway/codec/bytes.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { base64url, makeJws } from '../vectors/tokens.ts';

const json = (text: string): unknown => decodeJson(Buffer.from(text));
const plain = (value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, plain(v)])) : Array.isArray(value) ? value.map(plain) : value;

describe('strict JSON', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of ['{"a":[1,-2.5e3,true,null,"\\u00fc\\n\\"x"],"b":{}}', ' [ ] ', '"x"', '0', '{"":{"":[]}}'])
      expect(plain(json(text))).toEqual(JSON.parse(text));
  });
  it('__proto__ is a name like any other', () => expect(json('{"__proto__":1}')).toEqual(new Map([['__proto__', 1]])));

  for (const [name, text] of [
    ['a repeated name', '{"a":1,"a":1}'],
    ['a repeated name, once escaped', '{"a":1,"\\u0061":2}'],
    ['a repeated name far inside', '[{"x":{"a":1,"b":2,"a":3}}]'],
    ['something after the end', '{} x'],
    ['a comma too many', '[1,]'],
    ['a number with a leading zero', '[01]'],
    ['NaN', '[NaN]'],
    ['a control character in text', '"\u0001"'],
    ['half a surrogate pair', '"\\ud800"'],
    ['a comment', '/**/1'],
    ['nothing', ''],
    ['an open object', '{"a":1'],
    ['a byte order mark', '\uFEFF1'],
    ['single quotes', "{'a':1}"],
  ] as const)
    it(`refuses ${name}`, () => expect(() => json(text)).toThrow(DecodeError));

  it('wrong UTF-8, depth and number of values are bounded', () => {
    expect(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/UTF-8/);
    expect(() => json('['.repeat(50_000))).toThrow(/nested deeper/);
    expect(() => json(`[${'1,'.repeat(9000)}1]`)).toThrow(/more than/);
    expect(() => json(`"${'x'.repeat(140_000)}"`)).toThrow(/characters/);
  });
});

describe('base64url', () => {
  it('one text for some bytes and no other', () => {
    for (let n = 0; n < 40; n++) expect(fromBase64Url(toBase64Url(new Uint8Array(n).fill(0xfb)))).toEqual(new Uint8Array(n).fill(0xfb));
    for (const text of ['AA==', 'AB', 'A', 'AA+A', 'A A', 'AAB']) expect(() => fromBase64Url(text), text).toThrow(DecodeError);
  });
});

describe('compact JWS', () => {
  const whole = makeJws('{"a":1}');
  const text = whole.toString();
  const withHeader = (header: string): Uint8Array => makeJws('{}', { header });

  it('reads back', () => {
    const jws = decodeJws(whole);
    expect(Buffer.from(jws.payload).toString()).toBe('{"a":1}');
    expect(Buffer.from(jws.signingInput).toString()).toBe(text.slice(0, text.lastIndexOf('.')));
    expect(jwsAlgorithm(jws)).toBe('ES256');
    expect(jws.certificates).toEqual([]);
  });

  it('reads a chain of x5c', () =>
    expect(decodeJws(withHeader('{"alg":"ES256","x5c":["AQI="]}')).certificates).toEqual([Uint8Array.of(1, 2)]));

  for (const [name, bytes] of [
    ['two parts', Buffer.from('e30.e30')],
    ['four parts', Buffer.from(`${text}.AA`)],
    ['no signature', Buffer.from(text.slice(0, text.lastIndexOf('.') + 1))],
    ['padding', Buffer.from(`${text}=`)],
    ['a line break', Buffer.from(`${text}\n`)],
    ['a header with a repeated name', withHeader('{"alg":"none","alg":"ES256"}')],
    ['a header that is a list', withHeader('["ES256"]')],
    ['crit', withHeader('{"alg":"ES256","crit":["exp"]}')],
    ['b64', withHeader('{"alg":"ES256","b64":false}')],
    ['x5c with a number', withHeader('{"alg":"ES256","x5c":[1]}')],
    ['an empty x5c', withHeader('{"alg":"ES256","x5c":[]}')],
    ['the JSON serialisation', Buffer.from('{"payload":"e30","signatures":[]}')],
    ['nothing', Buffer.from('')],
    ['too many bytes', Buffer.from(`${base64url('{}')}.${'A'.repeat(100_000)}.AA`)],
  ] as const)
    it(`refuses ${name}`, () => expect(() => decodeJws(bytes)).toThrow(DecodeError));

  it('none is no algorithm, however it is written', () => {
    for (const alg of ['"none"', '"None"', '"nOnE"', '1', 'null', '["ES256"]'])
      expect(() => jwsAlgorithm(decodeJws(withHeader(`{"alg":${alg}}`))), alg).toThrow(DecodeError);
    expect(() => jwsAlgorithm(decodeJws(withHeader('{}')))).toThrow(DecodeError);
  });
});
