import { DecodeError, Reader } from './reader.ts';

/**
 * ASN.1 Basic Encoding Rules (X.690 §8) as SNMP uses them: definite lengths, which need not be minimal (RFC 3417 §8), low tag numbers. What must be
 * canonical, certificates, is read by der.ts.
 */
export type BerElement = { readonly tag: number; readonly content: Uint8Array };

/** Longest object identifier that is read, bytes: 128 parts. */
const maxOid = 128;

/** The next element. */
export function berNext(r: Reader): BerElement {
  const tag = r.u8();
  if ((tag & 0x1f) === 0x1f) throw r.fault('high tag number');
  const first = r.u8();
  if (first < 0x80) return { tag, content: r.take(first) };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw r.fault(`length octet 0x${first.toString(16)}`);
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + r.u8();
  return { tag, content: r.take(length) };
}

/** The content of the next element, which must have this tag. */
export function berTake(r: Reader, tag: number, what: string): Uint8Array {
  const next = berNext(r);
  if (next.tag !== tag) throw new DecodeError(`Cannot read ${what}: tag 0x${next.tag.toString(16)}`);
  return next.content;
}

/** The inside of the next element, which must have this tag. */
export const berOpen = (r: Reader, tag: number, what: string): Reader => new Reader(berTake(r, tag, what), what);

/** INTEGER of at most 8 bytes as a number, which is exact up to 2^53. X.690 §8.3. */
export function berInteger(content: Uint8Array, what: string): number {
  if (content.length === 0 || content.length > 9) throw new DecodeError(`Cannot read ${what}: INTEGER of ${content.length} bytes`);
  let value = (content[0] ?? 0) >= 0x80 ? -1 : 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
}

/** OBJECT IDENTIFIER in dotted form. X.690 §8.19. */
export function berOid(content: Uint8Array, what: string): string {
  if (content.length === 0 || content.length > maxOid || (content.at(-1) ?? 0) >= 0x80)
    throw new DecodeError(`Cannot read ${what}: OBJECT IDENTIFIER of ${content.length} bytes`);
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (value > 0xffff_ffff) throw new DecodeError(`Cannot read ${what}: OBJECT IDENTIFIER part above 2^32`);
    if (byte >= 0x80) continue;
    if (parts.length === 0) parts.push(Math.min(Math.floor(value / 40), 2), value - Math.min(Math.floor(value / 40), 2) * 40);
    else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}
