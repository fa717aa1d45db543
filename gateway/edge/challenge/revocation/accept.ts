import { createHash } from 'node:crypto';
import type { Hex, Millis } from '../../../model/address.ts';
import { isInForce, isUnderstood } from '../../../attestation/crl-scope.ts';
import type { KeyCache } from '../../../attestation/keys.ts';
import { ocspStatus } from '../../../attestation/ocsp-status.ts';
import { type RevocationCache, withCrl, withOcsp } from '../../../attestation/revocation-cache.ts';
import { Work } from '../../../attestation/work.ts';
import { decodeOcspResponse } from '../../../codec/ocsp.ts';
import { DecodeError } from '../../../codec/reader.ts';
import { type Crl, decodeCrl } from '../../../codec/x509-crl.ts';
import { sameName } from '../../../codec/x509-name-match.ts';
import type { Certificate } from '../../../codec/x509.ts';
import { FetchError } from './http-get.ts';

/** What was asked about. */
export type About = { readonly certificate: Certificate; readonly issuer: Certificate };
/** `until` is when it says nothing more; `revoked` counts what it revokes that nobody knew of. */
export type Accepted = { readonly cache: RevocationCache; readonly until: Millis; readonly revoked: number };

/**
 * Takes a fetched CRL into the cache, if the issuer itself signed it and it is in force: what an attacker on the way puts in its place must not push the
 * genuine one out. Throws FetchError.
 */
export function acceptCrl(der: Uint8Array, { issuer }: About, cache: RevocationCache, now: Millis, keys: KeyCache): Accepted {
  const crl = readable(() => decodeCrl(der));
  if (!sameName(crl.issuer, issuer.subject))
    throw new FetchError(`Cannot use the CRL: it is of ${crl.issuer.text}, not of ${issuer.subject.text}`);
  if (issuer.keyUsage?.cRLSign === false || !new Work(keys).verifies(crl, issuer))
    throw new FetchError(`Cannot use the CRL: it is not signed by ${issuer.subject.text}`);
  if (crl.deltaBase !== undefined) throw new FetchError('Cannot use the CRL: it is a delta');
  const { nextUpdate } = crl;
  if (!isUnderstood(crl)) throw new FetchError('Cannot use the CRL: it has a critical extension that nobody here knows');
  if (nextUpdate === undefined || !isInForce(crl, now)) throw new FetchError(`Cannot use the CRL: it is not in force (${span(crl)})`);
  const next = withCrl(cache, der, now);
  // A CRL that another one displaces has the same issuer and scope: what is new in it is what people must hear of.
  const gone = cache.crls.filter(kept => !next.crls.includes(kept) && sameName(kept.read.issuer, crl.issuer));
  return {
    cache: next,
    until: nextUpdate,
    revoked:
      gone.length === 0 || next === cache
        ? 0
        : added(
            gone.map(k => k.read),
            crl,
          ),
  };
}

/** Takes a fetched OCSP response into the cache, if it is genuine, of now and about this certificate. Throws FetchError. */
export function acceptOcsp(der: Uint8Array, { certificate, issuer }: About, cache: RevocationCache, now: Millis, keys: KeyCache): Accepted {
  const response = readable(() => decodeOcspResponse(der));
  if (response === undefined) throw new FetchError('Cannot use the OCSP response: the responder has no answer');
  // Whether the responder itself is revoked is asked again with each path, by what is known then.
  const context = { now, work: new Work(keys), isRevoked: () => false };
  const status = ocspStatus(response, certificate, issuer, context);
  if (status === 'unknown')
    throw new FetchError(`Cannot use the OCSP response: it is not genuine, not of now, or does not know ${certificate.subject.text}`);
  const until = Math.min(...response.singles.map(s => s.nextUpdate ?? s.thisUpdate + 86_400_000));
  const before = cache.ocsp.map(({ read }) => ocspStatus(read, certificate, issuer, { ...context, work: new Work(keys) }));
  const isNews = status === 'revoked' && before.includes('good') && !before.includes('revoked');
  return { cache: withOcsp(cache, der, now), until, revoked: isNews ? 1 : 0 };
}

/** What the caches before had and the one after has not, by SHA-256. */
export function dropped(before: RevocationCache, after: RevocationCache): readonly Hex[] {
  const stays = new Set<object>([...after.crls, ...after.ocsp]);
  return [...before.crls, ...before.ocsp].filter(kept => !stays.has(kept)).map(({ der }) => hashOf(der));
}

export const hashOf = (der: Uint8Array): Hex => createHash('sha256').update(der).digest('hex');

const added = (before: readonly Crl[], after: Crl): number =>
  readable(() => {
    const known = new Set(before.flatMap(crl => [...crl.revoked().own.keys()]));
    return [...after.revoked().own.keys()].filter(serial => !known.has(serial)).length;
  });

const span = ({ thisUpdate, nextUpdate }: Crl): string =>
  `from ${new Date(thisUpdate).toISOString()} to ${nextUpdate === undefined ? 'no end' : new Date(nextUpdate).toISOString()}`;

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new FetchError(error.message, { cause: error });
  }
}
