import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encode } from 'cborg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyOf } from '../../../gateway/attestation/tpm/keys.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { comid, corim, detached, environment, implementation, psa2025, psaPart, tagged } from '../../attestation/corim-world.ts';
import * as tokenWorld from '../../attestation/token-world.ts';
import { boot, certify, model, referenceSet } from '../../attestation/tpm/world.ts';
import { makeVendor, type Vendor } from '../../vectors/pki.ts';
import { eventLog } from '../../vectors/soft-tpm.ts';
import { noSwtpm, Swtpm } from '../../vectors/swtpm.ts';
import { keyPairs, makeSign1 } from '../../vectors/tokens.ts';
import { Desk, hexOf, trusting } from './world.ts';

/** `sallyport verify` on what programs of others write: swtpm with tpm2-tools, and openssl as CA. */
const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const exit = (desk: Desk, now: number, ...args: readonly string[]): string => {
  const { code, stdout, stderr } = desk.run(now, ...args);
  return `${code} ${/\[([A-Z_]+)\]\nnext/.exec(stdout)?.[1] ?? stderr}`.trim();
};

describe.skipIf(missing !== undefined)('files of tpm2-tools', () => {
  let tpm: Swtpm;
  let edge: Vendor;
  const desk = new Desk();
  const now = Date.now() + 60_000;
  beforeAll(async () => {
    edge = await makeVendor({ name: 'Acme Edge' });
    tpm = Swtpm.make();
    await tpm.start();
    for (const event of boot) tpm.extend(event.pcr, sha256(event.measured ?? event.data));
    const { akPublic } = tpm.makeKeys(['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']);
    desk.put('ak.der', await certify(edge, { privateKey: publicKeyOf(decodeTpmPublic(akPublic)) }));
    desk.put('ak.pub', akPublic);
    desk.put('eventlog.bin', eventLog(boot));
    desk.put('anchors/edge.pem', edge.anchorPem);
    desk.putReferences(referenceSet);
  });
  afterAll(async () => {
    await tpm?.remove();
    desk.remove();
  });
  const files = ['quote.msg', 'quote.sig', 'quote.pcrs', 'ak.pub', 'ak.der', 'eventlog.bin'];
  /** `tpm2_quote` with this challenge, its files as it writes them. */
  function quote(nonce: Uint8Array, ...form: readonly string[]): void {
    const out = ['-m', 'quote.msg', '-s', 'quote.sig', '-o', 'quote.pcrs', ...form];
    tpm.run('tpm2_quote', ['-c', 'ak.ctx', '-l', 'sha256:0,4,7', '-q', hexOf(nonce), '-g', 'sha256', ...out]);
    tpm.flush();
    for (const name of files.slice(0, 3)) desk.put(name, tpm.read(name));
  }
  const verify = (nonce: Uint8Array): string =>
    exit(
      desk,
      now,
      'auto',
      ...files.map(name => desk.at(name)),
      ...trusting(desk),
      '--vendor',
      'Acme Edge',
      '--model',
      model,
      '--nonce',
      hexOf(nonce),
    );

  for (const [what, ...form] of [['its own form'], ['plain values', '-F', 'values']] as const)
    it(`are affirming by their nonce, with PCR values in ${what}`, () => {
      const nonce = randomBytes(32);
      quote(nonce, ...form);
      expect(verify(nonce)).toBe('0');
      expect(verify(randomBytes(32))).toBe('3 NONCE_MISMATCH');
    });
  it('are taken by their bare key too, where a folder of anchors holds it', () => {
    const nonce = randomBytes(32);
    quote(nonce);
    const bare = (folder: string): string => {
      const given = ['quote.msg', 'quote.sig', 'quote.pcrs', 'ak.pub', 'eventlog.bin'].map(name => desk.at(name));
      const named = ['--vendor', 'Acme Edge', '--model', model, '--nonce', hexOf(nonce)];
      return exit(desk, now, 'tpm-quote', ...given, '--anchors', desk.at(folder), ...named);
    };
    const pem = (key: KeyObject): Uint8Array => Buffer.from(key.export({ type: 'spki', format: 'pem' }));
    desk.put('keys/ak.pem', pem(publicKeyOf(decodeTpmPublic(new Uint8Array(readFileSync(desk.at('ak.pub')))))));
    desk.put('others/other.pem', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey));
    expect(bare('keys')).toBe('2 REFERENCE_MISSING');
    expect(bare('others')).toBe('3 CHAIN_INCOMPLETE');
  });
  it('are refused when other firmware was measured, or a byte of any signed part was changed', () => {
    const nonce = randomBytes(32);
    quote(nonce);
    for (const name of ['quote.msg', 'quote.sig', 'quote.pcrs', 'eventlog.bin']) {
      const bytes = new Uint8Array(readFileSync(desk.at(name)));
      const at = name === 'quote.pcrs' ? 4 + 128 + 4 + 4 + 10 : bytes.length - 20;
      desk.put(name, bytes.with(at, (bytes[at] ?? 0) ^ 1));
      expect(verify(nonce), name).toMatch(/^3 /);
      desk.put(name, bytes);
    }
    expect(verify(nonce)).toBe('0');
    tpm.extend(0, sha256(Buffer.from('a patch')));
    quote(nonce);
    expect(verify(nonce)).toBe('3 LOG_MISMATCH');
  });
});

