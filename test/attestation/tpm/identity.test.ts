import 'reflect-metadata';
import {
  CertificatePolicyExtension,
  ExtendedKeyUsageExtension,
  Extension,
  GeneralName,
  KeyUsageFlags,
  Name,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AttestationResult } from '../../../gateway/model/attestation.ts';
import type { AnchorMaterial, ListedKey, ReferenceSet } from '../../../gateway/model/trust.ts';
import { messageEvidence, sha256 } from '../../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { tpmQuote } from '../../../gateway/attestation/schemes/tpm-quote.ts';
import { checkEkChain } from '../../../gateway/attestation/tpm/ak.ts';
import { nameText, publicKeyOf, spkiOf } from '../../../gateway/attestation/tpm/keys.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { type Edit, makeVendor, tcbInfo, tcbInfoOid, type Vendor } from '../../vectors/pki.ts';
import { message, publicArea, softKey } from '../../vectors/soft-tpm.ts';
import { base64, result } from '../world.ts';
import { answers, certify, good, model, nonce, now, referenceSet } from './world.ts';

/** Whose quote it is, and so which reference values judge it, by nothing but certificates and what a person said of their issuer. */
const key = softKey();
let acme: Vendor;
let other: Vendor;
beforeAll(async () => {
  [acme, other] = [await makeVendor({ name: 'Acme Edge' }), await makeVendor({ name: 'Other' })];
});

/** What a CA puts into subjectAltName: a directory name of these attributes. */
const naming =
  (...attributes: readonly { [oid: string]: string[] }[]): Edit =>
  plan => ({
    ...plan,
    extensions: [
      ...(plan.extensions ?? []),
      new SubjectAlternativeNameExtension([new GeneralName('dn', new Name([...attributes]).toString())]),
    ],
  });
const anchor = (of: Vendor, more: Partial<AnchorMaterial> = {}): AnchorMaterial => ({
  name: of.name,
  certificate: base64(of.anchorDer),
  ...more,
});

type Given = { readonly anchors: readonly AnchorMaterial[]; readonly keys?: readonly ListedKey[]; readonly sets?: readonly ReferenceSet[] };
function judged(chain: readonly Uint8Array[], { anchors, keys = [], sets = [referenceSet] }: Given): AttestationResult {
  const { trust, problems } = prepareTrust({ anchors, referenceSets: sets, keys });
  expect(problems).toEqual([]);
  const evidence = messageEvidence('application/vnd.sallyport.tpm-quote+json', message(good(key, chain)));
  return result(tpmQuote.judge(evidence, { trust, keys: new KeyCache(), now, freshness: answers(nonce), ttlSeconds: 600 }));
}

