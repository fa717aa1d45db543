import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Path } from '../../gateway/attestation/path-rules.ts';
import { checkRevocation, type RevocationState } from '../../gateway/attestation/revocation.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { ca, certificate, crl, crlNumber, type CrlPlan, dn, extension, newKeys, reasonCode, usage } from '../vectors/path-pki.ts';
import { integerBytes, octets, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { build, caA, type Given, keys, leaf, now, verdict } from './path-world.ts';

const rootCrl = (change: Partial<CrlPlan> = {}): Uint8Array => crl({ issuer: 'CN=Root', signer: keys.root, ...change });
const crlOfA = (change: Partial<CrlPlan> = {}): Uint8Array => crl({ issuer: 'CN=A', signer: keys.a, ...change });
const revokes = (...serials: readonly number[]): Partial<CrlPlan> => ({ entries: serials.map(serial => ({ serial })) });

const ask = (
  path: Path,
  work: Work,
  crls: readonly Uint8Array[],
  signers: readonly Uint8Array[],
  whenUnknown: 'refuse' | 'tell',
): readonly RevocationState[] =>
  checkRevocation(path, { crls: crls.map(decodeCrl), signers: signers.map(decodeCertificate), ocsp: [], whenUnknown }, now, work);
/** A leaf of serial number 77 under A of 55; the verdict where every certificate must be known to be good. */
const chain: Given = { leaf: leaf({ serial: 77 }), with: [caA({ serial: 55 })] };
const judged = (crls: readonly Uint8Array[], signers: readonly Uint8Array[] = [], given: Given = chain): string =>
  verdict({ ...given, accept: (path, work) => void ask(path, work, crls, signers, 'refuse') });
const [good, revoked, unknown] = ['accepted', 'CERT_REVOKED', 'REVOCATION_UNKNOWN'];

const flags = (...set: readonly number[]): readonly Uint8Array[] => set.map(tag => tlv(tag, Uint8Array.of(0xff)));
const point = (...parts: readonly Uint8Array[]): Uint8Array => extension('2.5.29.28', true, sequence(...parts));
const fullName = (url: string): Uint8Array => tlv(0xa0, tlv(0xa0, tlv(0x86, utf8(url))));
const distribution = (...parts: readonly Uint8Array[]): Uint8Array => extension('2.5.29.31', false, sequence(sequence(...parts)));

describe('a certificate revocation list', () => {
  it('of each issuer says that nothing is revoked', () => expect(judged([rootCrl(), crlOfA()])).toBe(good));
  it('revokes the leaf, or the CA above it', () => {
    expect(judged([rootCrl(), crlOfA(revokes(76, 77))])).toBe(revoked);
    expect(judged([rootCrl(revokes(55)), crlOfA()])).toBe(revoked);
  });
  it('that says revoked counts, though another in force says good', () => {
    for (const lists of [
      [crlOfA(), crlOfA(revokes(77))],
      [crlOfA(revokes(77)), crlOfA()],
    ])
      expect(judged([rootCrl(), ...lists])).toBe(revoked);
  });
  it('of another issuer with the same serial number says nothing', () =>
    expect(judged([rootCrl(revokes(77)), crlOfA(revokes(55))])).toBe(good));
  it('revokes for any reason, on hold too', () => {
    for (const reason of [0, 1, 5, 6, 9, 10]) expect(judged([rootCrl(), crlOfA({ entries: [{ serial: 77, reason }] })])).toBe(revoked);
  });
  it('that is missing leaves it unknown', () => {
    expect(judged([rootCrl()])).toBe(unknown);
    expect(judged([crlOfA()])).toBe(unknown);
  });
  it('that is overdue, not begun, or never ends says nothing', () => {
    for (const change of [{ until: '20251231000000Z' }, { from: '20260102000000Z' }, { until: null }])
      expect(judged([rootCrl(), crlOfA({ ...change, ...revokes(1) })])).toBe(unknown);
  });
  it('that is overdue, not begun, or never ends still revokes: only a hold is taken back', () => {
    for (const change of [{ until: '20251231000000Z' }, { from: '20260102000000Z' }, { until: null }]) {
      const listed = (reason: number): string => judged([rootCrl(), crlOfA({ ...change, entries: [{ serial: 77, reason }] })]);
      expect([0, 1, 9].map(listed)).toEqual([revoked, revoked, revoked]);
      expect([6, 8].map(listed)).toEqual([unknown, revoked]);
      expect(judged([rootCrl(), crlOfA({ ...change, ...revokes(77), signer: keys.other })])).toBe(unknown);
      expect(judged([rootCrl(), crlOfA({ ...change, ...revokes(77) }), crlOfA()])).toBe(revoked);
    }
  });
  it('a few minutes ahead of our clock counts', () => expect(judged([rootCrl(), crlOfA({ from: '20260101000200Z' })])).toBe(good));

  it('with the name of the issuer but another key says nothing', () =>
    expect(judged([rootCrl(), crlOfA({ signer: keys.other })])).toBe(unknown));
  it('changed in one bit says nothing', () => {
    const changed = crlOfA(revokes(78));
    const at = Buffer.from(changed).indexOf(Buffer.from([0x02, 0x01, 78]));
    changed[at + 2] = 77;
    expect(judged([rootCrl(), changed])).toBe(unknown);
  });
  it('of a CA that may not sign CRLs says nothing', () => {
    const given = { ...chain, with: [caA({ serial: 55, extensions: [ca(), usage(5)] })] };
    expect(judged([rootCrl(), crlOfA()], [], given)).toBe(unknown);
  });
  it('with a critical extension that we do not know says nothing, in an entry as well', () => {
    const odd = extension('1.3.6.1.4.1.99999.7', true, octets(Uint8Array.of(1)));
    expect(judged([rootCrl(), crlOfA({ extensions: [crlNumber(1), odd] })])).toBe(unknown);
    expect(judged([rootCrl(), crlOfA({ entries: [{ serial: 5, extensions: [odd] }] })])).toBe(unknown);
  });

  it('only for certificates of CAs, of users or of attributes is only for those', () => {
    expect(
      judged([
        rootCrl({ extensions: [crlNumber(1), point(...flags(0x82))] }),
        crlOfA({ extensions: [crlNumber(1), point(...flags(0x81))] }),
      ]),
    ).toBe(good);
    expect(judged([rootCrl({ extensions: [crlNumber(1), point(...flags(0x81))] }), crlOfA()])).toBe(unknown);
    for (const tag of [0x82, 0x85]) expect(judged([rootCrl(), crlOfA({ extensions: [crlNumber(1), point(...flags(tag))] })])).toBe(unknown);
  });
  it('of one distribution point is for certificates of that point', () => {
    const of = (url: string): Uint8Array => crlOfA({ extensions: [crlNumber(1), point(fullName(url))] });
    const given = { ...chain, leaf: leaf({ serial: 77, extensions: [distribution(fullName('http://crl.test/1'))] }) };
    expect(judged([rootCrl(), of('http://crl.test/1')], [], given)).toBe(good);
    expect(judged([rootCrl(), of('http://crl.test/2')], [], given)).toBe(unknown);
    expect(judged([rootCrl(), of('http://crl.test/1')])).toBe(unknown);
  });
  it('for some reasons is good only together with those for the others', () => {
    const some = (...bytes: readonly number[]): Uint8Array =>
      crlOfA({ extensions: [crlNumber(1), point(tlv(0x83, Uint8Array.from(bytes)))] });
    // Bits 1 to 4, and 5 to 8 of ReasonFlags.
    const [first, second] = [some(3, 0b0111_1000), some(7, 0b0000_0111, 0b1000_0000)];
    expect(judged([rootCrl(), first])).toBe(unknown);
    expect(judged([rootCrl(), first, second])).toBe(good);
  });

  it('is brought up to date by its delta: revoked since, and let go', () => {
    const delta = (number: number, base: number, entries: CrlPlan['entries']): Uint8Array =>
      crlOfA({ entries: entries ?? [], extensions: [crlNumber(number), extension('2.5.29.27', true, tlv(0x02, integerBytes(base)))] });
    const held = crlOfA({ entries: [{ serial: 77, reason: 6 }], extensions: [crlNumber(5)] });
    const base = crlOfA({ extensions: [crlNumber(5)] });
    expect(judged([rootCrl(), base, delta(6, 5, [{ serial: 77 }])])).toBe(revoked);
    expect(judged([rootCrl(), held, delta(6, 5, [{ serial: 77, reason: 8 }])])).toBe(good);
    expect(judged([rootCrl(), held, delta(7, 6, [{ serial: 77, reason: 8 }])])).toBe(revoked);
    expect(judged([rootCrl(), held, delta(5, 5, [{ serial: 77, reason: 8 }])])).toBe(revoked);
    expect(judged([rootCrl(), delta(6, 5, [])])).toBe(unknown);
    // Listed twice: what is revoked stays so.
    for (const reasons of [
      [1, 8],
      [8, 1],
    ])
      expect(
        judged([
          rootCrl(),
          held,
          delta(
            6,
            5,
            reasons.map(reason => ({ serial: 77, reason })),
          ),
        ]),
      ).toBe(revoked);
  });
});

describe('who signs a CRL', () => {
  const signerFor = (change: object = {}): Uint8Array =>
    certificate({ subject: 'CN=A', issuer: 'CN=A', keys: keys.b, signer: keys.a, serial: 99, extensions: [usage(6)], ...change });
  const byB = crlOfA({ signer: keys.b });

  it('may be a key that the CA named for it, itself not revoked', () => {
    const ownCrl = crlOfA({ extensions: [crlNumber(2), point(fullName('http://crl.test/signers'))] });
    const named = signerFor({ extensions: [usage(6), distribution(fullName('http://crl.test/signers'))] });
    expect(judged([rootCrl(), byB, ownCrl], [named])).toBe(good);
    const revoking = crlOfA({ ...revokes(99), extensions: [crlNumber(2), point(fullName('http://crl.test/signers'))] });
    expect(judged([rootCrl(), byB, revoking], [named])).toBe(unknown);
  });
  it('is none that only its own CRL vouches for', () => expect(judged([rootCrl(), byB], [signerFor()])).toBe(unknown));
  it('is one that its issuer appointed to tell of itself as well, while it does not say that it is revoked', () => {
    const appointed = [usage(6), distribution(tlv(0xa2, tlv(0xa4, dn('CN=Lists'))))];
    const authority = certificate({ subject: 'CN=Lists', issuer: 'CN=A', keys: keys.b, signer: keys.a, serial: 99, extensions: appointed });
    const given = { ...chain, leaf: leaf({ serial: 77, extensions: [distribution(tlv(0xa2, tlv(0xa4, dn('CN=Lists'))))] }) };
    const lists = (serial: number): Uint8Array => {
      const about = extension('2.5.29.29', true, sequence(tlv(0xa4, dn('CN=A'))));
      return crl({
        issuer: 'CN=Lists',
        signer: keys.b,
        entries: [{ serial, extensions: [about] }],
        extensions: [crlNumber(1), point(...flags(0x84))],
      });
    };
    expect(judged([rootCrl(), lists(1)], [authority], given)).toBe(good);
    expect(judged([rootCrl(), lists(77)], [authority], given)).toBe(revoked);
    expect(judged([rootCrl(), lists(99)], [authority], given)).toBe(unknown);
  });
  it('is no key that the certificate itself vouches for, in the path or beside it', () => {
    // A gave itself a new key, B's; only that key says that its certificate is not revoked, or a key that it named in its turn.
    const rolled = signerFor({ extensions: [ca()] });
    const given = { leaf: leaf({ serial: 77, signer: keys.b }), with: [caA({ serial: 55 }), rolled] };
    expect(judged([rootCrl(), byB], [], given)).toBe(unknown);
    expect(judged([rootCrl(), byB], [rolled], given)).toBe(unknown);
    expect(judged([rootCrl(), byB, crlOfA()], [rolled], given)).toBe(good);
    expect(judged([rootCrl(), byB, crlOfA(revokes(99))], [rolled], given)).toBe(revoked);
    const helper = certificate({ subject: 'CN=A', issuer: 'CN=A', keys: keys.other, signer: keys.b, serial: 100, extensions: [usage(6)] });
    expect(judged([rootCrl(), byB, crlOfA({ signer: keys.other })], [helper], given)).toBe(unknown);
    const again = signerFor({ keys: keys.other, signer: keys.b, serial: 98, extensions: [ca()] });
    const twice = { leaf: leaf({ serial: 77, signer: keys.other }), with: [caA({ serial: 55 }), rolled, again] };
    expect(judged([rootCrl(), byB, crlOfA({ signer: keys.other })], [], twice)).toBe(unknown);
    expect(judged([rootCrl(), byB, crlOfA({ signer: keys.other }), crlOfA()], [], twice)).toBe(good);
  });
  it('is vouched for by the CRL of another signer, but not by a row of them without end', () => {
    const row = (length: number): string => {
      const own = Array.from({ length }, () => newKeys());
      const at = (i: number): Uint8Array => fullName(`http://crl.test/${i}`);
      // The first signs the CRL about the leaf, each other the one about the signer before it, and the CA the last.
      const signers = own.map((mine, i) => signerFor({ keys: mine, serial: 200 + i, extensions: [usage(6), distribution(at(i))] }));
      const lists = own.map((_, i) => crlOfA({ signer: own[i + 1] ?? keys.a, extensions: [crlNumber(1), point(at(i))] }));
      return judged([rootCrl(), crlOfA({ signer: own[0] ?? keys.a }), ...lists], signers);
    };
    expect([row(1), row(3), row(4)]).toEqual([good, good, unknown]);
  });
  it('is none without the usage cRLSign', () => {
    expect(judged([rootCrl(), byB, crlOfA(revokes(1))], [signerFor({ extensions: [usage(0)] })])).toBe(good);
    expect(judged([rootCrl(), byB], [signerFor({ extensions: [usage(0)] })])).toBe(unknown);
  });
  it('is none of the same name under another CA of the same anchor', () => {
    const sister = certificate({ subject: 'CN=Sister', issuer: 'CN=Root', keys: keys.other, signer: keys.root, extensions: [ca()] });
    const namesake = certificate({ subject: 'CN=A', issuer: 'CN=Sister', keys: keys.b, signer: keys.other, extensions: [usage(6)] });
    const sisters = crl({ issuer: 'CN=Sister', signer: keys.other });
    expect(judged([rootCrl(), byB, sisters], [sister, namesake])).toBe(unknown);
  });
  it('is another authority where the certificate and the CRL both say so', () => {
    const authority = certificate({ subject: 'CN=Lists', issuer: 'CN=Root', keys: keys.b, signer: keys.root, extensions: [usage(6)] });
    const issuerOf = (who: string): Uint8Array => extension('2.5.29.29', true, sequence(tlv(0xa4, dn(who))));
    const lists = (who: string, indirect: readonly number[]): Uint8Array =>
      crl({
        issuer: 'CN=Lists',
        signer: keys.b,
        entries: [{ serial: 77, extensions: [reasonCode(1), issuerOf(who)] }],
        extensions: [crlNumber(1), point(...flags(...indirect))],
      });
    const given = { ...chain, leaf: leaf({ serial: 77, extensions: [distribution(tlv(0xa2, tlv(0xa4, dn('CN=Lists'))))] }) };
    expect(judged([rootCrl(), lists('CN=A', [0x84])], [authority], given)).toBe(revoked);
    expect(judged([rootCrl(), lists('CN=B', [0x84])], [authority], given)).toBe(good);
    expect(judged([rootCrl(), lists('CN=B', [])], [authority], given)).toBe(unknown);
    expect(judged([rootCrl(), crl({ issuer: 'CN=Lists', signer: keys.b })], [authority], given)).toBe(unknown);
    expect(judged([rootCrl(), lists('CN=B', [0x84])], [authority])).toBe(unknown);
    // An entry without an issuer is about certificates of the authority itself.
    const own = crl({ issuer: 'CN=Lists', signer: keys.b, entries: [{ serial: 77 }], extensions: [crlNumber(1), point(...flags(0x84))] });
    expect(judged([rootCrl(), own], [authority], given)).toBe(good);
  });
  it('is not somebody whose CRL speaks of other issuers without saying so', () => {
    const about = extension('2.5.29.29', true, sequence(tlv(0xa4, dn('CN=B'))));
    expect(judged([rootCrl(), crlOfA({ entries: [{ serial: 5, extensions: [about] }] })])).toBe(unknown);
  });
});

describe('where nothing tells', () => {
  it('an anchor that wants to be told shows it and does not call it good', () => {
    let states: readonly RevocationState[] = [];
    build({ ...chain, accept: (path, work) => (states = ask(path, work, [rootCrl()], [], 'tell')) });
    expect(states.map(s => [s.status, s.by])).toEqual([
      ['unknown', undefined],
      ['good', 'CRL'],
    ]);
  });
  it('what an anchor says stands before what is usual, both ways', () => {
    const with_ = (own: 'refuse' | 'tell', usual: 'refuse' | 'tell'): string =>
      verdict({
        ...chain,
        accept: (path, work) => void ask({ ...path, anchor: { ...path.anchor, whenUnknown: own } }, work, [], [], usual),
      });
    expect(with_('refuse', 'tell')).toBe(unknown);
    expect(with_('tell', 'refuse')).toBe(good);
  });
  it('because its issuer never tells, a leaf passes, but no CA, and none that is listed', () => {
    const never = extension('2.5.29.56', false, tlv(0x05));
    const exempt = { ...chain, leaf: leaf({ serial: 77, extensions: [never] }) };
    expect(judged([rootCrl()], [], exempt)).toBe(good);
    expect(judged([rootCrl(), crlOfA(revokes(77))], [], exempt)).toBe(revoked);
    expect(judged([crlOfA()], [], { ...chain, with: [caA({ serial: 55, extensions: [ca(), never] })] })).toBe(unknown);
  });
  it('it is refused all the same when it is known to be revoked', () => {
    expect(verdict({ ...chain, accept: (path, work) => void ask(path, work, [crlOfA(revokes(77))], [], 'tell') })).toBe(revoked);
  });
});

describe('many CRLs', () => {
  it('of the right name and the wrong key end at the budget', () => {
    const forged = Array.from({ length: 100 }, () => crlOfA({ signer: keys.other }));
    const work = new Work(new KeyCache());
    expect(() => build({ ...chain, accept: path => void ask(path, work, forged, [], 'tell') }, work)).toThrow('too many signatures');
  });
});
