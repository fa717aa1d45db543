import type { Ip } from '../model/address.ts';
import { ip6At } from './address-at.ts';

/** An address of our own with its network in CIDR form; the prefix may have host bits. */
export type OwnIp6 = { readonly ip: Ip; readonly prefix: string };

/** The 16 bytes of an IPv6 address in the one form of RFC 5952, without a zone; undefined for any other text: in rules and tables it is compared as text. */
export function ip6Bytes(text: Ip): Uint8Array | undefined {
  if (!/^[0-9a-f:]{2,39}$/.test(text)) return undefined;
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = 8 - left.length - right.length;
  if (tail === undefined ? zeros !== 0 : zeros < 1) return undefined;
  const words = [...left, ...Array<number>(zeros).fill(0), ...right];
  const bytes = Uint8Array.from(words.flatMap(word => [word >> 8, word & 255]));
  return ip6At(bytes, 0) === text ? bytes : undefined;
}

const groups = (part: string): readonly number[] => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)));

export const isIp6 = (text: Ip): boolean => ip6Bytes(text) !== undefined;

/** Of a link: means nothing without the interface (RFC 4007 §4; RFC 4291 §2.5.6: the 54 bits after the first ten are zero). */
export const isLinkLocal6 = (ip: Ip): boolean => inPrefix6(ip, 'fe80::/64');

/**
 * True for an address that one host of a LAN can have: link-local, unique-local or global unicast. Not what leads to another address: IPv4-mapped and
 * -compatible, NAT64 (64:ff9b::), 6to4 (2002::) and Teredo (2001:0::); not the unspecified one, loopback, site-local or a group.
 */
export function isLanHost6(ip: Ip): boolean {
  const b = ip6Bytes(ip);
  if (b === undefined) return false;
  const [first = 0, second = 0, third = 0, fourth = 0] = b;
  if ((first & 0xfe) === 0xfc) return true;
  if ((first & 0xe0) !== 0x20) return isLinkLocal6(ip);
  const high = (first << 8) | second;
  return high !== 0x2002 && !(high === 0x2001 && third === 0 && fourth === 0);
}

/** True iff both are IPv6 and the address lies in the prefix. */
export function inPrefix6(ip: Ip, prefix: string): boolean {
  const [base = '', bits = ''] = prefix.split('/');
  const [a, b, length] = [ip6Bytes(ip), ip6Bytes(base), Number(bits)];
  if (a === undefined || b === undefined || !/^\d{1,3}$/.test(bits) || length > 128) return false;
  return a.every((byte, i) => {
    const shift = 8 - Math.min(8, Math.max(0, length - 8 * i));
    return byte >> shift === (b[i] ?? 0) >> shift;
  });
}

/** Whether nothing but ones or zeros follows the prefix but for the last byte: the router anycast address (RFC 4291 §2.6.1) and those of RFC 2526 §2. */
function isAnycast(ip: Ip, length: number): boolean {
  if (length > 120) return false; // RFC 6164: on links between two there is none
  const b = ip6Bytes(ip) ?? new Uint8Array();
  const from = Math.ceil(length / 8);
  const host = b.subarray(from, 15);
  const last = b[15] ?? 0;
  // With an interface identifier of EUI-64 form the universal bit is zero (RFC 2526 §2).
  const isOnes = host.every((byte, i) => byte === 0xff || (i === 0 && from === 8 && byte === 0xfd));
  return (last === 0 && host.every(byte => byte === 0)) || (last >= 0x80 && isOnes);
}

/**
 * The own address from which a device is reached on the link: the one with the longest prefix that has the device's. Undefined where it could be no host's
 * there, or is our own: such an address is never connected to.
 */
export function ownFor(ip: Ip, own: readonly OwnIp6[]): OwnIp6 | undefined {
  if (!isLanHost6(ip) || own.some(one => one.ip === ip)) return undefined;
  const bitsOf = ({ prefix }: OwnIp6): number => Number(prefix.split('/')[1]);
  const narrowest = own.filter(one => inPrefix6(ip, one.prefix)).toSorted((a, b) => bitsOf(b) - bitsOf(a))[0];
  return narrowest === undefined || isAnycast(ip, bitsOf(narrowest)) ? undefined : narrowest;
}
