import type { Hex, Millis } from '../model/address.ts';
import { hex } from './address.ts';
import { bitString, type DerReader, inside, openWhole, smallInteger, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import { serialKey } from './x509-crl-entries.ts';
import { type Extension, extensions } from './x509-extension.ts';
import { type Algorithm, algorithm } from './x509-key.ts';
import { type Name, name } from './x509-name.ts';
import { time } from './x509-time.ts';

/** A SingleResponse (RFC 6960 §4.2.1): which certificate, by hashes of its issuer, and what of it. */
export type OcspSingle = {
  readonly hashOid: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: Hex;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Why it was revoked (RFC 5280 §5.3.1), where the answer says. */
  readonly reason?: number;
  readonly thisUpdate: Millis;
  readonly nextUpdate?: Millis;
  readonly extensions: readonly Extension[];
};

/** A BasicOCSPResponse as it says it is. Nothing in it is true before its signature and its responder are checked. */
export type OcspResponse = {
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: Algorithm;
  readonly responder: { readonly kind: 'name'; readonly name: Name } | { readonly kind: 'key'; readonly hash: Uint8Array };
  readonly producedAt: Millis;
  readonly singles: readonly OcspSingle[];
  readonly extensions: readonly Extension[];
  /** DER of the certificates that came along, unread. */
  readonly certificates: readonly Uint8Array[];
};

export const ocspOids = {
  basic: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  noCheck: '1.3.6.1.5.5.7.48.1.5',
  signing: '1.3.6.1.5.5.7.3.9',
} as const;

/** Most answers and certificates in one response. */
const maxSingles = 64;
const maxCertificates = 8;

/**
 * Reads the bytes of an OCSPResponse (RFC 6960 §4.2.1), stapled or fetched: undefined when it says that there is no answer
 * (tryLater and the like, which nobody signed). Throws DecodeError and nothing else.
 */
export function decodeOcspResponse(der: Uint8Array): OcspResponse | undefined {
  const outer = openWhole(der, tags.sequence, 'OCSP response');
  const status = outer.take(tags.enumerated, 'OCSP status').content;
  if (status.length !== 1) throw new DecodeError('Cannot read OCSP response: status');
  if (status[0] !== 0) return undefined;
  const explicit = outer.open(0xa0, 'OCSP responseBytes');
  const bytes = explicit.open(tags.sequence, 'OCSP responseBytes');
  explicit.end('OCSP responseBytes');
  outer.end('OCSP response');
  const type = bytes.oid('OCSP response type');
  if (type !== ocspOids.basic) throw new DecodeError(`Cannot read OCSP response: type ${type}`);
  const basic = openWhole(bytes.take(tags.octetString, 'OCSP response').content, tags.sequence, 'BasicOCSPResponse');
  bytes.end('OCSP responseBytes');
  const tbs = basic.take(tags.sequence, 'tbsResponseData');
  const signatureAlgorithm = algorithm(basic, 'OCSP signatureAlgorithm');
  const signature = bitString(basic.take(tags.bitString, 'OCSP signature').content, 'OCSP signature');
  if (signature.bits % 8 !== 0) throw new DecodeError('Cannot read OCSP response: signature is not whole octets');
  const certificates: Uint8Array[] = [];
  if (basic.peek() === 0xa0) {
    const wrapper = basic.open(0xa0, 'OCSP certificates');
    const list = wrapper.open(tags.sequence, 'OCSP certificates');
    wrapper.end('OCSP certificates');
    while (!list.done) {
      if (certificates.length >= maxCertificates)
        throw new DecodeError(`Cannot read OCSP response: more than ${maxCertificates} certificates`);
      certificates.push(list.take(tags.sequence, 'OCSP certificate').whole);
    }
  }
  basic.end('BasicOCSPResponse');
  return { tbs: tbs.whole, signature: signature.octets, signatureAlgorithm, ...responseData(inside(tbs)), certificates };
}

function responseData(data: DerReader): Pick<OcspResponse, 'responder' | 'producedAt' | 'singles' | 'extensions'> {
  if (data.peek() === 0xa0) throw new DecodeError('Cannot read OCSP response: a version other than 1');
  const responder = responderId(data);
  const producedAt = generalizedTime(data);
  const list = data.open(tags.sequence, 'OCSP responses');
  const singles: OcspSingle[] = [];
  while (!list.done) {
    if (singles.length >= maxSingles) throw new DecodeError(`Cannot read OCSP response: more than ${maxSingles} answers`);
    singles.push(single(list.open(tags.sequence, 'OCSP answer')));
  }
  const found = explicitExtensions(data, 0xa1);
  data.end('OCSP response');
  return { responder, producedAt, singles, extensions: found };
}

function responderId(data: DerReader): OcspResponse['responder'] {
  const element = data.next();
  const parts = inside(element);
  if (element.tag === 0xa1) {
    const found = name(parts, 'OCSP responder');
    parts.end('OCSP responder');
    return { kind: 'name', name: found };
  }
  if (element.tag !== 0xa2) throw new DecodeError(`Cannot read OCSP responder: tag 0x${element.tag.toString(16)}`);
  const hash = parts.take(tags.octetString, 'OCSP responder key').content;
  parts.end('OCSP responder');
  return { kind: 'key', hash };
}

function single(parts: DerReader): OcspSingle {
  const id = parts.open(tags.sequence, 'CertID');
  const hashOid = algorithm(id, 'CertID hash').oid;
  const issuerNameHash = id.take(tags.octetString, 'CertID issuer name').content;
  const issuerKeyHash = id.take(tags.octetString, 'CertID issuer key').content;
  const serial = serialKey(hex(id.take(tags.integer, 'CertID serial').content));
  id.end('CertID');
  const status = parts.next();
  // good and unknown are implicit NULLs, revoked is RevokedInfo.
  const known =
    status.tag === 0xa1
      ? 'revoked'
      : status.content.length > 0
        ? undefined
        : status.tag === 0x80
          ? 'good'
          : status.tag === 0x82
            ? 'unknown'
            : undefined;
  if (known === undefined) throw new DecodeError(`Cannot read OCSP answer: status 0x${status.tag.toString(16)}`);
  const reason = known === 'revoked' ? revocationReason(inside(status)) : undefined;
  const thisUpdate = generalizedTime(parts);
  const next = parts.peek() === 0xa0 ? parts.open(0xa0, 'OCSP nextUpdate') : undefined;
  const nextUpdate = next === undefined ? undefined : generalizedTime(next);
  next?.end('OCSP nextUpdate');
  const found = explicitExtensions(parts, 0xa1);
  parts.end('OCSP answer');
  return {
    hashOid,
    issuerNameHash,
    issuerKeyHash,
    serial,
    status: known,
    ...(reason === undefined ? {} : { reason }),
    thisUpdate,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    extensions: found,
  };
}

/** RevokedInfo (RFC 6960 §4.2.1): when, and why where it says. */
function revocationReason(info: DerReader): number | undefined {
  generalizedTime(info);
  const why = info.peek() === 0xa0 ? info.open(0xa0, 'OCSP revocationReason') : undefined;
  const reason =
    why === undefined ? undefined : smallInteger(why.take(tags.enumerated, 'OCSP revocationReason').content, 'OCSP revocationReason');
  why?.end('OCSP revocationReason');
  info.end('OCSP RevokedInfo');
  return reason;
}

function explicitExtensions(parts: DerReader, tag: number): readonly Extension[] {
  if (parts.peek() !== tag) return [];
  const wrapper = parts.open(tag, 'OCSP extensions');
  const found = extensions(wrapper);
  wrapper.end('OCSP extensions');
  return found;
}

const generalizedTime = (parts: DerReader): Millis => time(parts.take(tags.generalizedTime, 'OCSP time'));