describe('a key that is trusted by its certificate alone', () => {
  it.each([
    ['the platform attributes of TCG', [{ '2.23.133.5.1.1': ['Acme Edge'] }, { '2.23.133.5.1.4': [model] }]],
    ['those of before', [{ '2.23.133.2.4': ['Acme Edge'] }, { '2.23.133.2.5': [model] }]],
  ])('is of the model that %s name, and is affirming', async (_, attributes) => {
    const chain = [await certify(acme, key, { edit: naming(...attributes) })];
    const r = judged(chain, { anchors: [anchor(acme)] });
    expect([r.status, r.assurance, r.identity?.model, r.identity?.vendor]).toEqual(['affirming', 5, model, 'Acme Edge']);
  });

  it('is of the model that a person names for its issuer, where its certificate names none', async () => {
    const chain = [await certify(acme, key)];
    expect(judged(chain, { anchors: [anchor(acme, { model })] })).toMatchObject({ status: 'affirming', identity: { model } });
    expect(judged(chain, { anchors: [anchor(acme)] })).toMatchObject({ status: 'warning', reason: 'REFERENCE_MISSING' });
    const named = [await certify(acme, key, { edit: naming({ '2.23.133.5.1.4': ['EdgeBox-4'] }) })];
    // What its certificate says is nearer to it than what is said of all.
    expect(judged(named, { anchors: [anchor(acme, { model })] })).toMatchObject({
      reason: 'REFERENCE_MISSING',
      identity: { model: 'EdgeBox-4' },
    });
  });

  it('below a layer that DICE measured is worth what that layer is', async () => {
    const layer = { vendor: 'Acme Edge', model: 'Edge SoC', layer: 1, flags: [] } as const;
    const set = (byte: string): ReferenceSet => ({
      id: 'soc.json#1',
      vendor: 'Acme Edge',
      model: 'Edge SoC',
      components: [{ name: 'soc', layer: 1, versions: [{ version: '1', alg: 'sha-256', digest: byte.repeat(32) }] }],
    });
    const info = (flags: readonly number[]) =>
      new Extension(tcbInfoOid, true, tcbInfo({ ...layer, flags, fwids: [{ alg: 'sha-256', digest: '11'.repeat(32) }] }));
    const edit =
      (flags: readonly number[]): Edit =>
      plan => ({ ...plan, extensions: [...plan.extensions, info(flags)] });
    const by = async (byte: string, flags: readonly number[] = []) =>
      judged([await certify(acme, key, { edit: edit(flags) })], { anchors: [anchor(acme, { model })], sets: [referenceSet, set(byte)] });
    expect(await by('11')).toMatchObject({ status: 'affirming', assurance: 5 });
    expect(await by('22')).toMatchObject({ status: 'contraindicated', reason: 'DIGEST_UNKNOWN' });
    expect(await by('11', [3])).toMatchObject({ status: 'contraindicated', reason: 'DEBUG_ENABLED' });
  });

  it('is what a person listed it as, whatever its certificate says', async () => {
    const chain = [await certify(acme, key, { edit: naming({ '2.23.133.5.1.4': ['EdgeBox-4'] }) })];
    const spki = base64(spkiOf(publicKeyOf(decodeTpmPublic(publicArea(key)))));
    const keys = [{ instance: 'aa'.repeat(16), spki, vendor: 'Acme Edge', model }];
    expect(judged(chain, { anchors: [anchor(acme)], keys })).toMatchObject({ status: 'affirming', identity: { model } });
  });

  it('by a CA that names another vendor than its own gets none of that vendor’s reference values', async () => {
    const chain = [await certify(other, key, { edit: naming({ '2.23.133.5.1.1': ['Acme Edge'] }, { '2.23.133.5.1.4': [model] }) })];
    expect(judged(chain, { anchors: [anchor(other), anchor(acme)] })).toMatchObject({ status: 'warning', reason: 'REFERENCE_MISSING' });
  });

  it('has no model of the TPM’s: its manufacturer and part are in many machines', async () => {
    const chain = [await certify(acme, key, { edit: naming({ '2.23.133.2.1': ['Acme Edge'] }, { '2.23.133.2.2': [model] }) })];
    expect(judged(chain, { anchors: [anchor(acme)] }).identity?.model).toBeUndefined();
  });

  it('with a name beyond its cap is refused', async () => {
    const chain = [await certify(acme, key, { edit: naming({ '2.23.133.5.1.4': ['m'.repeat(201)] }) })];
    expect(judged(chain, { anchors: [anchor(acme)] })).toMatchObject({ status: 'contraindicated', reason: 'EVIDENCE_MALFORMED' });
  });
});

/** A CA that says of a key what it saw of it by policies, by purposes, or by both, as those of TCG's device identities do. */
const saying =
  ({ policies = [], purposes = [] }: { readonly policies?: readonly string[]; readonly purposes?: readonly string[] }): Edit =>
  plan => ({
    ...plan,
    extensions: [
      ...plan.extensions.filter(e => !(e instanceof ExtendedKeyUsageExtension)),
      ...(purposes.length === 0 ? [] : [new ExtendedKeyUsageExtension([...purposes])]),
      ...(policies.length === 0 ? [] : [new CertificatePolicyExtension([...policies])]),
    ],
  });
const [resident, fixed, restricted] = ['2.23.133.11.1.1', '2.23.133.11.1.2', '2.23.133.11.1.3'];

describe('an IAK, whose CA says of it what it saw of it', () => {
  it.each([
    ['that it is restricted, by a policy', { policies: [resident, restricted] }, { status: 'affirming', assurance: 5 }],
    ['that it is restricted, by a purpose', { purposes: [restricted] }, { status: 'affirming', assurance: 5 }],
    ['that it never leaves its TPM, and no more', { policies: [resident, fixed] }, { reason: 'KEY_USAGE_WRONG' }],
    ['nothing', {}, { reason: 'KEY_USAGE_WRONG' }],
    ['that it is restricted, and for TLS', { policies: [restricted], purposes: ['1.3.6.1.5.5.7.3.2'] }, { reason: 'KEY_USAGE_WRONG' }],
  ])('%s', async (_, said, expected) => {
    const chain = [await certify(acme, key, { edit: saying(said) })];
    expect(judged(chain, { anchors: [anchor(acme, { model })] })).toMatchObject(expected);
  });

  it('that it is restricted, in an index of the TPM that is longer than the certificate', async () => {
    const der = await certify(acme, key);
    const at = (fill: number): AttestationResult =>
      judged([Uint8Array.of(...der, ...new Uint8Array(50).fill(fill))], { anchors: [anchor(acme, { model })] });
    expect([0xff, 0, 1].map(fill => at(fill).status)).toEqual(['affirming', 'affirming', 'contraindicated']);
  });
});

