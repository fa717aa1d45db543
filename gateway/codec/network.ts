import type { Ip } from '../model/address.ts';

/** The bytes of an IPv4 or IPv6 address in text; undefined when it is none. IPv6 as RFC 4291 §2.2 writes it, without a dotted quad or zone. */
export function ipBytes(text: string): readonly number[] | undefined {
  if (!text.includes(':')) return ip4Bytes(text);
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const [front, back] = [groupsOf(head), tail === undefined ? [] : groupsOf(tail)];
  if (front === undefined || back === undefined) return undefined;
  const gap = 8 - front.length - back.length;
  if (tail === undefined ? gap !== 0 : gap < 1) return undefined;
  return [...front, ...Array.from({ length: gap }, () => 0), ...back].flatMap(group => [group >> 8, group & 255]);
}

function ip4Bytes(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256) ? parts.map(Number) : undefined;
}

function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every(group => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map(group => Number.parseInt(group, 16)) : undefined;
}

/** The address and length of a prefix, `192.0.2.0/24`, `2001:db8::/32`; undefined when it is none. RFC 4632 §3.1, RFC 4291 §2.3. */
export function prefixOf(text: string): { readonly bytes: readonly number[]; readonly length: number } | undefined {
  const [base = '', bits = '', more] = text.split('/');
  const bytes = ipBytes(base);
  if (bytes === undefined || more !== undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > bytes.length * 8) return undefined;
  return { bytes, length: Number(bits) };
}

/** True iff the address lies in the prefix. False for another IP version and for what is neither. */
export function isInNetwork(ip: Ip, prefix: string): boolean {
  const [bytes, network] = [ipBytes(ip), prefixOf(prefix)];
  if (bytes === undefined || network === undefined || bytes.length !== network.bytes.length) return false;
  return network.bytes.every((byte, i) => {
    const bits = Math.min(8, Math.max(0, network.length - i * 8));
    const mask = (0xff00 >> bits) & 255;
    return (byte & mask) === ((bytes[i] ?? 0) & mask);
  });
}

/** Addresses of private use and of one link: RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6. */
const localNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'] as const;

export const isLocalIp = (ip: Ip): boolean => localNetworks.some(prefix => isInNetwork(ip, prefix));
