import { sign } from 'node:crypto';
import { integerBytes, oid, sequence, tlv, utf8 } from './der-encode.ts';
import { alternativeNames, type Bytes, dn, extension, issuerKeyId, keyId, type Keys, name, purposes, spkiOf, usage } from './path-pki.ts';

/** Certificates and CRLs of which every field may be put in by its octets; what is left out is as RFC 5280 wants it from an issuer, so that strict readers of others find no fault. */
export type Fields = {
  readonly version?: readonly Uint8Array[];
  readonly serial?: Uint8Array;
  readonly inner?: Uint8Array;
  readonly outer?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly spki?: Uint8Array;
  /** Between the key and the extensions. */
  readonly ids?: readonly Uint8Array[];
  /** Replaces the one of the same OID, else is added. */
  readonly with?: readonly Uint8Array[];
  /** OIDs left out. */
  readonly without?: readonly string[];
  /** All of them, in place of the usual. */
  readonly extensions?: readonly Uint8Array[];
  readonly signer?: Keys;
};
/** `id` is the key identifier; unsaid, it follows from the name. */
export type Who = { readonly name: string; readonly keys: Keys; readonly id?: string };

const algorithms: Readonly<Record<string, Bytes>> = {
  ec: sequence(oid('1.2.840.10045.4.3.2')),
  rsa: sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05)),
  ed25519: sequence(oid('1.3.101.112')),
};
const algorithmOf = (keys: Keys): Bytes => algorithms[keys.privateKey.asymmetricKeyType ?? ''] ?? sequence();
const signatureOf = (bytes: Uint8Array, keys: Keys): Uint8Array =>
  new Uint8Array(sign(keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, keys.privateKey));

export const utc = (text: string): Bytes => tlv(0x17, utf8(text));
export const general = (text: string): Bytes => tlv(0x18, utf8(text));
export const dates = (from: Uint8Array = utc('200101000000Z'), until: Uint8Array = utc('400101000000Z')): Bytes => sequence(from, until);

const oidOf = (ext: Uint8Array): string => Buffer.from(ext.subarray(2, 4 + (ext[3] ?? 0))).toString('hex');
let serials = 70_000;

const idOf = ({ name: text, id }: Who): string => id ?? `id-${text}`;

/** What an issuer would put in: `leaf` is a server called www.example.com. */
const usual = (kind: 'root' | 'ca' | 'leaf', subject: Who, issuer: Who): readonly Bytes[] => [
  ...(kind === 'leaf'
    ? [usage(0), purposes('1.3.6.1.5.5.7.3.1'), alternativeNames(name.dns('www.example.com'))]
    : [extension('2.5.29.19', true, sequence(tlv(0x01, Uint8Array.of(0xff)))), usage(5, 6)]),
  keyId(idOf(subject)),
  ...(kind === 'root' ? [] : [issuerKeyId(idOf(issuer))]),
];

export function raw(kind: 'root' | 'ca' | 'leaf', subject: Who, issuer: Who, fields: Fields = {}): Bytes {
  const given = fields.with ?? [];
  const replaced = new Set([...given.map(oidOf), ...(fields.without ?? []).map(o => Buffer.from(oid(o)).toString('hex'))]);
  const all = fields.extensions ?? [...usual(kind, subject, issuer).filter(e => !replaced.has(oidOf(e))), ...given];
  const signer = fields.signer ?? issuer.keys;
  const inner = fields.inner ?? algorithmOf(signer);
  const tbs = sequence(
    ...(fields.version ?? [tlv(0xa0, tlv(0x02, integerBytes(2)))]),
    fields.serial ?? tlv(0x02, integerBytes(++serials)),
    inner,
    fields.issuer ?? dn(`CN=${issuer.name}`),
    fields.validity ?? dates(),
    fields.subject ?? dn(`CN=${subject.name}`),
    fields.spki ?? spkiOf(subject.keys),
    ...(fields.ids ?? []),
    ...(all.length === 0 ? [] : [tlv(0xa3, sequence(...all))]),
  );
  return sequence(tbs, fields.outer ?? inner, tlv(0x03, Uint8Array.of(0), signatureOf(tbs, signer)));
}

export type ListFields = {
  readonly version?: readonly Uint8Array[];
  readonly issuer?: Uint8Array;
  readonly times?: readonly Uint8Array[];
  readonly entries?: readonly Uint8Array[];
  readonly extensions?: readonly Uint8Array[];
  readonly signer?: Keys;
};
export const entry = (serial: Uint8Array, ...extensions: readonly Uint8Array[]): Bytes =>
  sequence(serial, utc('240101000000Z'), ...(extensions.length === 0 ? [] : [sequence(...extensions)]));

/** A CRL of `issuer`, of version 2 with number and key identifier. */
export function rawCrl(issuer: Who, fields: ListFields = {}): Bytes {
  const signer = fields.signer ?? issuer.keys;
  const number = extension('2.5.29.20', false, tlv(0x02, Uint8Array.of(7)));
  const extensions = fields.extensions ?? [number, issuerKeyId(idOf(issuer))];
  const tbs = sequence(
    ...(fields.version ?? [tlv(0x02, Uint8Array.of(1))]),
    algorithmOf(signer),
    fields.issuer ?? dn(`CN=${issuer.name}`),
    ...(fields.times ?? [utc('240101000000Z'), utc('390101000000Z')]),
    ...((fields.entries ?? []).length === 0 ? [] : [sequence(...(fields.entries ?? []))]),
    ...(extensions.length === 0 ? [] : [tlv(0xa0, sequence(...extensions))]),
  );
  return sequence(tbs, algorithmOf(signer), tlv(0x03, Uint8Array.of(0), signatureOf(tbs, signer)));
}
