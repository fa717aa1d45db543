import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { KeyUsageName } from '../../gateway/codec/x509-extension.ts';
import { ca, extension, purposes, usage } from '../vectors/path-pki.ts';
import { octets, oid, sequence, tlv } from '../vectors/der-encode.ts';
import { raw, type Who } from '../vectors/raw-certificate.ts';
import { build, caA, caB, deepLeaf, type Given, keys, leaf, root, verdict } from './path-world.ts';

const second = (text: string): number => Date.parse(text);
const server = '1.3.6.1.5.5.7.3.1';
const digital: readonly KeyUsageName[] = ['digitalSignature'];
const selfIssued = (change = {}): Uint8Array => caA({ issuer: 'CN=A', keys: keys.other, signer: keys.a, extensions: [ca()], ...change });

/** One way of being right or wrong each, with certificates of our own. */
const cases: readonly (readonly [string, string, () => Given])[] = [
  ['a chain of three', 'accepted', () => ({ leaf: deepLeaf(), with: [caA(), caB()] })],
  ['a certificate under the anchor itself', 'accepted', () => ({ leaf: leaf({ issuer: 'CN=Root', signer: keys.root }) })],
  ['at the first instant of its validity', 'accepted', () => ({ leaf: leaf({ from: '20260101000000Z' }), with: [caA()] })],
  ['a millisecond before it', 'CERT_NOT_YET_VALID', () => ({ leaf: leaf({ from: '20260101000001Z' }), with: [caA()] })],
  [
    'in the last second of its validity',
    'accepted',
    () => ({ leaf: leaf({ until: '20260101000000Z' }), with: [caA()], rules: { now: second('2026-01-01T00:00:00.999Z') } }),
  ],
  [
    'a second after its end',
    'CERT_EXPIRED',
    () => ({ leaf: leaf({ until: '20260101000000Z' }), with: [caA()], rules: { now: second('2026-01-01T00:00:01Z') } }),
  ],
  ['a device without a clock, in the year 9000', 'accepted', () => ({ leaf: leaf(), with: [caA()], rules: { now: Date.UTC(9000, 0, 1) } })],
  ['an anchor that has ended, of ours', 'accepted', () => ({ leaf: leaf(), with: [caA()], anchors: [root({ until: '20250101000000Z' })] })],
  [
    'an anchor that has ended, of the web',
    'CERT_EXPIRED',
    () => ({ leaf: leaf(), with: [caA()], anchors: [root({ until: '20250101000000Z' })], rules: { judgeAnchorDates: true } }),
  ],
  ['a CA below a path length of 0', 'PATH_TOO_LONG', () => ({ leaf: deepLeaf(), with: [caA({ extensions: [ca(0)] }), caB()] })],
  [
    'a self-issued CA below a path length of 0: it does not count',
    'accepted',
    () => ({ leaf: leaf({ signer: keys.other }), with: [caA({ extensions: [ca(0)] }), selfIssued()] }),
  ],
  [
    'a CA in the place of the leaf below a path length of 0: it issues nothing',
    'accepted',
    () => ({ leaf: caB(), with: [caA({ extensions: [ca(0)] })] }),
  ],
  ['more CAs than asked for', 'CHAIN_UNTRUSTED', () => ({ leaf: deepLeaf(), with: [caA(), caB()], maxIntermediates: 1 })],
  [
    'as many as asked for, and one that gave itself a new key',
    'accepted',
    () => ({ leaf: leaf({ signer: keys.other }), with: [caA(), selfIssued()], maxIntermediates: 1 }),
  ],
  [
    'as many as asked for, under a root that gave itself a new key',
    'accepted',
    () => ({ leaf: leaf(), with: [caA({ signer: keys.other }), root({ keys: keys.other })], maxIntermediates: 1 }),
  ],
  ['an issuer without the CA bit', 'CHAIN_UNTRUSTED', () => ({ leaf: leaf(), with: [caA({ extensions: [usage(5)] })] })],
  ['an issuer of version 1', 'CHAIN_UNTRUSTED', () => ({ leaf: leaf(), with: [caA({ extensions: [] })] })],
  ['an issuer that may not sign certificates', 'CHAIN_UNTRUSTED', () => ({ leaf: leaf(), with: [caA({ extensions: [ca(), usage(6)] })] })],
  [
    'a leaf that may not sign',
    'KEY_USAGE_WRONG',
    () => ({ leaf: leaf({ extensions: [usage(2)] }), with: [caA()], rules: { leafUsage: digital } }),
  ],
  ['a leaf that may', 'accepted', () => ({ leaf: leaf({ extensions: [usage(0)] }), with: [caA()], rules: { leafUsage: digital } })],
  [
    'a leaf for something else',
    'KEY_USAGE_WRONG',
    () => ({ leaf: leaf({ extensions: [purposes('1.3.6.1.5.5.7.3.2')] }), with: [caA()], rules: { purpose: server } }),
  ],
  [
    'a leaf for anything: that is not what was asked',
    'KEY_USAGE_WRONG',
    () => ({ leaf: leaf({ extensions: [purposes('2.5.29.37.0')] }), with: [caA()], rules: { purpose: server } }),
  ],
  [
    'a CA for something else, under a leaf for the right thing',
    'KEY_USAGE_WRONG',
    () => ({
      leaf: leaf({ extensions: [purposes(server)] }),
      with: [caA({ extensions: [ca(), purposes('1.3.6.1.5.5.7.3.4')] })],
      rules: { purpose: server },
    }),
  ],
  [
    'a CA for anything',
    'accepted',
    () => ({
      leaf: leaf({ extensions: [purposes(server)] }),
      with: [caA({ extensions: [ca(), purposes('2.5.29.37.0')] })],
      rules: { purpose: server },
    }),
  ],
  [
    'an unknown critical extension in a CA',
    'CRITICAL_EXTENSION_UNKNOWN',
    () => ({ leaf: leaf(), with: [caA({ extensions: [ca(), extension('1.3.6.1.4.1.99999.7', true, octets(Uint8Array.of(1)))] })] }),
  ],
  [
    'a critical DICE extension where no device is judged',
    'CRITICAL_EXTENSION_UNKNOWN',
    () => ({ leaf: leaf({ extensions: [extension('2.23.133.5.4.1', true, sequence())] }), with: [caA()] }),
  ],
  ['a signature by another key of the same name', 'CHAIN_UNTRUSTED', () => ({ leaf: leaf({ signer: keys.other }), with: [caA()] })],
  [
    'names that differ in case, space and string type',
    'accepted',
    () => ({ leaf: leaf({ issuer: 'CN=  a ' }), with: [caA({ nameTag: 0x13 })] }),
  ],
  ['names that differ', 'CHAIN_INCOMPLETE', () => ({ leaf: leaf({ issuer: 'CN=AA' }), with: [caA()] })],
];

