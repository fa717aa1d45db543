import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRevocation } from '../../gateway/attestation/revocation.ts';
import { decodeOcspResponse } from '../../gateway/codec/ocsp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import { ca, certificate, crl, extension, type Keys, ocsp, type OcspPlan, purposes, usage } from '../vectors/path-pki.ts';
import { tlv } from '../vectors/der-encode.ts';
import { type Given, keys, leaf, now, root, verdict } from './path-world.ts';

type Asked = { readonly nonce?: Uint8Array; readonly crls?: readonly Uint8Array[]; readonly at?: number; readonly given?: Given };
/** A leaf of serial number 77 directly under the root; the verdict where it must be known to be good. */
const chain: Given = { leaf: leaf({ issuer: 'CN=Root', signer: keys.root, serial: 77 }) };
function judged(responses: readonly Uint8Array[], { nonce, crls = [], at = now, given = chain }: Asked = {}): string {
  const decoded = responses.flatMap(der => decodeOcspResponse(der) ?? []);
  const sources = {
    crls: crls.map(decodeCrl),
    signers: [],
    ocsp: decoded,
    whenUnknown: 'refuse',
    ...(nonce === undefined ? {} : { nonce }),
  } as const;
  return verdict({ ...given, rules: { now: at }, accept: (path, work) => void checkRevocation(path, sources, at, work) });
}
const answer = (change: Partial<OcspPlan> = {}): Uint8Array =>
  ocsp({ issuer: 'CN=Root', issuerKeys: keys.root, serial: 77, status: 'good', responder: 'CN=Root', signer: keys.root, ...change });
const signing = purposes('1.3.6.1.5.5.7.3.9');
const noCheck = extension('1.3.6.1.5.5.7.48.1.5', false, tlv(0x05));
const criticalNoCheck = extension('1.3.6.1.5.5.7.48.1.5', true, tlv(0x05));
/** A certificate for a responder of the name R, and the answer that it signs. */
const delegated = (
  extensions: readonly Uint8Array[],
  change: { readonly issuer?: string; readonly by?: Keys; readonly until?: string; readonly serial?: number } = {},
): Uint8Array => {
  const { issuer = 'CN=Root', by = keys.root, until = '20300101000000Z', serial = 5 } = change;
  const responder = certificate({ subject: 'CN=R', issuer, keys: keys.b, signer: by, extensions, until, serial });
  return answer({ responder: 'CN=R', signer: keys.b, certificates: [responder] });
};
const [good, revoked, unknown] = ['accepted', 'CERT_REVOKED', 'REVOCATION_UNKNOWN'];

