import { bitBytes, sequence, tlv } from '../../vectors/der-encode.ts';
import * as pki from '../../vectors/path-pki.ts';
import { dates, entry, type Fields, raw, rawCrl, utc } from '../../vectors/raw-certificate.ts';
import type { Input } from '../validator.ts';
import { A, add, B, C, caA, caB, chain, D, extension, int, L, leaf, n, nc, odd, R, root, san, who } from './world.ts';

/** Certificate policies, path building, CRLs. Each line is one case. */

// Certificate policies
const [p1, p2, anyP] = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2', '2.5.29.32.0'];
type Policies = { r?: readonly Uint8Array[]; a?: readonly Uint8Array[]; b?: readonly Uint8Array[]; l?: readonly Uint8Array[] };
const asked = { requireExplicit: false, inhibitMapping: false, inhibitAny: false, initialSet: null };
const policy = (
  id: string,
  wanted: boolean,
  { r = [], a = [], b = [], l = [] }: Policies,
  ask: Partial<NonNullable<Input['policy']>> = {},
): number =>
  add(`policy::${id}`, wanted, {
    leaf: leaf({ with: l }, B),
    with: [caA({ with: a }), caB({ with: b })],
    roots: [root({ with: r })],
    policy: { ...asked, ...ask },
    peer: null,
  });
const has = (...oids: readonly string[]): readonly Uint8Array[] => [pki.policies(...oids)];
const explicit = { requireExplicit: true };
policy('none, none asked', true, {});
policy('none, one asked', false, {}, explicit);
policy('all have it', true, { a: has(p1), b: has(p1), l: has(p1) }, explicit);
policy('the leaf has another', false, { a: has(p1), b: has(p1), l: has(p2) }, explicit);
policy('a CA has another', false, { a: has(p2), b: has(p1), l: has(p1) }, explicit);
policy('another asked for', false, { a: has(p1), b: has(p1), l: has(p1) }, { ...explicit, initialSet: [p2] });
policy('one of two asked for', true, { a: has(p1, p2), b: has(p1, p2), l: has(p2) }, { ...explicit, initialSet: [p2] });
policy('another asked for, nothing explicit', true, { a: has(p1), b: has(p1), l: has(p1) }, { initialSet: [p2] });
policy('any of CAs', true, { a: has(anyP), b: has(anyP), l: has(p1) }, { ...explicit, initialSet: [p1] });
policy('any of the leaf', true, { a: has(p1), b: has(p1), l: has(anyP) }, { ...explicit, initialSet: [p1] });
policy('any of the leaf under another', false, { a: has(p2), b: has(p2), l: has(anyP) }, { ...explicit, initialSet: [p1] });
policy('any inhibited from the start', false, { a: has(anyP), b: has(anyP), l: has(p1) }, { ...explicit, inhibitAny: true });
policy('any inhibited after one', true, { a: [...has(p1), pki.inhibitAny(1)], b: has(anyP), l: has(p1) }, explicit);
policy('any inhibited after none', false, { a: [...has(p1), pki.inhibitAny(0)], b: has(anyP), l: has(p1) }, explicit);
policy('any inhibited by the root', false, { r: [pki.inhibitAny(0)], a: has(anyP), b: has(p1), l: has(p1) }, explicit);
policy('mapped', true, { a: [...has(p1), pki.mappings([p1, p2])], b: has(p2), l: has(p2) }, { ...explicit, initialSet: [p1] });
policy(
  'mapped, asked for by the inner name',
  false,
  { a: [...has(p1), pki.mappings([p1, p2])], b: has(p2), l: has(p2) },
  { ...explicit, initialSet: [p2] },
);
policy('mapped, the old name below', false, { a: [...has(p1), pki.mappings([p1, p2])], b: has(p1), l: has(p1) }, explicit);
policy(
  'mapping inhibited',
  false,
  { a: [...has(p1), pki.mappings([p1, p2])], b: has(p2), l: has(p2) },
  { ...explicit, inhibitMapping: true },
);
policy(
  'mapping inhibited by the CA above',
  false,
  { r: [pki.policyConstraints(undefined, 0)], a: [...has(p1), pki.mappings([p1, p2])], b: has(p2), l: has(p2) },
  explicit,
);
policy('mapped from any', true, { a: [...has(anyP), pki.mappings([p1, p2])], b: has(p2), l: has(p2) }, { ...explicit, initialSet: [p1] });
policy('mapped to anyPolicy', false, { a: [...has(p1), pki.mappings([p1, anyP])], b: has(p1), l: has(p1) });
policy('mapped from anyPolicy', false, { a: [...has(anyP), pki.mappings([anyP, p1])], b: has(p1), l: has(p1) });
policy('explicit after 0, none there', false, { a: [...has(p1), pki.policyConstraints(0)] });
policy('explicit after 3, none there', true, { a: [...has(p1), pki.policyConstraints(3)] });
policy('explicit after 2, none there', false, { a: [...has(p1), pki.policyConstraints(2)] });
policy('explicit after 1, none there', false, { a: [...has(p1), pki.policyConstraints(1)] });
policy('explicit said by the leaf', false, { l: [pki.policyConstraints(0)] });
policy('explicit said by the root', false, { r: [pki.policyConstraints(0)] });
policy('constraints empty', false, { a: [extension('2.5.29.36', true, sequence())] });
policy(
  'two mapped to one',
  true,
  { a: [...has(p1, p2), pki.mappings([p1, '1.3.3'], [p2, '1.3.3'])], b: has('1.3.3'), l: has('1.3.3') },
  { ...explicit, initialSet: [p2] },
);
policy(
  'one mapped to two',
  true,
  { a: [...has(p1), pki.mappings([p1, '1.3.3'], [p1, '1.3.4'])], b: has('1.3.3', '1.3.4'), l: has('1.3.4') },
  { ...explicit, initialSet: [p1] },
);

