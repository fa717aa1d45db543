import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { emptyCache } from '../../../gateway/attestation/revocation-cache.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { acceptCrl } from '../../../gateway/edge/challenge/revocation/accept.ts';
import { crl, crlNumber, type CrlPlan, extension } from '../../vectors/path-pki.ts';
import { tlv } from '../../vectors/der-encode.ts';
import { keys, leaf, now, root } from '../../attestation/path-world.ts';

const about = { certificate: decodeCertificate(leaf()), issuer: decodeCertificate(root()) };
const taken = (change: Partial<CrlPlan>): number =>
  acceptCrl(crl({ issuer: 'CN=Root', signer: keys.root, ...change }), about, emptyCache, now, new KeyCache()).cache.crls.length;

describe('a CRL that was fetched', () => {
  it('is kept when its issuer signed it and it is in force', () => expect(taken({})).toBe(1));

  it.each<[string, Partial<CrlPlan>, RegExp]>([
    ['of another name', { issuer: 'CN=Other' }, /is of CN=Other/],
    ['of another key', { signer: keys.other }, /not signed by CN=Root/],
    ['that is overdue', { until: '20251231000000Z' }, /not in force/],
    ['that is a delta', { extensions: [crlNumber(2), extension('2.5.29.27', true, tlv(0x02, Uint8Array.of(1)))] }, /a delta/],
    ['that nobody here understands', { extensions: [extension('1.3.6.1.4.1.99999.7', true, tlv(0x05))] }, /critical extension/],
  ])('%s is not: it must not push another out', (_, change, why) => expect(() => taken(change)).toThrow(why));
});
