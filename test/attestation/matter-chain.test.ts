import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { oid, octets, sequence, tlv } from '../vectors/der-encode.ts';
import { basic, type ChainEdits, commonName, makeKeys, pidType, usage, vidType } from '../vectors/matter.ts';
import {
  digest,
  vid,
  pid,
  make,
  judged,
  setCritical,
  setValue,
  remove,
  add,
  bc,
  ku,
  skid,
  akid,
  sha1,
  sha384,
  spki,
  valid,
  subject,
  reference,
} from './matter-product.ts';
import { verdict, why } from './matter-world.ts';

/** Own vectors: for each rule of Matter certificates (Matter Core Specification §6.2.2) a chain that breaks it and nothing else. */
describe('certificates that break the profile', () => {
  const cases: readonly (readonly [what: string, code: string, edits: ChainEdits])[] = [
    ['DAC of version 2', 'EVIDENCE_MALFORMED', { dac: p => ({ ...p, version: 1 }) }],
    ['PAI of version 2', 'EVIDENCE_MALFORMED', { pai: p => ({ ...p, version: 1 }) }],
    ['DAC signed with SHA-1', 'ALGORITHM_REFUSED', { dac: sha1 }],
    ['PAI signed with SHA-1', 'ALGORITHM_REFUSED', { pai: sha1 }],
    ['DAC signed with SHA-384', 'ALGORITHM_REFUSED', { dac: sha384 }],
    ['DAC on P-384', 'ALGORITHM_REFUSED', { dac: spki('P-384') }],
    ['PAI on secp256k1', 'ALGORITHM_REFUSED', { pai: spki('secp256k1') }],
    ['DAC without basicConstraints', 'PROFILE_VIOLATED', { dac: remove(bc) }],
    ['PAI whose basicConstraints are not critical', 'PROFILE_VIOLATED', { pai: setCritical(bc, false) }],
    ['DAC that is a CA', 'PROFILE_VIOLATED', { dac: setValue(bc, basic(true)) }],
    ['PAI that is no CA', 'CERT_NOT_CA', { pai: setValue(bc, basic(false)) }],
    ['PAI without path length', 'PROFILE_VIOLATED', { pai: setValue(bc, basic(true)) }],
    ['PAI with path length 1', 'PROFILE_VIOLATED', { pai: setValue(bc, basic(true, 1)) }],
    ['PAI with path length 2', 'PROFILE_VIOLATED', { pai: setValue(bc, basic(true, 2)) }],
    ['DAC with path length 0', 'PROFILE_VIOLATED', { dac: setValue(bc, basic(false, 0)) }],
    ['DAC with path length 2', 'PROFILE_VIOLATED', { dac: setValue(bc, basic(false, 2)) }],
    ['PAA with path length 0', 'PROFILE_VIOLATED', { paa: setValue(bc, basic(true, 0)) }],
    ['DAC without key usage', 'PROFILE_VIOLATED', { dac: remove(ku) }],
    ['PAI without key usage', 'PROFILE_VIOLATED', { pai: remove(ku) }],
    ['DAC whose key usage is not critical', 'PROFILE_VIOLATED', { dac: setCritical(ku, false) }],
    ['DAC that may sign certificates', 'KEY_USAGE_WRONG', { dac: setValue(ku, usage([0, 5])) }],
    ['DAC that may sign CRLs', 'KEY_USAGE_WRONG', { dac: setValue(ku, usage([0, 6])) }],
    ['DAC that may agree on keys too', 'KEY_USAGE_WRONG', { dac: setValue(ku, usage([0, 4])) }],
    ['DAC with decipherOnly, the ninth bit', 'KEY_USAGE_WRONG', { dac: setValue(ku, usage([0, 8])) }],
    ['DAC that may not sign', 'KEY_USAGE_WRONG', { dac: setValue(ku, usage([2])) }],
    ['PAI that may not sign certificates', 'KEY_USAGE_WRONG', { pai: setValue(ku, usage([6])) }],
    ['PAI that may not sign CRLs', 'KEY_USAGE_WRONG', { pai: setValue(ku, usage([5])) }],
    ['PAI that may encipher keys too', 'KEY_USAGE_WRONG', { pai: setValue(ku, usage([2, 5, 6])) }],
    ['DAC without authority key identifier', 'PROFILE_VIOLATED', { dac: remove(akid) }],
    ['PAI without authority key identifier', 'PROFILE_VIOLATED', { pai: remove(akid) }],
    ['DAC without subject key identifier', 'PROFILE_VIOLATED', { dac: remove(skid) }],
    ['DAC with a key identifier of 19 octets', 'PROFILE_VIOLATED', { dac: setValue(skid, octets(new Uint8Array(19))) }],
    ['DAC whose key identifier is no octet string', 'EVIDENCE_MALFORMED', { dac: setValue(skid, Uint8Array.of(4, 20)) }],
    ['DAC with an unknown critical extension', 'CRITICAL_EXTENSION_UNKNOWN', { dac: add('1.2.3.4', true, octets(new Uint8Array())) }],
    ['DAC that names another key of its PAI', 'CHAIN_INCOMPLETE', { dac: setValue(akid, sequence(tlv(0x80, new Uint8Array(20)))) }],
    ['PAI that names another key of its PAA', 'CHAIN_UNTRUSTED', { pai: setValue(akid, sequence(tlv(0x80, new Uint8Array(20)))) }],
    ['DAC that names another PAI', 'CHAIN_INCOMPLETE', { dac: p => ({ ...p, issuer: [[commonName, 'Other']] }) }],
    ['PAI that names another PAA', 'CHAIN_UNTRUSTED', { pai: p => ({ ...p, issuer: [[commonName, 'Other']] }) }],
    ['DAC by another key', 'SIGNATURE_INVALID', { dac: p => ({ ...p, signingKey: makeKeys().privateKey }) }],
    ['PAI by another key', 'SIGNATURE_INVALID', { pai: p => ({ ...p, signingKey: makeKeys().privateKey }) }],
    ['DAC older than its PAI', 'CERT_NOT_YET_VALID', { dac: valid('20200101000000Z', '99991231235959Z') }],
    ['DAC made when its PAI had ended', 'CERT_EXPIRED', { pai: valid('20230101000000Z', '20230601000000Z') }],
    ['DAC made before its PAI held', 'CERT_NOT_YET_VALID', { pai: valid('20250101000000Z', '99991231235959Z') }],
    ['DAC made when its PAA had ended', 'CERT_EXPIRED', { paa: valid('20220101000000Z', '20230101000000Z') }],
    ['DAC that has ended', 'CERT_EXPIRED', { dac: valid('20240601000000Z', '20250101000000Z') }],
    ['DAC of the future', 'CERT_NOT_YET_VALID', { dac: valid('20310101000000Z', '99991231235959Z') }],
    ['DAC of another vendor', 'PROFILE_VIOLATED', { dac: subject([commonName, 'x'], [vidType, '1235'], [pidType, pid]) }],
    ['DAC of another product than its PAI', 'PROFILE_VIOLATED', { pai: subject([commonName, 'x'], [vidType, vid], [pidType, '00A2']) }],
    ['PAI of another vendor than its PAA', 'PROFILE_VIOLATED', { paa: subject([vidType, '1235']) }],
    ['PAA that names a product', 'PROFILE_VIOLATED', { paa: subject([vidType, vid], [pidType, pid]) }],
    ['DAC without vendor', 'PROFILE_VIOLATED', { dac: subject([commonName, 'x'], [pidType, pid]) }],
    ['DAC without product', 'PROFILE_VIOLATED', { dac: subject([commonName, 'x'], [vidType, vid]) }],
    ['PAI without vendor', 'PROFILE_VIOLATED', { pai: subject([commonName, 'x']) }],
    ['DAC with its vendor twice', 'PROFILE_VIOLATED', { dac: subject([vidType, vid], [vidType, vid], [pidType, pid]) }],
    ['DAC with lower-case identifiers', 'PROFILE_VIOLATED', { dac: subject([vidType, vid], [pidType, '00a1']) }],
    ['DAC with an identifier of 5 digits', 'PROFILE_VIOLATED', { dac: subject([vidType, '01234'], [pidType, pid]) }],
    ['DAC of the vendor 0xFFFF', 'PROFILE_VIOLATED', { dac: subject([vidType, 'FFFF'], [pidType, pid]) }],
    ['DAC of the product 0', 'PROFILE_VIOLATED', { dac: subject([vidType, vid], [pidType, '0000']) }],
    [
      'DAC with a serial number of 65 characters',
      'EVIDENCE_MALFORMED',
      { dac: p => ({ ...p, subject: [...p.subject, ['2.5.4.5', 'x'.repeat(65)]] }) },
    ],
  ];
  it.each(cases)('%s is contraindicated %s', (_, code, edits) => {
    const r = judged({ edits });
    expect(verdict(r), why(r)).toBe(`contraindicated ${code}`);
  });

  it.each(['FFFF', 'FFF5', '0000'])('a whole chain of the vendor %s is of no vendor', number => {
    const all = subject([vidType, number]);
    const r = judged({ edits: { paa: all, pai: all, dac: subject([vidType, number], [pidType, pid]) } });
    expect(verdict(r)).toBe('contraindicated PROFILE_VIOLATED');
    expect(why(r)).toContain('is none');
  });

  it.each<readonly [string, ChainEdits]>([
    ['digitalSignature in a PAI', { pai: setValue(ku, usage([0, 5, 6])) }],
    ['a critical extendedKeyUsage', { dac: add('2.5.29.37', true, sequence(oid('1.3.6.1.5.5.7.3.2'))) }],
    ['authorityInfoAccess', { pai: add('1.3.6.1.5.5.7.1.1', false, sequence()) }],
    ['a PAA without path length', { paa: setValue(bc, basic(true)) }],
    ['a PAA without authority key identifier', { paa: remove(akid) }],
    ['a PAA of no vendor', { paa: subject([commonName, 'All vendors']) }],
    [
      'a PAI and a PAA that have ended since',
      { pai: valid('20230101000000Z', '20240601000000Z'), paa: valid('20220101000000Z', '20240601000000Z') },
    ],
    ['a PAI that names the product', { pai: subject([commonName, 'x'], [vidType, vid], [pidType, pid]) }],
    ['a serial number', { dac: p => ({ ...p, subject: [...p.subject, ['2.5.4.5', 'SN-1']] }) }],
  ])('%s is allowed', (_, edits) => {
    const { chain } = make({ edits });
    const sets = [{ ...reference, anchors: [digest(decodeCertificate(chain.paa).spki)] }];
    expect(verdict(judged({ edits }, { referenceSets: sets }))).toBe('affirming -');
  });
});

