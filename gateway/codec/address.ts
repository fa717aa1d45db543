import type { Hex, Ip, Mac } from '../model/address.ts';
import { DecodeError } from './reader.ts';

const hexByte: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): Hex {
  let text = '';
  for (const byte of bytes) text += hexByte[byte];
  return text;
}

/** Ethernet address of exactly 6 bytes. */
export function mac(bytes: Uint8Array): Mac {
  wants(bytes, 6, 'Ethernet address');
  return macAt(bytes, 0);
}

/** The Ethernet address at `i`; the caller knows that it is there. */
export function macAt(bytes: Uint8Array, i: number): Mac {
  const two = (at: number): string => hexByte[bytes[at] ?? 0] ?? '';
  return `${two(i)}:${two(i + 1)}:${two(i + 2)}:${two(i + 3)}:${two(i + 4)}:${two(i + 5)}`;
}

/** IPv4 address of exactly 4 bytes. */
export function ip4(bytes: Uint8Array): Ip {
  wants(bytes, 4, 'IPv4 address');
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** IPv6 address of exactly 16 bytes, in the form of RFC 5952: lower case, the longest run of zero groups (two or more, the first) as `::`. */
export function ip6(bytes: Uint8Array): Ip {
  wants(bytes, 16, 'IPv6 address');
  let [from, length, run] = [-1, 1, 0];
  for (let i = 0; i < 8; i++) {
    run = bytes[2 * i] === 0 && bytes[2 * i + 1] === 0 ? run + 1 : 0;
    if (run > length) [from, length] = [i - run + 1, run];
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === from) {
      text += '::';
      i += length - 1;
      continue;
    }
    if (text !== '' && !text.endsWith('::')) text += ':';
    text += (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16);
  }
  return text;
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
