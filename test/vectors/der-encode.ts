/** A small DER writer (X.690) for test certificates: only what vectors need, so it also writes what no honest encoder would. */

/** One element: identifier octet, definite minimal length, content. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = Buffer.concat(content);
  const length: number[] = [];
  for (let n = body.length; n > 0; n >>= 8) length.unshift(n & 0xff);
  const header = body.length < 128 ? [body.length] : [0x80 | length.length, ...length];
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...header), body]));
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => tlv(0x30, ...parts);
export const octets = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => tlv(0x04, bytes);
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Content octets of a non-negative INTEGER of any size. */
export function integerBytes(value: number | bigint): Uint8Array<ArrayBuffer> {
  const hex = BigInt(value).toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return new Uint8Array(Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even, 'hex'));
}

/** Content octets of an OBJECT IDENTIFIER in dotted form. */
export function oidBytes(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const out: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let n = Math.floor(arc / 128); n > 0; n = Math.floor(n / 128)) groups.unshift((n % 128) | 0x80);
    out.push(...groups);
  }
  return Uint8Array.from(out);
}
export const oid = (dotted: string): Uint8Array<ArrayBuffer> => tlv(0x06, oidBytes(dotted));

/** Content octets of a named-bit BIT STRING with these bits set (bit 0 is the most significant bit of the first octet). */
export function bitBytes(bits: readonly number[], width?: number): Uint8Array<ArrayBuffer> {
  const count = width ?? (bits.length === 0 ? 0 : Math.max(...bits) + 1);
  const out = new Uint8Array(1 + Math.ceil(count / 8));
  out[0] = (8 - (count % 8)) % 8;
  for (const bit of bits) {
    const at = 1 + (bit >> 3);
    out[at] = (out[at] ?? 0) | (0x80 >> (bit & 7));
  }
  return out;
}
