import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { readCorim } from '../../gateway/attestation/corim.ts';
import { makeSign1 } from '../vectors/tokens.ts';
import {
  comid,
  corim,
  detached,
  good,
  labels,
  plainTriple,
  protectedHeader,
  read,
  readUnsigned,
  refKey,
  refusal,
  signed,
  tagged,
} from './corim-world.ts';

describe('who may sign a CoRIM', () => {
  it('a reference-value key of ours, as COSE_Sign1', () => {
    expect(read(signed(good)).sets[0]).toMatchObject({ source: 'corim', signedBy: 'ES256.refval.pem, as ACME Ltd.' });
    expect(readCorim('x.corim', signed(good, 'ES384'), [refKey('ES384')]).sets).toHaveLength(1);
    expect(read(signed(good, 'EdDSA')).sets).toHaveLength(1);
  });
  it('nobody else, and a stranger is told so', () =>
    expect(refusal(() => read(signed(good, 'ES512')))).toBe('Cannot trust acme.corim: its signature is by none of 2 reference-value keys'));
  it('an operator signs for an unsigned one; else it is refused', () => {
    expect(readUnsigned(good).sets[0]).toMatchObject({ signedBy: 'EdDSA.refval.pem' });
    expect(refusal(() => read(good))).toContain('it is not signed');
    expect(refusal(() => read(good, detached(signed(good))))).toContain('its signature is by none of 2');
  });
  it('says who and for how long: without corim-meta and CWT claims it is refused', () => {
    expect(refusal(() => read(signed(good, 'ES256', labels({ 1: -7, 3: 'application/rim+cbor' }))))).toContain('neither corim-meta nor');
    const claims = labels({ 1: 'ACME', 4: 1_900_000_000, 5: 1_700_000_000 });
    expect(read(signed(good, 'ES256', labels({ 1: -7, 3: 'application/rim+cbor', 15: claims }))).sets[0]).toMatchObject({
      notBefore: 1_700_000_000_000,
      notAfter: 1_900_000_000_000,
    });
  });
  it('the shorter of the times of signer and CoRIM counts', () => {
    const meta = encode(labels({ 0: labels({ 0: 'A' }), 1: labels({ 0: tagged(1, 100), 1: tagged(1, 900) }) }));
    const file = corim([comid({ 0: [plainTriple] })], { 4: labels({ 0: tagged(1, 200), 1: tagged(1, 1000) }) });
    expect(read(signed(file, 'ES256', protectedHeader('ES256', { 8: meta }))).sets[0]).toMatchObject({
      notBefore: 200_000,
      notAfter: 900_000,
    });
  });
  it('corim-meta beside CWT claims: who ends first ends it, and both names are told', () => {
    const until = (meta: unknown, claims: Readonly<Record<string, unknown>>): Uint8Array =>
      signed(good, 'ES256', protectedHeader('ES256', { 8: encode(labels({ 0: labels({ 0: 'ACME' }), 1: meta })), 15: labels(claims) }));
    const times = labels({ 0: tagged(1, 100), 1: tagged(1, 900) });
    expect(read(until(times, { 1: 'ACME', 4: 500, 5: 50 })).sets[0]).toMatchObject({ notBefore: 100_000, notAfter: 500_000 });
    expect(read(until(undefined, { 1: 'ACME', 4: 500 })).sets[0]).toMatchObject({ notAfter: 500_000 });
    expect(read(until(times, { 1: 'ACME' })).sets[0]).toMatchObject({ notAfter: 900_000 });
    expect(read(until(times, { 1: 'https://acme.example', 4: 500 })).sets[0]).toMatchObject({
      notAfter: 500_000,
      signedBy: 'ES256.refval.pem, as ACME, https://acme.example',
    });
  });
  it('a date may have a fraction, and is a number', () => {
    const claims = (exp: unknown) => signed(good, 'ES256', protectedHeader('ES256', { 8: undefined, 15: labels({ 1: 'ACME', 4: exp }) }));
    expect(read(claims(1_900_000_000.5)).sets[0]).toMatchObject({ notAfter: 1_900_000_000_500 });
    const file = corim([comid({ 0: [plainTriple] })], { 4: labels({ 1: tagged(1, 900.25) }) });
    expect(readUnsigned(file).sets[0]).toMatchObject({ notAfter: 900_250 });
    for (const odd of ['2030', tagged(0, '2030-01-01T00:00:00Z'), Number.NaN, 1e300])
      expect(refusal(() => read(claims(odd)))).toContain('Cannot read');
  });
  it('stands in the tags of older texts too, signed and within', () => {
    const wrapped = (file: Uint8Array, ...tags: readonly number[]): Uint8Array =>
      tags.reduceRight((inner, tag) => Uint8Array.of(0xd9, tag >> 8, tag & 255, ...inner), file);
    for (const file of [
      wrapped(signed(good), 500),
      wrapped(signed(good), 502),
      wrapped(signed(good), 500, 502),
      signed(wrapped(good, 500)),
    ])
      expect(read(file).sets[0]?.components).toEqual(read(signed(good)).sets[0]?.components);
    expect(readUnsigned(wrapped(good, 500)).sets).toHaveLength(1);
    expect(refusal(() => read(wrapped(good, 500)))).toContain('it is not signed');
    for (const odd of [wrapped(signed(good), 502, 500), wrapped(signed(good), 503), wrapped(signed(good), 500, 500)])
      expect(refusal(() => read(odd))).not.toBe('accepted');
  });
  it('is signed as it was sent: numbers and lengths need not be the shortest, but nothing stands there twice', () => {
    // 501({_ 0: "a", 1: [_ 506(…)]}), the first label in two octets.
    const [inner] = [comid({ 0: [plainTriple] })];
    const part = Uint8Array.of(0xd9, 0x01, 0xfa, 0x58, inner.length, ...inner);
    const open = Uint8Array.of(0xd9, 0x01, 0xf5, 0xbf, 0x18, 0x00, 0x61, 0x61, 0x01, 0x9f, ...part, 0xff, 0xff);
    expect(read(signed(open)).sets[0]?.components).toEqual(read(signed(good)).sets[0]?.components);
    const twice = Uint8Array.of(0xd9, 0x01, 0xf5, 0xbf, 0x18, 0x00, 0x61, 0x61, 0x00, 0x61, 0x62, 0x01, 0x9f, ...part, 0xff, 0xff);
    expect(refusal(() => read(signed(twice)))).toContain('repeat');
  });
  it('another content type, a hash in its place and a detached payload are refused', () => {
    expect(refusal(() => read(signed(good, 'ES256', protectedHeader('ES256', { 3: 'application/eat+cwt' }))))).toContain('content type');
    expect(refusal(() => read(signed(good, 'ES256', protectedHeader('ES256', { 258: -16 }))))).toContain('elsewhere');
    expect(refusal(() => read(makeSign1(good, { header: protectedHeader('ES256'), detached: true })))).toContain('detached');
  });
  it('no flip of any bit of a signed one is accepted', () => {
    const file = signed(corim([comid({ 0: [plainTriple] })]));
    expect(read(file).sets).toHaveLength(1);
    const taken: string[] = [];
    for (let i = 0; i < file.length * 8; i++) {
      const flipped = Uint8Array.from(file);
      flipped[i >> 3] = (flipped[i >> 3] ?? 0) ^ (1 << (i & 7));
      if (refusal(() => read(flipped)) === 'accepted') taken.push(`bit ${i}`);
    }
    expect(taken).toEqual([]);
  });
});
