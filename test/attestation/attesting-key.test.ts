import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import { type AnchorMaterial, type AnchorUse, anchorUses } from '../../gateway/model/trust.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { ca, certificate, newKeys, policies, purposes, usage } from '../vectors/path-pki.ts';
import { base64, claims, fromHex, makeSign1 } from '../vectors/tokens.ts';
import { exchange, good, judge as judgeSpdm, verdict as spdmVerdict } from './spdm-world.ts';
import { instance, judge, nonce, now, part, psaClaims, psaSet, resultOf, setOf } from './token-world.ts';

/** Which key may sign which Evidence: a CA that somebody trusts for devices certified many keys, and not all of them are there to attest. */
const keys = { root: newKeys(), issuer: newKeys(), device: newKeys() } as const;
const ofRoot = { subject: 'O=Acme Sensors/CN=Root', issuer: 'O=Acme Sensors/CN=Root', keys: keys.root, signer: keys.root };
const rootDer = certificate({ ...ofRoot, extensions: [ca(), usage(5)] });
const issuerDer = certificate({ ...ofRoot, subject: 'O=Acme Sensors/CN=Line 7', keys: keys.issuer, extensions: [ca(), usage(5)] });
const leaf = (...extensions: readonly Uint8Array[]): Uint8Array =>
  certificate({ subject: 'CN=unit 7/SN=U7', issuer: 'O=Acme Sensors/CN=Root', keys: keys.device, signer: keys.root, extensions });
const below = certificate({ subject: 'CN=unit 7', issuer: 'O=Acme Sensors/CN=Line 7', keys: keys.device, signer: keys.issuer });

const digest = 'ab'.repeat(32);
const component = (value = digest): Uint8Array => encode(claims([1, ['app', ['2.1.0']]], [2, [1, fromHex(value)]]));
/** What the key says of itself: of which model it is, what it runs, and that nobody can debug it. */
const eat = (value = digest): Uint8Array =>
  encode(claims([10, nonce], [256, fromHex(instance)], [259, Uint8Array.of(0x54)], [263, 3], [273, [[295, component(value)]]]));
const eatSet = { ...setOf(part('app', digest)), model: '54' };

const anchor = (uses: readonly AnchorUse[], more: Partial<AnchorMaterial> = {}): AnchorMaterial => ({
  name: uses.join('+'),
  certificate: base64(rootDer),
  uses,
  ...more,
});
type With = { readonly chain?: readonly Uint8Array[]; readonly payload?: Uint8Array; readonly sets?: Parameters<typeof judge>[1] };
function signed(anchors: readonly AnchorMaterial[], { chain = [leaf()], payload = eat(), sets = {} }: With = {}): AttestationResult {
  const header = new Map<number, unknown>([
    [1, -7],
    [33, [...chain]],
  ]);
  const token = makeSign1(payload, { header, key: keys.device.privateKey });
  return resultOf(judge(token, { mediaType: 'application/eat+cwt', keys: [], anchors, sets: [eatSet], ...sets }));
}
const verdict = ({ status, reason }: AttestationResult): string => `${status} ${reason ?? ''}`.trim();

