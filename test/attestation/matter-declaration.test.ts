import { describe, expect, it } from 'vitest';
import { oid, sequence, tlv } from '../vectors/der-encode.ts';
import {
  bytes,
  type CmsPlan,
  elementsOf,
  type Fields,
  goodFields,
  keyIdOf,
  keyIds,
  number,
  numbers,
  structure,
  text,
} from '../vectors/matter.ts';
import { parties, testKeys, good, site, judged, reference, ids } from './matter-product.ts';
import { verdict, why } from './matter-world.ts';

/** Own vectors: for each rule of certification declarations (Matter Core Specification §6.3.1) one that breaks it and nothing else. */
describe('certification declarations', () => {
  const own = keyIdOf(parties.paaKeys);
  const others = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => new Uint8Array(20).fill(i + 1));
  const hundred = Array.from({ length: 100 }, (_, i) => i + 0x200);
  const missing = (tag: number): Fields => ({ [tag]: undefined });
  const cases: readonly (readonly [what: string, code: string, fields: Fields])[] = [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(t => [`without field ${t}`, 'PROFILE_VIOLATED', missing(t)] as const),
    ['of format version 2', 'PROFILE_VIOLATED', { 0: number(0, 2) }],
    ['of another vendor', 'IDENTITY_MISMATCH', { 1: number(1, 0x1235) }],
    ['with a vendor of 17 bits', 'PROFILE_VIOLATED', { 1: number(1, 0x1_0000) }],
    ['with a signed vendor', 'PROFILE_VIOLATED', { 1: Uint8Array.of(0x21, 1, 0x34, 0x12) }],
    ['of no product', 'PROFILE_VIOLATED', { 2: numbers(2, []) }],
    ['of another product', 'IDENTITY_MISMATCH', { 2: numbers(2, [0xa2]) }],
    ['of ten other products', 'IDENTITY_MISMATCH', { 2: numbers(2, hundred.slice(0, 10)) }],
    ['of a hundred other products', 'IDENTITY_MISMATCH', { 2: numbers(2, hundred) }],
    ['of 101 products', 'PROFILE_VIOLATED', { 2: numbers(2, [...hundred, 0xa1]) }],
    ['with a number for its products', 'PROFILE_VIOLATED', { 2: number(2, 0xa1) }],
    ['of a device type beyond vendors', 'PROFILE_VIOLATED', { 3: number(3, 0xffff_0100) }],
    ['of a device type beyond device types', 'PROFILE_VIOLATED', { 3: number(3, 0xc000) }],
    ['with a certificate id of 18 characters', 'PROFILE_VIOLATED', { 4: text(4, 'CSA24001MAT40001-2') }],
    ['with a certificate id of 20 characters', 'PROFILE_VIOLATED', { 4: text(4, 'CSA24001MAT40001-240') }],
    ['with a certificate id that nobody gives out', 'PROFILE_VIOLATED', { 4: text(4, 'INV24001MAT40001-24') }],
    ['with octets for its certificate id', 'PROFILE_VIOLATED', { 4: bytes(4, new Uint8Array(19)) }],
    ['of security level 1', 'PROFILE_VIOLATED', { 5: number(5, 1) }],
    ['with security information', 'PROFILE_VIOLATED', { 6: number(6, 1) }],
    ['of certification type 3', 'PROFILE_VIOLATED', { 8: number(8, 3) }],
    ['for tests, by a signer of products', 'PROFILE_VIOLATED', { 8: number(8, 0) }],
    ['with the vendor of an origin alone', 'PROFILE_VIOLATED', { 9: number(9, 0x1234) }],
    ['with the product of an origin alone', 'PROFILE_VIOLATED', { 10: number(10, 0xa1) }],
    ['with an origin of another vendor', 'IDENTITY_MISMATCH', { 9: number(9, 0x1235), 10: number(10, 0xa1) }],
    ['with an origin of another product', 'IDENTITY_MISMATCH', { 9: number(9, 0x1234), 10: number(10, 0xa2) }],
    ['that authorizes no PAA', 'PROFILE_VIOLATED', { 11: keyIds(11, []) }],
    ['that authorizes three other PAAs', 'IDENTITY_MISMATCH', { 11: keyIds(11, others(3)) }],
    ['that authorizes ten other PAAs', 'IDENTITY_MISMATCH', { 11: keyIds(11, others(10)) }],
    ['that authorizes eleven PAAs', 'PROFILE_VIOLATED', { 11: keyIds(11, [...others(10), own]) }],
    ['that authorizes what is no key identifier', 'PROFILE_VIOLATED', { 11: keyIds(11, [own, own.subarray(1)]) }],
  ];
  it.each(cases)('%s is contraindicated %s', (_, code, fields) => {
    const r = judged({ fields });
    expect(verdict(r), why(r)).toBe(`contraindicated ${code}`);
  });

  it.each<readonly [string, Fields]>([
    ['of ten products with this one', { 2: numbers(2, [...hundred.slice(0, 9), 0xa1]) }],
    ['that authorizes its PAA', { 11: keyIds(11, [own]) }],
    ['that authorizes another and its PAA', { 11: keyIds(11, [...others(1), own]) }],
    ['that authorizes nine others and its PAA', { 11: keyIds(11, [...others(9), own]) }],
    ['with the same origin', { 9: number(9, 0x1234), 10: number(10, 0xa1) }],
    ['by its name of Zigbee days', { 4: text(4, 'ZIG20141ZB330001-24') }],
    ['with a field that is not known yet', { 12: number(12, 1) }],
  ])('%s is accepted', (_, fields) => {
    const r = judged({ fields });
    expect(verdict(r), why(r)).toBe('affirming -');
  });

  it('of another origin: the DAC is that vendor’s, the product is this one', () => {
    const fields = { 1: number(1, 0x4321), 2: numbers(2, [0xb1]), 9: number(9, 0x1234), 10: number(10, 0xa1) };
    const r = judged({ fields }, { referenceSets: [{ ...reference, vendor: '0x4321', model: '0x00B1' }] });
    expect(verdict(r)).toBe('affirming -');
    expect(r.identity).toMatchObject({ vendor: '0x4321', model: '0x00B1' });
    const several = judged({ fields: { ...fields, 2: numbers(2, [0xb1, 0xb2]) } });
    expect(several.status).toBe('warning');
    expect(several.identity?.model).toBeUndefined();
  });

  it('fields out of their order, or after their end, cannot be read', () => {
    const f = goodFields(...ids);
    const swapped = structure(...[1, 0, 2, 3, 4, 5, 6, 7, 8].map(t => f[t] ?? new Uint8Array()));
    for (const content of [swapped, Uint8Array.of(...elementsOf(f), 0), elementsOf(f).subarray(1)]) {
      const r = judged({ cms: p => ({ ...p, content }) });
      expect(verdict(r)).toBe('contraindicated EVIDENCE_MALFORMED');
    }
  });
});

