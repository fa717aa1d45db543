import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { decodeNvCertificate } from '../../gateway/codec/x509-nv.ts';
import { attribute, attributeTypes } from '../../gateway/codec/x509-name.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { openWhole, tags } from '../../gateway/codec/der.ts';
import { oid, sequence, tlv } from '../vectors/der-encode.ts';
import { type DiceDevice, makeDiceDevice, makeIdevid, makeVendor, pem, type Vendor } from '../vectors/pki.ts';

const folder = mkdtempSync(join(tmpdir(), `sallyport-x509-${process.pid}-`));
let acme: Vendor;
let device: DiceDevice;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors', pathLength: 3 });
  device = await makeDiceDevice(acme, { serial: 'TS2-000123', model: 'TempSense-2', digestHex: 'ab'.repeat(32), svn: 7 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openssl = (args: readonly string[], input?: Uint8Array): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });

describe('a certificate', () => {
  it('says the same to us as to OpenSSL', () => {
    for (const der of [acme.anchorDer, ...device.chain]) {
      const ours = decodeCertificate(der);
      const theirs = new X509Certificate(der);
      expect(ours.serialNumber.replace(/^00/, '')).toBe(theirs.serialNumber.toLowerCase());
      expect(ours.subject.text.split(', ')).toEqual(theirs.subject.split('\n'));
      expect(ours.issuer.text.split(', ')).toEqual(theirs.issuer.split('\n'));
      expect([ours.notBefore, ours.notAfter]).toEqual([theirs.validFromDate.getTime(), theirs.validToDate.getTime()]);
      expect(ours.basicConstraints?.ca ?? false).toBe(theirs.ca);
      expect(Buffer.from(ours.spki).equals(theirs.publicKey.export({ type: 'spki', format: 'der' }))).toBe(true);
    }
    expect(decodeCertificate(acme.anchorDer).basicConstraints).toEqual({ ca: true, pathLength: 3 });
  });

  it('of our own making passes `openssl verify` and shows its TcbInfo in `asn1parse`', () => {
    const [anchors, chain] = [join(folder, 'anchor.pem'), join(folder, 'chain.pem')];
    writeFileSync(anchors, acme.anchorPem);
    writeFileSync(chain, device.chainPem);
    expect(openssl(['verify', '-ignore_critical', '-CAfile', anchors, '-untrusted', chain, chain])).toContain('OK');
    const tcb = decodeCertificate(device.chain[0] ?? new Uint8Array()).extensions.find(e => e.oid === '2.23.133.5.4.1');
    const parsed = openssl(['asn1parse', '-inform', 'DER'], tcb?.value ?? new Uint8Array());
    for (const tag of ['cont [ 0 ]', 'cont [ 3 ]', 'cont [ 6 ]', 'cont [ 7 ]']) expect(parsed).toContain(tag);
    expect(parsed).toContain(':sha256');
    expect(parsed).toContain('AB'.repeat(32));
  });

  it('has its names as they stand: HardwareModuleName, serialNumber, and control characters escaped in what people see', async () => {
    const id = await makeIdevid(acme, { serial: 'SN \u202e\u0007', hardwareModule: true });
    const certificate = decodeCertificate(id.chain[0] ?? new Uint8Array());
    expect(attribute(certificate.subject, attributeTypes.serialNumber)).toBe('SN \u202e\u0007');
    expect(certificate.subject.text).toContain('SN \\u{202e}\\u{7}');
    expect(certificate.hardwareModule).toEqual({
      type: '1.3.6.1.4.1.99999.1',
      serial: `0x${Buffer.from('SN \u202e\u0007').toString('hex')}`,
    });
    const plain = await makeIdevid(acme, { serial: 'SN-1', hardwareModule: true });
    expect(decodeCertificate(plain.chain[0] ?? new Uint8Array()).hardwareModule?.serial).toBe('SN-1');
  });

  it('in an NV index of a TPM may be followed by what the index was filled with before, and by nothing else', () => {
    const der = acme.anchorDer;
    const followed = (...more: readonly number[]): Uint8Array => Uint8Array.of(...der, ...more);
    for (const bytes of [der, followed(0), followed(0xff), followed(0xff, 0xff), followed(0, 0, 0)])
      expect(decodeNvCertificate(bytes).serialNumber).toEqual(decodeCertificate(der).serialNumber);
    for (const bytes of [followed(1), followed(0xff, 0), followed(0, 0, 0x30), der.subarray(0, -1), new Uint8Array()])
      expect(() => decodeNvCertificate(bytes)).toThrow(DecodeError);
    expect(() => decodeCertificate(followed(0))).toThrow(DecodeError);
  });

  it('has the HardwareModuleName of a key in a TPM: its maker, and the issuer and serial of the certificate of its EK', async () => {
    const inTpm = async (ofEk: string): Promise<string | undefined> => {
      const { chain } = await makeIdevid(acme, { serial: 'SN-1', ofEk });
      return decodeCertificate(chain[0] ?? new Uint8Array()).hardwareModule?.serial;
    };
    const long = `INTC:${'A1'.repeat(32)}:${'7F'.repeat(20)}`;
    expect(await inTpm(long)).toBe(long);
    await expect(inTpm('5'.repeat(256))).rejects.toThrow(new DecodeError('Cannot read hwSerialNum: 256 octets'));
    await expect(inTpm('\0'.repeat(127))).rejects.toThrow(new DecodeError('Cannot read hwSerialNum: 127 octets'));
  });

  it('of OpenSSL with other keys is read: P-384, P-521, Ed25519, RSA; explicit curve parameters are named as such', () => {
    const kinds: readonly (readonly [readonly string[], object])[] = [
      [['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], { kind: 'ec', curve: 'P-384' }],
      [['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], { kind: 'ec', curve: 'P-521' }],
      [['ed25519'], { kind: 'ed25519' }],
      [['rsa:2048'], { kind: 'rsa', bits: 2048 }],
      [
        ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
        { kind: 'other', found: 'elliptic curve with explicit parameters' },
      ],
      [['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], { kind: 'other', found: 'elliptic curve 1.3.132.0.10' }],
    ];
    for (const [how, kind] of kinds) {
      const text = openssl([
        'req',
        '-x509',
        '-newkey',
        ...how,
        '-nodes',
        '-keyout',
        join(folder, 'k.pem'),
        '-subj',
        '/CN=x/',
        '-days',
        '1',
      ]);
      const der = new Uint8Array(new X509Certificate(text).raw);
      expect(decodeCertificate(der).key).toEqual(kind);
    }
  });

  it('with a time that does not exist is refused', () => {
    const at = Buffer.from(device.chain[0] ?? new Uint8Array()).indexOf('99991231235959Z');
    const changed = Buffer.from(device.chain[0] ?? new Uint8Array());
    changed.write('99991331235959Z', at);
    expect(at).toBeGreaterThan(0);
    expect(() => decodeCertificate(new Uint8Array(changed))).toThrow(DecodeError);
  });

  it('with bytes left over, or with two signature algorithms, is refused', () => {
    const outer = openWhole(device.chain[0] ?? new Uint8Array(), tags.sequence, 'certificate');
    const [tbs, algorithm, signature] = [outer.next(), outer.next(), outer.next()];
    const extra = tlv(0x05);
    const sha384 = sequence(oid('1.2.840.10045.4.3.3'));
    const rebuilt = (...parts: readonly Uint8Array[]) => sequence(...parts);
    expect(decodeCertificate(rebuilt(tbs.whole, algorithm.whole, signature.whole)).subject.text).toContain('Alias');
    for (const wrong of [
      rebuilt(tbs.whole, algorithm.whole, signature.whole, extra),
      rebuilt(sequence(tbs.content, extra), algorithm.whole, signature.whole),
      rebuilt(tbs.whole, sha384, signature.whole),
    ])
      expect(() => decodeCertificate(wrong)).toThrow(DecodeError);
  });

  it('is written as PEM that OpenSSL reads', () => {
    expect(openssl(['x509', '-noout', '-subject'], Buffer.from(pem(acme.anchorDer)))).toContain('Acme Sensors');
  });
});
