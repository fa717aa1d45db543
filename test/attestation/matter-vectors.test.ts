import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMatterFile } from '../../gateway/attestation/matter/ledger-file.ts';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import type { MatterLedger } from '../../gateway/model/trust.ts';
import { answer, makeChain, makeParties, message } from '../vectors/matter.ts';
import { judge, nonce, offline, type Site, verdict, why } from './matter-world.ts';
import { note } from './verdicts.ts';

/** Other people's vectors, read in place: every file of each set, judged, and a table. */
const root = join(import.meta.dirname, '../../../shared/vectors/matter');
const there = existsSync(root);
if (!there) process.stderr.write('skip: ../shared/vectors/matter is absent\n');

const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(root, path)));
const pem = (path: string): Uint8Array => new Uint8Array(new X509Certificate(read(path)).raw);
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const files = (folder: string, end: string): readonly string[] => readdirSync(join(root, folder)).filter(f => f.endsWith(end));
const named = (word: RegExp, folder: string): string => join(folder, files(folder, '.pem').find(f => word.test(f)) ?? '');
const rows: string[] = [];
function row(set: string, file: string, wanted: string, r: AttestationResult | string, taken = ''): void {
  const got = typeof r === 'string' ? r : verdict(r);
  rows.push([set, file, wanted, got, taken].join(' | '));
  const folder = set === 'revoked' && file.endsWith('.json') ? 'revoked/dac-provider-test-vectors' : set;
  note(`matter/${folder}/${file}`, deviations.has(file) ? 'deviates' : 'as expected', got, taken);
}

/** The set's own roots and signer of test declarations; its products' one record, since the ledger itself is online. */
const site = (matter: MatterLedger = { revoked: [] }): Site => ({
  anchors: [
    ...files('test-attestation', '.pem')
      .filter(f => f.includes('-PAA-') && !f.includes('-DAC-'))
      .map(f => ({ name: f, der: pem(`test-attestation/${f}`), uses: ['matter-paa'] as const })),
    { name: 'test signer', der: pem(named(/Signing-Cert/, 'certification-declaration')), uses: ['cd-signer-test'] },
  ],
  matter,
});
const record = { vendorId: 0xfff1, productId: 0x8000, certificateId: 'ZIG20141ZB330001-24', versionNumber: 0x9876 };
const signingKey = (d: string, pub: string): KeyObject =>
  createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', d: url(hex(d)), x: url(hex(pub).subarray(1, 33)), y: url(hex(pub).subarray(33)) },
  });
const url = (b: Uint8Array): string => Buffer.from(b).toString('base64url');

type Case = {
  readonly is_success_case?: string;
  readonly description: string;
  readonly basic_info_pid: number;
  readonly dac_cert: string;
  readonly pai_cert: string;
  readonly certification_declaration: string;
  readonly dac_private_key: string;
  readonly dac_public_key: string;
};
const caseOf = (path: string): Case => JSON.parse(new TextDecoder().decode(read(path))) as Case;

/** The device of a case, played with its published key: it signs our nonce. A key on another curve signs nothing; then the declaration goes alone. */
function play(c: Case): { readonly bytes: Uint8Array; readonly how: 'session' | 'offline' } {
  const common = { dac: hex(c.dac_cert), pai: hex(c.pai_cert), productId: c.basic_info_pid };
  const cd = hex(c.certification_declaration);
  try {
    return { bytes: message({ ...common, ...answer(cd, nonce, signingKey(c.dac_private_key, c.dac_public_key)) }), how: 'session' };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { bytes: message({ ...common, cd }), how: 'offline' };
  }
}

