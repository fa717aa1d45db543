import type { Millis } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import { decodeOcspResponse, type OcspResponse } from '../codec/ocsp.ts';
import { DecodeError } from '../codec/reader.ts';
import { type Crl, crlOids, decodeCrl } from '../codec/x509-crl.ts';
import { sameName } from '../codec/x509-name-match.ts';

/**
 * CRLs and OCSP responses that were seen, as plain data. They are held as they came and are judged anew each time, so that nothing here needs to
 * be believed. Only what `checkRevocation` found useful should be put in.
 */
export type RevocationCache = { readonly crls: readonly Kept<Crl>[]; readonly ocsp: readonly Kept<OcspResponse>[] };
export type Kept<T> = { readonly der: Uint8Array; readonly read: T; readonly seen: Millis };

export const emptyCache: RevocationCache = { crls: [], ocsp: [] };

/** Caps: how many are kept, their bytes in all, and how long an overdue one stays, so that people can see how old it is. The oldest seen goes first. */
export const cacheLimits = { crls: 64, crlBytes: 48_000_000, ocsp: 1024, ocspBytes: 8_000_000, overdueMillis: 30 * 86_400_000 } as const;

/** Longest OCSP response, bytes. */
const maxOcsp = 65_536;

/** With one more CRL, in place of the one that it brings up to date. An older one than we have never comes back. Throws DecodeError. */
export function withCrl(cache: RevocationCache, der: Uint8Array, now: Millis): RevocationCache {
  const read = decodeCrl(der);
  const rivals = cache.crls.filter(kept => isSameScope(kept.read, read));
  if (rivals.some(kept => isNewer(kept.read, read))) return cache;
  const others = cache.crls.filter(kept => !rivals.includes(kept));
  return { ...cache, crls: capped([...others, { der, read, seen: now }], cacheLimits.crls, cacheLimits.crlBytes) };
}

/** With one more OCSP response, in place of older ones about the same certificates. Throws DecodeError. */
export function withOcsp(cache: RevocationCache, der: Uint8Array, now: Millis): RevocationCache {
  if (der.length > maxOcsp) throw new DecodeError(`Cannot read OCSP response: ${der.length} bytes`);
  const read = decodeOcspResponse(der);
  if (read === undefined) return cache;
  const rivals = cache.ocsp.filter(kept => aboutOf(kept.read) === aboutOf(read));
  if (rivals.some(kept => kept.read.producedAt > read.producedAt)) return cache;
  const others = cache.ocsp.filter(kept => !rivals.includes(kept));
  return { ...cache, ocsp: capped([...others, { der, read, seen: now }], cacheLimits.ocsp, cacheLimits.ocspBytes) };
}

/** Without what has been overdue for long. */
export const aged = (cache: RevocationCache, now: Millis): RevocationCache => ({
  crls: cache.crls.filter(({ read }) => now - (read.nextUpdate ?? read.thisUpdate) < cacheLimits.overdueMillis),
  ocsp: cache.ocsp.filter(({ read }) => now - read.producedAt < cacheLimits.overdueMillis),
});

/** CRLs that replace one another: of one issuer and key, about the same, and both complete or both deltas. */
function isSameScope(a: Crl, b: Crl): boolean {
  const value = (crl: Crl, oid: string): Uint8Array => crl.extensions.find(e => e.oid === oid)?.value ?? new Uint8Array();
  const scope = [crlOids.issuingPoint, crlOids.authorityKeyIdentifier];
  return (
    sameName(a.issuer, b.issuer) &&
    (a.deltaBase === undefined) === (b.deltaBase === undefined) &&
    scope.every(oid => sameBytes(value(a, oid), value(b, oid)))
  );
}

const isNewer = (a: Crl, b: Crl): boolean =>
  a.number !== undefined && b.number !== undefined && a.number !== b.number ? a.number > b.number : a.thisUpdate > b.thisUpdate;

const aboutOf = (response: OcspResponse): string =>
  JSON.stringify(response.singles.map(s => [s.hashOid, [...s.issuerNameHash], [...s.issuerKeyHash], s.serial]));

function capped<T>(all: readonly Kept<T>[], count: number, bytes: number): readonly Kept<T>[] {
  const newestFirst = all.toSorted((a, b) => b.seen - a.seen).slice(0, count);
  let total = 0;
  return newestFirst.filter(kept => (total += kept.der.length) <= bytes);
}