describe('an OCSP response', () => {
  it('of the issuer itself says good, revoked or unknown', () => {
    expect(judged([answer()])).toBe(good);
    expect(judged([answer({ status: 'revoked' })])).toBe(revoked);
    expect(judged([answer({ status: 'unknown' })])).toBe(unknown);
  });
  it('that is a forged good is refused: signed by another key under the right name', () => {
    expect(judged([answer({ signer: keys.other })])).toBe(unknown);
    const self = certificate({ subject: 'CN=Root', issuer: 'CN=Root', keys: keys.other, signer: keys.other, extensions: [ca(), signing] });
    expect(judged([answer({ signer: keys.other, certificates: [self] })])).toBe(unknown);
  });
  it('that is a forged good beside a genuine revoked does not help', () => {
    expect(judged([answer({ signer: keys.other }), answer({ status: 'revoked' })])).toBe(revoked);
    expect(judged([answer(), answer({ status: 'revoked' })])).toBe(revoked);
    expect(judged([answer()], { crls: [crl({ issuer: 'CN=Root', signer: keys.root, entries: [{ serial: 77 }] })] })).toBe(revoked);
  });
  it('about another certificate, or one of another issuer, says nothing', () => {
    expect(judged([answer({ serial: 78 })])).toBe(unknown);
    expect(judged([answer({ issuer: 'CN=Other' })])).toBe(unknown);
    expect(judged([answer({ issuerKeys: keys.other })])).toBe(unknown);
  });
  it('is of now: begun, not overdue, within five minutes of our clock', () => {
    const minute = 60_000;
    expect(judged([answer({ until: '20260101000000Z' })], { at: now + 4 * minute })).toBe(good);
    expect(judged([answer({ until: '20260101000000Z' })], { at: now + 6 * minute })).toBe(unknown);
    expect(judged([answer({ from: '20260101000400Z' })])).toBe(good);
    expect(judged([answer({ from: '20260101000600Z' })])).toBe(unknown);
    expect(judged([answer({ producedAt: '20260101000600Z' })])).toBe(unknown);
  });
  it('that is not of now still revokes: only a hold is taken back', () => {
    const because = (reason: number): Partial<OcspPlan> => ({
      status: 'revoked',
      revokedInfo: [tlv(0xa0, tlv(0x0a, Uint8Array.of(reason)))],
    });
    const late = { until: '20250101000000Z' };
    for (const change of [late, { from: '20270101000000Z' }, { producedAt: '20270101000000Z' }]) {
      expect([{ status: 'revoked' } as const, because(1), because(6)].map(c => judged([answer({ ...c, ...change })]))).toEqual([
        revoked,
        revoked,
        unknown,
      ]);
      expect(judged([answer({ ...because(1), ...change, signer: keys.other })])).toBe(unknown);
    }
    expect(judged([answer(because(6))])).toBe(revoked);
    expect(judged([answer({ ...because(1), ...late }), answer()])).toBe(revoked);
    expect(judged([answer({ ...because(6), ...late }), answer()])).toBe(good);
  });
  it('whose reason for revoking cannot be read is none', () => {
    for (const revokedInfo of [[tlv(0x05)], [tlv(0xa0, tlv(0x02, Uint8Array.of(1)))], [tlv(0xa0, tlv(0x0a, Uint8Array.of(1)), tlv(0x05))]])
      expect(() => decodeOcspResponse(answer({ status: 'revoked', revokedInfo }))).toThrow(DecodeError);
  });
  it('that names no end lives for a day', () => {
    expect(judged([answer({ from: '20260101000000Z', until: null })], { at: now + 23 * 3_600_000 })).toBe(good);
    expect(judged([answer({ from: '20260101000000Z', until: null })], { at: now + 25 * 3_600_000 })).toBe(unknown);
  });
  it('has our nonce where we asked with one', () => {
    const nonce = Uint8Array.from({ length: 32 }, (_, i) => i);
    expect(judged([answer({ nonce })], { nonce })).toBe(good);
    expect(judged([answer({ nonce })])).toBe(good);
    expect(judged([answer()], { nonce })).toBe(unknown);
    expect(judged([answer({ nonce: nonce.toReversed() })], { nonce })).toBe(unknown);
  });
  it('with a critical extension that we do not know says nothing, in the answer or around it', () => {
    const [odd, known] = [extension('1.3.6.1.4.1.99999.7', true, tlv(0x05)), extension('1.3.6.1.4.1.99999.7', false, tlv(0x05))];
    expect(judged([answer({ extensions: [odd] })])).toBe(unknown);
    expect(judged([answer({ responseExtensions: [odd] })])).toBe(unknown);
    expect(judged([answer({ extensions: [known], responseExtensions: [known] })])).toBe(good);
  });
  it("counts while it is among the first sixteen about its serial number: more are nobody's honest staple", () => {
    const forged = Array.from({ length: 16 }, () => answer({ signer: keys.other }));
    expect(judged([...forged.slice(1), answer()])).toBe(good);
    expect(judged([...forged, answer()])).toBe(unknown);
    expect(judged([...Array.from({ length: 300 }, () => answer({ serial: 78 })), answer()])).toBe(good);
  });
  it('that says try later says nothing', () => {
    expect(decodeOcspResponse(Uint8Array.of(0x30, 3, 0x0a, 1, 3))).toBeUndefined();
  });
});

