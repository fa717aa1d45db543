import { encode, Tagged } from 'cborg';
import { describe, expect, it } from 'vitest';
import { coseAlgorithm, coseChain, coseToBeSigned, decodeCose } from '../../gateway/codec/cose.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { makeMac0, makeSign1 } from '../vectors/tokens.ts';

const payload = encode(new Map([[10, new Uint8Array(32)]]));
const alg = [1, -7] as const;
const withHeader = (...entries: readonly (readonly [number | string, unknown])[]): Uint8Array =>
  makeSign1(payload, { header: new Map<number | string, unknown>([alg, ...entries]) });

describe('COSE_Sign1 and COSE_Mac0', () => {
  it('read back, tagged, within a CWT tag, and untagged only where that is said', () => {
    expect(decodeCose(makeSign1(payload)).kind).toBe('sign1');
    expect(decodeCose(makeSign1(payload, { tags: [61, 18] })).payload).toEqual(payload);
    expect(decodeCose(makeMac0(payload, new Uint8Array(32))).kind).toBe('mac0');
    expect(decodeCose(makeSign1(payload, { tags: [] }), 'sign1').kind).toBe('sign1');
    expect(() => decodeCose(makeSign1(payload, { tags: [] }))).toThrow(DecodeError);
    for (const tags of [[16], [98], [601], [61], [18, 61], [61, 61, 18]])
      expect(() => decodeCose(makeSign1(payload, { tags }), 'sign1'), tags.join()).toThrow(DecodeError);
  });

  it('each truncation is refused', () => {
    const whole = makeSign1(payload);
    for (let i = 0; i < whole.length; i++) expect(() => decodeCose(whole.subarray(0, i)), `${i} bytes`).toThrow(DecodeError);
  });

  it('a critical header must be understood, protected and there', () => {
    expect(decodeCose(withHeader([2, [1]])).kind).toBe('sign1');
    expect(() => decodeCose(withHeader([2, [99]], [99, 0]))).toThrow(/critical header 99/);
    expect(() => decodeCose(withHeader([2, [33]]))).toThrow(/critical header 33/);
    expect(() => decodeCose(withHeader([2, []]))).toThrow(/empty/);
    expect(() => decodeCose(withHeader([2, 1]))).toThrow(DecodeError);
    expect(() => decodeCose(makeSign1(payload, { unprotected: new Map([[2, [1]]]) }))).toThrow(/not protected/);
  });

  it('a header that is there twice is refused', () =>
    expect(() => decodeCose(makeSign1(payload, { unprotected: new Map([[1, -8]]) }))).toThrow(/twice/));

  it('the algorithm must be protected', () => {
    const loose = makeSign1(payload, { header: new Map(), unprotected: new Map([alg]) });
    expect(() => coseAlgorithm(decodeCose(loose))).toThrow(DecodeError);
  });

  it('a payload is attached or handed over, never both and never neither', () => {
    const attached = decodeCose(makeSign1(payload));
    const detached = decodeCose(makeSign1(payload, { detached: true }));
    expect(detached.payload).toBeUndefined();
    expect(coseToBeSigned(detached, { payload })).toEqual(coseToBeSigned(attached));
    expect(() => coseToBeSigned(detached)).toThrow(/detached/);
    expect(() => coseToBeSigned(attached, { payload })).toThrow(/another/);
  });

  it('external_aad is part of what is signed', () =>
    expect(coseToBeSigned(decodeCose(makeSign1(payload)), { externalAad: new Uint8Array(1) })).not.toEqual(
      coseToBeSigned(decodeCose(makeSign1(payload))),
    ));

  it('an empty protected header is signed as no bytes, however it was sent', () => {
    for (const sent of [new Uint8Array(), encode(new Map())])
      expect(coseToBeSigned(decodeCose(encode(new Tagged(18, [sent, new Map(), payload, new Uint8Array(64)]))))).toEqual(
        encode(['Signature1', new Uint8Array(), new Uint8Array(), payload]),
      );
  });

  it('x5chain is one certificate or a list of at most ten, in either header', () => {
    const one = new Uint8Array([1]);
    expect(coseChain(decodeCose(withHeader([33, one])))).toEqual([one]);
    expect(coseChain(decodeCose(makeSign1(payload, { unprotected: new Map([[33, [one, one]]]) })))).toEqual([one, one]);
    expect(coseChain(decodeCose(makeSign1(payload)))).toEqual([]);
    expect(() => coseChain(decodeCose(withHeader([33, Array.from({ length: 11 }, () => one)])))).toThrow(/11 certificates/);
    expect(() => coseChain(decodeCose(withHeader([33, [one, 'x']])))).toThrow(DecodeError);
  });
});