// Building
const R2 = who('R2');
const own = raw('root', R2, R2, { with: [san(n.dns('www.example.com')), pki.usage(0, 5, 6)] });
add('build::the anchor itself', true, { leaf: own, roots: [own] });
add('build::the anchor itself, depth 0', true, { leaf: own, roots: [own], maxDepth: 0 });
add('build::depth 0 under the anchor', true, { leaf: leaf({}, R), maxDepth: 0 });
add('build::depth 0 under a CA', false, { leaf: leaf(), with: [caA()], maxDepth: 0 });
add('build::unrelated beside it', true, { leaf: leaf(), with: [raw('ca', D, R), caA(), raw('root', R2, R2)] });
add('build::out of order', true, { leaf: leaf({}, B), with: [caB(), caA()] });
add('build::missing', false, { leaf: leaf({}, B), with: [caB()] });
add('build::another root of the same name', false, { leaf: leaf(), with: [caA()], roots: [raw('root', who('R'), who('R', R2.keys))] });
add('build::the anchor is among the sent', false, { leaf: raw('leaf', L, R2), with: [raw('root', R2, R2)] });
add('build::cross-certified', true, { leaf: leaf(), with: [raw('ca', A, R2), caA(), raw('ca', R2, D)] });
add('build::an expired copy first', true, {
  leaf: leaf(),
  with: [caA({ validity: dates(utc('200101000000Z'), utc('210101000000Z')) }), caA()],
});
add('build::a constrained copy first', true, { leaf: leaf(), with: [caA({ with: [nc([n.dns('example.org')])] }), caA()] });
add('build::a ring', false, { leaf: leaf({}, C), with: [raw('ca', C, D), raw('ca', D, C)] });
add('build::a root of other string type', true, { leaf: leaf(), with: [caA({ issuer: pki.dn('CN=R', 0x13) })] });
add('build::a name of other case and space', true, { leaf: leaf({ issuer: pki.dn('CN= a ') }), with: [caA()] });
add('build::depth 1 of 1', true, { leaf: leaf(), with: [caA()], maxDepth: 1 });
add('build::depth 2 of 1', false, { leaf: leaf({}, B), with: [caA(), caB()], maxDepth: 1 });

// CRLs: one of each issuer of the path, or it says nothing
const S = int(4711);
const revocable = { serial: S };
const listed = (...extensions: readonly Uint8Array[]): Uint8Array => entry(S, ...extensions);
const lists = (id: string, wanted: boolean, crl: Uint8Array, f: Fields = {}, a: Fields = {}): number =>
  chain(`crl::${id}`, wanted, { l: { ...revocable, ...f }, a, crls: [rawCrl(R), crl] });