describe('a responder', () => {
  it('may be one that the issuer named for it', () => {
    expect(judged([delegated([signing, noCheck, usage(0)])])).toBe(good);
    expect(judged([delegated([signing])])).toBe(good);
  });
  it('may be told by the hash of its key', () => {
    expect(judged([answer({ responder: keys.root })])).toBe(good);
    expect(judged([answer({ responder: keys.b })])).toBe(unknown);
    const named = certificate({ subject: 'CN=R', issuer: 'CN=Root', keys: keys.b, signer: keys.root, extensions: [signing], serial: 5 });
    expect(judged([answer({ responder: keys.b, signer: keys.b, certificates: [named] })])).toBe(good);
    expect(judged([answer({ responder: keys.root, signer: keys.b, certificates: [named] })])).toBe(unknown);
  });
  it('may sign for whatever a signature is for', () => {
    for (const bit of [0, 1]) expect(judged([delegated([signing, usage(bit)])])).toBe(good);
    for (const bit of [2, 5, 6]) expect(judged([delegated([signing, usage(bit)])])).toBe(unknown);
  });
  it('is no ordinary leaf of the issuer, nor one for any purpose', () => {
    expect(judged([delegated([usage(0)])])).toBe(unknown);
    expect(judged([delegated([purposes('2.5.29.37.0')])])).toBe(unknown);
  });
  it('signs itself: its certificate beside an answer of another key is worth nothing', () => {
    const genuine = certificate({ subject: 'CN=R', issuer: 'CN=Root', keys: keys.b, signer: keys.root, extensions: [signing, noCheck] });
    expect(judged([answer({ responder: 'CN=R', signer: keys.b, certificates: [genuine] })])).toBe(good);
    expect(judged([answer({ responder: 'CN=R', signer: keys.other, certificates: [genuine] })])).toBe(unknown);
    expect(judged([answer({ responder: 'CN=S', signer: keys.b, certificates: [genuine] })])).toBe(unknown);
  });
  it('has a key that we accept', () => {
    for (const [modulusLength, wanted] of [
      [1024, unknown],
      [2048, good],
    ] as const) {
      const rsa = generateKeyPairSync('rsa', { modulusLength });
      const responder = certificate({ subject: 'CN=R', issuer: 'CN=Root', keys: rsa, signer: keys.root, extensions: [signing, noCheck] });
      expect(judged([answer({ responder: 'CN=R', signer: rsa, certificates: [responder] })])).toBe(wanted);
    }
  });
  it('is none that another named, under whatever name', () => {
    expect(judged([delegated([signing], { by: keys.other })])).toBe(unknown);
    expect(judged([delegated([signing], { issuer: 'CN=Other', by: keys.other })])).toBe(unknown);
  });
  it('has a certificate in date, for signing, without critical extensions that we do not know', () => {
    expect(judged([delegated([signing], { until: '20251231000000Z' })])).toBe(unknown);
    expect(judged([delegated([signing, usage(5)])])).toBe(unknown);
    expect(judged([delegated([signing, extension('1.3.6.1.4.1.99999.7', true, tlv(0x05))])])).toBe(unknown);
  });
  it('is none that its issuer revoked, unless it is said not to be asked about', () => {
    const crls = [crl({ issuer: 'CN=Root', signer: keys.root, entries: [{ serial: 5 }], extensions: [] })];
    const other = [crl({ issuer: 'CN=Root', signer: keys.root, entries: [{ serial: 6 }], until: '20251231000000Z' })];
    expect(judged([delegated([signing])], { crls: other })).toBe(good);
    // The CRL alone is enough to know the leaf, so it is left out of what the answer is about.
    const onlyCas = [
      crl({
        issuer: 'CN=Root',
        signer: keys.root,
        entries: [{ serial: 5 }],
        extensions: [extension('2.5.29.28', true, tlv(0x30, tlv(0x81, Uint8Array.of(0xff))))],
      }),
    ];
    const given = { leaf: leaf({ issuer: 'CN=Root', signer: keys.root, serial: 77, extensions: [ca()] }) };
    expect(judged([delegated([signing])], { crls: onlyCas, given })).toBe(unknown);
    for (const mark of [noCheck, criticalNoCheck]) expect(judged([delegated([signing, mark])], { crls: onlyCas, given })).toBe(good);
    expect(judged([], { crls })).toBe(good);
  });
});

