import { beforeAll, describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { isSignedBy, KeyCache } from '../../gateway/attestation/keys.ts';
import { tlsX509 } from '../../gateway/attestation/schemes/tls-x509.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { base64, referenceSet, spec } from './world.ts';

/** What is kept of a device between two judgements, and that nothing of it is believed for longer than its bytes. */
let acme: Vendor;
let chain: readonly Uint8Array[];
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  ({ chain } = await makeDiceDevice(acme, spec));
});
const at = (i: number): Uint8Array => chain[i] ?? new Uint8Array();

describe('a certificate that was read before', () => {
  it('is the same object for the same bytes, and says what it said when it was read first', () => {
    const keys = new KeyCache();
    const sent = at(0).slice();
    const first = keys.certificate(sent);
    sent.fill(0);
    expect(keys.certificate(at(0))).toBe(first);
    expect(first).toEqual(decodeCertificate(at(0)));
  });
  it('is another one when one byte is another, and one that cannot be read is read, and refused, each time', () => {
    const keys = new KeyCache();
    const first = keys.certificate(at(0));
    expect(keys.certificate(at(0).with(-1, (at(0).at(-1) ?? 0) ^ 1))).not.toBe(first);
    for (let i = 0; i < 2; i += 1) expect(() => keys.certificate(at(0).subarray(1))).toThrow(DecodeError);
  });
  it('is forgotten when so many others came since', () => {
    const keys = new KeyCache(4);
    const first = keys.certificate(at(0));
    for (let i = 0; i < 1000; i += 1)
      keys.certificate(
        at(1)
          .with(-1, i & 255)
          .with(-2, i >> 8),
      );
    expect(keys.certificate(at(0))).not.toBe(first);
  });
});

describe('a signature that was checked before', () => {
  it('is not checked again, and a wrong one is wrong each time', () => {
    const keys = new KeyCache();
    const [leaf, issuer] = [keys.certificate(at(0)), keys.certificate(at(1))];
    const wrong = keys.certificate(at(0).with(-1, (at(0).at(-1) ?? 0) ^ 1));
    for (let i = 0; i < 3; i += 1) expect([isSignedBy(leaf, issuer, keys), isSignedBy(wrong, issuer, keys)]).toEqual([true, false]);
    expect(keys.hasSigned(keys.known(issuer.spki), leaf)).toBe(true);
    expect(keys.hasSigned(keys.known(issuer.spki), wrong)).toBe(false);
  });
  it('counts for the key that made it and no other', () => {
    const keys = new KeyCache();
    const [leaf, issuer] = [keys.certificate(at(0)), keys.certificate(at(1))];
    expect(isSignedBy(leaf, issuer, keys)).toBe(true);
    expect(isSignedBy(leaf, decodeCertificate(acme.anchorDer), keys)).toBe(false);
    expect(isSignedBy(leaf, issuer, new KeyCache())).toBe(true);
  });
});

describe('a device that is known', () => {
  const trustIn = (vendors: readonly Vendor[], sets = [referenceSet]) =>
    prepareTrust({ anchors: vendors.map(v => ({ name: v.name, certificate: base64(v.anchorDer) })), referenceSets: sets }).trust;
  const verdict = (outcome: ChallengeOutcome): string =>
    outcome.kind === 'appraised' ? `${outcome.result.status} ${outcome.result.reason ?? ''}`.trim() : outcome.kind;

  it('is judged anew by the time, the trust and the reference values of now', () => {
    const keys = new KeyCache();
    const judge = (trust = trustIn([acme]), now = Date.now()): string =>
      verdict(
        tlsX509.judge(chainEvidence(chain), {
          trust,
          keys,
          now,
          ttlSeconds: 60,
          freshness: { kind: 'handshake', protocol: 'x', resumed: false },
        }),
      );
    expect([judge(), judge()]).toEqual(['affirming', 'affirming']);
    expect(judge(trustIn([]))).toBe('contraindicated CHAIN_UNTRUSTED');
    expect(judge(trustIn([acme]), Date.parse('2001-01-01'))).toBe('contraindicated CERT_NOT_YET_VALID');
    expect(judge(trustIn([acme], []))).toBe('warning REFERENCE_MISSING');
    const other = { ...referenceSet, components: referenceSet.components.map(c => ({ ...c, versions: [{ version: '2', alg: 'sha-256', digest: '00'.repeat(32) }] })) }; // biome-ignore format: one set
    expect(judge(trustIn([acme], [other]))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(judge()).toBe('affirming');
    const trust = trustIn([acme]);
    expect([judge(trust), judge({ ...trust, referenceSets: [other] })]).toEqual(['affirming', 'contraindicated DIGEST_UNKNOWN']);
  });

  it('is told with the name that its anchor has now, and for the vendor that it speaks for now', () => {
    const keys = new KeyCache();
    const judge = (name: string, vendor: string) => {
      const anchors = [{ name, vendor, certificate: base64(acme.anchorDer) }];
      const { trust } = prepareTrust({ anchors, referenceSets: [referenceSet] });
      const freshness = { kind: 'handshake', protocol: 'x', resumed: false } as const;
      const outcome = tlsX509.judge(chainEvidence(chain), { trust, keys, now: Date.now(), ttlSeconds: 60, freshness });
      return [verdict(outcome), outcome.kind === 'appraised' ? outcome.result.identity?.anchor : undefined];
    };
    expect(judge('first', 'Acme Sensors')).toEqual(['affirming', 'first']);
    expect(judge('second', 'Acme Sensors')).toEqual(['affirming', 'second']);
    expect(judge('second', 'Others')).toEqual(['warning REFERENCE_MISSING', 'second']);
  });
});