describe('a path', () => {
  for (const [what, wanted, given] of cases) it(`${what}: ${wanted}`, () => expect(verdict(given())).toBe(wanted));

  it('names its certificates leaf first, and its anchor', () => {
    const path = build({ leaf: deepLeaf(), with: [caA(), caB()] });
    expect(path.certificates.map(c => c.subject.text)).toEqual(['CN=leaf', 'CN=B', 'CN=A']);
    expect(path.anchor.name).toBe('anchor 0');
  });
});

describe('an algorithm with NULL for parameters', () => {
  const [R, A, L]: readonly Who[] = [
    { name: 'Root', keys: keys.root },
    { name: 'A', keys: keys.a },
    { name: 'L', keys: keys.leaf },
  ];
  const null_ = (id: string): Uint8Array => sequence(oid(id), tlv(0x05));
  const made = (inner: Uint8Array, purpose: string): string => {
    if (R === undefined || A === undefined || L === undefined) throw new Error('nobody');
    return verdict({
      leaf: raw('leaf', L, A, { inner }),
      with: [raw('ca', A, R, { inner })],
      anchors: [raw('root', R, R)],
      rules: { purpose },
    });
  };
  it('is ECDSA where a device is judged, and none of a server', () => {
    const ecdsa = null_('1.2.840.10045.4.3.2');
    expect(made(ecdsa, 'device')).toBe('accepted');
    expect(made(ecdsa, 'any')).toBe('ALGORITHM_REFUSED');
    expect(made(sequence(oid('1.2.840.10045.4.3.2'), octets(Uint8Array.of(1))), 'device')).toBe('ALGORITHM_REFUSED');
    expect(made(null_('1.3.101.112'), 'device')).toBe('ALGORITHM_REFUSED');
  });
});

