import 'reflect-metadata';
import { Extension } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { chainEvidence, sha256 } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { verifyChain } from '../../gateway/attestation/chain.ts';
import { Checks } from '../../gateway/attestation/checks.ts';
import { contentOf } from '../../gateway/attestation/dice-content.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { integerBytes, octets, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { ca, certificate, extension, newKeys, spkiOf, usage } from '../vectors/path-pki.ts';
import { type DiceDevice, type Edit, makeDiceDevice, makeIdevid, makeVendor, tcbInfo, tcbInfoOid, type Vendor } from '../vectors/pki.ts';
import { base64, referenceSet, result, spec, verifier } from './world.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
});

const firmware = {
  vendor: 'Acme Sensors',
  model: 'TempSense-2',
  version: 'fw-1.0.0',
  svn: 5,
  layer: 1,
  fwids: [{ alg: 'sha-256', digest: 'ab'.repeat(32) }],
  flags: [],
} as const;
const insert = (info: Uint8Array, ...more: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => sequence(content(info), ...more);
const content = (element: Uint8Array): Uint8Array => element.subarray((element[1] ?? 0) < 0x80 ? 2 : 2 + ((element[1] ?? 0) & 0x7f));
const instead =
  (...extensions: readonly Extension[]): Edit =>
  plan => ({ ...plan, extensions: [...plan.extensions.filter(e => e.type !== tcbInfoOid), ...extensions] });
const device = (...extensions: readonly Extension[]): Promise<DiceDevice> => makeDiceDevice(acme, spec, { alias: instead(...extensions) });
const fwid = (byte: number) => sequence(oid('2.16.840.1.101.3.4.2.1'), octets(new Uint8Array(32).fill(byte)));
const registers = (tag: number, byte = 7) =>
  tlv(tag, sequence(tlv(0x80, utf8('boot')), tlv(0xa2, fwid(byte))), sequence(tlv(0x81, integerBytes(4)), tlv(0xa2, fwid(8))));
const register = (key: string, byte: number): ReferenceSet['components'][number] => ({
  name: key,
  layer: 1,
  key,
  versions: [{ version: '1', alg: 'sha-256', digest: `0${byte}`.repeat(32) }],
});
const withRegisters = { ...referenceSet, components: [...referenceSet.components, register('ir-boot', 7), register('ir-4', 8)] };

describe('integrity registers', () => {
  for (const [where, tag] of [
    ['[11]', 0xab],
    ['constructed [10]', 0xaa],
  ] as const)
    it(`at ${where} are components of their own: known ones affirm, another value, one that is missing or one too many does not`, async () => {
      const { chain } = await device(new Extension(tcbInfoOid, true, insert(tcbInfo(firmware), registers(tag))));
      const judged = (sets: readonly ReferenceSet[]) => result(verifier([acme], { sets })(chain));
      expect(judged([withRegisters])).toMatchObject({ status: 'affirming', assurance: 5 });
      expect(judged([referenceSet]).reason).toBe('DIGEST_UNKNOWN');
      expect(judged([{ ...withRegisters, components: [...withRegisters.components, register('ir-5', 9)] }]).reason).toBe('DIGEST_UNKNOWN');
      const changed = await device(new Extension(tcbInfoOid, true, insert(tcbInfo(firmware), registers(tag, 6))));
      const check = result(verifier([acme], { sets: [withRegisters] })(changed.chain)).checks.find(c => c.check === 'reference');
      expect(check).toMatchObject({ outcome: 'failed', code: 'DIGEST_UNKNOWN' });
      expect([check?.seen, check?.expected]).toEqual([
        `layer 1 ir-boot sha-256:${'06'.repeat(32)}`,
        `ir-boot 1 sha-256:${'07'.repeat(32)}`,
      ]);
    });
});

describe('the factored form', () => {
  const { vendor, model, layer, ...own } = firmware;
  const values = sequence(tcbInfo({ ...own }), tcbInfo({ index: 1, fwids: [{ alg: 'sha-256', digest: 'cd'.repeat(32) }] }));
  const second = { name: 'second', layer: 1, versions: [{ version: '1', alg: 'sha-256', digest: 'cd'.repeat(32) }] };
  const comp = (bytes: Uint8Array<ArrayBuffer>) => device(new Extension('2.23.133.5.4.8', true, bytes));

  it('is appraised like MultiTcbInfo', async () => {
    const { chain } = await comp(sequence(tlv(0xa0, content(tcbInfo({ vendor, model, layer }))), tlv(0xa1, content(values))));
    expect(result(verifier([acme], { sets: [{ ...referenceSet, components: [...referenceSet.components, second] }] })(chain)).status).toBe(
      'affirming',
    );
    expect(result(verifier([acme])(chain)).reason).toBe('DIGEST_UNKNOWN');
  });

  it('that cannot be read is an error, never "no measurements"', async () => {
    const { chain } = await comp(sequence(tlv(0xa0), tlv(0xa1)));
    expect(result(verifier([acme])(chain))).toMatchObject({ status: 'contraindicated', reason: 'EVIDENCE_MALFORMED' });
  });
});

describe('vendorInfo and type', () => {
  const chainOf = async (type: number) =>
    (await device(new Extension(tcbInfoOid, true, insert(tcbInfo(firmware), tlv(0x88, Uint8Array.of(1)), tlv(0x89, Uint8Array.of(type))))))
      .chain;

  it('are parts of the identity where reference values name them, and only there', async () => {
    const judged = async (type: number, named: { type?: string; vendorInfo?: string }) => {
      const components = referenceSet.components.map(c => ({ ...c, ...named }));
      return result(verifier([acme], { sets: [{ ...referenceSet, components }] })(await chainOf(type))).reason;
    };
    expect(await judged(5, {})).toBeUndefined();
    expect(await judged(5, { type: '05', vendorInfo: '01' })).toBeUndefined();
    expect(await judged(6, { type: '05' })).toBe('DIGEST_UNKNOWN');
    expect(await judged(5, { vendorInfo: '02' })).toBe('DIGEST_UNKNOWN');
  });
});

describe('a measurement that cannot be read', () => {
  it('is an error in every form, in any certificate of the chain', async () => {
    for (const id of [
      '2.23.133.5.4.1',
      '2.23.133.5.4.4',
      '2.23.133.5.4.5',
      '2.23.133.5.4.8',
      '2.23.133.5.4.11',
      '1.3.6.1.4.1.11129.2.1.24',
    ]) {
      const bad = new Extension(id, false, new Uint8Array([0x44, 0x44]));
      const add: Edit = plan => ({ ...plan, extensions: [...plan.extensions.filter(e => e.type !== id), bad] });
      for (const edits of [{ alias: add }, { deviceId: add }]) {
        const { chain } = await makeDiceDevice(acme, spec, edits);
        expect(result(verifier([acme])(chain)), id).toMatchObject({ status: 'contraindicated', reason: 'EVIDENCE_MALFORMED' });
      }
    }
  });
});

describe('an IDevID or LDevID', () => {
  const purpose = (id: string): Extension => new Extension('2.5.29.37', false, sequence(oid(id)));
  const policy = (id: string): Extension => new Extension('2.5.29.32', false, sequence(sequence(oid(id))));

  it('without a measurement is an identity and no more; its key purpose is told, whether it stands in EKU or in policies', async () => {
    for (const [extension, name] of [
      [purpose('2.23.133.5.4.100.6'), 'identityInit (IDevID)'],
      [policy('2.23.133.5.4.100.6'), 'identityInit (IDevID)'],
      [purpose('2.23.133.5.4.100.7'), 'identityLoc (LDevID)'],
      [policy('2.23.133.5.4.100.12'), 'eca'],
    ] as const) {
      const edit: Edit = plan => ({ ...plan, extensions: [...plan.extensions.filter(e => e.type !== extension.type), extension] });
      const r = result(verifier([acme])((await makeIdevid(acme, { serial: 'X1', edit })).chain));
      expect([r.status, r.reason, r.assurance]).toEqual(['warning', 'NO_MEASUREMENTS', 3]);
      expect(r.checks.find(c => c.check === 'identity')?.detail).toContain(name);
    }
  });

  it('that names a UEID and no serial is known by its UEID', async () => {
    const ueid = new Extension('2.23.133.5.4.4', false, sequence(octets(new Uint8Array(17).fill(1))));
    const edit: Edit = plan => ({ ...plan, subject: [{ CN: ['unit'] }], extensions: [...plan.extensions, ueid] });
    const r = result(verifier([acme])((await makeIdevid(acme, { serial: 'X1', edit })).chain));
    expect(r.identity?.serial).toBe(`ueid:${'01'.repeat(17)}`);
  });
});

describe('claims of a chain', () => {
  it('are the union over the path, each with the key that signed its certificate, and the nonce of TcbFreshness', async () => {
    const upper = { ...firmware, layer: 0 };
    const nonce = new Extension('2.23.133.5.4.11', true, sequence(octets(new Uint8Array(32).fill(3))));
    const { chain } = await makeDiceDevice(acme, spec, {
      deviceId: plan => ({ ...plan, extensions: [...plan.extensions, new Extension(tcbInfoOid, true, tcbInfo(upper))] }),
      alias: plan => ({ ...plan, extensions: [...plan.extensions, nonce] }),
    });
    const { trust } = prepareTrust({ anchors: [{ name: 'Acme', certificate: base64(acme.anchorDer) }], referenceSets: [] });
    const certificates = chainEvidence(chain).certificates.map(decodeCertificate);
    const links = certificates.map(certificate => ({ certificate, content: contentOf(certificate) }));
    const context = { trust, keys: new KeyCache(), now: Date.now(), freshness: { kind: 'none' }, ttlSeconds: 1 } as const;
    const { measured, nonces } = verifyChain(links, context, new Checks());
    const deviceIdKey = certificates[1]?.spki ?? new Uint8Array();
    expect(measured.map(m => [m.layer, m.by.key])).toEqual([
      [1, sha256(deviceIdKey)],
      [0, sha256(decodeCertificate(acme.anchorDer).spki)],
    ]);
    expect(nonces).toEqual([new Uint8Array(32).fill(3)]);
  });
});

describe('a chain whose vendor names no instance', () => {
  const [root, deviceId, alias, leaf] = [newKeys(), newKeys(), newKeys(), newKeys()];
  const info = extension(tcbInfoOid, true, tcbInfo(firmware));
  /** Root, DeviceID, what it certified with its measurement, and a key that this certified in turn. */
  const named = (names: { readonly deviceId?: string; readonly alias?: string; readonly leaf?: string }) => {
    const of = (cn: string, serial: string | undefined): string => (serial === undefined ? `CN=${cn}` : `CN=${cn}/SN=${serial}`);
    const [device, inner] = [of('DeviceID', names.deviceId), of('Alias', names.alias)];
    const anchor = certificate({ subject: 'O=Acme', issuer: 'O=Acme', keys: root, signer: root, extensions: [ca()] });
    const chain = [
      certificate({ subject: of('TLS', names.leaf), issuer: inner, keys: leaf, signer: alias, extensions: [usage(0)] }),
      certificate({ subject: inner, issuer: device, keys: alias, signer: deviceId, extensions: [ca(), info] }),
      certificate({ subject: device, issuer: 'O=Acme', keys: deviceId, signer: root, extensions: [ca()] }),
    ];
    const { trust } = prepareTrust({ anchors: [{ name: 'Acme', certificate: base64(anchor) }], referenceSets: [] });
    const links = chain.map(decodeCertificate).map(one => ({ certificate: one, content: contentOf(one) }));
    const context = { trust, keys: new KeyCache(), now: Date.now(), freshness: { kind: 'none' }, ttlSeconds: 1 } as const;
    return verifyChain(links, context, new Checks()).identity;
  };

  it('is not known by the name that a key below its measured layer gives itself', () => {
    const identity = named({ leaf: 'of another device' });
    expect(identity.serial).toBeUndefined();
    expect(identity.subject).toBe('CN=DeviceID');
    expect(identity.deviceKey).toBe(sha256(spkiOf(deviceId)));
  });

  it('is known by the highest name from the measured layer upwards', () => {
    expect(named({ alias: 'mine', leaf: 'of another device' }).serial).toBe('mine');
    expect(named({ deviceId: 'mine', alias: 'other', leaf: 'other' }).serial).toBe('mine');
  });
});

describe('mutation of a DICE chain with integrity registers', () => {
  const chainOf = async (byte: number) =>
    (await device(new Extension(tcbInfoOid, true, insert(tcbInfo(firmware), registers(0xab, byte))))).chain;
  const statuses = (chain: readonly Uint8Array[]): ReadonlySet<string> => {
    const judge = verifier([acme], { sets: [withRegisters] });
    const found = new Set<string>();
    for (const [i, certificate] of chain.entries())
      for (let bit = 0; bit < certificate.length * 8; bit += 3) {
        const changed = certificate.with(bit >> 3, (certificate[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
        const outcome = judge(chain.map((c, j) => (i === j ? changed : c)));
        found.add(outcome.kind === 'appraised' ? outcome.result.status : outcome.kind);
      }
    return found;
  };

  it('no flip of a good one affirms, and no flip of a bad one is better than refused or no Evidence', async () => {
    const [good, bad] = [await chainOf(7), await chainOf(6)];
    expect(result(verifier([acme], { sets: [withRegisters] })(good)).status).toBe('affirming');
    expect(result(verifier([acme], { sets: [withRegisters] })(bad)).status).toBe('contraindicated');
    for (const chain of [good, bad]) for (const status of statuses(chain)) expect(['contraindicated', 'no-evidence']).toContain(status);
  });
});
