import { hash } from 'node:crypto';
import { type ClientHello, tlsExtensions } from './tls.ts';

/** Values that clients send so that servers stay tolerant: 0x0a0a, 0x1a1a, … (RFC 8701 §2). They differ from hello to hello. */
const isGrease = (n: number): boolean => (n & 0x0f0f) === 0x0a0a && n >> 8 === (n & 0xff);
const meant = (list: readonly number[]): readonly number[] => list.filter(n => !isGrease(n));

/** The text under a JA3 print: version, ciphers, extensions, groups and point formats in decimal, in the order sent. */
export const ja3Text = (hello: ClientHello): string =>
  [String(hello.version), ...[hello.ciphers, hello.extensions, hello.groups, hello.pointFormats].map(list => meant(list).join('-'))].join(
    ',',
  );

/** JA3 as published by Salesforce (BSD-3-Clause): MD5, which is a name here and protects nothing. */
export const ja3 = (hello: ClientHello): string => hash('md5', ja3Text(hello), 'hex');

/** JA4, “TLS and DTLS Version”. */
const versionNames: { readonly [version: number]: string } = {
  0x0304: '13',
  0x0303: '12',
  0x0302: '11',
  0x0301: '10',
  0x0300: 's3',
  0x0002: 's2',
};

/** JA4 of a ClientHello over TCP (`t`) or QUIC (`q`) as FoxIO specifies it (technical_details/JA4.md, BSD-3-Clause for JA4 alone). */
export function ja4(hello: ClientHello, over: 't' | 'q' = 't'): string {
  const [ciphers, extensions] = [meant(hello.ciphers), meant(hello.extensions)];
  const versions = meant(hello.supportedVersions);
  const isSaid = hello.extensions.includes(tlsExtensions.supportedVersions);
  const version = versionNames[isSaid ? Math.max(0, ...versions) : hello.version] ?? '00';
  const target = extensions.includes(tlsExtensions.serverName) ? 'd' : 'i';
  const hashed = extensions.filter(type => type !== tlsExtensions.serverName && type !== tlsExtensions.alpn);
  const algorithms = meant(hello.signatureAlgorithms).map(hex4);
  const tail = algorithms.length === 0 ? '' : `_${algorithms.join(',')}`;
  const sorted = (list: readonly number[]): string => list.map(hex4).toSorted().join(',');
  return [
    `${over}${version}${target}${count(ciphers)}${count(extensions)}${alpnEnds(hello.alpn[0])}`,
    ciphers.length === 0 ? noHash : hash12(sorted(ciphers)),
    hashed.length === 0 ? noHash : hash12(sorted(hashed) + tail),
  ].join('_');
}

const noHash = '000000000000';
const hash12 = (text: string): string => hash('sha256', text, 'hex').slice(0, 12);
const hex4 = (n: number): string => n.toString(16).padStart(4, '0');
const count = (list: readonly number[]): string => String(Math.min(99, list.length)).padStart(2, '0');

/** First and last character of the first protocol; of its hexadecimal digits when either is not alphanumeric. */
function alpnEnds(protocol: Uint8Array | undefined): string {
  const [first, last] = [protocol?.[0], protocol?.at(-1)];
  if (first === undefined || last === undefined) return '00';
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return `${(first >> 4).toString(16)}${(last & 15).toString(16)}`;
}

const isAlphanumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
