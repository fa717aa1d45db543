import type { Hex } from '../model/address.ts';
import { sameBytes } from './bytes.ts';
import { DerReader, openWhole, smallInteger, tags } from './der.ts';
import { Reader } from './reader.ts';
import { type Extension, extensions } from './x509-extension.ts';
import { generalNames } from './x509-general-name.ts';
import type { Name } from './x509-name.ts';

/** Why a certificate was revoked (RFC 5280 §5.3.1), by its number; 0 where the CRL gives none. */
export const reasonCodes = { unspecified: 0, certificateHold: 6, removeFromCrl: 8 } as const;

/** The certificates of one issuer on a CRL: serial number, as `serialKey` writes it, to reason code. */
export type RevokedSerials = ReadonlyMap<Hex, number>;

/** What stands on a CRL. `others` are entries of an indirect CRL about certificates of other issuers (§5.3.3). */
export type Revoked = {
  readonly own: RevokedSerials;
  readonly others: readonly { readonly issuer: Name; readonly serials: RevokedSerials }[];
  /** OID of a critical entry extension that nobody here knows: then the CRL says nothing of any certificate (§5.3). */
  readonly unknownCritical?: string;
};

/** Most issuers that one indirect CRL speaks of. */
const maxIssuers = 1024;
const entryOids = { reasonCode: '2.5.29.21', invalidityDate: '2.5.29.24', certificateIssuer: '2.5.29.29' } as const;
/** SEQUENCE OF one extension, not critical: reasonCode, all but its last octet. Nearly every entry that has extensions has just this. */
const onlyReason = Uint8Array.of(0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01);

/** A serial number for comparing: content octets of the INTEGER as hex, without those that say nothing. */
export function serialKey(serial: Hex): Hex {
  let from = 0;
  while (serial.length > from + 2 && serial.startsWith('00', from) && serial.charCodeAt(from + 2) < 0x38) from += 2;
  return from === 0 ? serial : serial.slice(from);
}

/**
 * Reads the content of revokedCertificates in one pass without an object for each element, since a CRL has a hundred thousand of them.
 * Dates of entries are not kept. Throws DecodeError.
 */
export function revokedCertificates(content: Uint8Array): Revoked {
  const own = new Map<Hex, number>();
  const others: { readonly issuer: Name; readonly serials: Map<Hex, number> }[] = [];
  let unknownCritical: string | undefined;
  let current = own;
  const r = new Reader(content, 'CRL entry');
  // All octets are written as hex at once, and a serial number is a piece of that: a string for each byte of each would cost more than the signature.
  const text: Hex = Buffer.from(content.buffer, content.byteOffset, content.length).toString('hex');
  while (r.left > 0) {
    if (r.u8() !== tags.sequence) throw r.fault('no SEQUENCE');
    const size = length(r);
    const end = r.at + size;
    if (r.u8() !== tags.integer) throw r.fault('no serial number');
    const serialLength = length(r);
    if (serialLength === 0 || serialLength > 32) throw r.fault(`a serial number of ${serialLength} bytes`);
    const serial = serialKey(text.slice(2 * r.at, 2 * (r.at + serialLength)));
    r.skip(serialLength);
    const tag = r.u8();
    const dateLength = r.u8();
    if (!((tag === tags.utcTime && dateLength === 13) || (tag === tags.generalizedTime && dateLength === 15)))
      throw r.fault('a revocation date that is none');
    r.skip(dateLength);
    let reason: number = reasonCodes.unspecified;
    if (r.at < end) {
      const more = entryExtensions(r.take(end - r.at));
      reason = more.reason;
      unknownCritical ??= more.unknownCritical;
      if (more.issuer !== undefined) {
        if (others.length >= maxIssuers) throw r.fault(`more than ${maxIssuers} issuers`);
        current = new Map();
        others.push({ issuer: more.issuer, serials: current });
      }
    }
    if (r.at !== end) throw r.fault('an entry longer than it says');
    // One that stands twice is revoked, whatever the other entry takes back.
    if (reason !== reasonCodes.removeFromCrl || !current.has(serial)) current.set(serial, reason);
  }
  return { own, others, ...(unknownCritical === undefined ? {} : { unknownCritical }) };
}

/** Definite minimal length of something short. */
function length(r: Reader): number {
  const first = r.u8();
  if (first < 0x80) return first;
  const value = first === 0x81 ? r.u8() : first === 0x82 ? r.u16() : 0;
  if (value < (first === 0x81 ? 0x80 : 0x100)) throw r.fault(`length octet 0x${first.toString(16)}`);
  return value;
}

type EntryExtensions = { readonly reason: number; readonly issuer?: Name; readonly unknownCritical?: string };

function entryExtensions(bytes: Uint8Array): EntryExtensions {
  const last = bytes[onlyReason.length];
  if (bytes.length === onlyReason.length + 1 && last !== undefined && last < 11 && sameBytes(bytes.subarray(0, -1), onlyReason))
    return { reason: last };
  const outer = new DerReader(bytes);
  const found = extensions(outer);
  outer.end('entry extensions');
  const value = (oid: string): Uint8Array | undefined => found.find(e => e.oid === oid)?.value;
  const [reason, issuer] = [value(entryOids.reasonCode), value(entryOids.certificateIssuer)];
  const unknown = found.find(isUnknownCritical)?.oid;
  const names = issuer === undefined ? [] : generalNames(openWhole(issuer, tags.sequence, 'certificateIssuer'));
  const named = names.flatMap(n => (n.kind === 'directory' ? [n.name] : []))[0];
  return {
    reason: reason === undefined ? reasonCodes.unspecified : enumerated(reason),
    ...(named === undefined ? {} : { issuer: named }),
    // An issuer that is no directory name is one that we cannot compare.
    ...(unknown !== undefined
      ? { unknownCritical: unknown }
      : issuer !== undefined && named === undefined
        ? { unknownCritical: entryOids.certificateIssuer }
        : {}),
  };
}

const known: ReadonlySet<string> = new Set(Object.values(entryOids));
const isUnknownCritical = (e: Extension): boolean => e.critical && !known.has(e.oid);

function enumerated(value: Uint8Array): number {
  const outer = new DerReader(value);
  const code = smallInteger(outer.take(tags.enumerated, 'reasonCode').content, 'reasonCode');
  outer.end('reasonCode');
  return code;
}
