import { beforeAll, describe, expect, it } from 'vitest';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { RevocationSources } from '../../gateway/attestation/revocation.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust, type Trust } from '../../gateway/attestation/trust.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import { KeyObject } from 'node:crypto';
import { type DiceDevice, makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { threeLevels } from '../vectors/mutations.ts';
import { crlOf } from '../vectors/path-pki.ts';
import { base64, referenceSet, result, spec } from './world.ts';

/** A genuine device with good firmware, in TLS, whose vendor has CRLs. */
let acme: Vendor;
let device: DiceDevice;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  device = await makeDiceDevice(acme, spec);
});

/** CRLs of the vendor and of the device's own CA, with these of the device's certificates on the vendor's. */
const crls = (...revoked: readonly number[]): RevocationSources['crls'] =>
  [
    { certificate: acme.certificate, keys: acme.keys, serials: revoked.map(i => device.certificates[i]?.serialNumber ?? '') },
    { certificate: device.certificates[1], keys: device.deviceIdKeys, serials: [] },
  ].flatMap(({ certificate, keys, serials }) =>
    certificate === undefined
      ? []
      : [decodeCrl(crlOf(new Uint8Array(certificate.subjectName.toArrayBuffer()), KeyObject.from(keys.privateKey), serials))],
  );

const trusting = (vendor: Vendor): Trust =>
  prepareTrust({ anchors: [{ name: 'acme', certificate: base64(vendor.anchorDer) }], referenceSets: [referenceSet] }).trust;

function judged(revocation?: RevocationSources, chain: readonly Uint8Array[] = device.chain, trust = trusting(acme)) {
  const context = {
    trust: revocation === undefined ? trust : { ...trust, revocation },
    keys: new KeyCache(),
    now: Date.now(),
    freshness: { kind: 'handshake', protocol: 'TLSv1.3', resumed: false },
    ttlSeconds: 600,
  } as const;
  const outcome = schemeFor('application/vnd.sallyport.x509-chain')?.judge(chainEvidence(chain), context);
  if (outcome === undefined) throw new Error('no scheme');
  return result(outcome);
}
const sources = (lists: RevocationSources['crls'], whenUnknown: 'refuse' | 'tell'): RevocationSources => ({
  crls: lists,
  signers: [],
  ocsp: [],
  whenUnknown,
});

describe('a device whose certificate may be revoked', () => {
  it('affirms where nobody asks, and where its CA lists nothing of it', () => {
    expect(judged()).toMatchObject({ status: 'affirming', assurance: 5 });
    expect(judged(sources(crls(), 'refuse'))).toMatchObject({ status: 'affirming', assurance: 5 });
  });
  it('is contraindicated when its vendor revoked its DeviceID', () => {
    expect(judged(sources(crls(1), 'tell'))).toMatchObject({ status: 'contraindicated', reason: 'CERT_REVOKED', assurance: 0 });
  });
  it('is contraindicated where it must be known and is not', () => {
    expect(judged(sources([], 'refuse'))).toMatchObject({ status: 'contraindicated', reason: 'REVOCATION_UNKNOWN' });
  });
  it('is contraindicated where it must be known of what a CA of its vendor issued, though that CA is named for DICE', async () => {
    const wide = await makeVendor({ name: 'Acme Sensors', pathLength: 2 });
    const { chain } = await threeLevels(wide, spec, {});
    const root = decodeCrl(crlOf(new Uint8Array(wide.certificate.subjectName.toArrayBuffer()), KeyObject.from(wide.keys.privateKey), []));
    const by = (whenUnknown: 'refuse' | 'tell') => judged(sources([root], whenUnknown), chain, trusting(wide));
    expect(by('refuse')).toMatchObject({ status: 'contraindicated', reason: 'REVOCATION_UNKNOWN' });
    expect(by('tell').checks.find(c => c.check === 'chain')?.detail).toContain('nothing tells whether 1 of its certificates');
  });
  it('is admitted where that is let pass, and says so in its check of the chain', () => {
    const { checks, status } = judged(sources([], 'tell'));
    const chain = checks.find(c => c.check === 'chain');
    expect([status, chain?.outcome, chain?.seen]).toEqual(['affirming', 'passed', 'revocation unknown']);
    expect(chain?.detail).toContain('nothing tells whether 1 of its certificates are revoked');
    expect(judged(sources(crls(), 'tell')).checks.find(c => c.check === 'chain')?.seen).toBeUndefined();
  });
});
