import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { type Bytes, alternativeNames, ca, extension, name, nameConstraints } from '../vectors/path-pki.ts';
import { oid, sequence, tlv } from '../vectors/der-encode.ts';
import { build, caA, caB, deepLeaf, keys, leaf, root, verdict } from './path-world.ts';

type Case = readonly [why: string, wanted: boolean, named: readonly Bytes[], permitted: readonly Bytes[], excluded?: readonly Bytes[]];
const { dns, email, uri, ip, other } = name;
const times = (count: number, byte: number): readonly number[] => Array.from({ length: count }, () => byte);
const upn = '1.3.6.1.4.1.311.20.2.3';
const utf8Mailbox = '1.3.6.1.5.5.7.8.9';

/** Names of the leaf against what its CA permits and excludes (RFC 5280 §4.2.1.10): one rule each. */
const cases: readonly Case[] = [
  ['a host is within its domain', true, [dns('a.example.com')], [dns('example.com')]],
  ['a domain is within itself', true, [dns('example.com')], [dns('example.com')]],
  ['case does not count', true, [dns('A.EXAMPLE.com')], [dns('example.COM')]],
  ['labels are whole', false, [dns('notexample.com')], [dns('example.com')]],
  ['every name must be permitted', false, [dns('a.example.com'), dns('b.example.org')], [dns('example.com')]],
  ['one of the permitted is enough', true, [dns('b.example.org')], [dns('example.com'), dns('example.org')]],
  ['the empty constraint is about all names', false, [dns('example.com')], [], [dns('')]],
  ['what is excluded is so though it is permitted', false, [dns('x.example.com')], [dns('example.com')], [dns('x.example.com')]],
  ['other forms are left alone', true, [ip(10, 0, 0, 1)], [dns('example.com')]],
  ['a constraint with a leading dot is none', false, [dns('a.example.com')], [dns('.example.com')]],
  ['a constraint with a wildcard is none', false, [dns('a.example.com')], [dns('*.example.com')]],
  ['a constraint that is none spoils the others', false, [dns('a.example.com')], [dns('example.com'), dns('.example.org')]],
  ['a name with a leading dot is none', false, [dns('.example.com')], [dns('example.com')]],
  ['a name that is no ASCII is none', false, [dns('ä.example.com')], [dns('example.com')]],
  ['a wildcard is within its domain', true, [dns('*.example.com')], [dns('example.com')]],
  ['a wildcard is more than one of its hosts', false, [dns('*.example.com')], [dns('a.example.com')]],
  ['a wildcard could be the excluded host', false, [dns('*.example.com')], [], [dns('a.example.com')]],
  ['a wildcard is one label, not two', true, [dns('*.example.com')], [], [dns('b.a.example.com')]],
  ['a wildcard lies in the excluded domain', false, [dns('*.a.example.com')], [], [dns('example.com')]],

  ['an address is within its net', true, [ip(192, 0, 2, 7)], [ip(192, 0, 2, 0, 255, 255, 255, 0)]],
  ['an address is outside', false, [ip(192, 0, 3, 7)], [ip(192, 0, 2, 0, 255, 255, 255, 0)]],
  ['an address is excluded', false, [ip(192, 0, 2, 7)], [], [ip(192, 0, 2, 0, 255, 255, 255, 0)]],
  ['an address of five bytes is none', false, [ip(192, 0, 2, 7, 1)], [ip(192, 0, 2, 0, 255, 255, 255, 0)]],
  ['IPv6 is not permitted by IPv4', false, [ip(...times(15, 0), 1)], [ip(0, 0, 0, 0, 0, 0, 0, 0)]],
  ['IPv6 within its net', true, [ip(0x20, 1, ...times(14, 9))], [ip(0x20, 1, ...times(14, 0), 255, 255, ...times(14, 0))]],

  ['a mailbox at the host', true, [email('ann@example.com')], [email('example.com')]],
  ['a mailbox at a host below is not at the host', false, [email('ann@mail.example.com')], [email('example.com')]],
  ['a mailbox below the domain', true, [email('ann@mail.example.com')], [email('.example.com')]],
  ['a mailbox at the domain is not below it', false, [email('ann@example.com')], [email('.example.com')]],
  ['one mailbox', true, [email('ann@EXAMPLE.com')], [email('ann@example.com')]],
  ['the case of a local part counts', false, [email('Ann@example.com')], [email('ann@example.com')]],
  ['a mailbox with quotes is permitted as it stands', true, [email('"a b"@example.com')], [email('"a b"@example.com')]],
  ['a mailbox with quotes is not permitted by one without', false, [email('"ann"@example.com')], [email('ann@example.com')]],
  ['quotes are no part of a name', false, [email('"ann"@example.com')], [], [email('ann@example.com')]],
  ['two ats are none', false, [email('a@b@example.com')], [email('example.com')]],
  ['an asterisk is a letter', false, [email('*@example.com')], [email('**@example.com')]],
  ['a mailbox in UTF-8 at the host', true, [other(utf8Mailbox, 'ä@EXAMPLE.com')], [email('example.com')]],
  ['a mailbox in UTF-8 below the domain', true, [other(utf8Mailbox, 'ä@mail.example.com')], [email('.example.com')]],
  ['a mailbox in UTF-8 at another host', false, [other(utf8Mailbox, 'ä@example.org')], [email('example.com')]],
  ['a mailbox in UTF-8 at the excluded host', false, [other(utf8Mailbox, 'ä@example.com')], [], [email('example.com')]],
  ['a mailbox in UTF-8 is none that is permitted by its letters', false, [other(utf8Mailbox, 'a@example.com')], [email('a@example.com')]],
  ['a mailbox in UTF-8 may be the excluded one', false, [other(utf8Mailbox, 'ä@example.com')], [], [email('a@example.com')]],
  ['a mailbox in UTF-8 is none at another host', true, [other(utf8Mailbox, 'ä@example.org')], [], [email('a@example.com')]],
  ['a mailbox in UTF-8 has its host in ASCII', false, [other(utf8Mailbox, 'a@exämple.org')], [], [email('example.com')]],

  ['a URI at the host', true, [uri('https://host.example.com:8443/x')], [uri('host.example.com')]],
  ['a URI below the domain', true, [uri('https://a.example.com')], [uri('.example.com')]],
  ['a URI at the domain is not below it', false, [uri('https://example.com')], [uri('.example.com')]],
  ['a URI whose user looks like a host', false, [uri('https://example.com@evil.test/')], [uri('example.com')]],
  ['a URI with a user', true, [uri('https://ann:x@host.example.com/')], [uri('host.example.com')]],
  ['a URI with an address', false, [uri('https://10.0.0.1/')], [], [uri('example.com')]],
  ['a URI with an address in square brackets', false, [uri('https://[::1]/')], [], [uri('example.com')]],
  ['a URI without a host', false, [uri('urn:device:1')], [], [uri('example.com')]],

  ['another type of otherName is left alone', true, [other(upn, 'ann')], [other('1.2.3.4', 'x')]],
  ['the same otherName is permitted', true, [other(upn, 'ann')], [other(upn, 'ann')]],
  ['another value of the type is not', false, [other(upn, 'bob')], [other(upn, 'ann')]],
  ['what is excluded in a type may be any of it', false, [other(upn, 'bob')], [], [other(upn, 'ann')]],
  ['a registered OID that is excluded', false, [tlv(0x88, Uint8Array.of(42))], [], [tlv(0x88, Uint8Array.of(42))]],
];

