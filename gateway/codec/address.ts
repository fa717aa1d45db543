import type { Hex, Ip, Mac } from '../model/address.ts';
import { hexAt, ip4At, ip6At, macAt } from './address-at.ts';
import { DecodeError } from './reader.ts';

/** Lower-case hexadecimal. */
export const hex = (bytes: Uint8Array): Hex => hexAt(bytes, 0, bytes.length);

/** Ethernet address of exactly 6 bytes. */
export function mac(bytes: Uint8Array): Mac {
  wants(bytes, 6, 'Ethernet address');
  return macAt(bytes, 0);
}

/** IPv4 address of exactly 4 bytes. */
export function ip4(bytes: Uint8Array): Ip {
  wants(bytes, 4, 'IPv4 address');
  return ip4At(bytes, 0);
}

/** IPv6 address of exactly 16 bytes, in the form of RFC 5952. */
export function ip6(bytes: Uint8Array): Ip {
  wants(bytes, 16, 'IPv6 address');
  return ip6At(bytes, 0);
}

/** True for an IPv4 or IPv6 address that one host can have on a LAN: no unspecified, loopback, multicast, reserved or broadcast address. */
export function isHostIp(ip: Ip): boolean {
  const first = Number.parseInt(ip, 10);
  if (ip.includes(':')) return ip !== '::' && ip !== '::1' && !ip.startsWith('ff');
  return first > 0 && first < 224 && first !== 127;
}

function wants(bytes: Uint8Array, count: number, what: string): void {
  if (bytes.length !== count) throw new DecodeError(`Cannot read ${what}: ${bytes.length} bytes`);
}