describe('a path of OpenSSL', () => {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-path-${process.pid}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const der = (file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));
  /** A root and a leaf under it, with these keys and these ways to sign. */
  const make = (newkey: readonly string[], how: readonly string[]): Given => {
    writeFileSync(join(folder, 'ca.cnf'), 'basicConstraints=critical,CA:TRUE\n');
    openssl(
      'req',
      '-x509',
      '-newkey',
      ...newkey,
      '-nodes',
      '-keyout',
      'ca.key',
      '-subj',
      '/CN=Root',
      '-days',
      '9000',
      '-outform',
      'DER',
      '-out',
      'ca.der',
    );
    openssl('req', '-newkey', ...newkey, '-nodes', '-keyout', 'leaf.key', '-subj', '/CN=leaf', '-out', 'leaf.csr');
    openssl(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.der',
      '-CAform',
      'DER',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '9000',
      ...how,
      '-outform',
      'DER',
      '-out',
      'leaf.der',
    );
    return { leaf: der('leaf.der'), anchors: [der('ca.der')], rules: { now: Date.now() + 60_000 } };
  };
  const pss = (...more: readonly string[]): readonly string[] => [
    '-sigopt',
    'rsa_padding_mode:pss',
    ...more.flatMap(option => ['-sigopt', option]),
  ];
  const ec = (curve: string): readonly string[] => ['ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];

  for (const [what, wanted, newkey, how] of [
    ['P-384 with SHA-384', 'accepted', ec('P-384'), ['-sha384']],
    ['P-521 with SHA-512', 'accepted', ec('P-521'), ['-sha512']],
    ['Ed25519', 'accepted', ['ed25519'], []],
    ['RSA-2048 with SHA-256', 'accepted', ['rsa:2048'], ['-sha256']],
    ['RSASSA-PSS with SHA-256 and its salt', 'accepted', ['rsa:2048'], ['-sha256', ...pss('rsa_pss_saltlen:digest')]],
    ['RSASSA-PSS with SHA-512 and its salt', 'accepted', ['rsa:2048'], ['-sha512', ...pss('rsa_pss_saltlen:digest')]],
    ['RSASSA-PSS with a salt as long as may be', 'accepted', ['rsa:2048'], ['-sha256', ...pss('rsa_pss_saltlen:max')]],
    ['RSASSA-PSS with a salt shorter than its hash', 'ALGORITHM_REFUSED', ['rsa:2048'], ['-sha256', ...pss('rsa_pss_saltlen:31')]],
    ['RSASSA-PSS with no salt', 'ALGORITHM_REFUSED', ['rsa:2048'], ['-sha256', ...pss('rsa_pss_saltlen:0')]],
    [
      'RSASSA-PSS with SHA-1 for its mask',
      'ALGORITHM_REFUSED',
      ['rsa:2048'],
      ['-sha256', ...pss('rsa_pss_saltlen:digest', 'rsa_mgf1_md:sha1')],
    ],
    ['RSA with SHA-1', 'ALGORITHM_REFUSED', ['rsa:2048'], ['-sha1']],
    ['ECDSA with SHA-1', 'ALGORITHM_REFUSED', ec('P-256'), ['-sha1']],
    ['RSA with SHA-224, which nobody allowed', 'ALGORITHM_REFUSED', ['rsa:2048'], ['-sha224']],
  ] as const)
    it(`with ${what}: ${wanted}`, () => expect(verdict(make(newkey, how))).toBe(wanted));

  for (const [what, newkey] of [
    ['RSA-1024', ['rsa:1024']],
    ['secp256k1', ec('secp256k1')],
    ['P-256 by explicit parameters', [...ec('P-256'), '-pkeyopt', 'ec_param_enc:explicit']],
  ] as const)
    it(`whose anchor has a key of ${what} has no anchor`, () => expect(verdict(make(newkey, ['-sha256']))).toBe('ALGORITHM_REFUSED'));
});
