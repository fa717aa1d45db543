import { DerReader, inside, latin1, openWhole, tags, utf8 } from './der.ts';
import { DecodeError, Reader } from './reader.ts';
import { generalNames } from './x509-general-name.ts';
import { extensionOids } from './x509-extension.ts';
import type { Certificate } from './x509.ts';

/** Certificates in SPDM (DSP0274 §10.6.1, §10.7): the chain of a slot, and what DMTF has certificates say. */

/** DMTF's object identifiers, 1.3.6.1.4.1.412.274. */
export const spdmOids = {
  /** otherName: `manufacturer:product:serial`. */
  deviceInfo: '1.3.6.1.4.1.412.274.1',
  /** This key is the device's own and never changes. */
  hardwareIdentity: '1.3.6.1.4.1.412.274.2',
  responder: '1.3.6.1.4.1.412.274.3',
  requester: '1.3.6.1.4.1.412.274.4',
  /** Made by the device itself, may change. */
  mutable: '1.3.6.1.4.1.412.274.5',
  /** The extension in which the two before stand. */
  extension: '1.3.6.1.4.1.412.274.6',
} as const;

/** A slot's chain: `rootHash` over the root certificate, whether it stands in the chain or not; certificates from the root's side down to the leaf. */
export type SpdmChain = { readonly rootHash: Uint8Array; readonly certificates: readonly Uint8Array[] };

/** Reads a chain that came in portions. Throws DecodeError. */
export function decodeSpdmChain(bytes: Uint8Array, hashBytes: number): SpdmChain {
  const r = new Reader(bytes, 'SPDM certificate chain');
  const length = r.u16le();
  if (length !== bytes.length) throw r.fault(`a length of ${length} in ${bytes.length} bytes`);
  r.skip(2);
  const rootHash = r.take(hashBytes);
  const list = new DerReader(r.rest());
  const certificates: Uint8Array[] = [];
  while (!list.done) certificates.push(list.take(tags.sequence, 'SPDM certificate').whole);
  return { rootHash, certificates };
}

/** Who the manufacturer says that a device is. Each part may be empty. */
export type SpdmDevice = { readonly manufacturer: string; readonly product: string; readonly serial: string };

/** Longest text, UTF-16 units. */
const maxInfo = 255;

/** The device information of a certificate; undefined when it has none. Throws DecodeError when it has two, or when it is not three parts. */
export function spdmDevice({ extensions }: Certificate): SpdmDevice | undefined {
  const names = extensions.find(e => e.oid === extensionOids.subjectAltName);
  if (names === undefined) return undefined;
  const infos = generalNames(openWhole(names.value, tags.sequence, 'subjectAltName')).flatMap(n =>
    n.kind === 'other' && n.type === spdmOids.deviceInfo ? [n.der] : [],
  );
  const [der, second] = infos;
  if (der === undefined) return undefined;
  if (second !== undefined) throw new DecodeError('Cannot read subjectAltName: two DMTF device informations');
  const value = new DerReader(der).open(0xa0, 'DMTF device information').next();
  const text = value.tag === tags.utf8String ? utf8(value.content, 'DMTF device information') : latin1(value.content);
  const parts = text.split(':');
  const [manufacturer, product, serial] = parts;
  if (parts.length !== 3 || text.length > maxInfo || manufacturer === undefined || product === undefined || serial === undefined)
    throw new DecodeError(`Cannot read DMTF device information: ${parts.length} parts, ${text.length} characters`);
  return { manufacturer, product, serial };
}

/** Marks in the DMTF extension of a certificate. */
export function spdmMarks({ extensions }: Certificate): readonly string[] {
  const found = extensions.find(e => e.oid === spdmOids.extension);
  if (found === undefined) return [];
  const list = openWhole(found.value, tags.sequence, 'DMTF extension');
  const marks: string[] = [];
  while (!list.done) {
    const element = list.next();
    if (element.tag !== tags.sequence) throw new DecodeError(`Cannot read DMTF extension: tag 0x${element.tag.toString(16)}`);
    // An OID, and where it has one a definition that nobody has given a meaning to.
    marks.push(inside(element).oid('DMTF extension'));
  }
  return marks;
}
