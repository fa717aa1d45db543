import type { Ip, Mac } from '../model/address.ts';

/** Six bytes, as on the wire. */
export const macBytes = (mac: Mac): Uint8Array => Uint8Array.from(mac.split(':'), part => Number.parseInt(part, 16));

/** Four bytes, as on the wire. */
export const ip4Bytes = (ip: Ip): Uint8Array => u32Bytes(ip4Number(ip));

/** An IPv4 address as a number, so that ranges can be counted. */
export const ip4Number = (ip: Ip): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** An address as URLs and HTTP's Host name it: IPv6 in brackets (RFC 3986 §3.2.2). */
export const uriHost = (ip: Ip): string => (ip.includes(':') ? `[${ip}]` : ip);

/** Big-endian. */
export const u16Bytes = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 255);

/** Big-endian. */
export const u32Bytes = (value: number): Uint8Array => Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

/** IPv4 addresses from `first` to `last`, network and broadcast address among them. */
export type Range = { readonly first: number; readonly last: number };

/** What `a.b.c.d/n` spans; undefined when it is no IPv4 prefix. The address may have host bits. */
export function rangeOf(prefix: string): Range | undefined {
  const [, ip = '', bits = ''] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(prefix) ?? [];
  if (ip === '' || ip.split('.').some(part => Number(part) > 255) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(ip4Number(ip) / size) * size;
  return { first, last: first + size - 1 };
}