describe('chains and a CRL of openssl', () => {
  const desk = new Desk();
  afterAll(() => desk.remove());
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: desk.folder, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

  it('are judged up to the root that they were made under, revoked ones as such', () => {
    desk.put(
      'ca.cnf',
      'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
    );
    desk.put(
      'leaf.cnf',
      'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
    );
    desk.put('db/index.txt', '');
    desk.put('db/crlnumber', '01\n');
    desk.put(
      'list.cnf',
      '[ca]\ndefault_ca = own\n[own]\ndatabase = db/index.txt\ncrlnumber = db/crlnumber\ndefault_md = sha256\ndefault_crl_days = 2\n',
    );
    openssl(
      'req',
      '-x509',
      ...ec,
      '-keyout',
      'root.key',
      '-subj',
      '/O=Acme/CN=Root',
      '-days',
      '9',
      '-out',
      'root.pem',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    );
    for (const [name, issuer, subject, config] of [
      ['sub', 'root', '/O=Acme/CN=Sub', 'ca.cnf'],
      ['leaf', 'sub', '/O=Acme/serialNumber=A-1/CN=Device', 'leaf.cnf'],
    ] as const) {
      openssl('req', ...ec, '-keyout', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${issuer}.pem`,
        '-CAkey',
        `${issuer}.key`,
        '-CAcreateserial',
        '-days',
        '8',
        '-extfile',
        config,
        '-out',
        `${name}.pem`,
      );
    }
    desk.put('anchors/root.pem', readFileSync(desk.at('root.pem')));
    const chain = [desk.at('leaf.pem'), desk.at('sub.pem')];
    const anchors = ['--anchors', desk.at('anchors')];
    const judged = () => exit(desk, Date.now() + 5000, 'tls-x509', ...chain, ...anchors);
    expect(judged()).toBe('4 EVIDENCE_NOT_FRESH');
    expect(exit(desk, Date.now() + 10 * 86_400_000, 'tls-x509', ...chain, ...anchors)).toBe('3 CERT_EXPIRED');
    const list = (issuer: string): void => {
      openssl(
        'ca',
        '-gencrl',
        '-config',
        'list.cnf',
        '-cert',
        `${issuer}.pem`,
        '-keyfile',
        `${issuer}.key`,
        '-out',
        `anchors/${issuer}.crl`,
      );
    };
    list('root');
    list('sub');
    expect(judged()).toBe('4 EVIDENCE_NOT_FRESH');
    openssl('ca', '-config', 'list.cnf', '-cert', 'sub.pem', '-keyfile', 'sub.key', '-revoke', 'leaf.pem');
    list('sub');
    expect(judged()).toBe('3 CERT_REVOKED');
  });
});

describe('reference values as CoRIM', () => {
  const desk = new Desk();
  afterAll(() => desk.remove());
  it('that an operator signed let a token be affirming, and are left out under another key', () => {
    const { vendor = '' } = tokenWorld.listedKey;
    const file = corim(
      [comid({ 0: [[environment({ 0: tagged(560, implementation), 1: vendor }), [psaPart('BL', 0x11), psaPart('PRoT', 0x22)]]] })],
      {
        3: tagged(32, psa2025),
      },
    );
    desk.put('references/acme.corim', file);
    desk.put('references/acme.corim.sig', detached(file));
    desk.put('anchors/device.pem', keyPairs.ES256.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const operator = createPublicKey(keyPairs.EdDSA.privateKey).export({ type: 'spki', format: 'pem' }).toString();
    const token = desk.put('token', makeSign1(encode(tokenWorld.psaClaims())));
    const call = ['psa', token, ...trusting(desk), '--vendor', vendor, '--nonce', hexOf(tokenWorld.nonce)];
    expect(exit(desk, tokenWorld.now, ...call)).toBe('2 REFERENCE_MISSING');
    desk.put('anchors/operator.refval.pem', operator);
    expect(exit(desk, tokenWorld.now, ...call)).toBe('0');
  });
});