describe('OpenSSL answers', () => {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-ocsp-${process.pid}-`));
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const der = (file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;
  const at = Date.now();
  let given: Given = { leaf: root() };

  const issue = (who: string, extensions: string, by: string): void => {
    writeFileSync(join(folder, `${who}.cnf`), extensions);
    openssl('req', ...ec, '-keyout', `${who}.key`, '-subj', `/CN=${who}`, '-out', `${who}.csr`);
    const ca_ = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-set_serial', String(100 + who.length)];
    openssl('x509', '-req', '-in', `${who}.csr`, ...ca_, '-days', '30', '-extfile', `${who}.cnf`, '-out', `${who}.pem`);
    openssl('x509', '-in', `${who}.pem`, '-outform', 'DER', '-out', `${who}.der`);
  };
  /** What OpenSSL answers about the device; `status` is V or R in its index. */
  const respond = (status: 'V' | 'R', signer: string, name: string): Uint8Array => {
    const line = status === 'V' ? 'V\t491231235959Z\t' : 'R\t491231235959Z\t250101000000Z';
    writeFileSync(join(folder, 'index.txt'), `${line}\t6A\tunknown\t/CN=device\n`);
    writeFileSync(join(folder, 'index.txt.attr'), 'unique_subject = no\n');
    openssl(
      'ocsp',
      '-index',
      'index.txt',
      '-rsigner',
      `${signer}.pem`,
      '-rkey',
      `${signer}.key`,
      '-CA',
      'ca.pem',
      '-reqin',
      'req.der',
      '-respout',
      name,
      '-ndays',
      '3',
    );
    return der(name);
  };

  beforeAll(() => {
    openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-subj', '/CN=ca', '-days', '30', '-out', 'ca.pem');
    openssl('x509', '-in', 'ca.pem', '-outform', 'DER', '-out', 'ca.der');
    openssl('req', '-x509', ...ec, '-keyout', 'rogue.key', '-subj', '/CN=ca', '-days', '30', '-out', 'rogue.pem');
    issue('device', 'keyUsage=digitalSignature\n', 'ca');
    issue('responder', 'extendedKeyUsage=OCSPSigning\n', 'ca');
    openssl('ocsp', '-issuer', 'ca.pem', '-cert', 'device.pem', '-no_nonce', '-reqout', 'req.der');
    given = { leaf: der('device.der'), anchors: [der('ca.der')] };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('as the CA and as its responder: good and revoked are understood', () => {
    for (const signer of ['ca', 'responder']) {
      expect(judged([respond('V', signer, 'good.der')], { given, at: at + 60_000 })).toBe(good);
      expect(judged([respond('R', signer, 'revoked.der')], { given, at: at + 60_000 })).toBe(revoked);
    }
  });
  it('with good as somebody else, or as the device itself: that is refused', () => {
    for (const signer of ['rogue', 'device'])
      expect(judged([respond('V', signer, 'forged.der')], { given, at: at + 60_000 })).toBe(unknown);
  });
  it('with CRLs as well: of 3 entries, one with a reason', () => {
    writeFileSync(
      join(folder, 'ca.cnf'),
      '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=3\ncrlnumber=n\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n',
    );
    writeFileSync(join(folder, 'n'), '01\n');
    const list = (serial: string): Uint8Array => {
      const lines = ['11', '12,keyCompromise', serial].map(
        s => `R\t491231235959Z\t250101000000Z${s.includes(',') ? ',keyCompromise' : ''}\t${s.split(',')[0]}\tunknown\t/CN=x\n`,
      );
      writeFileSync(join(folder, 'index.txt'), lines.join(''));
      openssl('ca', '-config', 'ca.cnf', '-gencrl', '-keyfile', 'ca.key', '-cert', 'ca.pem', '-out', 'crl.pem');
      openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
      return der('crl.der');
    };
    expect(judged([], { crls: [list('13')], given, at: at + 60_000 })).toBe(good);
    expect(judged([], { crls: [list('6A')], given, at: at + 60_000 })).toBe(revoked);
  });
});