/** Names of the specification's own examples (§6.2.2.2) in this product's numbers, and what they mean. */
describe('vendor and product in the common name', () => {
  const cases: readonly (readonly [name: string, isGood: boolean])[] = [
    ['ACME Matter Devel DAC 5CDA9899 Mvid:1234 Mpid:00A1', true],
    ['ACME Matter Devel DAC 5CDA9899 Mpid:00A1 Mvid:1234', true],
    ['Mpid:00A1,ACME Matter Devel DAC 5CDA9899,Mvid:1234', true],
    ['ACME Matter Devel DAC 5CDA9899 Mvid:1234Mpid:00A1', true],
    ['Mvid:1234ACME Matter Devel DAC 5CDAMpid:00A19899', true],
    ['MpidMvid:12340 Matter Test Mpid:00A1', true],
    ['ACME Matter Devel DAC 5CDA9899 Mvid:123 Mpid:00A1', false],
    ['ACME Matter Devel DAC 5CDA9899 Mvid:1234 Mpid:00a1', false],
    ['ACME Matter Devel DAC 5CDA9899 Mvid:1234 Mpid:A1', false],
    ['ACME Matter Devel DAC 5CDA9899 Mpid: Mvid:1234', false],
    ['Mvid:123 Mpid:00A10x', false],
    ['Matter Devel DAC Mpid:Mvid:1234', false],
    ['Matter Devel DAC Mpid:00A1 MVID:1234', false],
    ['Matter Devel DAC Mpid_00A1 Mvid_1234', false],
    ['ACME Matter Devel DAC 5CDA9899 Mvid:1234 Mpid:XYZ1', false],
  ];
  it.each(cases)('DAC "%s": %s', (name, isGood) => {
    expect(judged({ edits: { dac: subject([commonName, name]) } }).status).toBe(isGood ? 'affirming' : 'contraindicated');
  });
  it.each(cases)('PAI "%s": %s', (name, isGood) => {
    expect(judged({ edits: { pai: subject([commonName, name]) } }).status).toBe(isGood ? 'affirming' : 'contraindicated');
  });

  it('says nothing where there are attributes, right or wrong', () => {
    const attributes = [[vidType, vid] as const, [pidType, pid] as const];
    expect(judged({ edits: { dac: subject([commonName, 'Mvid:FFF2 Mpid:00B2'], ...attributes) } }).status).toBe('affirming');
    const wrong = [[vidType, 'FFF2'] as const, [pidType, '00B2'] as const];
    expect(judged({ edits: { dac: subject([commonName, 'Mvid:1234 Mpid:00A1'], ...wrong) } }).status).toBe('contraindicated');
    // Where the product is an attribute the vendor must be one too, however well the name would say both.
    for (const name of ['Mvid:1234', 'Mvid:1234 Mpid:00A1'])
      expect(judged({ edits: { dac: subject([commonName, name], [pidType, pid]) } }).status, name).toBe('contraindicated');
    expect(judged({ edits: { pai: subject([commonName, 'Mvid:1234'], [pidType, pid]) } }).status).toBe('contraindicated');
    expect(judged({ edits: { dac: subject([commonName, 'Mvid:1234 Mpid:00A1'], [commonName, 'Mvid:1234']) } }).status).toBe(
      'contraindicated',
    );
  });
});