describe.skipIf(!there)('the commissioner suite', () => {
  const suite = there ? files('commissioner_dut', '.json') : [];
  const judgeSession = there ? judge(site({ revoked: [], certified: [record] })) : undefined;
  const judgeOffline = there ? judge(site({ revoked: [], certified: [record] }), { freshness: offline }) : undefined;

  it.each(suite)('%s is judged as it says', file => {
    const c = caseOf(`commissioner_dut/${file}`);
    const { bytes, how } = play(c);
    const r = (how === 'session' ? judgeSession : judgeOffline)?.(bytes);
    if (r === undefined) throw new Error('no judge');
    row('commissioner_dut', file, c.is_success_case === 'true' ? 'accept' : 'reject', r, why(r));
    // A product in development is never more than a warning; offline nothing is fresh.
    if (c.is_success_case === 'true') expect(`${r.status} ${r.reason}`, why(r)).toBe('warning NOT_CERTIFIED');
    else expect(r.status, c.description).toBe('contraindicated');
    expect(r.reason).not.toBe('EVIDENCE_NOT_FRESH');
    expect(r.reason).not.toBe('NONCE_MISMATCH');
  });

  it('is refused by the profile, and not because we have no anchors: most of its wrong chains verify', () => {
    const codes = rows.filter(r => r.includes('| reject |')).map(r => r.split(' | ')[3]?.split(' ')[1]);
    expect(codes.filter(c => c === 'CHAIN_UNTRUSTED' || c === 'SIGNATURE_INVALID').length).toBeLessThanOrEqual(2);
    expect(codes.length).toBeGreaterThanOrEqual(40);
  });

  it('no byte changed in a wrong one makes it better', () => {
    for (const file of suite) {
      const c = caseOf(`commissioner_dut/${file}`);
      const { bytes, how } = play(c);
      if (c.is_success_case === 'true' || how === 'offline') continue;
      for (let at = 0; at < bytes.length; at += 61) {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        expect(judgeSession?.(flipped).status, `${file} byte ${at}`).toBe('contraindicated');
      }
    }
  });
});

/** Where we do otherwise than the manifest says, with the clause. */
const deviations: ReadonlyMap<string, string> = new Map([
  [
    'Chip-Test-DAC-FFF1-8000-0000-2CDPs-Issuer-PAA-FFF1-Cert.pem',
    'RFC 5280 §4.2: a certificate must not have two instances of one extension; this has cRLDistributionPoints twice',
  ],
]);

describe.skipIf(!there)('the test certificates', () => {
  const suite = there ? files('test-attestation', '.pem').filter(f => f.includes('-DAC-')) : [];

  it.each(suite)('%s is a DAC of its PAI', file => {
    const [pai = ''] = files('test-attestation', '.pem').filter(f => f.includes('-PAI-FFF1') && !f.includes('-DAC-'));
    const cd = hex(caseOf('commissioner_dut/struct_cd_format_version_1.json').certification_declaration);
    const bytes = message({ dac: pem(`test-attestation/${file}`), pai: pem(`test-attestation/${pai}`), cd });
    const r = judge(site(), { freshness: offline })(bytes);
    const deviation = deviations.get(file);
    row('test-attestation', file, 'accept', r, deviation ?? 'offline: no key, so no nonce; declaration of the suite');
    if (deviation !== undefined) return expect(r.status, deviation).toBe('contraindicated');
    expect(`${r.status} ${r.reason}`, why(r)).toBe('none NOT_CERTIFIED');
    return expect(r.checks.find(c => c.check === 'chain')?.outcome).toBe('passed');
  });
});

describe.skipIf(!there)('the certification declarations', () => {
  const suite = there ? files('certification-declaration', '.der') : [];
  const parties = makeParties();

  it.each(suite)('%s is one of its vendor and products', file => {
    const [, vendor = '', products = ''] = /-CD-([0-9A-F]{4})-((?:[0-9A-F]{4}-?)+)/.exec(file) ?? [];
    const cd = read(`certification-declaration/${file}`);
    const isOrigin = file.includes('DACOrigin');
    // With an origin the DAC is the other vendor's that the declaration names; else one of our own making for this vendor.
    const own = makeChain(parties, vendor, products.slice(0, 4));
    const chain = isOrigin
      ? { dac: pem(named(/DAC-FFF1-8000-0000-Cert/, 'test-attestation')), pai: pem(named(/Test-PAI-FFF1/, 'test-attestation')) }
      : own;
    const at = site();
    const anchors = [...at.anchors, { name: 'own PAA', der: own.paa, uses: ['matter-paa'] as const }];
    const r = judge(
      { ...at, anchors },
      { freshness: offline },
    )(message({ dac: chain.dac, pai: chain.pai, cd, vendorId: Number.parseInt(vendor, 16) }));
    row('certification-declaration', file, 'accept', r, isOrigin ? 'DAC of FFF1-8000' : 'chain of our own for its vendor');
    expect(`${r.status} ${r.reason}`, why(r)).toBe('none NOT_CERTIFIED');
    const other = judge(at, { freshness: offline })(message({ dac: chain.dac, pai: chain.pai, cd, vendorId: 0xfff4 }));
    expect(other.status).toBe('contraindicated');
  });
});

