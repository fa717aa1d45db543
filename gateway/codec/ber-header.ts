import type { Reader } from './reader.ts';

/**
 * Identifier and length of one element in Basic Encoding Rules (X.690 §8.1), as IEC 61850 and MMS write them: the reader stands at the
 * content afterwards, and whether that is all there is for the caller (ber.ts takes whole elements). One or two identifier octets, two as
 * one number, `0xbf28`; definite lengths of at most 65535.
 */
export function berHeader(r: Reader): { readonly tag: number; readonly length: number } {
  const first = r.u8();
  const tag = (first & 0x1f) === 0x1f ? (first << 8) | r.u8() : first;
  if (tag > 0xff && (tag & 0x80) !== 0) throw r.fault('tag of more than two octets');
  return { tag, length: berLength(r) };
}

function berLength(r: Reader): number {
  const first = r.u8();
  if (first < 0x80) return first;
  if (first === 0x81) return r.u8();
  if (first === 0x82) return r.u16();
  throw r.fault(`length octet ${first}`);
}