describe('name constraints of a CA', () => {
  for (const [why, wanted, named, permitted, excluded] of cases)
    it(why, () => {
      const given = {
        leaf: leaf({ extensions: [alternativeNames(...named)] }),
        with: [caA({ extensions: [ca(), nameConstraints(permitted, excluded)] })],
      };
      expect(verdict(given)).toBe(wanted ? 'accepted' : 'NAME_NOT_PERMITTED');
      expect(verdict({ ...given, with: [caA()] })).toBe('accepted');
    });

  const under = (subject: string, permitted: string, excluded?: string): string =>
    verdict({
      leaf: leaf({ subject }),
      with: [
        caA({ extensions: [ca(), nameConstraints([name.directory(permitted)], excluded === undefined ? [] : [name.directory(excluded)])] }),
      ],
    });
  describe('with a leading dot, where a device is judged', () => {
    const judged = (named: string, permitted: readonly Bytes[], excluded: readonly Bytes[] = []): string =>
      verdict({
        leaf: leaf({ extensions: [alternativeNames(dns(named))] }),
        with: [caA({ extensions: [ca(), nameConstraints(permitted, excluded)] })],
        rules: { purpose: 'device' },
      });
    it.each([
      ['a.example.com', 'accepted'],
      ['b.A.Example.com', 'accepted'],
      ['*.example.com', 'accepted'],
      ['Example.com', 'NAME_NOT_PERMITTED'],
      ['notexample.com', 'NAME_NOT_PERMITTED'],
      ['.example.com', 'NAME_NOT_PERMITTED'],
    ])('%s is permitted only below the domain: %s', (named, wanted) => expect(judged(named, [dns('.example.COM')])).toBe(wanted));
    it.each([
      ['a.example.com', 'NAME_NOT_PERMITTED'],
      ['example.com', 'NAME_NOT_PERMITTED'],
      ['*.com', 'NAME_NOT_PERMITTED'],
      ['notexample.com', 'accepted'],
    ])('%s is excluded in and below it: %s', (named, wanted) => expect(judged(named, [], [dns('.example.com')])).toBe(wanted));
    it('and nothing behind it is none, nor one with two', () => {
      expect(judged('a.example.com', [dns('..example.com')])).toBe('NAME_NOT_PERMITTED');
      expect(judged('a.example.com', [dns('.*.com')])).toBe('NAME_NOT_PERMITTED');
      for (const dot of [dns('.')])
        expect([judged('a.b', [dot]), judged('a.b', [], [dot])]).toEqual(['NAME_NOT_PERMITTED', 'NAME_NOT_PERMITTED']);
    });
  });
  it('refuse a mailbox in UTF-8 that is none', () => {
    const none = alternativeNames(tlv(0xa0, oid(utf8Mailbox), tlv(0xa0, tlv(0x0c, Uint8Array.of(0xff)))));
    const constrained = caA({ extensions: [ca(), nameConstraints([email('example.com')])] });
    expect(verdict({ leaf: leaf({ extensions: [none] }), with: [constrained] })).toBe('EVIDENCE_MALFORMED');
  });
  it('permit a directory name by its first RDNs, whatever their case, space and string type', () => {
    expect(under('O=Acme  Sensors/CN=x', 'O=ACME Sensors')).toBe('accepted');
    expect(under('O=Acme\u00ad Sensors/CN=x', 'O=ACME Sensors')).toBe('accepted');
    expect(under('CN=x/O=Acme Sensors', 'O=Acme Sensors')).toBe('NAME_NOT_PERMITTED');
    expect(under('O=Acme', 'O=Acme/CN=x')).toBe('NAME_NOT_PERMITTED');
    expect(under('O=Acme/CN=x', 'O=Acme', 'O=Acme/CN=X')).toBe('NAME_NOT_PERMITTED');
  });
  it('leave a certificate without a subject alone', () => expect(under('', 'O=Acme')).toBe('accepted'));

  it('are about the mailbox in the subject where the SAN has none', () => {
    const constrained = [caA({ extensions: [ca(), nameConstraints([email('example.com')])] })];
    expect(verdict({ leaf: leaf({ subject: 'CN=x/E=ann@example.com' }), with: constrained })).toBe('accepted');
    expect(verdict({ leaf: leaf({ subject: 'CN=x/E=ann@evil.test' }), with: constrained })).toBe('NAME_NOT_PERMITTED');
  });

  const san = { extensions: [ca(), alternativeNames(dns('evil.test'))] };
  it('hold for CAs below as well, but not for a CA that gives itself a new key', () => {
    const only = { extensions: [ca(), nameConstraints([dns('example.com')])] };
    expect(verdict({ leaf: deepLeaf(), with: [caA(only), caB(san)] })).toBe('NAME_NOT_PERMITTED');
    const rolled = caA({ issuer: 'CN=A', keys: keys.other, signer: keys.a, ...san });
    expect(verdict({ leaf: leaf({ signer: keys.other }), with: [caA(only), rolled] })).toBe('accepted');
    expect(verdict({ leaf: rolled, with: [caA(only)] })).toBe('NAME_NOT_PERMITTED');
  });

  it('of all CAs of the path must permit a name, and those of the anchor too', () => {
    const good = leaf({ extensions: [alternativeNames(dns('a.example.com'))] });
    const wide = root({ extensions: [ca(), nameConstraints([dns('example.com')])] });
    const elsewhere = root({ extensions: [ca(), nameConstraints([dns('example.org')])] });
    const narrow = caA({ extensions: [ca(), nameConstraints([dns('a.example.com')])] });
    expect(verdict({ leaf: good, with: [narrow], anchors: [wide] })).toBe('accepted');
    expect(verdict({ leaf: good, with: [narrow], anchors: [elsewhere] })).toBe('NAME_NOT_PERMITTED');
  });

  it('that cannot be read refuse the path: empty, of no subtree, with a minimum, of an address that is no network', () => {
    const [alone, hole] = [tlv(0xa0, sequence(ip(192, 0, 2, 7))), tlv(0xa1, sequence(ip(192, 0, 2, 0, 255, 0, 255, 0)))];
    const minimum = tlv(0xa0, sequence(dns('example.com'), tlv(0x80, Uint8Array.of(1))));
    for (const wrong of [
      sequence(),
      sequence(tlv(0xa0)),
      sequence(minimum),
      sequence(alone),
      sequence(hole),
      sequence(tlv(0xa0, sequence(oid('1.2.3')))),
    ])
      expect(verdict({ leaf: leaf(), with: [caA({ extensions: [ca(), extension('2.5.29.30', true, wrong)] })] })).toBe(
        'EVIDENCE_MALFORMED',
      );
  });

  it('cost a bounded number of comparisons', () => {
    const many = Array.from({ length: 400 }, (_, i) => dns(`n${i}.example.com`));
    const bomb = { leaf: leaf({ extensions: [alternativeNames(...many)] }), with: [caA({ extensions: [ca(), nameConstraints(many)] })] };
    const work = new Work(new KeyCache());
    expect(() => build(bomb, work)).toThrow('too many comparisons');
    expect(work.exhausted).toBe(true);
  });
});