describe('a CA inside a device', () => {
  const info = new Extension(tcbInfoOid, true, tcbInfo({ layer: 1, fwids: [{ alg: 'sha-256', digest: '11'.repeat(32) }] }));
  /** A CA below the vendor's, measured or not. */
  const innerCa = (extensions: readonly Extension[]): Promise<Vendor> =>
    makeVendor({
      name: 'Acme Edge',
      commonName: 'Inner',
      edit: plan => ({
        ...plan,
        issuer: acme.certificate.subjectName,
        signingKey: acme.keys.privateKey,
        extensions: [...plan.extensions, ...extensions],
      }),
    });

  it('that DICE measured certifies no attestation key, though it says that it does; a CA of the vendor does', async () => {
    const sets = [referenceSet];
    const by = async (inner: Vendor): Promise<AttestationResult> =>
      judged([await certify(inner, key), inner.anchorDer], { anchors: [anchor(acme, { model })], sets });
    expect(await by(await innerCa([]))).toMatchObject({ status: 'affirming' });
    const inside = await by(await innerCa([info]));
    expect([inside.status, inside.reason]).toEqual(['contraindicated', 'CHAIN_UNTRUSTED']);
    expect(inside.checks.find(c => c.check === 'chain')?.detail).toContain('the device itself certified it');
  });

  it('nor an endorsement key', async () => {
    const { trust } = prepareTrust({ anchors: [anchor(acme, { uses: ['tpm-ek'] })], referenceSets: [] });
    const path = async (inner: Vendor): Promise<unknown> => {
      const leaf = await certify(inner, softKey(), { purpose: '2.23.133.8.1', usage: KeyUsageFlags.keyAgreement });
      return checkEkChain([leaf, inner.anchorDer].map(decodeCertificate), { trust, now, keys: new KeyCache() });
    };
    await expect(path(await innerCa([]))).resolves.toBeDefined();
    await expect(path(await innerCa([info]))).rejects.toThrow('the device itself certified it');
  });
});

describe('an anchor', () => {
  it('for attestation keys, or for devices, vouches for the key of a TPM that a CA certified as such', async () => {
    const chain = [await certify(acme, key)];
    for (const uses of [['attest'], ['identity']] as const)
      expect(judged(chain, { anchors: [anchor(acme, { uses, model })], sets: [referenceSet] })).toMatchObject({ status: 'affirming' });
  });

  it('for TPMs does not vouch for the key of a device, nor one for devices for a TPM', async () => {
    const chain = [await certify(acme, key)];
    expect(judged(chain, { anchors: [anchor(acme, { uses: ['tpm-ek'], model })] })).toMatchObject({ reason: 'CHAIN_INCOMPLETE' });
    const ek = softKey();
    const ekChain = [await certify(acme, ek, { purpose: '2.23.133.8.1', usage: KeyUsageFlags.keyAgreement })];
    const { akChain: _, ...bare } = good(key, []);
    const bytes = message({ ...bare, ekChain });
    const ekOf = ekChain.map(decodeCertificate)[0];
    const activations = [{ ak: nameText(decodeTpmPublic(publicArea(key))), ek: sha256(ekOf?.spki ?? new Uint8Array()) }];
    const by = (uses: AnchorMaterial['uses']): AttestationResult => {
      const { trust } = prepareTrust({
        anchors: [anchor(acme, { model, ...(uses === undefined ? {} : { uses }) })],
        referenceSets: [referenceSet],
      });
      const evidence = messageEvidence('application/vnd.sallyport.tpm-quote+json', bytes);
      const quote = { activations };
      return result(tpmQuote.judge(evidence, { trust, keys: new KeyCache(), now, freshness: answers(nonce), ttlSeconds: 600, quote }));
    };
    expect(by(['tpm-ek'])).toMatchObject({ status: 'affirming', identity: { model } });
    expect(by(['identity'])).toMatchObject({ status: 'contraindicated', reason: 'CHAIN_INCOMPLETE' });
  });
});