describe('a token by a certified key', () => {
  it('affirms below an anchor for attestation keys, whether that vouches for devices too or not', () => {
    expect(verdict(signed([anchor(['identity', 'attest'])]))).toBe('affirming');
    expect(verdict(signed([anchor(['attest'])]))).toBe('affirming');
    const psa = { payload: encode(psaClaims()), sets: { sets: [{ ...psaSet, model: 'aa'.repeat(32) }] } };
    expect(verdict(signed([anchor(['attest'])], psa))).toBe('affirming');
    expect(verdict(signed([anchor(['identity'])], psa))).toBe('warning ANCHOR_NOT_FOR_ATTESTATION');
  });

  it('is no more than a warning that says what to add below an anchor for devices alone', () => {
    const found = signed([anchor(['identity'])]);
    expect(verdict(found)).toBe('warning ANCHOR_NOT_FOR_ATTESTATION');
    expect(found.assurance).toBe(3);
    expect(found.vector).toEqual({ 'instance-identity': 2, executables: 33, configuration: 0 });
    expect(found.checks.find(c => c.check === 'chain')).toMatchObject({ outcome: 'warned', expected: 'an anchor with the use attest' });
    expect(verdict(signed([{ name: 'as before', certificate: base64(rootDer) }]))).toBe('warning ANCHOR_NOT_FOR_ATTESTATION');
  });

  it('does not say there of which model the device is, nor what it runs', () => {
    expect(signed([anchor(['attest'])]).identity).toMatchObject({ serial: 'U7', model: '54' });
    const { identity } = signed([anchor(['identity'])]);
    expect(identity).toMatchObject({ serial: 'U7', vendor: 'Acme Sensors' });
    expect(identity).not.toHaveProperty('model');
    expect(identity).not.toHaveProperty('version');
  });

  it('fails there as everywhere for what it admits', () =>
    expect(verdict(signed([anchor(['identity'])], { payload: eat('cd'.repeat(32)) }))).toBe('contraindicated DIGEST_UNKNOWN'));

  it.each(anchorUses.filter(use => use !== 'identity' && use !== 'attest'))('is untrusted below an anchor for %s', use =>
    expect(verdict(signed([anchor([use])], { chain: [leaf(), rootDer] }))).toBe('contraindicated CHAIN_UNTRUSTED'),
  );

  it('counts by a CA that stands here once for devices and once for attestation keys, in either order', () => {
    const [devices, attesting] = [anchor(['identity']), anchor(['attest'])];
    expect(verdict(signed([devices, attesting]))).toBe('affirming');
    expect(verdict(signed([attesting, devices]))).toBe('affirming');
  });

  it('counts by a root for attestation keys, though a CA below it is an anchor for devices; not the other way round', () => {
    const chain = [below, issuerDer];
    const inner = { certificate: base64(issuerDer) };
    expect(verdict(signed([anchor(['identity'], inner), anchor(['attest'])], { chain }))).toBe('affirming');
    expect(verdict(signed([anchor(['attest'], inner), anchor(['identity'])], { chain }))).toBe('affirming');
    expect(verdict(signed([anchor(['attest'], inner), anchor(['identity'])]))).toBe('warning ANCHOR_NOT_FOR_ATTESTATION');
  });

  it('is of the model that a person names at the anchor, whatever it says', () => {
    const cheap = { ...eatSet, model: 'Cheap-1', id: 'cheap' };
    const named = (sets: readonly (typeof eatSet)[]): string =>
      verdict(signed([anchor(['attest'], { model: 'Cheap-1' })], { sets: { sets } }));
    expect(named([eatSet])).toBe('warning REFERENCE_MISSING');
    expect(named([cheap])).toBe('affirming');
    expect(named([{ ...cheap, classId: '55' }])).toBe('contraindicated DIGEST_UNKNOWN');
  });
});

describe('a certificate that says what its key is for', () => {
  const dice = (n: number): string => `2.23.133.5.4.100.${n}`;
  const by = (...extensions: readonly Uint8Array[]): string =>
    verdict(signed([anchor(['identity', 'attest'])], { chain: [leaf(...extensions)] }));

  it('attests nothing where that is TLS, a TPM or the identity of the device', () => {
    const tls = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
    for (const other of [purposes(...tls), purposes('2.23.133.8.1'), policies(dice(6)), purposes(dice(7)), policies(dice(12))])
      expect(by(other)).toBe('warning KEY_USAGE_WRONG');
    expect(by(purposes(...tls), policies(dice(6)))).toBe('warning KEY_USAGE_WRONG');
  });

  it('attests where it is for attestation, among other things or alone, or does not say', () => {
    expect(by(policies(dice(9)))).toBe('affirming');
    expect(by(purposes('1.3.6.1.5.5.7.3.1', dice(8)))).toBe('affirming');
    expect(by(policies('1.2.3.4'))).toBe('affirming');
    expect(by(usage(0))).toBe('affirming');
  });

  it('fails where it may only certify', () => expect(by(usage(5))).toBe('contraindicated KEY_USAGE_WRONG'));
});

describe('an anchor for attestation keys alone', () => {
  const chained = (uses: readonly AnchorUse[]): string => {
    const { trust } = prepareTrust({ anchors: [anchor(uses)], referenceSets: [] });
    const freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } as const;
    const evidence = chainEvidence([leaf()]);
    const outcome = schemeFor(evidence.mediaType)?.judge(evidence, { trust, keys: new KeyCache(), now, freshness, ttlSeconds: 600 });
    return outcome?.kind === 'appraised' ? verdict(outcome.result) : String(outcome?.kind);
  };

  it('vouches for no device by its chain', () => {
    expect(chained(['identity'])).toBe('warning NO_MEASUREMENTS');
    expect(chained(['attest'])).toBe('no-evidence');
  });

  it('is a CA', () => {
    const { problems } = prepareTrust({ anchors: [{ name: 'leaf', certificate: base64(leaf()), uses: ['attest'] }], referenceSets: [] });
    expect(problems).toEqual([expect.stringContaining('is no CA')]);
  });
});

describe('measurements of SPDM', () => {
  it('are the word of the leaf key: they count below an anchor for attestation keys, else they warn', () => {
    expect(spdmVerdict(judgeSpdm(exchange(good), { uses: ['attest'] }))).toBe('affirming');
    const found = judgeSpdm(exchange(good), { uses: ['identity'] });
    expect(spdmVerdict(found)).toBe('warning ANCHOR_NOT_FOR_ATTESTATION');
    expect(found).toMatchObject({ assurance: 3, vector: { executables: 33 } });
  });
});