describe.skipIf(!there)('the revoked certificates', () => {
  const set = there ? new TextDecoder().decode(read('revoked/revocation-sets/revocation-set.json')) : '[]';
  const suite = there ? files('revoked/dac-provider-test-vectors', '.json') : [];

  it.each(suite)('%s is refused with the revocation set, and for nothing else', file => {
    const { bytes } = play(caseOf(`revoked/dac-provider-test-vectors/${file}`));
    const ledger = readMatterFile('revocation-set.json', set);
    const r = judge(site(ledger))(bytes);
    row('revoked', file, 'reject', r, why(r));
    expect(verdict(r)).toBe('contraindicated CERT_REVOKED');
    expect(verdict(judge(site({ revoked: [] }))(bytes))).toBe('warning NOT_CERTIFIED');
    expect(verdict(judge({ anchors: site().anchors })(bytes))).toBe('warning REVOCATION_UNKNOWN');
  });

  it('as DER and PEM are refused beside their PAI; its own file is a link there, so it comes from the cases', () => {
    const ledger = readMatterFile('revocation-set.json', set);
    const cases = suite.map(f => caseOf(`revoked/dac-provider-test-vectors/${f}`));
    const pais = cases.map(c => new X509Certificate(hex(c.pai_cert)));
    const cd = hex(cases[0]?.certification_declaration ?? '');
    const dacs = files('revoked', '').filter(f => f.includes('-DAC-'));
    for (const file of dacs) {
      const dac = new X509Certificate(read(`revoked/${file}`));
      const pai = pais.find(c => dac.checkIssued(c));
      if (pai === undefined) throw new Error(`no PAI for ${file}`);
      const r = judge(site(ledger), { freshness: offline })(message({ dac: new Uint8Array(dac.raw), pai: new Uint8Array(pai.raw), cd }));
      row('revoked', file, 'reject', r, `with its PAI; ${why(r)}`);
      expect(verdict(r), file).toBe('contraindicated CERT_REVOKED');
    }
    expect(dacs).toHaveLength(10);
  });

  it("the CRLs' serial numbers, as openssl reads them, are those of the set", () => {
    const ledger = readMatterFile('revocation-set.json', set);
    const known = new Set((ledger.revoked ?? []).flatMap(e => e.serials).map(s => s.toLowerCase()));
    for (const file of files('revoked', 'CRL.der')) {
      const out = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text', '-in', join(root, 'revoked', file)], {
        encoding: 'utf8',
      });
      const serials = [...out.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(m => (m[1] ?? '').toLowerCase());
      row('revoked', file, 'data', `${serials.length} serials, all in the set`, 'a CRL, no Evidence: the set is made of them');
      expect(serials.length).toBeGreaterThan(0);
      for (const serial of serials) expect(known.has(serial), `${file} ${serial}`).toBe(true);
    }
  });
});

describe.skipIf(!there)('the table', () => {
  it('has every file of the sets', () => {
    process.stdout.write(`${['set | file | wanted | judged | what was taken', ...rows].join('\n')}\n`);
    const counts = Object.entries(Object.groupBy(rows, r => r.split(' | ')[0] ?? '')).map(([set, found]) => `${set} ${found?.length ?? 0}`);
    expect(rows.length, counts.join(', ')).toBeGreaterThanOrEqual(67 + 18 + 10 + 21);
  });
});
