import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeOcspResponse } from '../../gateway/codec/ocsp.ts';
import { nameConstraints, policyConstraints, policyMappings, inhibitAnyPolicy } from '../../gateway/codec/x509-constraints.ts';
import { serialKey } from '../../gateway/codec/x509-crl-entries.ts';
import { decodeCrl, maxCrl } from '../../gateway/codec/x509-crl.ts';
import { distributionPoints, issuingPoint } from '../../gateway/codec/x509-distribution-point.ts';
import { generalNames } from '../../gateway/codec/x509-general-name.ts';
import { DerReader, inside } from '../../gateway/codec/der.ts';
import { manyEntries } from '../vectors/big-crl.ts';
import { crl, crlNumber, extension, name, newKeys, ocsp } from '../vectors/path-pki.ts';
import { integerBytes, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { cost } from '../undisturbed.ts';

const keys = newKeys();
const certificateIssuer = extension('2.5.29.29', true, sequence(name.directory('CN=B')));
const list = crl({
  issuer: 'CN=A',
  signer: keys,
  entries: [
    { serial: 5 },
    { serial: 300, reason: 1 },
    { serial: 2n ** 150n, reason: 6 },
    { serial: 7, extensions: [certificateIssuer] },
    { serial: 8 },
  ],
  extensions: [
    crlNumber(3),
    extension('2.5.29.28', true, sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, utf8('http://x.test/')))), tlv(0x84, Uint8Array.of(0xff)))),
  ],
});
const answer = ocsp({
  issuer: 'CN=A',
  issuerKeys: keys,
  serial: 7,
  status: 'revoked',
  responder: 'CN=R',
  signer: keys,
  certificates: [sequence()],
  nonce: Uint8Array.of(1, 2),
});

const insideOf = (bytes: Uint8Array): DerReader => inside(new DerReader(bytes).next());
const decoders: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => unknown])[] = [
  ['a CRL', list, bytes => decodeCrl(bytes).revoked()],
  ['an OCSP response', answer, decodeOcspResponse],
  [
    'name constraints',
    sequence(
      tlv(0xa0, sequence(name.dns('a.test')), sequence(name.directory('O=x'))),
      tlv(0xa1, sequence(name.ip(1, 2, 3, 4, 255, 0, 0, 0))),
    ),
    nameConstraints,
  ],
  ['policy constraints', sequence(tlv(0x80, integerBytes(1)), tlv(0x81, integerBytes(2))), policyConstraints],
  ['policy mappings', sequence(sequence(oid('1.2.3'), oid('1.2.4'))), policyMappings],
  ['inhibitAnyPolicy', tlv(0x02, integerBytes(1)), inhibitAnyPolicy],
  [
    'distribution points',
    sequence(
      sequence(
        tlv(0xa0, tlv(0xa1, sequence(oid('2.5.4.3'), tlv(0x0c, utf8('p'))))),
        tlv(0x81, Uint8Array.of(1, 6)),
        tlv(0xa2, name.directory('CN=C')),
      ),
    ),
    distributionPoints,
  ],
  [
    'an issuing point',
    sequence(tlv(0xa0, tlv(0xa0, name.uri('http://x'))), tlv(0x81, Uint8Array.of(255)), tlv(0x83, Uint8Array.of(1, 2))),
    issuingPoint,
  ],
  [
    'general names',
    sequence(
      name.dns('a'),
      name.email('b'),
      name.uri('c'),
      name.ip(1),
      name.directory('CN=d'),
      name.other('1.2.3', 'e'),
      tlv(0x88, Uint8Array.of(42)),
    ),
    bytes => generalNames(insideOf(bytes)),
  ],
];

const orDecodeError = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
};

describe('revocation and constraints', () => {
  for (const [what, bytes, decode] of decoders) {
    it(`${what} is read, and cut off anywhere is not`, () => {
      expect(orDecodeError(() => decode(bytes))).toBe(true);
      for (let n = 0; n < bytes.length; n++) expect(() => decode(bytes.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
    });
    it(`${what} edited anywhere is read or throws DecodeError`, () => {
      const edit = fc.record({ at: fc.nat({ max: bytes.length }), remove: fc.nat({ max: 4 }), insert: fc.uint8Array({ maxLength: 4 }) });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
          const changed = edits.reduce(
            (out, { at, remove, insert }) => Uint8Array.of(...out.subarray(0, at), ...insert, ...out.subarray(at + remove)),
            bytes,
          );
          orDecodeError(() => decode(changed));
        }),
        { numRuns: 1500, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
      );
    });
  }
});

describe('a CRL', () => {
  it('has its entries by serial number and reason, and those of other issuers apart', () => {
    const read = decodeCrl(list);
    const { own, others } = read.revoked();
    expect([...own]).toEqual([
      ['05', 0],
      ['012c', 1],
      [`40${'00'.repeat(18)}`, 6],
    ]);
    expect(others.map(o => [o.issuer.text, [...o.serials.keys()]])).toEqual([['CN=B', ['07', '08']]]);
    expect([read.number, read.issuingPoint?.indirect, read.issuer.text]).toEqual([3n, true, 'CN=A']);
  });
  it('of a hundred thousand entries is read, and each entry found', () => {
    const count = 100_000;
    let found = 0;
    const read = (): void =>
      void (found = decodeCrl(crl({ issuer: 'CN=A', signer: keys, revoked: manyEntries(count) })).revoked().own.size);
    // The bench has the figure (at most 150 ms, signature and all); here only that it is no matter of seconds.
    expect(cost(read)).toBeLessThan(2000);
    expect(found).toBe(count);
  });
  it('whose entries are shorter or longer than they say is refused', () => {
    const entries = manyEntries(2);
    // The first has extensions, the second has none.
    for (const [at, off] of [1, (entries[1] ?? 0) + 3].flatMap(at => [[at, -1] as const, [at, 1] as const])) {
      const changed = Uint8Array.from(entries);
      changed[at] = (changed[at] ?? 0) + off;
      expect(() => decodeCrl(crl({ issuer: 'CN=A', signer: keys, revoked: changed })).revoked()).toThrow(DecodeError);
    }
  });
  it('longer than the cap is not read', () => expect(() => decodeCrl(new Uint8Array(maxCrl + 1))).toThrow('bytes'));
  it('with a serial number written with zeros in front names the same certificate', () => {
    expect(serialKey('0005')).toBe('05');
    expect(serialKey('0085')).toBe('0085');
    expect(serialKey('00')).toBe('00');
    expect(serialKey('000000')).toBe('00');
  });
  it('whose two signature algorithms differ is refused', () => {
    const outer = new DerReader(list).next();
    const parts = inside(outer);
    const [tbs, , signature] = [parts.next(), parts.next(), parts.next()];
    expect(() => decodeCrl(sequence(tbs.whole, sequence(oid('1.2.840.10045.4.3.3')), signature.whole))).toThrow('differ');
  });
});
