import { beforeAll, describe, expect, it } from 'vitest';
import { makeDiceDevice, makeIdevid, makeSelfSigned, makeVendor, sha256Hex, type Vendor } from '../vectors/pki.ts';
import { checksOf, referenceSet, result, spec, verifier } from './world.ts';
import { evidenceId } from '../../gateway/attestation/evidence.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
});
const firmware = referenceSet.components.slice(0, 1);
const second = { name: 'bootloader', layer: 0, versions: [{ version: 'b1', alg: 'sha-256', digest: 'cd'.repeat(32) }] };
const boot = { layer: 0, fwids: [{ alg: 'sha-256' as const, digest: 'cd'.repeat(32) }] };

describe('a DICE device with known firmware', () => {
  it('affirms with A5, and every check passed', async () => {
    const device = await makeDiceDevice(acme, spec);
    const judged = result(verifier([acme], { now: 1_800_000_000_000 })(device.chain));
    expect(judged).toMatchObject({
      status: 'affirming',
      assurance: 5,
      at: 1_800_000_000_000,
      expires: 1_800_000_600_000,
      scheme: 'tls-x509',
      evidence: evidenceId(device.chain),
      referenceSets: [referenceSet.id],
      vector: { 'instance-identity': 2, executables: 2, configuration: 2 },
      identity: {
        serial: 'TS2-000123',
        deviceKey: device.deviceKeySha256,
        anchor: 'Acme Sensors',
        vendor: 'Acme Sensors',
        model: 'TempSense-2',
        version: 'fw-1.0.0',
        svn: '5',
      },
    });
    expect(judged.reason).toBeUndefined();
    expect(checksOf(judged)).toEqual(
      ['answered', 'fresh', 'readable', 'chain', 'identity', 'measured', 'reference', 'version', 'mode'].map(c => `${c} passed`),
    );
  });

  it('keeps its device key over a firmware update, while its leaf key changes', async () => {
    const before = await makeDiceDevice(acme, spec);
    const after = await makeDiceDevice(acme, { ...spec, deviceIdKeys: before.deviceIdKeys });
    const [a, b] = [before, after].map(d => result(verifier([acme])(d.chain)).identity);
    expect(a?.deviceKey).toBe(b?.deviceKey);
    expect(a?.leafKey).not.toBe(b?.leafKey);
  });

  it('affirms the same when it sends the anchor along, and when unrelated certificates follow it', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const stranger = await makeSelfSigned({ cn: 'unrelated' });
    for (const sent of [
      [...chain, acme.anchorDer],
      [...chain, acme.anchorDer, ...stranger.chain],
    ])
      expect(result(verifier([acme])(sent))).toMatchObject({ status: 'affirming', assurance: 5 });
  });

  it('affirms with several components when each is known, and with a second reference set that fits', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, more: [boot] });
    const both = { ...referenceSet, id: 'both', components: [...firmware, second] };
    const judged = result(verifier([acme], { sets: [referenceSet, both] })(chain));
    expect(judged).toMatchObject({ status: 'affirming', referenceSets: ['both'] });
  });

  it('does not outlive its certificates', async () => {
    const soon = new Date(Math.ceil((Date.now() + 60_000) / 1000) * 1000);
    const { chain } = await makeDiceDevice(acme, spec, { alias: p => ({ ...p, notAfter: soon }) });
    expect(result(verifier([acme])(chain)).expires).toBe(soon.getTime());
  });
});

describe('firmware that is not known', () => {
  it('shows what was expected and what was seen', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, version: 'fw-6.6.6', digestHex: 'ee'.repeat(32) });
    const judged = result(verifier([acme])(chain));
    expect(judged).toMatchObject({ status: 'contraindicated', reason: 'DIGEST_UNKNOWN', assurance: 3 });
    expect(judged.checks.find(c => c.check === 'reference')).toMatchObject({
      outcome: 'failed',
      expected: `firmware fw-1.0.0 sha-256:${'ab'.repeat(32)}`,
      seen: `layer 1 fw-6.6.6 sha-256:${'ee'.repeat(32)}`,
    });
    expect(judged.digestsSeen).toEqual([{ alg: 'sha-256', value: 'ee'.repeat(32) }]);
    expect(judged.digestsExpected).toEqual([{ alg: 'sha-256', value: 'ab'.repeat(32) }]);
    expect(judged.identity?.serial).toBe(spec.serial);
  });

  it('includes a required component that is not measured', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const judged = result(verifier([acme], { sets: [{ ...referenceSet, components: [...firmware, second] }] })(chain));
    expect(judged.reason).toBe('DIGEST_UNKNOWN');
    expect(judged.checks.find(c => c.check === 'reference')?.expected).toBe(`bootloader b1 sha-256:${'cd'.repeat(32)}`);
  });

  it('of a model without reference values is a warning at A4', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, model: 'TempSense-3' });
    expect(result(verifier([acme])(chain))).toMatchObject({
      status: 'warning',
      reason: 'REFERENCE_MISSING',
      assurance: 4,
      vector: { executables: 33 },
    });
  });

  it('in debug mode is contraindicated, reference values or not', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, model: 'TempSense-3', flags: [3] });
    expect(result(verifier([acme])(chain))).toMatchObject({ status: 'contraindicated', reason: 'DEBUG_ENABLED' });
  });

  it('with a digest that is only known under SHA-1 is unknown', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const sha1 = {
      ...referenceSet,
      components: [{ name: 'firmware', layer: 1, versions: [{ version: '1', alg: 'sha-1', digest: 'ab'.repeat(32) }] }],
    };
    expect(result(verifier([acme], { sets: [sha1] })(chain)).reason).toBe('DIGEST_UNKNOWN');
  });
});

