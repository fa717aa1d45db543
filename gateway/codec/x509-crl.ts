import type { Millis } from '../model/address.ts';
import { sameBytes } from './bytes.ts';
import { bitString, DerReader, integer, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import { type Revoked, revokedCertificates } from './x509-crl-entries.ts';
import { type DistributionPoint, distributionPoints, type IssuingPoint, issuingPoint } from './x509-distribution-point.ts';
import { authorityKeyIdentifier, type Extension, extensions } from './x509-extension.ts';
import { type Algorithm, algorithm } from './x509-key.ts';
import { type Name, name } from './x509-name.ts';
import { time } from './x509-time.ts';

/** A certificate revocation list as it says it is (RFC 5280 §5). Nothing in it is true before its signature and its signer are checked. */
export type Crl = {
  readonly der: Uint8Array;
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: Algorithm;
  readonly issuer: Name;
  readonly thisUpdate: Millis;
  readonly nextUpdate?: Millis;
  /** Content octets of revokedCertificates, read by `revoked` when it is first asked for; empty when nothing is revoked. */
  readonly revoked: () => Revoked;
  readonly extensions: readonly Extension[];
  readonly number?: bigint;
  /** Number of the base: set iff it is a delta CRL (§5.2.4). */
  readonly deltaBase?: bigint;
  readonly issuingPoint?: IssuingPoint;
  readonly authorityKeyId?: Uint8Array;
  readonly freshest?: readonly DistributionPoint[];
};

export const crlOids = {
  number: '2.5.29.20',
  deltaIndicator: '2.5.29.27',
  issuingPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
  freshest: '2.5.29.46',
} as const;

/** Longest CRL, bytes: a hundred thousand entries are about 4 MB. */
export const maxCrl = 12_000_000;

/** Reads one CRL (DER), strictly and whole but for its entries. Throws DecodeError and nothing else. */
export function decodeCrl(der: Uint8Array): Crl {
  if (der.length > maxCrl) throw new DecodeError(`Cannot read CRL: ${der.length} bytes`);
  const file = new DerReader(der, 0, maxCrl);
  const whole = file.take(tags.sequence, 'CRL');
  file.end('CRL');
  const outer = whole.inside(maxCrl);
  const tbs = outer.take(tags.sequence, 'tbsCertList');
  const signatureAlgorithm = algorithm(outer, 'signatureAlgorithm');
  const signature = bitString(outer.take(tags.bitString, 'signatureValue').content, 'signatureValue');
  outer.end('CRL');
  if (signature.bits % 8 !== 0) throw new DecodeError('Cannot read CRL: signature is not whole octets');

  const body = tbs.inside(maxCrl);
  const version = body.maybe(tags.integer);
  if (version !== undefined && integer(version.content, 'CRL version', 1) !== 1n) throw new DecodeError('Cannot read CRL: version');
  if (!sameBytes(algorithm(body, 'signature').der, signatureAlgorithm.der))
    throw new DecodeError('Cannot read CRL: inner and outer signature algorithms differ');
  const issuer = name(body, 'CRL issuer');
  const thisUpdate = time(body.next());
  const next = body.peek() === tags.utcTime || body.peek() === tags.generalizedTime ? time(body.next()) : undefined;
  const entries = body.maybe(tags.sequence)?.content ?? new Uint8Array();
  const found = version !== undefined && body.peek() === 0xa0 ? explicitExtensions(body) : [];
  body.end('tbsCertList');
  let read: Revoked | undefined;
  return {
    der,
    tbs: tbs.whole,
    signature: signature.octets,
    signatureAlgorithm,
    issuer,
    thisUpdate,
    ...(next === undefined ? {} : { nextUpdate: next }),
    revoked: () => (read ??= revokedCertificates(entries)),
    extensions: found,
    ...wellKnown(found),
  };
}

function explicitExtensions(body: DerReader): readonly Extension[] {
  const wrapper = body.open(0xa0, 'CRL extensions');
  const found = extensions(wrapper);
  wrapper.end('CRL extensions');
  return found;
}

function wellKnown(found: readonly Extension[]): Pick<Crl, 'number' | 'deltaBase' | 'issuingPoint' | 'authorityKeyId' | 'freshest'> {
  const value = (oid: string): Uint8Array | undefined => found.find(e => e.oid === oid)?.value;
  const [number, base, point] = [value(crlOids.number), value(crlOids.deltaIndicator), value(crlOids.issuingPoint)];
  const [authority, freshest] = [value(crlOids.authorityKeyIdentifier), value(crlOids.freshest)];
  const keyId = authority === undefined ? undefined : authorityKeyIdentifier(authority);
  return {
    ...(number === undefined ? {} : { number: crlNumber(number) }),
    ...(base === undefined ? {} : { deltaBase: crlNumber(base) }),
    ...(point === undefined ? {} : { issuingPoint: issuingPoint(point) }),
    ...(keyId === undefined ? {} : { authorityKeyId: keyId }),
    ...(freshest === undefined ? {} : { freshest: distributionPoints(freshest) }),
  };
}

/** At most 20 octets (§5.2.3). */
function crlNumber(value: Uint8Array): bigint {
  const outer = new DerReader(value);
  const found = integer(outer.take(tags.integer, 'CRL number').content, 'CRL number', 21);
  outer.end('CRL number');
  return found;
}
