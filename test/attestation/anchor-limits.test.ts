import { beforeAll, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareAnchor, prepareTrust } from '../../gateway/attestation/trust.ts';
import type { AnchorConstraints, AnchorMaterial } from '../../gateway/model/trust.ts';
import { checkRules, deviceRules } from '../../gateway/attestation/path-rules.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { alternativeNames, name, purposes } from '../vectors/path-pki.ts';
import { type DiceDevice, makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { caA, leaf, now, root } from './path-world.ts';
import { base64, referenceSet, result, spec } from './world.ts';

/** The verdict about a leaf under CA A under the root, whose anchor has these constraints. */
function verdict(constraints: AnchorConstraints, change: Parameters<typeof leaf>[0] = {}): string {
  const anchor = prepareAnchor({ name: 'root', certificate: base64(root()), constraints });
  try {
    checkRules({ certificates: [leaf(change), caA()].map(decodeCertificate), anchor }, deviceRules(now), new Work(new KeyCache()));
    return 'accepted';
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return error.code;
  }
}

describe('what a person constrains an anchor to', () => {
  it('path length: as many CAs as are allowed pass, one more does not', () => {
    expect(verdict({ pathLength: 1 })).toBe('accepted');
    expect(verdict({ pathLength: 0 })).toBe('PATH_TOO_LONG');
  });

  it('purposes: the end of the chain must be for one of them, and one without any is for none', () => {
    const clients = '1.3.6.1.5.5.7.3.2';
    expect(verdict({ purposes: [clients] }, { extensions: [purposes(clients)] })).toBe('accepted');
    expect(verdict({ purposes: [clients] }, { extensions: [purposes('1.3.6.1.5.5.7.3.1')] })).toBe('KEY_USAGE_WRONG');
    expect(verdict({ purposes: [clients] })).toBe('KEY_USAGE_WRONG');
  });

  it('names: permitted and excluded, in each form', () => {
    const named = (...names: readonly Uint8Array[]) => ({ extensions: [alternativeNames(...names)] });
    expect(verdict({ permitted: [{ dns: 'acme.example' }] }, named(name.dns('d1.acme.example')))).toBe('accepted');
    expect(verdict({ permitted: [{ dns: 'acme.example' }] }, named(name.dns('d1.other.example')))).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ excluded: [{ dns: 'acme.example' }] }, named(name.dns('d1.acme.example')))).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ permitted: [{ ip: '10.1.0.0/17' }] }, named(name.ip(10, 1, 127, 3)))).toBe('accepted');
    expect(verdict({ permitted: [{ ip: '10.1.0.0/17' }] }, named(name.ip(10, 1, 128, 3)))).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ permitted: [{ email: 'acme.example' }] }, named(name.email('a@other.example')))).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ permitted: [{ uri: '.acme.example' }] }, named(name.uri('http://x.acme.example/a')))).toBe('accepted');
  });

  it('a directory: the subject of each certificate below must begin so', () => {
    const directory = [{ type: 'O', value: 'Acme' }] as const;
    const subject = 'O=Acme/CN=leaf';
    expect(verdict({ excluded: [{ directory }] }, { subject })).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ excluded: [{ directory }] })).toBe('accepted');
    expect(verdict({ permitted: [{ directory }] }, { subject })).toBe('NAME_NOT_PERMITTED'); // CA A is not of Acme
    expect(verdict({ permitted: [{ directory }, { directory: [{ type: 'CN', value: 'A' }] }] }, { subject })).toBe('accepted');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.256/8', 'acme'])('a network %s is refused with the anchor', ip => {
    expect(() => prepareAnchor({ name: 'r', certificate: base64(root()), constraints: { permitted: [{ ip }] } })).toThrow(DecodeError);
  });
});

describe('an anchor', () => {
  let acme: Vendor;
  let device: DiceDevice;
  const at = Date.now();
  beforeAll(async () => {
    acme = await makeVendor({ name: 'Acme Sensors' });
    device = await makeDiceDevice(acme, spec);
  });
  const judged = (limits: Partial<AnchorMaterial>, zone?: string) => {
    const { trust, problems } = prepareTrust({
      anchors: [{ name: 'acme', certificate: base64(acme.anchorDer), ...limits }],
      referenceSets: [referenceSet],
    });
    expect(problems).toEqual([]);
    const freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } as const;
    const context = { trust, keys: new KeyCache(), now: at, freshness, ttlSeconds: 600, ...(zone === undefined ? {} : { zone }) };
    const outcome = schemeFor('application/vnd.sallyport.x509-chain')?.judge(chainEvidence(device.chain), context);
    if (outcome === undefined) throw new Error('no scheme');
    return result(outcome);
  };
  const chainCheck = (r: ReturnType<typeof judged>) => r.checks.find(c => c.check === 'chain');

  it('that ends later admits until then and not a moment longer', () => {
    expect(judged({ expires: at + 60_000 })).toMatchObject({ status: 'affirming', expires: at + 60_000 });
    expect(judged({ expires: at + 3_600_000 })).toMatchObject({ status: 'affirming', expires: at + 600_000 });
  });
  it('that has ended admits nobody and quarantines nobody: it says so', () => {
    const ended = judged({ expires: at });
    expect(ended).toMatchObject({ status: 'warning', reason: 'ANCHOR_EXPIRED' });
    expect(ended.expires).toBeGreaterThan(at);
    expect(chainCheck(ended)).toMatchObject({ outcome: 'warned', code: 'ANCHOR_EXPIRED' });
  });
  it('counts in its zones only, and nowhere when the zone is not known', () => {
    expect(judged({ zones: ['dock', 'yard'] }, 'yard')).toMatchObject({ status: 'affirming' });
    expect(judged({ zones: ['dock'] }, 'yard')).toMatchObject({ status: 'warning', reason: 'ANCHOR_OUT_OF_ZONE' });
    expect(judged({ zones: ['dock'] })).toMatchObject({ status: 'warning', reason: 'ANCHOR_OUT_OF_ZONE' });
  });
  it('speaks for the vendor that a person says, and for its own no more', () => {
    expect(judged({ vendor: 'Acme Sensors' })).toMatchObject({ status: 'affirming' });
    expect(judged({ vendor: 'Other' })).toMatchObject({ status: 'warning', reason: 'REFERENCE_MISSING' });
  });
  it('with a constraint that the chain breaks accepts it not', () => {
    expect(judged({ constraints: { pathLength: 0 } })).toMatchObject({ status: 'contraindicated', reason: 'PATH_TOO_LONG' });
    expect(judged({ constraints: { pathLength: 1 } })).toMatchObject({ status: 'affirming' });
  });
});