describe('a vendor', () => {
  it('cannot vouch for the firmware of another, though its own anchor is trusted', async () => {
    const other = await makeVendor({ name: 'Other Corp' });
    const { chain } = await makeDiceDevice(other, { ...spec, claimedVendor: 'Acme Sensors' });
    const judged = result(verifier([acme, other])(chain));
    expect(judged).toMatchObject({ status: 'warning', reason: 'REFERENCE_MISSING' });
    expect(judged.checks.find(c => c.check === 'reference')?.detail).toContain('do not name the anchor Other Corp');
  });

  it('whose CA has another name counts when the signed reference values name its key', async () => {
    const maker = await makeVendor({ name: 'Acme Holding PLC' });
    const key = sha256Hex(new Uint8Array(maker.certificate.publicKey.rawData));
    const { chain } = await makeDiceDevice(maker, { ...spec, claimedVendor: 'Acme Sensors' });
    const judged = result(verifier([maker], { sets: [{ ...referenceSet, anchors: [key] }] })(chain));
    expect(judged.status).toBe('affirming');
    expect(result(verifier([acme], { sets: [{ ...referenceSet, anchors: [key] }] })((await makeDiceDevice(acme, spec)).chain)).status).toBe(
      'warning',
    );
  });
});

describe('flags', () => {
  it('outside the mask say nothing', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, flags: [3], flagsMask: [0, 1, 2] });
    expect(result(verifier([acme])(chain)).status).toBe('affirming');
  });
  it('without a mask assert the four original bits; recovery and debug are positive', async () => {
    for (const bit of [1, 2, 3]) {
      const { chain } = await makeDiceDevice(acme, { ...spec, flags: [bit] });
      expect(result(verifier([acme])(chain)).reason).toBe('DEBUG_ENABLED');
    }
  });
  it('notConfigured is a warning', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, flags: [0] });
    expect(result(verifier([acme])(chain))).toMatchObject({ status: 'warning', reason: 'DEBUG_ENABLED', vector: { configuration: 32 } });
  });
});

describe('security versions', () => {
  it('of 32 octets compare as numbers', async () => {
    const { chain } = await makeDiceDevice(acme, { ...spec, svn: 2n ** 255n });
    const judge = (minSvn: string) => result(verifier([acme], { sets: [{ ...referenceSet, minSvn }] })(chain)).reason;
    expect([judge(`${2n ** 255n}`), judge(`${2n ** 255n + 1n}`)]).toEqual([undefined, 'VERSION_DENIED']);
  });
  it('have a floor per component that overrules the set', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const components = firmware.map(c => ({ ...c, minSvn: '6' }));
    expect(result(verifier([acme], { sets: [{ ...referenceSet, components }] })(chain)).reason).toBe('VERSION_DENIED');
  });
});

describe('an IDevID without measurements', () => {
  it('is a warning at A3, with its serial, whether or not it has a HardwareModuleName', async () => {
    for (const hardwareModule of [true, false]) {
      const id = await makeIdevid(acme, { serial: 'ID-7', hardwareModule });
      const judged = result(verifier([acme])(id.chain));
      expect(judged).toMatchObject({ status: 'warning', reason: 'NO_MEASUREMENTS', assurance: 3, vector: { executables: 0 } });
      expect(judged.identity).toMatchObject({ serial: 'ID-7', deviceKey: id.deviceKeySha256, leafKey: id.deviceKeySha256 });
    }
  });
  it('that fails is contraindicated', async () => {
    const id = await makeIdevid(acme, { serial: 'ID-7', edit: p => ({ ...p, notAfter: new Date(Date.now() - 1000) }) });
    expect(result(verifier([acme])(id.chain))).toMatchObject({ status: 'contraindicated', reason: 'CERT_EXPIRED' });
  });
  it('whose HardwareModuleName is anchored nowhere is contraindicated, not no Evidence', async () => {
    const id = await makeIdevid(await makeVendor({ name: 'Nobody' }), { serial: 'ID-7', hardwareModule: true });
    expect(result(verifier([acme])(id.chain)).status).toBe('contraindicated');
  });
});

describe('no Evidence', () => {
  it("is a printer's self-signed page, even with a serial number in its name", async () => {
    for (const serial of [undefined, 'PRN-1']) {
      const printer = await makeSelfSigned({ cn: 'printer.local', ...(serial === undefined ? {} : { serial }) });
      const outcome = verifier([acme])(printer.chain);
      if (outcome.kind !== 'no-evidence') throw new Error(outcome.kind);
      expect(outcome.leafKey).toMatch(/^[0-9a-f]{64}$/);
      expect(outcome.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    }
  });
  it('is an unanchored chain, an expired one, and one that cannot be read, without such content', async () => {
    const stranger = await makeIdevid(await makeVendor({ name: 'Web CA' }), { serial: 'x' });
    const expired = await makeSelfSigned({ cn: 'old' });
    const later = verifier([acme], { now: Date.parse('9999-12-31T23:59:59.500Z') });
    expect(verifier([acme])(stranger.chain).kind).toBe('no-evidence');
    expect(later(expired.chain).kind).toBe('no-evidence');
    expect(verifier([acme])([Uint8Array.of(0x30, 0x01)]).kind).toBe('no-evidence');
  });
});

describe('freshness', () => {
  it('is missing in a resumed session and without a certificate: neither passes', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const resumed = verifier([acme], { freshness: { kind: 'handshake', protocol: 'TLSv1.2', resumed: true } })(chain);
    expect(result(resumed)).toMatchObject({ status: 'contraindicated', reason: 'HANDSHAKE_NOT_FRESH', assurance: 0 });
    expect(verifier([acme])([]).kind).toBe('no-evidence');
  });
});
