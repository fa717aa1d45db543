import { octets, oid, sequence, tlv, utf8 } from '../../vectors/der-encode.ts';
import * as pki from '../../vectors/path-pki.ts';
import { dates, type Fields, general, raw, utc } from '../../vectors/raw-certificate.ts';
import { generateKeyPairSync } from 'node:crypto';
import {
  A,
  A2,
  add,
  B,
  bc,
  caA,
  caB,
  chain,
  eku,
  ext,
  extension,
  type Given,
  int,
  L,
  leaf,
  n,
  odd,
  pathlen,
  R,
  root,
  rsaKeys,
  selfA,
  who,
  yes,
} from './world.ts';

/** Structure, dates, CAs, path lengths, critical extensions, purposes, keys. Each line is one case. */

chain('plain::good', true, {});
add('plain::leaf under the root', true, { leaf: leaf({}, R) });

// Structure
chain('der::negative serial', true, { l: { serial: tlv(2, Uint8Array.of(0x80)) } });
chain('der::serial of 21 octets', false, { l: { serial: tlv(2, new Uint8Array(22).fill(1)) } });
chain('der::serial not minimal', true, { l: { serial: tlv(2, Uint8Array.of(0, 1)) } });
chain('der::serial empty', false, { l: { serial: tlv(2) } });
chain('der::version 1 with extensions', false, { l: { version: [] } });
chain('der::version 1 said explicitly', false, { l: { version: [tlv(0xa0, int(0))] } });
chain('der::version 2 with extensions', false, { l: { version: [tlv(0xa0, int(1))] } });
chain('der::version 4', false, { l: { version: [tlv(0xa0, int(3))] } });
chain('der::version 1 leaf without extensions', false, { l: { version: [], extensions: [] } });
chain('der::version 1 CA', false, { a: { version: [], extensions: [] } });
chain('der::extensions empty', false, { l: { ids: [tlv(0xa3, sequence())], extensions: [] } });
chain('der::unique ids', true, { l: { ids: [tlv(0x81, Uint8Array.of(0, 1)), tlv(0x82, Uint8Array.of(0, 2))] } });
chain('der::unique ids in the wrong order', false, { l: { ids: [tlv(0x82, Uint8Array.of(0, 2)), tlv(0x81, Uint8Array.of(0, 1))] } });
chain('der::inner and outer algorithm differ', false, { l: { outer: sequence(oid('1.2.840.10045.4.3.3')) } });
chain('der::algorithm with NULL', false, { l: { inner: sequence(oid('1.2.840.10045.4.3.2'), tlv(5)) } });
chain('der::algorithm unknown', false, { l: { inner: sequence(oid('1.2.3.4')) } });
chain('der::extension twice', false, {
  l: { with: [extension('1.2.3', false, octets(utf8('x'))), extension('1.2.3', false, octets(utf8('y')))] },
});
chain('der::critical said FALSE', true, { l: { with: [sequence(oid('1.2.3'), tlv(1, Uint8Array.of(0)), octets(utf8('x')))] } });
chain('der::critical of 1', false, { l: { with: [sequence(oid('1.2.3'), tlv(1, Uint8Array.of(1)), octets(utf8('x')))] } });
chain('der::issuer empty', true, { l: { issuer: sequence() }, a: { subject: sequence() } });
chain('der::bytes after the certificate', false, { l: { spki: Buffer.concat([pki.spkiOf(L.keys), Uint8Array.of(5, 0)]) } });

// Time
const at = (id: string, wanted: boolean, from: Uint8Array, until: Uint8Array, time?: string): number =>
  chain(`validity::${id}`, wanted, { l: { validity: dates(from, until) }, ...(time === undefined ? {} : { time }) });
