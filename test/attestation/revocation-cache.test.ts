import { describe, expect, it } from 'vitest';
import { aged, cacheLimits, emptyCache, type RevocationCache, withCrl, withOcsp } from '../../gateway/attestation/revocation-cache.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { manyEntries } from '../vectors/big-crl.ts';
import { crl, crlNumber, type CrlPlan, extension, issuerKeyId, newKeys, ocsp } from '../vectors/path-pki.ts';
import { integerBytes, sequence, tlv } from '../vectors/der-encode.ts';

const keys = newKeys();
const now = Date.UTC(2026, 0, 1);
const list = (number: number, change: Partial<CrlPlan> & { readonly more?: readonly Uint8Array[] } = {}): Uint8Array =>
  crl({ issuer: 'CN=A', signer: keys, extensions: [crlNumber(number), ...(change.more ?? [])], ...change });
const answer = (serial: number, from = '20240101000000Z'): Uint8Array =>
  ocsp({ issuer: 'CN=A', issuerKeys: keys, serial, status: 'good', responder: 'CN=A', signer: keys, from });
const numbers = (cache: RevocationCache): readonly (bigint | undefined)[] => cache.crls.map(c => c.read.number);

describe('the cache of revocation', () => {
  it('keeps the newest CRL of an issuer, and never goes back', () => {
    const two = withCrl(withCrl(emptyCache, list(1), now), list(2), now);
    expect(numbers(two)).toEqual([2n]);
    expect(withCrl(two, list(1), now + 1)).toBe(two);
  });
  it('goes by date where CRLs have no number', () => {
    const dated = (from: string): Uint8Array => crl({ issuer: 'CN=A', signer: keys, from, extensions: [issuerKeyId('k')] });
    const cache = withCrl(emptyCache, dated('20250601000000Z'), now);
    expect(withCrl(cache, dated('20250501000000Z'), now)).toBe(cache);
    expect(withCrl(cache, dated('20250701000000Z'), now).crls[0]?.read.thisUpdate).toBe(Date.UTC(2025, 6, 1));
  });
  it('keeps CRLs of other issuers, other keys, other scopes and deltas beside it', () => {
    const point = extension('2.5.29.28', true, sequence(tlv(0x81, Uint8Array.of(0xff))));
    const delta = extension('2.5.29.27', true, tlv(0x02, integerBytes(1)));
    const all = [
      list(1),
      list(1, { issuer: 'CN=B' }),
      list(1, { more: [issuerKeyId('k')] }),
      list(1, { more: [point] }),
      list(2, { more: [delta] }),
    ];
    expect(all.reduce((cache, der) => withCrl(cache, der, now), emptyCache).crls.length).toBe(5);
  });
  it('keeps the newest OCSP response about a certificate', () => {
    const cache = [answer(1), answer(2), answer(1, '20250101000000Z')].reduce((c, der) => withOcsp(c, der, now), emptyCache);
    expect(cache.ocsp.length).toBe(2);
    expect(withOcsp(cache, answer(1), now)).toBe(cache);
    expect(withOcsp(cache, Uint8Array.of(0x30, 3, 0x0a, 1, 3), now)).toBe(cache);
  });

  it('refuses what cannot be read', () => {
    expect(() => withCrl(emptyCache, Uint8Array.of(1), now)).toThrow(DecodeError);
    expect(() => withOcsp(emptyCache, new Uint8Array(70_000), now)).toThrow(DecodeError);
  });

  it('forgets what has been overdue for a month, and keeps what is overdue so that its age is seen', () => {
    const cache = withOcsp(withCrl(emptyCache, list(1, { until: '20260101000000Z' }), now), answer(1, '20260101000000Z'), now);
    const month = cacheLimits.overdueMillis;
    expect(aged(cache, now + month - 1)).toEqual(cache);
    expect(aged(cache, now + month)).toEqual(emptyCache);
  });
  it('stays at its caps in a flood, of issuers, of bytes and of responses; the oldest goes first', () => {
    let cache = emptyCache;
    for (let i = 0; i < cacheLimits.crls + 10; i++) cache = withCrl(cache, list(1, { issuer: `CN=${i}` }), now + i);
    expect(cache.crls.length).toBe(cacheLimits.crls);
    expect(cache.crls.some(c => c.read.issuer.text === 'CN=9')).toBe(false);
    const revoked = manyEntries(200_000);
    for (let i = 0; i < 8; i++) cache = withCrl(cache, list(1, { issuer: `O=${i}`, revoked }), now + 1000 + i);
    expect(cache.crls.reduce((sum, c) => sum + c.der.length, 0)).toBeLessThanOrEqual(cacheLimits.crlBytes);
    const kept = Array.from({ length: cacheLimits.ocsp }, (_, i) => ({ der: new Uint8Array(1), read: readOcsp(i), seen: now + i }));
    expect(withOcsp({ crls: [], ocsp: kept }, answer(-1 >>> 1), now + 9999).ocsp.length).toBe(cacheLimits.ocsp);
  });
});

const one = withOcsp(emptyCache, answer(1), now).ocsp[0]?.read;
function readOcsp(i: number): RevocationCache['ocsp'][number]['read'] {
  if (one === undefined) throw new Error('no answer');
  return { ...one, singles: one.singles.map(s => ({ ...s, serial: i.toString(16).padStart(8, '0') })) };
}
