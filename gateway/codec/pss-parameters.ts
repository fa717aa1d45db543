import { DerReader, type Element, inside, smallInteger, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import { algorithm } from './x509-key.ts';

/** RSASSA-PSS-params (RFC 4055 §3.1): OIDs of the hash of the message and of that of MGF1, and how long the salt is, octets. */
export type PssParameters = { readonly hashOid: string; readonly maskHashOid: string; readonly saltBytes: number };

const sha1 = '1.3.14.3.2.26';
const mgf1 = '1.2.840.113549.1.1.8';

/** What is left out is SHA-1 with a salt of 20 octets. Throws DecodeError. */
export function pssParameters(element: Element): PssParameters {
  if (element.tag !== tags.sequence) throw new DecodeError(`Cannot read RSASSA-PSS-params: tag 0x${element.tag.toString(16)}`);
  const parts = inside(element);
  const field = <T>(tag: number, read: (of: DerReader) => T, unsaid: T): T => {
    if (parts.peek() !== tag) return unsaid;
    const of = parts.open(tag, 'RSASSA-PSS-params');
    const found = read(of);
    of.end('RSASSA-PSS-params');
    return found;
  };
  const hashOid = field(0xa0, hashOf, sha1);
  const maskHashOid = field(0xa1, maskHashOf, sha1);
  const number = (of: DerReader): number => smallInteger(of.take(tags.integer, 'RSASSA-PSS-params').content, 'RSASSA-PSS-params');
  const saltBytes = field(0xa2, number, 20);
  const trailer = field(0xa3, number, 1);
  parts.end('RSASSA-PSS-params');
  if (trailer !== 1) throw new DecodeError(`Cannot read RSASSA-PSS-params: trailer ${trailer}`);
  return { hashOid, maskHashOid, saltBytes };
}

/** Parameters of a hash are NULL or absent, which says the same (RFC 4055 §2.1). */
function hashOf(of: DerReader): string {
  const { oid, parameters } = algorithm(of, 'hash of RSASSA-PSS');
  if (parameters !== undefined && (parameters.tag !== tags.null || parameters.content.length > 0))
    throw new DecodeError('Cannot read hash of RSASSA-PSS: it has parameters');
  return oid;
}

function maskHashOf(of: DerReader): string {
  const { oid, parameters } = algorithm(of, 'mask of RSASSA-PSS');
  if (oid !== mgf1 || parameters === undefined) throw new DecodeError(`Cannot read mask of RSASSA-PSS: ${oid}`);
  const hash = new DerReader(parameters.whole);
  const found = hashOf(hash);
  hash.end('mask of RSASSA-PSS');
  return found;
}
