import { describe, expect, it } from 'vitest';
import { serialOf } from '../../gateway/attestation/chain.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { checkServerName, type Reference } from '../../gateway/attestation/server-name.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { alternativeNames, extension, name } from '../vectors/path-pki.ts';
import { octets, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { leaf } from './path-world.ts';

const passes = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    expect(error.code).toBe('IDENTITY_MISMATCH');
    return false;
  }
};
const { dns, email, ip } = name;
const host = (value: string): Reference => ({ kind: 'dns', value });
const address = (...octets_: readonly number[]): Reference => ({ kind: 'ip', octets: Uint8Array.from(octets_) });
const is = (reference: Reference, ...names: readonly Uint8Array[]): boolean =>
  passes(() =>
    checkServerName(decodeCertificate(leaf({ subject: 'CN=example.com', extensions: [alternativeNames(...names)] })), reference),
  );

describe('a server of the web', () => {
  it('is known by its SAN, never by its common name', () => {
    expect(is(host('example.com'), dns('EXAMPLE.com'))).toBe(true);
    expect(is(host('example.com.'), dns('example.com'))).toBe(true);
    expect(is(host('example.com'), dns('example.org'))).toBe(false);
    expect(passes(() => checkServerName(decodeCertificate(leaf({ subject: 'CN=example.com' })), host('example.com')))).toBe(false);
  });
  it('may be one of a wildcard: one whole label, leftmost, over two or more', () => {
    expect(is(host('a.example.com'), dns('*.example.com'))).toBe(true);
    for (const [wild, of] of [
      ['*.example.com', 'example.com'],
      ['*.example.com', 'b.a.example.com'],
      ['a*.example.com', 'ab.example.com'],
      ['*a.example.com', 'ba.example.com'],
      ['a.*.com', 'a.example.com'],
      ['*.com', 'example.com'],
      ['*', 'example'],
      ['*.*.com', 'a.example.com'],
      ['xn--*-1b3c148a.example.com', 'xn--bliss-1b3c148a.example.com'],
      ['*.', 'a.'],
    ] as const)
      expect([wild, of, is(host(of), dns(wild))]).toEqual([wild, of, false]);
  });
  it('is at an address by an iPAddress, and by nothing else', () => {
    expect(is(address(192, 0, 2, 1), ip(192, 0, 2, 1))).toBe(true);
    expect(is(address(192, 0, 2, 1), ip(192, 0, 2, 2))).toBe(false);
    expect(is(address(192, 0, 2, 1), dns('192.0.2.1'))).toBe(false);
    expect(is(host('192.0.2.1'), dns('192.0.2.1'))).toBe(false);
    expect(is(host('192.0.2.1'), dns('*.0.2.1'))).toBe(false);
  });
  it('or a person at a mailbox: the host without case, the rest with it', () => {
    expect(is({ kind: 'email', value: 'ann@EXAMPLE.com' }, email('ann@example.com'))).toBe(true);
    expect(is({ kind: 'email', value: 'Ann@example.com' }, email('ann@example.com'))).toBe(false);
    expect(is({ kind: 'email', value: 'a@b@example.com' }, email('a@b@example.com'))).toBe(false);
  });
});

const module = (serial: string): Uint8Array =>
  extension('2.5.29.17', false, sequence(tlv(0xa0, oid('1.3.6.1.5.5.7.8.4'), tlv(0xa0, sequence(oid('1.2.3.4'), octets(utf8(serial)))))));
const idevid = (subject: string, ...extensions: readonly Uint8Array[]): ReturnType<typeof decodeCertificate> =>
  decodeCertificate(leaf({ subject, extensions }));

describe('a device (IEEE 802.1AR)', () => {
  it('is known by its serialNumber, else by its HardwareModuleName, and by no host name', () => {
    expect(serialOf(idevid('O=Acme/SN=A1'))).toBe('A1');
    expect(serialOf(idevid('O=Acme/SN=A1', module('M1')))).toBe('A1');
    expect(serialOf(idevid('O=Acme', module('M1')))).toBe('M1');
    expect(serialOf(idevid('CN=A1', alternativeNames(dns('A1'))))).toBeUndefined();
  });
});
