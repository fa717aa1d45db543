import 'reflect-metadata';
import { ExtendedKeyUsageExtension } from '@peculiar/x509';
import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCorim } from '../../gateway/attestation/corim.ts';
import { readAnchor } from '../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import type { AnchorUse } from '../../gateway/model/trust.ts';
import { type Credential, type Edit, forSigning, makeDiceDevice, makeIdevid, makeSelfSigned, makeVendor } from '../vectors/pki.ts';
import { keyPairs, makeSign1 } from '../vectors/tokens.ts';
import { comid, corim, dice, digests, environment, good, measurement, protectedHeader, refusal, signed } from './corim-world.ts';
import { spec } from './world.ts';

describe('a CoRIM that comes with the chain of its signer', () => {
  const now = Date.now();
  const site = async (uses: readonly AnchorUse[] = ['reference-signer'], vendor?: string) => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const { chain, keyPem } = await makeIdevid(acme, { serial: 'signer-1', edit: forSigning });
    const anchor = readAnchor('acme.refval-ca.pem', acme.anchorDer, uses);
    const anchors = [vendor === undefined ? anchor : { ...anchor, vendor }].filter(a => a.uses.includes('reference-signer'));
    const by = (
      payload: Uint8Array,
      key = createPrivateKey(keyPem),
      x5chain: unknown = chain.length === 1 ? chain[0] : [...chain],
    ): Uint8Array => makeSign1(payload, { key, header: protectedHeader('ES256', { 33: x5chain }) });
    const told = (file: Uint8Array, at = now): string => refusal(() => readCorim('x.corim', file, [], undefined, { anchors, now: at }));
    return { anchors, by, told, ends: Math.min(...chain.map(c => decodeCertificate(c).notAfter)) };
  };
  it('up to an anchor for that is read, for the vendor of the anchor and as long as its certificates last', async () => {
    const { anchors, by, ends } = await site();
    const [set] = readCorim('x.corim', by(good), [], undefined, { anchors, now }).sets;
    expect(set).toMatchObject({
      vendor: 'Acme Sensors',
      notAfter: ends,
      signedBy: expect.stringContaining('by acme.refval-ca.pem, as ACME Ltd.') as string,
    });
  });
  it('is refused for another vendor, by another key, past its time, and where the anchor is for something else', async () => {
    const { by, told, ends } = await site();
    expect(told(by(good))).toBe('accepted');
    const foreign = corim([comid({ 0: [[environment({ ...dice, 1: 'Other' }), [measurement({ 2: digests(1) })]]] })]);
    expect(told(by(foreign))).toContain('it speaks of "Other", and its signer for "Acme Sensors" only');
    expect(told(by(good, keyPairs.ES256.privateKey))).toContain('its signature is not by the key');
    expect(told(by(good), ends + 1000)).toContain('Cannot use x.corim');
    expect(told(signed(good))).toContain('its signature is by none of 0 reference-value keys');
    const own = await makeSelfSigned({ cn: 'me' });
    expect(told(by(good, createPrivateKey(own.keyPem), own.chain[0]))).toContain('is no anchor');
    const identity = await site(['identity']);
    expect(identity.told(identity.by(good))).toContain('its signature is by none of 0 reference-value keys');
    const other = await site(['reference-signer'], 'Other');
    expect(other.told(other.by(good))).toContain('it speaks of "Acme Sensors", and its signer for "Other" only');
  });
});

describe('a CoRIM signed by a device', () => {
  it('or by a key that is kept for something else, is refused, though the anchor is for signers too; one without purposes is not', async () => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const anchors = [readAnchor('acme.refval-ca.pem', acme.anchorDer, ['identity', 'reference-signer'])];
    const told = ({ chain, keyPem }: Credential): string => {
      const header = protectedHeader('ES256', { 33: chain.length === 1 ? chain[0] : [...chain] });
      const file = makeSign1(good, { key: createPrivateKey(keyPem), header });
      return refusal(() => readCorim('x.corim', file, [], undefined, { anchors, now: Date.now() }));
    };
    const without: Edit = plan => ({ ...plan, extensions: plan.extensions.filter(e => e.type !== '2.5.29.37') });
    const kept =
      (...purposes: readonly string[]): Edit =>
      plan => ({ ...plan, extensions: [...(without(plan).extensions ?? []), new ExtendedKeyUsageExtension([...purposes])] });
    const signer = (edit: Edit, hardwareModule = false): Promise<Credential> => makeIdevid(acme, { serial: 's', edit, hardwareModule });
    expect(told(await signer(forSigning))).toBe('accepted');
    expect(told(await signer(without))).toBe('accepted');
    expect(told(await signer(kept('1.3.6.1.4.1.99999.5')))).toBe('accepted');
    for (const [device, seen] of [
      [await signer(plan => plan), 'CN=IDevID as signer of reference values'],
      [await signer(without, true), 'CN=IDevID as signer of reference values'],
      [await signer(kept('2.23.133.8.3')), 'CN=IDevID as signer of reference values'],
      [await signer(kept('1.3.6.1.5.5.7.3.9')), 'CN=IDevID as signer of reference values'],
      [await makeDiceDevice(acme, spec), 'critical extension'],
    ] as const)
      expect(told(device)).toContain(seen);
  });
});
