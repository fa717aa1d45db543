import type { Hex, Ip, Mac } from '../model/address.ts';

/**
 * Addresses as text, at a place of which the caller knows that so many bytes are there. A network says the same few thousand addresses again and again,
 * so the texts made last are kept, by place: a new one takes the place of an older one with the same hash. All of the address is compared.
 */
const places = 4096;
const placeOf = (low: number): number => (Math.imul(low, 0x9e3779b1) >>> 16) & (places - 1);

const hexByte: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal of the bytes from `i` to before `end`. */
export function hexAt(b: Uint8Array, i: number, end: number): Hex {
  let text = '';
  for (let at = i; at < end; at++) text += hexByte[b[at] ?? 0] ?? '';
  return text;
}

const word = (b: Uint8Array, i: number): number => ((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);

const macLow = new Int32Array(places);
const macHigh = new Int32Array(places).fill(-1);
const macs: Mac[] = Array.from({ length: places }, () => '');

/** Ethernet address. */
export function macAt(b: Uint8Array, i: number): Mac {
  const high = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
  const low = word(b, i + 2);
  const place = placeOf(low);
  if (macLow[place] === low && macHigh[place] === high) return macs[place] ?? '';
  const two = (at: number): string => hexByte[b[at] ?? 0] ?? '';
  const made = `${two(i)}:${two(i + 1)}:${two(i + 2)}:${two(i + 3)}:${two(i + 4)}:${two(i + 5)}`;
  macLow[place] = low;
  macHigh[place] = high;
  macs[place] = made;
  return made;
}

const ipOf = new Int32Array(places);
const ips: Ip[] = Array.from({ length: places }, () => '0.0.0.0');

/** IPv4 address. */
export function ip4At(b: Uint8Array, i: number): Ip {
  const ip = word(b, i);
  const place = placeOf(ip);
  if (ipOf[place] === ip) return ips[place] ?? '';
  const made = `${b[i] ?? 0}.${b[i + 1] ?? 0}.${b[i + 2] ?? 0}.${b[i + 3] ?? 0}`;
  ipOf[place] = ip;
  ips[place] = made;
  return made;
}

/** IPv6 address in the form of RFC 5952: lower case, the longest run of zero groups (two or more, the first) as `::`. */
export function ip6At(b: Uint8Array, i: number): Ip {
  let [from, length, run] = [-1, 1, 0];
  for (let n = 0; n < 8; n++) {
    run = b[i + 2 * n] === 0 && b[i + 2 * n + 1] === 0 ? run + 1 : 0;
    if (run > length) [from, length] = [n - run + 1, run];
  }
  let text = '';
  for (let n = 0; n < 8; n++) {
    if (n === from) {
      text += '::';
      n += length - 1;
      continue;
    }
    if (text !== '' && !text.endsWith('::')) text += ':';
    text += (((b[i + 2 * n] ?? 0) << 8) | (b[i + 2 * n + 1] ?? 0)).toString(16);
  }
  return text;
}
