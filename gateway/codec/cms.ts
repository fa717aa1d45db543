import { DecodeError } from './reader.ts';
import { DerReader, type Element, inside, openWhole, smallInteger, tags } from './der.ts';
import { type Algorithm, algorithm } from './x509-key.ts';

/**
 * CMS SignedData (RFC 5652 §5) in DER, as Matter's certification declarations and signed firmware carry it. Reads what the bytes say and
 * judges nothing: whoever asks chooses the signer's key, the algorithms and whether attributes or certificates may be there. BER
 * (indefinite lengths) is refused. Everything throws DecodeError and nothing else.
 */

export const contentTypes = { data: '1.2.840.113549.1.7.1', signedData: '1.2.840.113549.1.7.2' } as const;

/** Who signed: by key identifier (SignerInfo version 3), or by issuer and serial number (version 1). RFC 5652 §5.3. */
export type SignerId =
  | { readonly kind: 'key-id'; readonly keyId: Uint8Array }
  /** `issuer` is the Name in DER, `serial` the content octets of the INTEGER. */
  | { readonly kind: 'issuer-serial'; readonly issuer: Uint8Array; readonly serial: Uint8Array };

/** One attribute; its values are whole elements. */
export type CmsAttribute = { readonly oid: string; readonly values: readonly Uint8Array[] };

export type SignerInfo = {
  readonly version: number;
  readonly sid: SignerId;
  readonly digestAlgorithm: Algorithm;
  /** Set iff there are signed attributes: then `der` is what is signed, with the tag of a SET (§5.4), and not the content. */
  readonly signed?: { readonly der: Uint8Array; readonly attributes: readonly CmsAttribute[] };
  readonly signatureAlgorithm: Algorithm;
  readonly signature: Uint8Array;
  readonly unsigned: readonly CmsAttribute[];
};

export type SignedData = {
  readonly version: number;
  readonly digestAlgorithms: readonly Algorithm[];
  readonly contentType: string;
  /** Absent: detached. */
  readonly content?: Uint8Array;
  /** DER of what was sent along; untrusted. */
  readonly certificates: readonly Uint8Array[];
  readonly revocations: readonly Uint8Array[];
  readonly signers: readonly SignerInfo[];
};

/** Most elements of each of its lists. */
const maxListed = 16;

/** Reads ContentInfo with SignedData in it, whole. Throws DecodeError. */
export function decodeSignedData(der: Uint8Array): SignedData {
  const info = openWhole(der, tags.sequence, 'ContentInfo');
  const type = oid(info, 'contentType');
  if (type !== contentTypes.signedData) throw new DecodeError(`Cannot read CMS: content type ${type}`);
  const wrapper = info.open(0xa0, 'CMS content');
  info.end('ContentInfo');
  const body = wrapper.open(tags.sequence, 'SignedData');
  wrapper.end('CMS content');

  const version = smallInteger(body.take(tags.integer, 'CMS version').content, 'CMS version');
  const digests = body.open(tags.set, 'digestAlgorithms');
  const digestAlgorithms = listed(digests, 'digestAlgorithms', r => algorithm(r, 'digestAlgorithm'));
  const encapsulated = body.open(tags.sequence, 'encapContentInfo');
  const contentType = oid(encapsulated, 'eContentType');
  const content = encapsulated.done ? undefined : explicitOctets(encapsulated);
  encapsulated.end('encapContentInfo');
  const certificates = optionalSet(body, 0xa0, 'CMS certificates');
  const revocations = optionalSet(body, 0xa1, 'CMS crls');
  const signers = listed(body.open(tags.set, 'signerInfos'), 'signerInfos', r => signerInfo(r.open(tags.sequence, 'SignerInfo')));
  body.end('SignedData');
  return {
    version,
    digestAlgorithms,
    contentType,
    ...(content === undefined ? {} : { content }),
    certificates,
    revocations,
    signers,
  };
}

function signerInfo(parts: DerReader): SignerInfo {
  const version = smallInteger(parts.take(tags.integer, 'SignerInfo version').content, 'SignerInfo version');
  const sid = signerId(parts);
  const digestAlgorithm = algorithm(parts, 'SignerInfo digestAlgorithm');
  const attributes = parts.maybe(0xa0);
  const signatureAlgorithm = algorithm(parts, 'SignerInfo signatureAlgorithm');
  const signature = parts.take(tags.octetString, 'SignerInfo signature').content;
  const unsigned = parts.maybe(0xa1);
  parts.end('SignerInfo');
  return {
    version,
    sid,
    digestAlgorithm,
    ...(attributes === undefined ? {} : { signed: { der: asSet(attributes), attributes: attributeList(attributes) } }),
    signatureAlgorithm,
    signature,
    unsigned: unsigned === undefined ? [] : attributeList(unsigned),
  };
}

function signerId(parts: DerReader): SignerId {
  const keyId = parts.maybe(0x80);
  if (keyId !== undefined) return { kind: 'key-id', keyId: keyId.content };
  const pair = parts.open(tags.sequence, 'issuerAndSerialNumber');
  const issuer = pair.take(tags.sequence, 'issuer').whole;
  const serial = pair.take(tags.integer, 'serialNumber').content;
  pair.end('issuerAndSerialNumber');
  return { kind: 'issuer-serial', issuer, serial };
}

/** RFC 5652 §5.4: the signature is over the attributes as an explicit SET OF, not with their implicit tag. */
function asSet(attributes: Element): Uint8Array {
  const der = attributes.whole.slice();
  der[0] = tags.set;
  return der;
}

/** At least one attribute, each of them once (§5.3, §11). */
function attributeList(element: Element): readonly CmsAttribute[] {
  const seen = new Set<string>();
  const found = listed(inside(element), 'attributes', r => {
    const parts = r.open(tags.sequence, 'attribute');
    const type = oid(parts, 'attribute type');
    if (seen.has(type)) throw new DecodeError(`Cannot read CMS: the attribute ${type} twice`);
    seen.add(type);
    const values = listed(parts.open(tags.set, 'attribute values'), 'attribute values', v => v.next().whole);
    parts.end('attribute');
    return { oid: type, values };
  });
  if (found.length === 0) throw new DecodeError('Cannot read CMS: no attribute among its attributes');
  return found;
}

function explicitOctets(reader: DerReader): Uint8Array {
  const wrapper = reader.open(0xa0, 'eContent');
  const octets = wrapper.take(tags.octetString, 'eContent').content;
  wrapper.end('eContent');
  return octets;
}

function optionalSet(reader: DerReader, tag: number, what: string): readonly Uint8Array[] {
  const element = reader.maybe(tag);
  return element === undefined ? [] : listed(inside(element), what, r => r.next().whole);
}

function listed<T>(reader: DerReader, what: string, read: (reader: DerReader) => T): readonly T[] {
  const found: T[] = [];
  while (!reader.done) {
    if (found.length >= maxListed) throw new DecodeError(`Cannot read ${what}: more than ${maxListed}`);
    found.push(read(reader));
  }
  return found;
}

const oid = (reader: DerReader, what: string): string => reader.oid(what);