const number = extension('2.5.29.20', false, int(7));
const aki = pki.issuerKeyId('id-A');
const idp = (...parts: readonly Uint8Array[]): Uint8Array => extension('2.5.29.28', true, sequence(...parts));
const on = tlv(0, Uint8Array.of(0xff)).subarray(1);
const flag = (tag: number): Uint8Array => Buffer.concat([Uint8Array.of(tag), on]);
const point0 = (uri: string): Uint8Array => tlv(0xa0, tlv(0xa0, n.uri(uri)));
const cdp = (...parts: readonly Uint8Array[]): Uint8Array => extension('2.5.29.31', false, sequence(sequence(...parts)));
lists('not listed', true, rawCrl(A));
lists('listed', false, rawCrl(A, { entries: [listed()] }));
lists('another listed', true, rawCrl(A, { entries: [entry(int(4712))] }));
lists('listed, on hold', false, rawCrl(A, { entries: [listed(pki.reasonCode(6))] }));
lists('listed, removed', false, rawCrl(A, { entries: [listed(pki.reasonCode(8))] }));
lists('signed by another', false, rawCrl(A, { signer: B.keys }));
lists('of another issuer', false, rawCrl(B));
lists('of another name and the same key', false, rawCrl(A, { issuer: pki.dn('CN=Z') }));
lists('overdue', false, rawCrl(A, { times: [utc('240101000000Z'), utc('250101000000Z')] }));
lists('not begun', false, rawCrl(A, { times: [utc('270101000000Z'), utc('280101000000Z')] }));
lists('last second', true, rawCrl(A, { times: [utc('250101000000Z'), utc('260101000000Z')] }));
lists('without end', false, rawCrl(A, { times: [utc('240101000000Z')] }));
lists('version 1', true, rawCrl(A, { version: [], extensions: [] }));
lists('version 1 with extensions', false, rawCrl(A, { version: [] }));
lists('version 3', false, rawCrl(A, { version: [int(2)] }));
lists('without number', true, rawCrl(A, { extensions: [aki] }));
lists(
  'two blocks of extensions',
  false,
  rawCrl(A, { extensions: [], times: [utc('240101000000Z'), utc('390101000000Z'), tlv(0xa0, sequence(number, aki), sequence(odd(true)))] }),
);
lists('unknown critical extension', false, rawCrl(A, { extensions: [number, aki, odd(true)] }));
lists('unknown critical extension, listed', false, rawCrl(A, { extensions: [number, aki, odd(true)], entries: [listed()] }));
lists('unknown critical entry extension', false, rawCrl(A, { entries: [entry(int(9), odd(true))] }));
lists('extension twice', false, rawCrl(A, { extensions: [number, number, aki] }));
lists('a delta alone', false, rawCrl(A, { extensions: [number, aki, extension('2.5.29.27', true, int(1))] }));
lists('CA without cRLSign', false, rawCrl(A), {}, { with: [pki.usage(5)] });
lists('only CAs', false, rawCrl(A, { extensions: [number, aki, idp(flag(0x82))] }));
lists('only users', true, rawCrl(A, { extensions: [number, aki, idp(flag(0x81))] }));
lists('only users, listed', false, rawCrl(A, { extensions: [number, aki, idp(flag(0x81))], entries: [listed()] }));
lists('only attributes', false, rawCrl(A, { extensions: [number, aki, idp(flag(0x85))] }));
lists('users and CAs at once', false, rawCrl(A, { extensions: [number, aki, idp(flag(0x81), flag(0x82))] }));
lists('some reasons', false, rawCrl(A, { extensions: [number, aki, idp(tlv(0x83, bitBytes([1, 2])))] }));
lists('point matches', true, rawCrl(A, { extensions: [number, aki, idp(point0('http://a/1'))] }), { with: [cdp(point0('http://a/1'))] });
lists('point differs', false, rawCrl(A, { extensions: [number, aki, idp(point0('http://a/2'))] }), { with: [cdp(point0('http://a/1'))] });
lists('point, none in the certificate', false, rawCrl(A, { extensions: [number, aki, idp(point0('http://a/2'))] }));
lists('indirect, of the issuer', true, rawCrl(A, { extensions: [number, aki, idp(flag(0x84))] }));
lists(
  'indirect, listed for another',
  true,
  rawCrl(A, { extensions: [number, aki, idp(flag(0x84))], entries: [listed(extension('2.5.29.29', true, sequence(n.directory('CN=Z'))))] }),
);
lists(
  'indirect, listed after another',
  true,
  rawCrl(A, {
    extensions: [number, aki, idp(flag(0x84))],
    entries: [entry(int(1), extension('2.5.29.29', true, sequence(n.directory('CN=Z')))), listed()],
  }),
);
lists(
  'indirect, back to the issuer',
  false,
  rawCrl(A, {
    extensions: [number, aki, idp(flag(0x84))],
    entries: [
      entry(int(1), extension('2.5.29.29', true, sequence(n.directory('CN=Z')))),
      listed(extension('2.5.29.29', true, sequence(n.directory('CN=A')))),
    ],
  }),
);
lists(
  'for another issuer, not indirect',
  false,
  rawCrl(A, { entries: [entry(int(1), extension('2.5.29.29', true, sequence(n.directory('CN=Z'))))] }),
);
lists('serial with a leading zero', false, rawCrl(A, { entries: [entry(tlv(2, Uint8Array.of(0, 0x80)))] }), {
  serial: tlv(2, Uint8Array.of(0, 0x80)),
});
lists('bytes after an entry', false, rawCrl(A, { entries: [sequence(S, utc('240101000000Z'), sequence(pki.reasonCode(1)), tlv(5))] }));
chain('crl::the CA listed', false, { a: { serial: S }, crls: [rawCrl(R, { entries: [listed()] }), rawCrl(A)] });