describe('the envelope of a declaration', () => {
  const sha1Digest = sequence(oid('1.3.14.3.2.26'));
  const attributes = tlv(0xa0, sequence(oid('1.2.840.113549.1.9.3'), tlv(0x31, oid('1.2.840.113549.1.7.1'))));
  const cases: readonly (readonly [what: string, code: string, cms: (plan: CmsPlan) => CmsPlan])[] = [
    ['of version 2', 'PROFILE_VIOLATED', p => ({ ...p, version: 2 })],
    ['with a SignerInfo of version 2', 'PROFILE_VIOLATED', p => ({ ...p, signerVersion: 2 })],
    ['digested with SHA-1', 'ALGORITHM_REFUSED', p => ({ ...p, digest: sha1Digest })],
    ['whose signer digests with SHA-1', 'ALGORITHM_REFUSED', p => ({ ...p, signerDigest: sha1Digest })],
    ['signed with SHA-1', 'ALGORITHM_REFUSED', p => ({ ...p, signature: '1.2.840.10045.4.1', hash: 'sha1' })],
    ['signed with SHA-1 that says SHA-256', 'SIGNATURE_INVALID', p => ({ ...p, hash: 'sha1' })],
    ['with other content than data', 'PROFILE_VIOLATED', p => ({ ...p, contentType: '1.3.6.1.4.1.311.2.1.4' })],
    ['of an unknown signer', 'CHAIN_UNTRUSTED', p => ({ ...p, keyId: new Uint8Array(20) })],
    ['of a signer by the key of the DAC', 'CHAIN_UNTRUSTED', p => ({ ...p, keyId: keyIdOf(parties.dacKeys) })],
    ['of another signer than it says', 'SIGNATURE_INVALID', p => ({ ...p, keyId: keyIdOf(testKeys) })],
    ['with certificates', 'PROFILE_VIOLATED', p => ({ ...p, extra: [tlv(0xa0, good.pai)] })],
    ['with attributes', 'PROFILE_VIOLATED', p => ({ ...p, attributes: [attributes] })],
    ['with two signers', 'PROFILE_VIOLATED', p => ({ ...p, copies: 2 })],
    ['with no signer', 'PROFILE_VIOLATED', p => ({ ...p, copies: 0 })],
    ['with parameters of its digest', 'ALGORITHM_REFUSED', p => ({ ...p, digest: sequence(oid('2.16.840.1.101.3.4.2.1'), tlv(5)) })],
  ];
  it.each(cases)('%s is contraindicated %s', (_, code, cms) => {
    const r = judged({ cms });
    expect(verdict(r), why(r)).toBe(`contraindicated ${code}`);
  });

  it('by the signer for tests: development and provisional are a warning, official is refused', () => {
    const type = (n: number) => verdict(judged({ fields: { 8: number(8, n) }, cdKeys: testKeys }));
    expect([type(0), type(1), type(2)]).toEqual(['warning NOT_CERTIFIED', 'warning NOT_CERTIFIED', 'contraindicated PROFILE_VIOLATED']);
    expect(verdict(judged({ fields: { 8: number(8, 1) } }))).toBe('warning NOT_CERTIFIED');
    const anchors = site.anchors.filter(a => !a.uses.includes('cd-signer-test'));
    expect(verdict(judged({ fields: { 8: number(8, 0) }, cdKeys: testKeys }, { anchors }))).toBe('contraindicated CHAIN_UNTRUSTED');
  });
});