at('first second', true, utc('260101000000Z'), utc('270101000000Z'));
at('last second', true, utc('250101000000Z'), utc('260101000000Z'));
at('a second late', false, utc('250101000000Z'), utc('251231235959Z'));
at('a second early', false, utc('260101000001Z'), utc('270101000000Z'));
at('without seconds', false, utc('2501010000Z'), utc('270101000000Z'));
at('with an offset', false, utc('250101000000+0000'), utc('270101000000Z'));
at('with a fraction', false, general('20250101000000.5Z'), utc('270101000000Z'));
at('local', false, general('20250101000000'), utc('270101000000Z'));
at('the 30th of February', false, utc('250230000000Z'), utc('270101000000Z'));
at('hour 24', false, utc('250101240000Z'), utc('270101000000Z'));
at('a leap second', false, utc('241231235960Z'), utc('270101000000Z'));
at('the end of time', true, utc('250101000000Z'), general('99991231235959Z'));
at('UTCTime 50 is 1950', true, utc('500101000000Z'), utc('490101000000Z'));
at('end before begin', false, utc('270101000000Z'), utc('250101000000Z'));
at('GeneralizedTime before 2050', true, general('20250101000000Z'), general('20270101000000Z'));
chain('validity::CA ended', false, { a: { validity: dates(utc('200101000000Z'), utc('210101000000Z')) } });
chain('validity::root ended', false, { r: { validity: dates(utc('200101000000Z'), utc('210101000000Z')) } });

// Constraints of CAs
chain('ca::no basicConstraints', false, { a: { without: [ext.bc] } });
chain('ca::cA absent', false, { a: { with: [bc()] } });
chain('ca::cA FALSE', false, { a: { with: [bc(tlv(1, Uint8Array.of(0)))] } });
chain('ca::cA 1', false, { a: { with: [bc(tlv(1, Uint8Array.of(1)))] } });
chain('ca::no keyUsage', true, { a: { without: [ext.ku] } });
chain('ca::keyUsage without keyCertSign', false, { a: { with: [pki.usage(6)] } });
chain('ca::keyUsage without any bit', false, { a: { with: [extension(ext.ku, true, tlv(3, Uint8Array.of(0)))] } });
chain('ca::root without keyCertSign', false, { r: { with: [pki.usage(6)] } });
chain('ca::root without basicConstraints', false, { r: { without: [ext.bc] } });
chain('ca::pathLen negative', false, { a: { with: [bc(yes, tlv(2, Uint8Array.of(0xff)))] } });
chain('ca::pathLen huge', false, { a: { with: [bc(yes, int(2n ** 64n))] } });
chain('ca::pathLen 0 over a leaf', true, { a: { with: [pathlen(0)] } });
const deep = (id: string, wanted: boolean, f: { r?: Fields; a?: Fields; b?: Fields; l?: Fields } & Omit<Given, 'leaf'>): number =>
  add(id, wanted, { ...f, leaf: leaf(f.l, B), with: [caA(f.a), caB(f.b)], roots: [root(f.r)] });
deep('pathlen::0 over a CA', false, { a: { with: [pathlen(0)] } });
deep('pathlen::1 over a CA', true, { a: { with: [pathlen(1)] } });
deep('pathlen::the root says 0', false, { r: { with: [pathlen(0)] } });
deep('pathlen::the root says 1', false, { r: { with: [pathlen(1)] } });
deep('pathlen::the root says 2', true, { r: { with: [pathlen(2)] } });
deep('pathlen::may increase', true, { r: { with: [pathlen(2)] }, a: { with: [pathlen(7)] } });
deep('pathlen::increased below counts not', false, { r: { with: [pathlen(1)] }, a: { with: [pathlen(7)] } });
deep('pathlen::of the leaf counts not', true, { l: { with: [bc(yes, int(0)), pki.usage(0, 5)] } });
deep('pathlen::without cA', true, { l: { with: [bc(int(0))] } });
add('pathlen::self-issued does not count', true, { leaf: leaf({}, A2), with: [caA({ with: [pathlen(0)] }), selfA()] });
add('pathlen::a CA below a self-issued one counts', false, {
  leaf: leaf({}, B),
  with: [caA({ with: [pathlen(0)] }), selfA(), raw('ca', B, A2)],
});
add('pathlen::a self-issued leaf', true, { leaf: raw('leaf', who('A'), A), with: [caA({ with: [pathlen(0)] })] });

