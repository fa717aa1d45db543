import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordsFormat } from '../../../gateway/attestation/matter/ledger-file.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { openReferencesOfSite } from '../../../gateway/edge/store/reference-files.ts';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { SignerDoubts } from '../../../gateway/edge/signer-doubts.ts';
import { readTrust } from '../../../gateway/edge/store/trust-files.ts';
import { forSigning, makeIdevid, makeReferenceFile, makeSelfSigned, makeVendor } from '../../vectors/pki.ts';
import { OpensslCa } from '../../vectors/openssl-ca.ts';
import { fromHex, makeSign1 } from '../../vectors/tokens.ts';
import {
  bytes,
  comid,
  corim,
  detached,
  digests,
  environment,
  implementation,
  labels,
  measurement,
  psa2025,
  psaPart,
  refKey,
  signed,
  tagged,
  protectedHeader,
} from '../../attestation/corim-world.ts';
import { suitEnvelope, suitManifest } from '../../attestation/suit-world.ts';

let folder: string;
const put = (path: string, text: string): void => writeFileSync(join(folder, path), text);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-trust-${process.pid}-`));
  mkdirSync(join(folder, 'anchors'));
  mkdirSync(join(folder, 'reference-values'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const models = [{ model: 'M', components: [{ name: 'fw', versions: [{ version: '1', alg: 'sha-256', digest: 'ab'.repeat(32) }] }] }];

describe('trust files', () => {
  it('give anchors and signed reference sets, of several folders; a folder that is not there is no problem', async () => {
    const [acme, other] = [await makeVendor({ name: 'Acme' }), await makeVendor({ name: 'Other' })];
    const values = makeReferenceFile({ vendor: 'Acme', models });
    put('anchors/acme.device-ca.pem', `Acme's root, from its manual\n${acme.anchorPem}${other.anchorPem}`);
    put('anchors/acme.refval.pem', values.publicKeyPem);
    put('anchors/README.md', 'words');
    put('reference-values/acme.json', values.file);
    put('reference-values/acme.json.sig', values.signature);
    const { trust, problems } = readTrust([folder, join(folder, 'absent')]);
    expect(problems).toEqual([]);
    expect(trust.anchors.map(a => a.name)).toEqual(['acme.device-ca.pem', 'acme.device-ca.pem#2']);
    expect(trust.referenceSets.map(s => [s.vendor, s.model])).toEqual([['Acme', 'M']]);
  });

  it('that cannot be used are left out and named, and the others stay', async () => {
    const acme = await makeVendor({ name: 'Acme' });
    const values = makeReferenceFile({ vendor: 'Acme', models });
    put('anchors/acme.device-ca.pem', acme.anchorPem);
    put('anchors/leaf.device-ca.pem', (await makeSelfSigned({ cn: 'leaf' })).chainPem);
    put('anchors/broken.device-ca.pem', acme.anchorPem.replace(/M/g, 'N'));
    put('anchors/empty.device-ca.pem', '');
    put('anchors/acme.refval.pem', values.publicKeyPem);
    put('anchors/secret.refval.pem', values.keyPem);
    put('reference-values/acme.json', `${values.file} `);
    put('reference-values/acme.json.sig', values.signature);
    put('reference-values/unsigned.json', values.file);
    const { trust, problems } = readTrust([folder]);
    expect(trust.anchors.map(a => a.name)).toEqual(['acme.device-ca.pem']);
    expect(trust.referenceSets).toEqual([]);
    for (const file of ['leaf.device', 'broken.device', 'empty.device', 'secret.refval', 'acme.json', 'unsigned.json'])
      expect(problems.filter(p => p.includes(file)).length, file).toBe(1);
    expect(problems).toHaveLength(6);
  });

  it('say by their names what an anchor is for; who signs declarations need be no CA', async () => {
    const acme = await makeVendor({ name: 'Acme' });
    const signer = (await makeSelfSigned({ cn: 'declarations' })).chainPem;
    put('anchors/a.device-ca.pem', acme.anchorPem);
    put('anchors/b.matter-paa.pem', acme.anchorPem);
    put('anchors/c.cd-signer.pem', signer);
    put('anchors/d.cd-signer-test.pem', signer);
    put('anchors/e.matter-paa.pem', signer);
    const { trust, problems } = readTrust([folder]);
    expect(trust.anchors.map(a => a.uses)).toEqual([undefined, ['matter-paa'], ['cd-signer'], ['cd-signer-test']]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('e.matter-paa.pem');
    expect(order.parse({ type: 'trust', trust })).toEqual({ type: 'trust', trust });
  });

  it('give the sets and device keys of CoRIMs, signed or signed for, and the challenger gets every demand of theirs', () => {
    const pem = (name: 'ES256' | 'EdDSA'): string => refKey(name).key.export({ type: 'spki', format: 'pem' }).toString();
    put('anchors/vendor.refval.pem', pem('ES256'));
    put('anchors/site.refval.pem', pem('EdDSA'));
    const full = measurement({ 1: 7, 2: digests(1), 3: labels({ 3: false }), 4: tagged(563, [bytes(1, 2), bytes(255, 2)]) }, 'fw');
    const dice = corim([comid({ 0: [[environment({ 0: tagged(560, bytes(5, 2)), 1: 'Acme', 2: 'M', 3: 1, 4: 2 }), [full]]] })]);
    const psa = environment({ 0: tagged(560, implementation) });
    const device = environment({ 0: tagged(560, implementation) }, { 1: tagged(550, fromHex(`01${'ab'.repeat(32)}`)) });
    const key = [tagged(554, pem('ES256'))];
    const unsigned = corim([comid({ 0: [[psa, [psaPart('BL', 1)]]], 3: [[device, key]] })], { 3: psa2025 });
    writeFileSync(join(folder, 'reference-values/a.corim'), signed(dice));
    writeFileSync(join(folder, 'reference-values/b.corim'), unsigned);
    writeFileSync(join(folder, 'reference-values/c.corim'), unsigned);
    put('reference-values/b.corim.sig', detached(unsigned));
    const { trust, problems } = readTrust([folder]);
    expect(trust.referenceSets.map(s => [s.id.slice(0, 9), s.signedBy])).toEqual([
      ['a.corim#1', 'vendor.refval.pem, as ACME Ltd.'],
      ['b.corim#1', 'site.refval.pem'],
    ]);
    expect(trust.keys).toMatchObject([{ instance: `01${'ab'.repeat(32)}`, classId: 'aa'.repeat(32) }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('c.corim: it is not signed');
    expect(order.parse({ type: 'trust', trust })).toEqual({ type: 'trust', trust });
  });

  it('give the sets of CoRIMs that come with a chain up to a CA for that, and to no other', async () => {
    const acme = await makeVendor({ name: 'Acme' });
    const { chain, keyPem } = await makeIdevid(acme, { serial: 'signer', edit: forSigning });
    const dice = corim([comid({ 0: [[environment({ 1: 'Acme', 2: 'M' }), [measurement({ 2: digests(1) }, 'fw')]]] })]);
    const header = protectedHeader('ES256', { 33: chain.length === 1 ? chain[0] : [...chain] });
    writeFileSync(join(folder, 'reference-values/a.corim'), makeSign1(dice, { key: createPrivateKey(keyPem), header }));
    put('anchors/acme.device-ca.pem', acme.anchorPem);
    expect(readTrust([folder]).problems.join()).toContain('a.corim: its signature is by none of 0');
    put('anchors/acme.refval-ca.pem', acme.anchorPem);
    const { trust, problems } = readTrust([folder]);
    expect(problems).toEqual([]);
    expect(trust.anchors.map(a => a.uses)).toEqual([undefined, ['reference-signer']]);
    expect(trust.referenceSets).toMatchObject([{ vendor: 'Acme', signedBy: expect.stringContaining('by acme.refval-ca.pem') as string }]);
  });

  it('are taken from people by a CA that people brought, as from files', async () => {
    const acme = await makeVendor({ name: 'Acme' });
    const { chain, keyPem } = await makeIdevid(acme, { serial: 'signer', edit: forSigning });
    const dice = corim([comid({ 0: [[environment({ 1: 'Acme', 2: 'M' }), [measurement({ 2: digests(1) }, 'fw')]]] })]);
    const file = makeSign1(dice, { key: createPrivateKey(keyPem), header: protectedHeader('ES256', { 33: chain[0] }) });
    const anchor = { name: 'acme', certificate: Buffer.from(acme.anchorDer).toString('base64'), uses: ['reference-signer'] } as const;
    expect(() => openReferencesOfSite([folder], 'b.corim', file, undefined)).toThrow('its signature is by none of 0');
    expect(openReferencesOfSite([folder], 'b.corim', file, undefined, Date.now(), [anchor]).sets).toHaveLength(1);
  });

  it('are revoked with the certificate of their signer, by the CRLs beside the anchors, and come back when its CA says so', async () => {
    const acme = await makeVendor({ name: 'Acme' });
    const { chain, keyPem } = await makeIdevid(acme, { serial: 'signer', edit: forSigning });
    const about = environment({ 1: 'Acme', 2: 'M' });
    const dice = corim([comid({ 0: [[about, [measurement({ 2: digests(1) }, 'fw')]]] })]);
    const header = protectedHeader('ES256', { 33: chain.length === 1 ? chain[0] : [...chain] });
    const file = makeSign1(dice, { key: createPrivateKey(keyPem), header });
    writeFileSync(join(folder, 'reference-values/a.corim'), file);
    put('anchors/acme.refval-ca.pem', acme.anchorPem);
    const ca = new OpensslCa(acme.anchorPem, KeyObject.from(acme.keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString());
    const serial = decodeCertificate(chain.at(-1) ?? new Uint8Array()).serialNumber;
    const standing = (): readonly unknown[] => {
      const { trust, problems, notes } = readTrust([folder]);
      return [trust.referenceSets.map(s => s.standing), problems, notes.map(note => note.replace(/^.*\[/, '['))];
    };
    const limit = (whenUnknown: string): void => {
      const sha256 = createHash('sha256').update(acme.anchorDer).digest('hex');
      const limits = `revocation: { whenUnknown: ${whenUnknown} }\n  provenance: { source: a test, by: a test, when: "2026-01-01" }`;
      put('anchors/acme.yaml', `- certificate: acme.refval-ca.pem\n  sha256: "${sha256}"\n  uses: [reference-signer]\n  ${limits}\n`);
    };
    try {
      ca.know({ [serial]: 'good' });
      put('anchors/acme.crl', ca.crl());
      expect(standing()).toEqual([[undefined], [], []]);
      const { sets, signer = [] } = openReferencesOfSite([folder], 'b.corim', file, undefined);
      const brought = { key: sets[0]?.id ?? '', signer };
      const doubts = new SignerDoubts();
      const said = (isChanged = true): unknown => {
        const isOther = doubts.look([brought], readTrust([folder]), isChanged);
        return [isOther, doubts.all.map(({ standing: is }) => is), doubts.notes.map(note => note.replace(/^.*\[/, '['))];
      };
      expect(signer).toEqual(chain.map(der => Buffer.from(der).toString('base64')));
      expect([said(), said(false)]).toEqual([
        [true, [], []],
        [false, [], []],
      ]);
      ca.know({ [serial]: 'revoked' });
      put('anchors/acme.crl', ca.crl());
      expect(standing()).toEqual([['revoked'], [], ['[CERT_REVOKED]']]);
      // A file that people brought is read no more: its signer is asked about whenever files change.
      expect(said()).toEqual([true, ['revoked'], ['[CERT_REVOKED]']]);
      put('anchors/broken.pem', 'nothing');
      expect([readTrust([folder]).problems.length, said(false)]).toEqual([1, [false, ['revoked'], ['[CERT_REVOKED]']]]);
      rmSync(join(folder, 'anchors/broken.pem'));
      expect(order.safeParse({ type: 'trust', trust: readTrust([folder]).trust }).success).toBe(true);
      // Nobody brings such a file anew either.
      expect(() => openReferencesOfSite([folder], 'b.corim', file, undefined)).toThrow(/its issuer revoked it \[CERT_REVOKED\]/);
      ca.know({ [serial]: 'good' });
      put('anchors/acme.crl', ca.crl());
      expect(standing()).toEqual([[undefined], [], []]);
      expect(said()).toEqual([true, [], []]);
      rmSync(join(folder, 'anchors/acme.crl'));
      limit('refuse');
      expect(standing()).toEqual([['ended'], [], ['[REVOCATION_UNKNOWN]']]);
      expect(said()).toEqual([true, ['ended'], ['[REVOCATION_UNKNOWN]']]);
      limit('tell');
      expect(standing()).toEqual([[undefined], [], []]);
      // With its anchor goes what it vouched for.
      for (const name of ['acme.yaml', 'acme.refval-ca.pem']) rmSync(join(folder, 'anchors', name));
      rmSync(join(folder, 'reference-values/a.corim'));
      expect(said()).toEqual([true, ['ended'], [expect.stringMatching(/CHAIN_(?:UNTRUSTED|INCOMPLETE)/) as string]]);
    } finally {
      ca.close();
    }
  });

  it('give the sets of SUIT envelopes, read as the signed map of their class says', () => {
    const pem = refKey('ES256').key.export({ type: 'spki', format: 'pem' }).toString();
    put('anchors/vendor.refval.pem', pem);
    writeFileSync(join(folder, 'reference-values/fw.suit'), suitEnvelope(suitManifest()));
    expect(readTrust([folder]).trust.referenceSets).toMatchObject([{ source: 'suit', vendor: 'fa'.repeat(16), sequence: 7 }]);
    const key = makeReferenceFile({ vendor: 'x', models });
    put('anchors/site.refval.pem', key.publicKeyPem);
    const components = [{ component: '00', name: 'fw', key: 'fw' }];
    const map = {
      format: 'sallyport-suit-map/1',
      vendorId: 'fa'.repeat(16),
      classId: '14'.repeat(16),
      vendor: 'Acme',
      model: 'M',
      components,
    };
    put('reference-values/acme.suit-map.json', JSON.stringify(map));
    expect(readTrust([folder]).problems).toEqual([expect.stringContaining('acme.suit-map.json.sig is missing')]);
    put('site.pem', key.keyPem);
    const program = join(import.meta.dirname, '../../../gateway/edge/store/sign-reference.ts');
    execFileSync(process.execPath, [program, join(folder, 'site.pem'), join(folder, 'reference-values/acme.suit-map.json')]);
    expect(readTrust([folder]).problems).toEqual([]);
    expect(readTrust([folder]).trust.referenceSets).toMatchObject([{ vendor: 'Acme', model: 'M', components: [{ key: 'fw' }] }]);
  });

  it('with a demand that the challenger does not know are refused there, not weakened', () => {
    const components = [{ name: 'fw', versions: [], newDemand: 1 }];
    const trust = { anchors: [], referenceSets: [{ id: 'x', vendor: 'v', model: 'm', components }] };
    expect(order.safeParse({ type: 'trust', trust }).success).toBe(false);
  });

  it("give what Matter's ledger says, whole or not at all, and the challenger gets it as it is", () => {
    mkdirSync(join(folder, 'matter'));
    const entry = { type: 'revocation_set', issuer_subject_key_id: 'AB'.repeat(20), issuer_name: 'MAA=', revoked_serial_numbers: ['0A'] };
    put('matter/set.json', JSON.stringify([{ ...entry, crl_signer_cert: 'MAA=' }]));
    put(
      'matter/products.json',
      JSON.stringify({ format: recordsFormat, certified: [{ vendorId: 0xfff1, productId: 1, versionNumber: 2 }] }),
    );
    put('matter/broken.json', JSON.stringify([{ ...entry, revoked_serial_numbers: ['xyz'] }]));
    const { trust, problems } = readTrust([folder]);
    expect(trust.matter).toEqual({
      revoked: [{ issuerKeyId: 'ab'.repeat(20), issuer: 'MAA=', serials: ['0a'] }],
      certified: [{ vendorId: 0xfff1, productId: 1, versionNumber: 2 }],
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('broken.json');
    expect(order.parse({ type: 'trust', trust })).toEqual({ type: 'trust', trust });
  });

  it('are signed by the signer, which signs nothing that would be refused', () => {
    const values = makeReferenceFile({ vendor: 'Acme', models });
    const script = join(import.meta.dirname, '../../../gateway/edge/store/sign-reference.ts');
    put('key.pem', values.keyPem);
    put('anchors/acme.refval.pem', values.publicKeyPem);
    put('reference-values/acme.json', values.file);
    const sign = () =>
      execFileSync(process.execPath, [script, join(folder, 'key.pem'), join(folder, 'reference-values/acme.json')], { stdio: 'pipe' });
    sign();
    expect(readFileSync(join(folder, 'reference-values/acme.json.sig'), 'utf8')).toBe(values.signature);
    expect(readTrust([folder]).problems).toEqual([]);
    put('reference-values/acme.json', values.file.replace('"layer"', '"lair"').replace('"name"', '"nom"'));
    expect(sign).toThrow('field name is missing');
  });
});
