import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { CrlsAhead, sendTrust } from '../../../gateway/edge/challenge/send-trust.ts';
import { CrlFiles } from '../../../gateway/edge/store/crl-files.ts';
import { readTrust } from '../../../gateway/edge/store/trust-files.ts';
import type { ToChallenger } from '../../../gateway/edge/messages.ts';
import { crl, newKeys } from '../../vectors/path-pki.ts';
import { makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';

let folder: string;
let acme: Vendor;
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, 'anchors', name), content);
const at = (line: number, file = 'acme.yaml'): string => `${basename(folder)}/anchors/${file}:${line}`;
const now = Date.UTC(2026, 2, 1);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-anchors-${process.pid}-`));
  mkdirSync(join(folder, 'anchors'));
  acme = await makeVendor({ name: 'Acme' });
  put('acme.device-ca.pem', acme.anchorPem);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const entry = (more = '', file = 'acme.device-ca.pem', hash = sha256(acme.anchorDer)): string => `- certificate: ${file}
  sha256: "${hash}"
${more}  provenance: { source: "https://acme.example/pki", by: "A. Admin", when: "2026-02-01", note: read by phone }
`;
const full = `  uses: [identity]
  vendor: Acme Sensors
  expires: "2026-12-31"
  zones: [dock]
  constraints:
    pathLength: 1
    purposes: ["1.3.6.1.5.5.7.3.2"]
    permitted: [{ directory: [{ C: DE }, { O: Acme }] }, { dns: acme.example }, { ip: 10.0.0.0/8 }]
    excluded: [{ email: a@acme.example }, { uri: .acme.example }]
  revocation:
    whenUnknown: refuse
    hosts: [CRL.acme.example:8080]
    crl: ["http://crl.acme.example:8080/root.crl"]
    ocsp: true
`;

describe('the YAML files of anchors', () => {
  it('limit the certificate that they name by file and SHA-256, and keep where it came from', () => {
    put('acme.yaml', entry(full));
    const { trust, problems, notes } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(notes).toEqual([]);
    expect(trust.anchors).toMatchObject([
      {
        name: 'acme.device-ca.pem',
        vendor: 'Acme Sensors',
        expires: Date.UTC(2027, 0, 1),
        zones: ['dock'],
        constraints: {
          pathLength: 1,
          permitted: [
            {
              directory: [
                { type: 'C', value: 'DE' },
                { type: 'O', value: 'Acme' },
              ],
            },
            { dns: 'acme.example' },
            { ip: '10.0.0.0/8' },
          ],
        },
        revocation: { whenUnknown: 'refuse', hosts: ['crl.acme.example:8080'], ocsp: true },
        provenance: { by: 'A. Admin', note: 'read by phone', file: at(1) },
      },
    ]);
    const sent = { type: 'trust', trust };
    expect(order.parse(sent)).toEqual(sent);
  });

  it('say what a certificate is for whose name does not; one of which nobody says so is refused', async () => {
    const other = await makeVendor({ name: 'Other' });
    put('other.pem', other.anchorPem);
    expect(readTrust([folder], now).problems.join()).toContain('neither its name nor an entry of a YAML file says what it is for');
    put('other.yaml', entry('  uses: [identity, matter-paa]\n', 'other.pem', sha256(other.anchorDer)));
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(trust.anchors.map(a => a.uses)).toEqual([undefined, ['identity', 'matter-paa']]);
  });

  it('let one CA vouch for devices and for attestation keys: by two files, or by an entry', () => {
    put('acme.attest-ca.pem', acme.anchorPem);
    expect(readTrust([folder], now).trust.anchors.map(a => a.uses)).toEqual([['attest'], undefined]);
    put('acme.yaml', entry('  uses: [identity, attest]\n'));
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(trust.anchors.map(a => a.uses)).toEqual([['attest'], ['identity', 'attest']]);
  });

  it.each([
    ['an unknown field', '  usage: identity\n', 3, 'there is no such field'],
    ['an unknown use', '  uses: [everything]\n', 3, 'must be one of identity'],
    ['a day that there is not', '  expires: "2026-13-40"\n', 3, 'must be a day'],
    [
      'a CRL at a host that is not listed',
      '  revocation: { whenUnknown: tell, crl: ["http://evil.example/x"] }\n',
      3,
      'an address at one of hosts',
    ],
    [
      'a CRL by https',
      '  revocation: { whenUnknown: tell, hosts: [a.example], crl: ["https://a.example/x"] }\n',
      3,
      'must be an address such as',
    ],
    ['no word on what is unknown', '  revocation: { hosts: [a.example] }\n', 3, 'it is missing'],
    ['a network without length', '  constraints: { permitted: [{ ip: 10.0.0.0 }] }\n', 3, 'must be an IPv4 network in CIDR'],
    [
      'places to ask for signers of reference values',
      '  uses: [reference-signer]\n  revocation: { whenUnknown: refuse, hosts: [crl.example] }\n',
      1,
      'only whenUnknown counts, with CRLs in files',
    ],
    ['constraints for Matter', '  uses: [matter-paa]\n  constraints: { pathLength: 1 }\n', 1, 'Matter has its own'],
  ])('with %s are refused with file and line, and no anchor of the folder is used without its limits', (_, more, line, words) => {
    put('acme.yaml', entry(more));
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${at(line)}: Cannot read `);
    expect(problems[0]).toContain(words);
    expect(trust.anchors).toEqual([]);
  });

  it('about another certificate than the file has, about no file, or twice about one, are refused', () => {
    put('acme.yaml', entry('', 'acme.device-ca.pem', '00'.repeat(32)));
    expect(readTrust([folder], now).problems[0]).toContain(`it has ${sha256(acme.anchorDer)}`);
    put('acme.yaml', entry('', 'absent.pem'));
    expect(readTrust([folder], now).problems[0]).toContain('there is no such file with certificates beside it');
    put('acme.yaml', `${entry()}${entry()}`);
    const { problems, trust } = readTrust([folder], now);
    expect(problems).toEqual([`${at(4)}: Cannot limit anchor acme.device-ca.pem: ${at(1)} does so`]);
    expect(trust.anchors).toEqual([]);
  });

  it('lead to a word days before an anchor ends, and after', () => {
    put('acme.yaml', entry('  expires: "2026-12-31"\n'));
    const notes = (day: number) => readTrust([folder], day).notes.join();
    expect(notes(Date.UTC(2026, 11, 1))).toBe('');
    expect(notes(Date.UTC(2026, 11, 2))).toContain('acme.device-ca.pem ends in 30 days, at 2027-01-01 00:00 UTC');
    expect(notes(Date.UTC(2026, 11, 31, 12))).toContain('ends within a day');
    expect(notes(Date.UTC(2027, 0, 1))).toContain('Cannot admit by anchor acme.device-ca.pem');
  });
});