// Critical extensions
chain('critical::unknown in the leaf', false, { l: { with: [odd(true)] } });
chain('critical::unknown in the CA', false, { a: { with: [odd(true)] } });
chain('critical::unknown in the root', false, { r: { with: [odd(true)] } });
chain('critical::unknown, not critical', true, { l: { with: [odd(false)] }, a: { with: [odd(false)] }, r: { with: [odd(false)] } });
chain('critical::AKI', true, { l: { with: [extension(ext.aki, true, sequence(tlv(0x80, utf8('id-A'))))] } });
chain('critical::SKI', true, { a: { with: [extension(ext.ski, true, octets(utf8('id-A')))] } });
chain('critical::information access', false, {
  l: { with: [extension('1.3.6.1.5.5.7.1.1', true, sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), n.uri('http://ocsp.example.com'))))] },
});
chain('critical::DICE TcbInfo is nothing that web servers know', false, { l: { with: [extension('2.23.133.5.4.1', true, sequence())] } });
chain('critical::policy constraints understood', true, { a: { with: [pki.policyConstraints(9)] } });

// Purposes
const [server, client, anyEku, ocsp] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0', '1.3.6.1.5.5.7.3.9'];
chain('eku::leaf for clients', false, { l: { with: [eku(client)] } });
chain('eku::leaf for clients, asked as one', true, { l: { with: [eku(client)] }, purpose: 'clientAuth', peer: null });
chain('eku::leaf for any', false, { l: { with: [eku(anyEku)] } });
chain('eku::leaf without', true, { l: { without: [ext.eku] } });
chain('eku::CA for clients', false, { a: { with: [eku(client)] } });
chain('eku::CA for any', true, { a: { with: [eku(anyEku)] } });
chain('eku::CA for both', true, { a: { with: [eku(client, server)] } });
chain('eku::root for clients', false, { r: { with: [eku(client)] } });
chain('eku::empty', false, { l: { with: [extension(ext.eku, false, sequence())] } });
chain('eku::OCSP only', false, { l: { with: [eku(ocsp)] } });
chain('eku::nobody asks', true, { l: { with: [eku(ocsp)] }, purpose: null, peer: null });

// Keys and algorithms
const keyed = (id: string, wanted: boolean, keys: pki.Keys): number => {
  const K = who('K', keys);
  add(`key::${id} of the leaf`, wanted, { leaf: raw('leaf', K, R), with: [] });
  return add(`key::${id} of the CA`, wanted, { leaf: leaf({}, K), with: [raw('ca', K, R)] });
};
const ed: pki.Keys = generateKeyPairSync('ed25519');
keyed('Ed25519', true, ed);
keyed('P-384', true, pki.newKeys('P-384'));
keyed('P-521', true, pki.newKeys('P-521'));
keyed('P-224', false, pki.newKeys('secp224r1'));
keyed('secp256k1', false, pki.newKeys('secp256k1'));
keyed('RSA 2048', true, rsaKeys(2048));
keyed('RSA 1024', false, rsaKeys(1024));
const spki = (algorithm: Uint8Array, bits: Uint8Array): Uint8Array => sequence(algorithm, tlv(3, Uint8Array.of(0), bits));
const point = (keys: pki.Keys): Uint8Array => pki.spkiOf(keys).subarray(-65);
chain('key::no point of its curve', false, {
  a: { spki: spki(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), new Uint8Array(65).fill(4)) },
});
chain('key::RSA with exponent 1', false, {
  l: { spki: spki(sequence(oid('1.2.840.113549.1.1.1'), tlv(5)), sequence(int(2n ** 2047n + 1n), int(1))) },
});
chain('key::curve is implicit', false, { l: { spki: spki(sequence(oid('1.2.840.10045.2.1'), tlv(5)), point(L.keys)) } });
chain('key::point off its curve', false, {
  l: { spki: spki(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), point(L.keys).with(64, (point(L.keys)[64] ?? 0) ^ 1)) },
});
chain('key::point of half its octets', false, {
  l: { spki: spki(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), point(L.keys).subarray(0, 33)) },
});
chain('key::Ed25519 of 31 octets', false, { l: { spki: spki(sequence(oid('1.3.101.112')), new Uint8Array(31)) } });
chain('policy::none in the extension', false, { l: { with: [extension('2.5.29.32', false, sequence())] } });
chain('policy::two OIDs in one policy', false, {
  l: { with: [extension('2.5.29.32', false, sequence(sequence(oid('1.2.3'), oid('1.2.4'))))] },
});
chain('signature::by another key', false, { l: { signer: B.keys } });
chain('signature::of the CA by another key', false, { a: { signer: B.keys } });
