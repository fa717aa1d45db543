import { execFileSync } from 'node:child_process';
import { createPublicKey, createHash, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentTypes, decodeSignedData } from '../../gateway/codec/cms.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { oid, sequence, tlv } from '../vectors/der-encode.ts';

/** What openssl signs is read: its own two shapes, with a key identifier and with issuer and serial number. */
let folder: string;
let pem: string;
const content = Buffer.from('what is signed');
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
const signed = (...args: string[]): Uint8Array => {
  openssl(
    'cms',
    '-sign',
    '-binary',
    '-md',
    'sha256',
    '-in',
    'content',
    '-signer',
    'c.pem',
    '-inkey',
    'k.pem',
    '-outform',
    'DER',
    '-out',
    'o',
    ...args,
  );
  return new Uint8Array(readFileSync(join(folder, 'o')));
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-cms-${process.pid}-`));
  writeFileSync(join(folder, 'content'), content);
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=signer',
    '-keyout',
    'k.pem',
    '-out',
    'c.pem',
  );
  pem = readFileSync(join(folder, 'c.pem'), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('CMS SignedData', () => {
  it('with a key identifier and no attributes: the signature is over the content', () => {
    const found = decodeSignedData(signed('-nodetach', '-keyid', '-noattr', '-nocerts'));
    expect(found).toMatchObject({ version: 3, contentType: contentTypes.data, certificates: [], revocations: [] });
    expect(Buffer.from(found.content ?? [])).toEqual(content);
    const [signer] = found.signers;
    expect(signer).toMatchObject({ version: 3, sid: { kind: 'key-id' }, unsigned: [] });
    expect(signer?.signed).toBeUndefined();
    expect(verify('sha256', content, createPublicKey(pem), signer?.signature ?? new Uint8Array())).toBe(true);
  });

  it('with attributes, detached: the signature is over them as a SET, and they hold the digest', () => {
    const found = decodeSignedData(signed());
    expect(found).toMatchObject({ version: 1, contentType: contentTypes.data });
    expect(found.content).toBeUndefined();
    expect(found.certificates).toHaveLength(1);
    const [signer] = found.signers;
    expect(signer).toMatchObject({ version: 1, sid: { kind: 'issuer-serial' } });
    const digest = signer?.signed?.attributes.find(a => a.oid === '1.2.840.113549.1.9.4')?.values[0];
    expect(Buffer.from(digest ?? []).subarray(2)).toEqual(createHash('sha256').update(content).digest());
    expect(verify('sha256', signer?.signed?.der ?? new Uint8Array(), createPublicKey(pem), signer?.signature ?? new Uint8Array())).toBe(
      true,
    );
  });

  it('cut off at any byte throws, with bytes after it too', () => {
    const whole = signed('-nodetach');
    for (let n = 0; n < whole.length; n++) expect(() => decodeSignedData(whole.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
    expect(() => decodeSignedData(Uint8Array.of(...whole, 0))).toThrow(DecodeError);
  });

  it('in BER with indefinite lengths is refused', () => {
    expect(() => decodeSignedData(signed('-nodetach', '-stream'))).toThrow(/length octet 0x80/);
  });

  it.each([
    ['another content type', sequence(oid(contentTypes.data), tlv(0xa0, sequence()))],
    ['more than 16 digest algorithms', signedData(Array.from({ length: 17 }, () => sequence(oid('2.16.840.1.101.3.4.2.1'))))],
    ['an empty list of signed attributes', signedData([], tlv(0xa0))],
    ['an attribute twice', signedData([], tlv(0xa0, attribute(), attribute()))],
  ])('with %s is refused', (_, der) => {
    expect(() => decodeSignedData(der)).toThrow(DecodeError);
  });

  it('made by the writer of these vectors is read when nothing is wrong', () => {
    expect(decodeSignedData(signedData([], tlv(0xa0, attribute()))).signers).toHaveLength(1);
  });
});

function attribute(): Uint8Array {
  return sequence(oid('1.2.840.113549.1.9.3'), tlv(0x31, oid(contentTypes.data)));
}
function signedData(digests: readonly Uint8Array[], attributes = new Uint8Array()): Uint8Array {
  const algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'));
  const signer = sequence(
    tlv(2, Uint8Array.of(3)),
    tlv(0x80, Uint8Array.of(1)),
    algorithm,
    attributes,
    algorithm,
    tlv(4, Uint8Array.of(1)),
  );
  const body = sequence(tlv(2, Uint8Array.of(3)), tlv(0x31, ...digests), sequence(oid(contentTypes.data)), tlv(0x31, signer));
  return sequence(oid(contentTypes.signedData), tlv(0xa0, body));
}