describe('listed keys', () => {
  const pem = (curve: string): string =>
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const listed = (key: string): string => `- instance: "01${'AB'.repeat(32)}"
  publicKey: |
${key.trim().replace(/^/gm, '    ')}
  vendor: Acme
  model: M
  provenance: { source: label, by: A, when: "2026-02-01" }
`;
  it('come from *.keys.yaml, in PEM', () => {
    put('acme.keys.yaml', listed(pem('P-256')));
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(trust.keys).toMatchObject([{ instance: `01${'ab'.repeat(32)}`, vendor: 'Acme', model: 'M' }]);
    expect(trust.anchors).toHaveLength(1);
  });
  it('of a kind that signs no tokens are refused with file and line', () => {
    put('acme.keys.yaml', listed(pem('secp256k1')));
    const { trust, problems } = readTrust([folder], now);
    expect(problems.join()).toContain(`${at(1, 'acme.keys.yaml')}: Cannot use key`);
    expect(trust.keys).toBeUndefined();
  });
});

describe('other Verifiers', () => {
  const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const who = 'provenance: { source: label, by: A, when: "2026-02-01" }';
  it('come from *.verifiers.yaml, count for a warning unless they are said to count for more, and reach the challenger whole', () => {
    const rest = 'most: affirming\n  maxAgeSeconds: 60\n  vendor: Acme\n  audience: dock-3\n  expires: "2026-03-20"\n  zones: [dock]';
    put(
      'a.verifiers.yaml',
      `- verifier: one\n  publicKey: ${spki}\n  ${who}\n- verifier: two\n  publicKey: ${spki}\n  ${rest}\n  ${who}\n`,
    );
    const said = (line: number) => ({ source: 'label', by: 'A', when: '2026-02-01', file: at(line, 'a.verifiers.yaml') });
    const { trust, problems, notes } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(trust.verifiers).toEqual([
      { name: 'one', spki, most: 'warning', maxAgeSeconds: 3600, provenance: said(1) },
      {
        name: 'two',
        spki,
        most: 'affirming',
        maxAgeSeconds: 60,
        vendor: 'Acme',
        audience: 'dock-3',
        expires: Date.UTC(2026, 2, 21),
        zones: ['dock'],
        provenance: said(4),
      },
    ]);
    expect(trust.anchors).toHaveLength(1);
    expect(notes.join()).toContain('Verifier two ends in 20 days');
    // One that people brought is spoken of as well.
    const brought = { anchors: [], verifiers: [{ name: 'three', spki, most: 'warning', maxAgeSeconds: 60, expires: now - 1 } as const] };
    expect(readTrust([folder], now, new CrlFiles(), brought).notes.join()).toContain(
      'Cannot admit by Verifier three: it was trusted until',
    );
    const sent: unknown[] = [];
    sendTrust((message: ToChallenger) => sent.push(order.parse(JSON.parse(JSON.stringify(message)))) > 0, trust);
    expect(sent).toEqual([{ type: 'trust', trust }]);
  });
  it.each([
    ['no key', `- verifier: one\n  ${who}\n`, 'publicKey of entry one'],
    ['a key that signs no tokens', `- verifier: one\n  publicKey: AAAA\n  ${who}\n`, 'Cannot'],
    ['more trust than there is', `- verifier: one\n  publicKey: ${spki}\n  most: everything\n  ${who}\n`, 'must be warning or affirming'],
  ])('with %s are refused with file and line', (_, text, problem) => {
    put('a.verifiers.yaml', text);
    const { trust, problems } = readTrust([folder], now);
    expect(problems.join()).toContain(problem);
    expect(problems.join()).toContain(`${basename(folder)}/anchors/a.verifiers.yaml:`);
    expect(trust.verifiers).toBeUndefined();
  });
  it('are so few that whatever calls itself an EAR costs little', () => {
    put('a.verifiers.yaml', Array.from({ length: 30 }, (_, n) => `- verifier: v${n}\n  publicKey: ${spki}\n  ${who}\n`).join(''));
    const { trust, problems } = readTrust([folder], now);
    expect(trust.verifiers).toHaveLength(16);
    expect(problems).toEqual(['Cannot use more than 16 Verifiers: 30 are listed']);
  });
});

