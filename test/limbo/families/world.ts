import { generateKeyPairSync } from 'node:crypto';
import { integerBytes, sequence, tlv, utf8 } from '../../vectors/der-encode.ts';
import * as pki from '../../vectors/path-pki.ts';
import { type Fields, raw, type Who } from '../../vectors/raw-certificate.ts';
import type { Input } from '../validator.ts';

/** One case of a family of path validation: what RFC 5280 says of it, and how to judge it. */
export type Case = { readonly id: string; readonly wanted: boolean; readonly input: Input };
export type Given = {
  readonly leaf: Uint8Array;
  readonly with?: readonly Uint8Array[];
  readonly roots?: readonly Uint8Array[];
  readonly crls?: readonly Uint8Array[];
  readonly time?: string;
  readonly peer?: string | null;
  readonly purpose?: string | null;
  readonly policy?: Input['policy'];
  readonly maxDepth?: number;
};

const pem =
  (what: string) =>
  (der: Uint8Array): string =>
    `-----BEGIN ${what}-----\n${Buffer.from(der)
      .toString('base64')
      .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${what}-----\n`;
const peerOf = (text: string): Input['peerName'] => ({
  kind: text.includes('@') ? 'RFC822' : /^[\d.]+$|:/.test(text) ? 'IP' : 'DNS',
  value: text,
});
export const input = (given: Given): Input => ({
  leafPem: pem('CERTIFICATE')(given.leaf),
  intermediatesPem: (given.with ?? []).map(pem('CERTIFICATE')),
  rootsPem: (given.roots ?? [raw('root', R, R)]).map(pem('CERTIFICATE')),
  crlsPem: (given.crls ?? []).map(pem('X509 CRL')),
  time: new Date(given.time ?? '2026-01-01T00:00:00Z'),
  peerName: given.peer === null ? null : peerOf(given.peer ?? 'www.example.com'),
  purpose: given.purpose === undefined ? 'serverAuth' : given.purpose,
  keyUsage: [],
  maxDepth: given.maxDepth ?? null,
  policy: given.policy ?? null,
});

export const who = (name: string, keys = pki.newKeys()): Who => ({ name, keys });
export const rsaKeys = (modulusLength: number): pki.Keys => generateKeyPairSync('rsa', { modulusLength });
export const [R, A, B, C, D, L] = [who('R'), who('A'), who('B'), who('C'), who('D'), who('L')];
export const root = (f: Fields = {}): Uint8Array => raw('root', R, R, f);
export const caA = (f: Fields = {}): Uint8Array => raw('ca', A, R, f);
export const caB = (f: Fields = {}): Uint8Array => raw('ca', B, A, f);
export const leaf = (f: Fields = {}, issuer: Who = A): Uint8Array => raw('leaf', L, issuer, f);
export const { name: n, extension, alternativeNames: san, nameConstraints: nc } = pki;
export const ext = { bc: '2.5.29.19', ku: '2.5.29.15', san: '2.5.29.17', ski: '2.5.29.14', aki: '2.5.29.35', eku: '2.5.29.37' };
export const yes = tlv(0x01, Uint8Array.of(0xff));
export const int = (v: number | bigint): Uint8Array => tlv(0x02, integerBytes(v));
export const bc = (...parts: readonly Uint8Array[]): Uint8Array => extension(ext.bc, true, sequence(...parts));
export const pathlen = (k: number): Uint8Array => bc(yes, int(k));

/** All that the files beside this one add. */
export const found: Case[] = [];
export const add = (id: string, wanted: boolean, given: Given): number => found.push({ id, wanted, input: input(given) });
/** Leaf under A under the root, with changes. */
export const chain = (id: string, wanted: boolean, f: { l?: Fields; a?: Fields; r?: Fields } & Omit<Given, 'leaf'>): number =>
  add(id, wanted, { ...f, leaf: leaf(f.l), with: f.with ?? [caA(f.a)], roots: f.roots ?? [root(f.r)] });
/** A once more, by itself, with a new key. */
export const A2: Who = { ...who('A'), id: 'id-A2' };
export const selfA = (f: Fields = {}): Uint8Array => raw('ca', A2, A, f);
export const eku = (...oids: readonly string[]): Uint8Array => pki.purposes(...oids);
/** An extension that nobody knows. */
export const odd = (critical: boolean): Uint8Array => extension('1.3.6.1.4.1.99999.7', critical, utf8('x'));
