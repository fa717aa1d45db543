import { describe, expect, it } from 'vitest';
import type { AnchorUse, MatterLedger, MatterRecord } from '../../gateway/model/trust.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { tlsX509 } from '../../gateway/attestation/schemes/tls-x509.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { sequence } from '../vectors/der-encode.ts';
import {
  type Answer,
  answer,
  base64,
  bytes,
  declaration,
  elementsOf,
  goodFields,
  makeKeys,
  message,
  number,
  signElements,
  spkiOf,
  structure,
  text,
} from '../vectors/matter.ts';
import { makeDiceDevice, makeVendor } from '../vectors/pki.ts';
import { parties, cdKeys, firmware, digest, good, site, make, judged, ids } from './matter-product.ts';
import { judge, nonce, now, offline, type Site, verdict, why } from './matter-world.ts';
import { checksOf, spec } from './world.ts';

/** The scheme as a whole: freshness, what the node and the ledger say, the answer and the message. Each bad one is bad in one thing only. */
describe('a certified product with known firmware', () => {
  it('affirms with A5, and every check that can be passed', () => {
    const r = judge(site)(make().bytes);
    expect(r).toMatchObject({
      status: 'affirming',
      assurance: 5,
      scheme: 'matter',
      expires: now + 600_000,
      digestsSeen: [{ alg: 'sha-256', value: digest(firmware) }],
      identity: { vendor: '0x1234', model: '0x00A1', anchor: 'paa' },
    });
    expect(r.identity?.deviceKey).toBe(digest(spkiOf(parties.dacKeys)));
    expect(r.identity?.subject).toContain('Own DAC');
    expect(checksOf(r)).toEqual([
      ...['answered', 'fresh', 'readable', 'chain', 'identity', 'measured', 'reference', 'version'].map(c => `${c} passed`),
      'mode not-evaluated',
    ]);
  });

  it('with other firmware is contraindicated, with none a warning, and offline none', () => {
    expect(verdict(judged({ firmware: Uint8Array.of(1) }))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(judged({ firmware: null }))).toBe('warning NO_MEASUREMENTS');
    const cd = declaration(elementsOf(goodFields(...ids)), cdKeys);
    const r = judge(site, { freshness: offline })(message({ dac: good.dac, pai: good.pai, cd }));
    expect(r).toMatchObject({ status: 'none', assurance: 0, identity: { vendor: '0x1234' } });
  });

  it('takes no anchor that is for something else', () => {
    const { bytes: sent } = make();
    const as = (name: string, uses: Site['anchors'][number]['uses']): Site => ({
      ...site,
      anchors: site.anchors.map(a => (a.name === name ? { ...a, uses } : a)),
    });
    for (const use of ['identity', 'cd-signer', 'cd-signer-test'] as const)
      expect(verdict(judge(as('paa', [use]))(sent)), use).toBe('contraindicated CHAIN_UNTRUSTED');
    expect(verdict(judge(as('signer', []))(sent))).toBe('contraindicated CHAIN_UNTRUSTED');
    expect(verdict(judge(as('signer', ['cd-signer-test']))(sent))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('and its root names no device by TLS', async () => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const { chain } = await makeDiceDevice(acme, spec);
    const ask = (uses: readonly AnchorUse[]) => {
      const { trust } = prepareTrust({ anchors: [{ name: 'a', certificate: base64(acme.anchorDer), uses }], referenceSets: [] });
      const freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } as const;
      const outcome = tlsX509.judge(chainEvidence(chain), { trust, keys: new KeyCache(), now: Date.now(), freshness, ttlSeconds: 600 });
      return outcome.kind === 'appraised' ? verdict(outcome.result) : outcome.kind;
    };
    expect(ask(['identity'])).toBe('warning REFERENCE_MISSING');
    expect(ask(['matter-paa'])).toBe('contraindicated CHAIN_UNTRUSTED');
  });
});

describe('the nonce', () => {
  const bad = (freshness: Parameters<typeof judge>[1]) => verdict(judge(site, freshness)(make().bytes));
  it('must be ours, unspent and in time', () => {
    expect(bad({ freshness: { kind: 'nonce', nonce: new Uint8Array(32), expires: now, spent: false, channel: 'm' } })).toMatch(
      /NONCE_MISMATCH/,
    );
    expect(bad({ freshness: { kind: 'nonce', nonce, expires: now, spent: true, channel: 'm' } })).toMatch(/NONCE_REUSED/);
    expect(bad({ freshness: { kind: 'nonce', nonce, expires: now - 1, spent: false, channel: 'm' } })).toMatch(/NONCE_EXPIRED/);
    expect(bad({ freshness: { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } })).toMatch(/EVIDENCE_NOT_FRESH/);
    expect(bad({ freshness: offline })).toMatch(/^none EVIDENCE_NOT_FRESH/);
  });

  it('is missed by a declaration by itself, which therefore answers no challenge', () => {
    const cd = declaration(elementsOf(goodFields(...ids)), cdKeys);
    expect(verdict(judge(site)(message({ dac: good.dac, pai: good.pai, cd })))).toBe('contraindicated NONCE_MISMATCH');
  });
});

describe('what the node and the ledger say', () => {
  it('the Basic Information cluster must not contradict', () => {
    expect(judged({ told: { vendorId: 0x1234, productId: 0xa1 } }).status).toBe('affirming');
    expect(verdict(judged({ told: { vendorId: 0x1235 } }))).toBe('contraindicated IDENTITY_MISMATCH');
    expect(verdict(judged({ told: { productId: 0xa2 } }))).toBe('contraindicated IDENTITY_MISMATCH');
  });

  it('a listed product must be declared as its record says', () => {
    const is = (more: Partial<MatterRecord>, ...rest: readonly MatterRecord[]): string =>
      verdict(judged({}, { matter: { revoked: [], certified: [{ vendorId: 0x1234, productId: 0xa1, ...more }, ...rest] } }));
    expect(is({ certificateId: 'CSA24001MAT40001-24', deviceType: 0x100, versionNumber: 1 })).toBe('affirming -');
    expect(is({})).toBe('affirming -');
    for (const odd of [{ certificateId: 'CSA24001MAT40002-24' }, { deviceType: 0x101 }, { versionNumber: 2 }])
      expect(is(odd)).toBe('contraindicated IDENTITY_MISMATCH');
    expect(is({ versionNumber: 2 }, { vendorId: 0x1234, productId: 0xa1, versionNumber: 1 })).toBe('affirming -');
    expect(is({ productId: 0xa2, versionNumber: 2 })).toBe('affirming -');
  });

  it('a revoked DAC or PAI is refused by issuer key, issuer name and serial together; without a set nobody knows', () => {
    const { pai, dac } = good;
    const entry = (der: Uint8Array, serial = '12345678') => {
      const c = decodeCertificate(der);
      return { issuerKeyId: Buffer.from(c.authorityKeyId ?? []).toString('hex'), issuer: base64(c.issuer.der), serials: [serial] };
    };
    const is = (revoked: MatterLedger['revoked']): string =>
      verdict(judged({}, revoked === undefined ? { matter: {} } : { matter: { revoked } }));
    expect(is([entry(dac)])).toBe('contraindicated CERT_REVOKED');
    expect(is([entry(pai)])).toBe('contraindicated CERT_REVOKED');
    expect(is([entry(dac, '0012345678')])).toBe('contraindicated CERT_REVOKED');
    expect(is([entry(dac, '12345679')])).toBe('affirming -');
    expect(is([{ ...entry(dac), issuerKeyId: '00'.repeat(20) }])).toBe('affirming -');
    expect(is([{ ...entry(dac), issuer: base64(sequence()) }])).toBe('affirming -');
    expect(is(undefined)).toBe('warning REVOCATION_UNKNOWN');
  });
});

describe('the answer', () => {
  const key = parties.dacKeys.privateKey;
  const plain = (cd: Uint8Array): Uint8Array => answer(cd, nonce, key, firmware).elements;
  const cases: readonly (readonly [what: string, code: string, answer: (cd: Uint8Array) => Answer])[] = [
    ['signed by another key', 'SIGNATURE_INVALID', cd => answer(cd, nonce, makeKeys().privateKey)],
    ['signed over another challenge', 'SIGNATURE_INVALID', cd => ({ ...signElements(plain(cd), key), challenge: new Uint8Array(16) })],
    ['with a signature of 63 octets', 'EVIDENCE_MALFORMED', cd => ({ ...answer(cd, nonce, key), signature: new Uint8Array(63) })],
    ['with a challenge of 15 octets', 'EVIDENCE_MALFORMED', cd => signElements(plain(cd), key, new Uint8Array(15))],
    ['with a nonce of 31 octets', 'EVIDENCE_MALFORMED', cd => answer(cd, nonce.subarray(1), key)],
    ['without declaration', 'EVIDENCE_MALFORMED', () => signElements(structure(bytes(2, nonce), number(3, 0)), key)],
    ['without timestamp', 'EVIDENCE_MALFORMED', cd => signElements(structure(bytes(1, cd), bytes(2, nonce)), key)],
    ['with empty firmware information', 'EVIDENCE_MALFORMED', cd => answer(cd, nonce, key, new Uint8Array())],
    ['with text for its nonce', 'EVIDENCE_MALFORMED', cd => signElements(structure(bytes(1, cd), text(2, 'x'), number(3, 0)), key)],
    ['over 900 bytes', 'EVIDENCE_MALFORMED', cd => answer(cd, nonce, key, new Uint8Array(800))],
    ['with another nonce', 'NONCE_MISMATCH', cd => answer(cd, new Uint8Array(32), key)],
  ];
  it.each(cases)('%s is contraindicated %s', (_, code, made) => {
    const r = judged({ answer: made });
    expect(verdict(r), why(r)).toBe(`contraindicated ${code}`);
  });

  it("with a vendor's own fields is as good as without", () => {
    const own = Uint8Array.of(0xd0, 0xf1, 0xff, 0, 0, 1, 0, 1, 0xaa);
    expect(judged({ answer: cd => answer(cd, nonce, key, firmware, [own]) }).status).toBe('affirming');
  });
});

describe('the message', () => {
  const goodText = (): string => new TextDecoder().decode(make({ told: { productId: 0xa1 } }).bytes);
  const is = (changed: string): string => verdict(judge(site)(new TextEncoder().encode(changed)));
  it('is read when nothing is wrong', () => expect(is(goodText())).toBe('affirming -'));

  it.each<readonly [string, (good: string) => string]>([
    ['nothing', () => ''],
    ['a list', t => `[${t}]`],
    ['an unknown field', t => t.replace('{', '{"more":"AA==",')],
    ['a field twice', t => t.replace('{', '{"dac":"AA==",')],
    ['a number twice', t => t.replace('{', '{"productId":1,')],
    ['an escape', t => t.replace('"dac"', '"d\\u0061c"')],
    ['a missing field', t => t.replace(/"pai":"[^"]*",/, '')],
    ['a declaration beside the answer', t => t.replace('{', '{"cd":"AA==",')],
    ['a number for a certificate', t => t.replace(/"pai":"[^"]*"/, '"pai":1')],
    ['a product of 17 bits', t => t.replace('"productId":161', '"productId":65536')],
    ['a text for a product', t => t.replace('"productId":161', '"productId":"161"')],
    ['white space in base64', t => t.replace('"dac":"', '"dac":" ')],
    [
      'padding bits that are not zero',
      t => t.replace(/"challenge":"(.*?)Q=="/, '"challenge":"$1R=="').replace(/"challenge":"([^"]*)xQ==/, '"challenge":"$1xR=='),
    ],
    ['more than 16 KiB', t => `${t}${' '.repeat(16_384)}`],
    ['arrays without end', () => '['.repeat(16_000)],
    ['__proto__', t => t.replace('{', '{"__proto__":1,')],
  ])('with %s is malformed', (_, change) => {
    expect(change(goodText())).not.toBe(goodText());
    expect(is(change(goodText()))).toBe('contraindicated EVIDENCE_MALFORMED');
  });
});