describe('CRL files', () => {
  const root = newKeys();
  const list = (serial: number): Uint8Array => crl({ issuer: 'CN=Root', signer: root, entries: [{ serial }] });
  /** Of this length, which that of an ECDSA signature varies: one in 350 is as short as the shortest, so it is for few lists only. */
  const listOf = (length: number, serial: number): Uint8Array => {
    for (let tries = 0; tries < 20_000; tries += 1) {
      const der = list(serial);
      if (der.length === length) return der;
    }
    throw new Error(`no CRL of ${length} bytes`);
  };
  const pemOf = (der: Uint8Array): string => `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`;

  it('are read as DER and as PEM of several, and reach the challenger each in its own line', () => {
    put('a.crl', list(1));
    put('b.crl', `the vendor's\n${pemOf(list(2))}${pemOf(list(3))}`);
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toEqual([]);
    expect(trust.crls?.map(c => c.name)).toEqual(['a.crl', 'b.crl', 'b.crl#2']);
    const ahead = new CrlsAhead();
    const arrived: unknown[] = [];
    sendTrust((message: ToChallenger) => {
      const read = order.parse(JSON.parse(JSON.stringify(message)));
      if (read.type === 'crl') ahead.take(read.sha256, read.der);
      if (read.type === 'trust') arrived.push(ahead.complete(read.trust));
      return true;
    }, trust);
    expect(arrived).toEqual([trust]);
  });

  it('that are none are refused; those that are overdue are told', () => {
    put('a.crl', 'text');
    put('b.crl', acme.anchorPem);
    const { trust, problems } = readTrust([folder], now);
    expect(problems).toHaveLength(2);
    expect(trust.crls).toBeUndefined();
    rmSync(join(folder, 'anchors/a.crl'));
    put('b.crl', crl({ issuer: 'CN=Root', signer: root, until: '20260201000000Z' }));
    expect(readTrust([folder], now).notes).toEqual([
      'Cannot rely on CRL b.crl: it ended on 2026-02-01, so only what it revoked for good still counts; bring a newer one',
    ]);
  });

  it('are read again only when they changed', () => {
    const files = new CrlFiles();
    const look = () => readTrust([folder], now, files).trust.crls?.map(c => c.sha256);
    const { length } = list(1);
    const write = (serial: number, second: number): void => {
      put('a.crl', listOf(length, serial));
      utimesSync(join(folder, 'anchors/a.crl'), second, second);
    };
    write(1, 1000);
    const first = look();
    write(2, 1000); // nothing that the file system says differs
    expect(look()).toEqual(first);
    write(2, 1001);
    expect(look()).not.toEqual(first);
    rmSync(join(folder, 'anchors/a.crl'));
    expect(look()).toBeUndefined();
  });

  it('that are too many are refused together', () => {
    for (let n = 0; n < 65; n++) put(`${n}.crl`, list(n + 1));
    const { trust, problems } = readTrust([folder], now);
    expect(problems.join()).toContain('65 CRLs');
    expect(trust.crls).toBeUndefined();
  });

  it('a self-signed leaf is no anchor, whatever a YAML file says', async () => {
    const leaf = await makeSelfSigned({ cn: 'leaf' });
    put('leaf.pem', leaf.chainPem);
    put('leaf.yaml', entry('  uses: [identity]\n', 'leaf.pem', sha256(leaf.chain[0] ?? new Uint8Array())));
    const { problems } = readTrust([folder], now);
    expect(problems.join()).toContain('is no CA');
  });
});
