import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bitBytes, integerBytes, octets, oid, sequence, tlv, utf8 } from './der-encode.ts';

/** Certificates, CRLs and OCSP responses of any shape, right or wrong, written octet by octet: what no honest library would make. */

export type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
export type Bytes = Uint8Array<ArrayBuffer>;
export const newKeys = (namedCurve = 'P-256'): Keys => generateKeyPairSync('ec', { namedCurve });

/** A Name: `CN=x`, `O=a/CN=x`. */
const types: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  SN: '2.5.4.5',
  E: '1.2.840.113549.1.9.1',
};
export const dn = (text: string, tag = 0x0c): Bytes =>
  sequence(
    ...(text === '' ? [] : text.split('/')).map(part => {
      const [type = '', value = ''] = part.split('=');
      return tlv(0x31, sequence(oid(types[type] ?? type), tlv(tag, utf8(value))));
    }),
  );

export const extension = (id: string, critical: boolean, value: Uint8Array): Bytes =>
  sequence(oid(id), ...(critical ? [tlv(0x01, Uint8Array.of(0xff))] : []), octets(value));
const integer = (value: number | bigint): Bytes => tlv(0x02, integerBytes(value));
export const ca = (pathLength?: number): Bytes =>
  extension('2.5.29.19', true, sequence(tlv(0x01, Uint8Array.of(0xff)), ...(pathLength === undefined ? [] : [integer(pathLength)])));
/** Bit numbers of keyUsage: 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export const usage = (...bits: readonly number[]): Bytes => extension('2.5.29.15', true, tlv(0x03, bitBytes(bits)));
export const purposes = (...oids: readonly string[]): Bytes => extension('2.5.29.37', false, sequence(...oids.map(oid)));
export const keyId = (id: string): Bytes => extension('2.5.29.14', false, octets(utf8(id)));
export const issuerKeyId = (id: string): Bytes => extension('2.5.29.35', false, sequence(tlv(0x80, utf8(id))));

export const name = {
  dns: (text: string): Bytes => tlv(0x82, utf8(text)),
  email: (text: string): Bytes => tlv(0x81, utf8(text)),
  uri: (text: string): Bytes => tlv(0x86, utf8(text)),
  ip: (...bytes: readonly number[]): Bytes => tlv(0x87, Uint8Array.from(bytes)),
  directory: (text: string): Bytes => tlv(0xa4, dn(text)),
  other: (type: string, text: string): Bytes => tlv(0xa0, oid(type), tlv(0xa0, tlv(0x0c, utf8(text)))),
};
export const alternativeNames = (...names: readonly Uint8Array[]): Bytes => extension('2.5.29.17', false, sequence(...names));
const subtrees = (tag: number, bases: readonly Uint8Array[]): readonly Bytes[] =>
  bases.length === 0 ? [] : [tlv(tag, ...bases.map(base => sequence(base)))];
export const nameConstraints = (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Bytes =>
  extension('2.5.29.30', true, sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)));

export const policies = (...oids: readonly string[]): Bytes => extension('2.5.29.32', false, sequence(...oids.map(p => sequence(oid(p)))));
export const mappings = (...pairs: readonly (readonly [string, string])[]): Bytes =>
  extension('2.5.29.33', true, sequence(...pairs.map(([a, b]) => sequence(oid(a), oid(b)))));
export const policyConstraints = (explicit?: number, mapping?: number): Bytes =>
  extension(
    '2.5.29.36',
    true,
    sequence(
      ...(explicit === undefined ? [] : [tlv(0x80, integerBytes(explicit))]),
      ...(mapping === undefined ? [] : [tlv(0x81, integerBytes(mapping))]),
    ),
  );
export const inhibitAny = (skip: number): Bytes => extension('2.5.29.54', true, integer(skip));

export type Plan = {
  readonly subject: string;
  readonly issuer: string;
  readonly keys: Keys;
  readonly signer: Keys;
  readonly extensions?: readonly Uint8Array[];
  readonly from?: string;
  readonly until?: string;
  readonly serial?: number | bigint;
  readonly spki?: Uint8Array;
  readonly nameTag?: number;
};
const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const rsaSha256 = sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05));
const algorithmOf = (signer: Keys): Bytes => (signer.privateKey.asymmetricKeyType === 'rsa' ? rsaSha256 : ecdsaSha256);
const time = (text: string): Bytes => tlv(0x18, utf8(text));
const signed = (tbs: Uint8Array, signer: Keys): Bytes =>
  sequence(tbs, ecdsaSha256, tlv(0x03, Uint8Array.of(0), new Uint8Array(sign('sha256', tbs, signer.privateKey))));
export const spkiOf = (keys: Keys): Bytes => new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' }));

let serials = 1000;
/** One certificate, DER. Without extensions it is of version 1. */
export function certificate(plan: Plan): Bytes {
  const { extensions = [] } = plan;
  return signed(
    sequence(
      ...(extensions.length === 0 ? [] : [tlv(0xa0, integer(2))]),
      integer(plan.serial ?? ++serials),
      ecdsaSha256,
      dn(plan.issuer),
      sequence(time(plan.from ?? '20200101000000Z'), time(plan.until ?? '99991231235959Z')),
      dn(plan.subject, plan.nameTag),
      plan.spki ?? spkiOf(plan.keys),
      ...(extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
    ),
    plan.signer,
  );
}

export type Entry = { readonly serial: number | bigint; readonly reason?: number; readonly extensions?: readonly Uint8Array[] };
export type CrlPlan = {
  readonly issuer: string;
  readonly signer: Keys;
  readonly entries?: readonly Entry[];
  /** Content of revokedCertificates as it is, in place of `entries`. */
  readonly revoked?: Uint8Array;
  readonly from?: string;
  readonly until?: string | null;
  readonly extensions?: readonly Uint8Array[];
};
export const crlNumber = (n: number): Bytes => extension('2.5.29.20', false, integer(n));
export const reasonCode = (code: number): Bytes => extension('2.5.29.21', false, tlv(0x0a, Uint8Array.of(code)));

/** One CRL of version 2, DER. */
export function crl(plan: CrlPlan): Bytes {
  const entries = (plan.entries ?? []).map(({ serial, reason, extensions = [] }) => {
    const all = [...(reason === undefined ? [] : [reasonCode(reason)]), ...extensions];
    return sequence(integer(serial), time('20240101000000Z'), ...(all.length === 0 ? [] : [sequence(...all)]));
  });
  const extensions = plan.extensions ?? [crlNumber(1)];
  return signed(
    sequence(
      integer(1),
      ecdsaSha256,
      dn(plan.issuer),
      time(plan.from ?? '20240101000000Z'),
      ...(plan.until === null ? [] : [time(plan.until ?? '20300101000000Z')]),
      ...(plan.revoked !== undefined ? [sequence(plan.revoked)] : entries.length === 0 ? [] : [sequence(...entries)]),
      ...(extensions.length === 0 ? [] : [tlv(0xa0, sequence(...extensions))]),
    ),
    plan.signer,
  );
}

export type OcspPlan = {
  readonly issuer: string;
  readonly issuerKeys: Keys;
  readonly serial: number | bigint;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Content of RevokedInfo after its time. */
  readonly revokedInfo?: readonly Uint8Array[];
  /** Who signs; by name, or by the hash of a key. */
  readonly responder: string | Keys;
  readonly signer: Keys;
  readonly certificates?: readonly Uint8Array[];
  readonly from?: string;
  readonly until?: string | null;
  readonly nonce?: Uint8Array;
  readonly producedAt?: string;
  /** Extensions of the answer and of the whole response. */
  readonly extensions?: readonly Uint8Array[];
  readonly responseExtensions?: readonly Uint8Array[];
};
const statusOf = ({ status, revokedInfo = [] }: OcspPlan): Bytes =>
  status === 'revoked' ? tlv(0xa1, time('20240101000000Z'), ...revokedInfo) : tlv(status === 'good' ? 0x80 : 0x82);

/** One OCSP response with one answer, DER; CertID with SHA-1, as everybody writes it. */
export function ocsp(plan: OcspPlan): Bytes {
  const sha1 = (bytes: Uint8Array): Bytes => new Uint8Array(createHash('sha1').update(bytes).digest());
  const keyHash = (keys: Keys): Bytes => octets(sha1(spkiOf(keys).subarray(-65)));
  const id = sequence(
    sequence(oid('1.3.14.3.2.26'), tlv(0x05)),
    octets(sha1(dn(plan.issuer))),
    keyHash(plan.issuerKeys),
    integer(plan.serial),
  );
  const from = time(plan.from ?? '20240101000000Z');
  const until = plan.until === null ? [] : [tlv(0xa0, time(plan.until ?? '20300101000000Z'))];
  const nonce = plan.nonce === undefined ? [] : [extension('1.3.6.1.5.5.7.48.1.2', false, octets(plan.nonce))];
  const explicit = (list: readonly Uint8Array[]): readonly Uint8Array[] => (list.length === 0 ? [] : [tlv(0xa1, sequence(...list))]);
  const single = sequence(id, statusOf(plan), from, ...until, ...explicit(plan.extensions ?? []));
  const tbs = sequence(
    typeof plan.responder === 'string' ? tlv(0xa1, dn(plan.responder)) : tlv(0xa2, keyHash(plan.responder)),
    plan.producedAt === undefined ? from : time(plan.producedAt),
    sequence(single),
    ...explicit([...nonce, ...(plan.responseExtensions ?? [])]),
  );
  const signature = tlv(0x03, Uint8Array.of(0), new Uint8Array(sign('sha256', tbs, plan.signer.privateKey)));
  const certificates = plan.certificates === undefined ? [] : [tlv(0xa0, sequence(...plan.certificates))];
  const basic = sequence(tbs, algorithmOf(plan.signer), signature, ...certificates);
  return sequence(tlv(0x0a, Uint8Array.of(0)), tlv(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))));
}

/** A CRL of an issuer made elsewhere: its Name in DER, its P-256 key, serial numbers in hex. In force for a day around now. */
export function crlOf(issuer: Uint8Array, key: KeyObject, serials: readonly string[]): Bytes {
  const at = (millis: number): Bytes => time(new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, ''));
  const entries = serials.map(serial => sequence(integer(BigInt(`0x${serial}`)), at(Date.now() - 3_600_000)));
  const extensions = tlv(0xa0, sequence(crlNumber(1)));
  const list = entries.length === 0 ? [] : [sequence(...entries)];
  const tbs = sequence(integer(1), ecdsaSha256, issuer, at(Date.now() - 3_600_000), at(Date.now() + 86_400_000), ...list, extensions);
  return sequence(tbs, ecdsaSha256, tlv(0x03, Uint8Array.of(0), new Uint8Array(sign('sha256', tbs, key))));
}
