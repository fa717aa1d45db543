import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jwksOf } from '../../../gateway/attestation/jwks.ts';
import { writeOpcUaProof } from '../../../gateway/attestation/opc-ua/message.ts';
import { writeSpdmExchange } from '../../../gateway/attestation/spdm/message.ts';
import { good as matterChain, make as makeMatter, reference as matterReference, siteWith } from '../../attestation/matter-product.ts';
import { bundle, sha256Of } from '../../attestation/eat-world.ts';
import * as matterWorld from '../../attestation/matter-world.ts';
import * as opcUaWorld from '../../attestation/opc-ua-world.ts';
import * as spdmWorld from '../../attestation/spdm-world.ts';
import * as tokenWorld from '../../attestation/token-world.ts';
import * as tpmWorld from '../../attestation/tpm/world.ts';
import { spec } from '../../attestation/world.ts';
import { makeOpenDiceChain, sha512 } from '../../vectors/open-dice.ts';
import { makeDiceDevice, makeIdevid, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { message, softKey } from '../../vectors/soft-tpm.ts';
import { base64url, keyPairs, makeJws, makeSign1, spkiOf } from '../../vectors/tokens.ts';
import { Desk, hexOf, trusting } from './world.ts';

/** `sallyport verify` with Evidence of every scheme, as files. */
const key = keyPairs.ES256.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const named = ['--vendor', 'Acme Sensors', '--model', 'TempSense-2'];
const nonce = hexOf(tokenWorld.nonce);
const verdict = z.object({
  kind: z.string(),
  status: z.string(),
  assurance: z.string(),
  reason: z.string().optional(),
  butForFreshness: z.string().optional(),
  checks: z.array(z.object({ check: z.string(), outcome: z.string() })),
  ear: z.record(z.string(), z.unknown()).optional(),
});

let desk: Desk;
let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
});
const fresh = (): Desk => {
  desk?.remove();
  desk = new Desk();
  return desk;
};
afterAll(() => desk?.remove());
/** Exit code, status, reason and what it would be but for freshness. */
function judged(now: number, ...args: readonly string[]): string {
  const { code, stdout, stderr } = desk.run(now, ...args, '--json');
  if (stdout === '') return `${code} ${stderr}`;
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const { status, reason, butForFreshness } = verdict.parse(JSON.parse(stdout));
  return [code, status, reason, butForFreshness].filter(part => part !== undefined).join(' ');
}

describe('a token signed by a key that a person names', () => {
  const put = (token: Uint8Array, name = 'token'): string => {
    fresh().put('anchors/device.pem', key);
    desk.putReferences(tokenWorld.psaSet);
    return desk.put(name, token);
  };
  const good = (): string => put(makeSign1(encode(tokenWorld.psaClaims())));

  it('is affirming by its nonce, none without it, and contraindicated with another', () => {
    const token = good();
    const call = (...more: readonly string[]): string => judged(tokenWorld.now, 'psa', token, ...trusting(desk), ...named, ...more);
    expect(call('--nonce', nonce)).toBe('0 affirming');
    expect(call()).toBe('4 none EVIDENCE_NOT_FRESH affirming');
    expect(call('--nonce', '00'.repeat(32))).toBe('3 contraindicated NONCE_MISMATCH');
    expect(call('--nonce', nonce.slice(0, 62))).toBe('3 contraindicated EVIDENCE_NOT_FRESH');
  });
  it('is judged just so when the file holds it as hex', () => {
    const token = makeSign1(encode(tokenWorld.psaClaims()));
    const spaced = hexOf(token).replace(/(.{60})/g, '$1\n');
    expect(judged(tokenWorld.now, 'psa', put(new TextEncoder().encode(spaced)), ...trusting(desk), ...named, '--nonce', nonce)).toBe(
      '0 affirming',
    );
  });
  it('is a warning without reference values, and untrusted without the key', () => {
    const token = good();
    const anchors = ['--anchors', desk.at('anchors')];
    expect(judged(tokenWorld.now, 'psa', token, ...anchors, ...named, '--nonce', nonce)).toBe('2 warning REFERENCE_MISSING');
    expect(judged(tokenWorld.now, 'psa', token, ...anchors)).toBe('4 none EVIDENCE_NOT_FRESH warning');
    expect(judged(tokenWorld.now, 'psa', token, '--nonce', nonce)).toBe('3 contraindicated CHAIN_UNTRUSTED');
  });
  it('is refused when its signature is by another key', () => {
    const token = put(makeSign1(encode(tokenWorld.psaClaims()), { key: keyPairs.ES512.privateKey, algorithm: 'ES512' }));
    expect(judged(tokenWorld.now, 'psa', token, ...trusting(desk), '--nonce', nonce)).toBe('3 contraindicated ALGORITHM_REFUSED');
  });
  it('by a certified key is judged by what the name of its CA says that it is for; a key for reference values is no device', async () => {
    const device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
    const header = new Map<number, unknown>([
      [1, -7],
      [33, device.chain[0]],
    ]);
    fresh();
    const token = desk.put('token', makeSign1(encode(tokenWorld.psaClaims()), { header, key: createPrivateKey(device.keyPem) }));
    desk.putReferences({ ...tokenWorld.psaSet, model: 'aa'.repeat(32) });
    const by = (name: string): string => {
      desk.put(`anchors/${name}`, acme.anchorPem);
      const found = judged(Date.now(), 'psa', token, ...trusting(desk), '--nonce', nonce);
      rmSync(desk.at(`anchors/${name}`));
      return found;
    };
    expect([by('acme.pem'), by('acme.attest-ca.pem')]).toEqual(['0 affirming', '0 affirming']);
    expect(by('acme.device-ca.pem')).toBe('2 warning ANCHOR_NOT_FOR_ATTESTATION');
    desk.put('anchors/values.refval.pem', key);
    const own = desk.put('own', makeSign1(encode(tokenWorld.psaClaims())));
    expect(judged(tokenWorld.now, 'psa', own, ...trusting(desk), ...named, '--nonce', nonce)).toBe('3 contraindicated CHAIN_UNTRUSTED');
  });
  it('is told by its content: PSA, EAT as CWT, EAT as JWT with a line end, and wrapped', () => {
    const nonces = ['--nonce', nonce];
    const psa = makeSign1(encode(tokenWorld.psaClaims()));
    const kindOf = (token: Uint8Array): string => {
      const file = put(token, 'x.bin');
      return verdict.parse(JSON.parse(desk.run(tokenWorld.now, 'auto', file, ...trusting(desk), ...named, ...nonces, '--json').stdout))
        .kind;
    };
    expect(kindOf(psa)).toBe('psa');
    expect(kindOf(makeSign1(encode(new Map<number, unknown>([[10, tokenWorld.nonce], [256, Buffer.from(tokenWorld.instance, 'hex')]]))))).toBe('eat'); // biome-ignore format: one map
    const ueid = base64url(Buffer.from(tokenWorld.instance, 'hex'));
    const jwt = makeJws(JSON.stringify({ eat_nonce: base64url(tokenWorld.nonce), ueid }));
    expect(kindOf(Buffer.concat([jwt, Buffer.from('\n')]))).toBe('eat');
    expect(kindOf(encode(['application/psa-attestation-token', psa]))).toBe('cmw');
    expect(kindOf(Buffer.from(JSON.stringify(['application/psa-attestation-token', base64url(psa)])))).toBe('cmw');
    const set = encode(new Map([[263, 3]]));
    const holder = makeSign1(
      encode(
        new Map<number, unknown>([
          [10, tokenWorld.nonce],
          [266, new Map([['a', [-16, sha256Of(set)]]])],
        ]),
      ),
    );
    expect(kindOf(bundle(holder, { a: set }))).toBe('eat');
    expect(kindOf(Buffer.from(JSON.stringify([['CBOR', base64url(holder)], { a: base64url('{}') }])))).toBe('eat');
    const line = put(Buffer.concat([jwt, Buffer.from('\n')]));
    expect(judged(tokenWorld.now, 'eat', line, ...trusting(desk), ...nonces)).toBe('2 warning NO_MEASUREMENTS');
  });
  it('prints checks in their order, what to do, and an EAR that says the same', () => {
    const { stdout } = desk.run(tokenWorld.now, 'psa', good(), ...trusting(desk), ...named, '--nonce', nonce);
    const order = [...stdout.matchAll(/^ ?\d+ ✓ (\w+)/gm)].map(([, check]) => check);
    expect(order).toEqual(['answered', 'fresh', 'readable', 'chain', 'identity', 'measured', 'reference', 'version', 'mode']);
    expect(stdout).toContain('status affirming A5');
    const ear: unknown = JSON.parse(stdout.slice(stdout.indexOf('EAR, not signed:') + 'EAR, not signed:'.length));
    expect(ear).toMatchObject({
      eat_profile: 'tag:ietf.org,2026:rats/ear#03',
      ear_status: 'affirming',
      submods: { psa: { ear_status: 'affirming' } },
    });
  });
});

describe('a chain', () => {
  const put = async (): Promise<{ readonly pem: string; readonly der: readonly string[] }> => {
    const device = await makeDiceDevice(acme, spec);
    fresh().put('anchors/acme.pem', acme.anchorPem);
    desk.putReferences({
      id: '',
      vendor: 'Acme Sensors',
      model: 'TempSense-2',
      components: [{ name: 'firmware', layer: 1, versions: [{ version: '1', alg: 'sha-256', digest: spec.digestHex }] }],
    });
    return { pem: desk.put('chain.pem', device.chainPem), der: device.chain.map((one, i) => desk.put(`${i}.der`, one)) };
  };
  it('of DICE has everything but freshness, in one PEM file and in DER files, leaf first', async () => {
    const { pem, der } = await put();
    for (const files of [[pem], der])
      for (const kind of ['tls-x509', 'auto'])
        expect(judged(Date.now(), kind, ...files, ...trusting(desk))).toBe('4 none EVIDENCE_NOT_FRESH affirming');
    expect(judged(Date.now(), 'tls-x509', ...der.toReversed(), ...trusting(desk))).toMatch(/^3 contraindicated/);
    expect(judged(Date.now(), 'tls-x509', pem)).toBe('3 contraindicated CHAIN_UNTRUSTED');
  });
  it('is judged at the instant that is given', async () => {
    const { pem } = await put();
    expect(judged(Date.now(), 'tls-x509', pem, ...trusting(desk), '--at', '2001-01-01')).toBe('3 contraindicated CERT_NOT_YET_VALID');
    expect(judged(Date.now(), 'tls-x509', pem, ...trusting(desk), '--at', '2001-01-01T18:00Z')).toBe(
      '3 contraindicated CERT_NOT_YET_VALID',
    );
  });
  it('of a web page is no Evidence, and one with a broken byte is contraindicated', async () => {
    fresh();
    const page = await makeSelfSigned({ cn: 'printer' });
    expect(judged(Date.now(), 'auto', desk.put('page.pem', page.chainPem))).toBe('4 none NO_EVIDENCE');
    const { der } = await put();
    const [leaf = '', issuer = ''] = der;
    const broken =
      (await makeDiceDevice(acme, spec)).chain.map(one => one.with(one.length - 9, (one.at(-9) ?? 0) ^ 1))[0] ?? new Uint8Array();
    desk.put('0.der', broken);
    expect(judged(Date.now(), 'auto', leaf, issuer, ...trusting(desk))).toMatch(/^3 contraindicated (SIGNATURE_INVALID|CHAIN_INCOMPLETE)/);
  });
  it('of Open DICE, in X.509 and CBOR, has everything but freshness and reference values', () => {
    const input = { code: sha512('first') };
    const { bytes } = makeOpenDiceChain(acme, [
      { form: 'x509', kind: 'uds' },
      { form: 'cbor', kind: 'cdi', input },
      { form: 'x509', kind: 'leaf' },
    ]);
    fresh().put('anchors/acme.pem', acme.anchorPem);
    const chain = desk.put('chain', bytes);
    for (const kind of ['open-dice', 'auto'])
      expect(judged(Date.now(), kind, chain, '--anchors', desk.at('anchors'))).toBe('4 none EVIDENCE_NOT_FRESH warning');
  });
});

describe('a Matter answer', () => {
  it('is affirming when its PAA, its declaration, its revocation set and its nonce are there', () => {
    const site = siteWith();
    fresh();
    for (const { name, der } of site.anchors.slice(0, 2)) desk.put(`anchors/${name}.der`, der);
    desk.putReferences(matterReference);
    desk.put('references/revocations.json', '[]');
    const file = desk.put('matter.json', makeMatter().bytes);
    const challenge = ['--nonce', hexOf(matterWorld.nonce)];
    for (const kind of ['matter', 'auto']) expect(judged(matterWorld.now, kind, file, ...trusting(desk), ...challenge)).toBe('0 affirming');
    desk.put('anchors/paa.der', matterChain.pai);
    expect(judged(matterWorld.now, 'matter', file, ...trusting(desk), ...challenge)).toMatch(/^3 contraindicated/);
  });
});

describe('a quote', () => {
  it('is affirming as JSON and in the parts that tpm2-tools write, for the model that it was enrolled as', async () => {
    const edge = await makeVendor({ name: 'Acme Edge' });
    const ak = softKey();
    const chain = [await tpmWorld.certify(edge, ak)];
    const good = tpmWorld.good(ak, chain);
    fresh().put('anchors/edge.pem', edge.anchorPem);
    desk.putReferences(tpmWorld.referenceSet);
    const parts = [
      desk.put('quote.msg', good.quote),
      desk.put('quote.sig', good.signature),
      desk.put('ak.pub', good.akPublic ?? ''),
      desk.put('ak.der', chain[0] ?? ''),
      desk.put('eventlog', good.eventLog ?? ''),
      desk.put('quote.pcrs', Buffer.concat(Object.values(good.pcrs['sha256'] ?? {}).map(value => Buffer.from(value, 'hex')))),
    ];
    const enrolled = ['--vendor', 'Acme Edge', '--model', tpmWorld.model, '--nonce', hexOf(tpmWorld.nonce)];
    const json = desk.put('quote.json', message(good));
    for (const files of [[json], parts, parts.toReversed()])
      for (const kind of ['tpm-quote', 'auto'])
        expect(judged(tpmWorld.now, kind, ...files, ...trusting(desk), ...enrolled)).toBe('0 affirming');
    expect(judged(tpmWorld.now, 'tpm-quote', ...parts.slice(1), ...trusting(desk))).toMatch(/^1 Cannot verify tpm-quote/);
    expect(judged(tpmWorld.now, 'tpm-quote', parts[0] ?? '', ...parts.slice(2), ...trusting(desk))).toMatch(
      /^1 .*no file is its signature/,
    );
    expect(judged(tpmWorld.now, 'tpm-quote', ...parts, parts[0] ?? '', ...trusting(desk))).toMatch(/^1 .*is a second quote/);
  });
});

describe('an exchange of SPDM, and a channel of OPC UA', () => {
  it('are judged by their anchors and their nonce, and told by their content', async () => {
    fresh().put('anchors/root.der', spdmWorld.rootDer);
    desk.putReferences(spdmWorld.referenceSet);
    const file = desk.put('exchange.json', writeSpdmExchange(spdmWorld.exchange()));
    const challenge = ['--nonce', hexOf(spdmWorld.nonce)];
    for (const kind of ['spdm', 'auto']) {
      expect(judged(spdmWorld.now, kind, file, ...trusting(desk), ...challenge)).toBe('0 affirming');
      expect(judged(spdmWorld.now, kind, file, ...trusting(desk))).toBe('4 none EVIDENCE_NOT_FRESH affirming');
    }
    fresh().put('anchors/ca.der', opcUaWorld.caDer);
    const proof = desk.put('channel', writeOpcUaProof(await opcUaWorld.proof()));
    for (const kind of ['opc-ua', 'auto'])
      expect(judged(opcUaWorld.now, kind, proof, '--anchors', desk.at('anchors'), '--nonce', hexOf(opcUaWorld.nonce))).toBe(
        '2 warning NO_MEASUREMENTS',
      );
  });
});

describe('an EAR of another Verifier', () => {
  const claims = {
    eat_profile: 'tag:ietf.org,2026:rats/ear#03',
    iat: tokenWorld.now / 1000,
    eat_nonce: Buffer.from(tokenWorld.nonce).toString('base64url'),
    ueid: Buffer.from(tokenWorld.instance, 'hex').toString('base64url'),
    ear_verifier_id: { developer: 'some\u202ebody', build: '1' },
    submods: { PSA: { ear_status: 'affirming', ear_trustworthiness_vector: { executables: 2 } } },
  };
  const token = (changed = {}) =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(keyPairs.ES256.privateKey);
  const jwks = JSON.stringify(jwksOf([{ keyId: 'k', spki: spkiOf(keyPairs.ES256.publicKey) }]));
  it('is judged by a JWKS as any Evidence: checks in their order, none without the nonce, and its text cannot hide anything', async () => {
    fresh().put('keys/jwks.json', jwks);
    const file = desk.put('ear.jwt', `${await token()}\n`);
    for (const kind of ['ear', 'auto']) {
      const challenge = ['--nonce', hexOf(tokenWorld.nonce)];
      const { code, stdout } = desk.run(tokenWorld.now, kind, file, '--anchors', desk.at('keys'), ...challenge);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ear, judged as of /);
      expect(stdout).toContain('EAR of some\\u{202e}body 1 as JWT');
      expect(judged(tokenWorld.now, kind, file, '--anchors', desk.at('keys'), ...challenge)).toBe('0 affirming');
      expect(judged(tokenWorld.now, kind, file, '--anchors', desk.at('keys'))).toBe('4 none EVIDENCE_NOT_FRESH affirming');
      expect(judged(tokenWorld.now, kind, file, '--anchors', desk.at('keys'), '--nonce', '00'.repeat(32))).toBe(
        '3 contraindicated NONCE_MISMATCH',
      );
    }
  });
  it('counts for no more than policies say of its Verifier', async () => {
    const pem = keyPairs.ES256.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim().replaceAll('\n', '\n    ');
    const entry = `- verifier: plant\n  publicKey: |\n    ${pem}\n  provenance: { source: x, by: x, when: 2026-01-01 }\n`;
    fresh().put('site/anchors/plant.verifiers.yaml', entry);
    const file = desk.put('ear.jwt', await token());
    expect(judged(tokenWorld.now, 'ear', file, '--anchors', desk.at('site'), '--nonce', hexOf(tokenWorld.nonce))).toBe(
      '2 warning EAR_CAPPED',
    );
  });
  it('is refused when it is stale, and under no key', async () => {
    fresh().put('keys/key.pem', key);
    const file = desk.put('ear.jwt', await token());
    expect(judged(tokenWorld.now + 3_600_000, 'ear', file, '--anchors', desk.at('keys'))).toBe('3 contraindicated EAR_STALE');
    expect(judged(tokenWorld.now, 'ear', file)).toBe('3 contraindicated CHAIN_UNTRUSTED');
  });
});

describe('a wrong call', () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no file', ['psa'], /give KIND and the files/],
    ['an unknown kind', ['pdf', '/dev/null'], /Cannot verify 'pdf': give one of tls-x509/],
    ['a file that is not there', ['psa', '/nowhere/x'], /Cannot read \/nowhere\/x: there is no such file/],
    ['a folder that is not there', ['psa', '/dev/null', '--anchors', '/nowhere'], /Cannot read folder \/nowhere: there is no such file/],
    ['what looks like nothing', ['auto', '/dev/null'], /Cannot tell what kind of Evidence this is: \/dev\/null is nothing/],
    ['a nonce that is no hex', ['psa', '/dev/null', '--nonce', 'xyz'], /Cannot read --nonce/],
    ['a time that is none', ['psa', '/dev/null', '--at', 'tomorrow'], /Cannot read --at 'tomorrow'/],
    ['a nonce for a chain', ['tls-x509', '/dev/null', '--nonce', '00'], /Cannot compare --nonce/],
    ['an option that is none', ['psa', '/dev/null', '--anchor', 'x'], /Unknown option/],
  ];
  for (const [what, args, sentence] of wrong)
    it(`with ${what} says so in one sentence`, () => {
      const { code, stdout, stderr } = fresh().run(0, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(sentence);
    });
  const mistaken: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['a private key', keyPairs.ES256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /is a private key/],
    ['a public key', keyPairs.ES256.publicKey.export({ type: 'spki', format: 'pem' }).toString(), /goes in by --anchors/],
    ['a CRL', '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n', /is a CRL/],
    ['a request', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n', /nobody has signed it/],
    ['a CoRIM', new Uint8Array([0xd9, 0x01, 0xf5, 0xa0]), /is a CoRIM: reference values go in by --reference/],
    ['a SUIT envelope', new Uint8Array([0xd8, 0x6b, 0xa0]), /is a SUIT envelope/],
    ['a list of files', `10 ${'0'.repeat(40)} ima-ng sha256:00 /bin/sh\n`, /give it with its quote/],
    ['a link copied as a file', '../anchors/acme.pem', /is a path/],
    ['a letter', 'Dear gateway,\nplease let me in.\n', /is text, but neither JSON nor a JWT/],
    ['noise', new Uint8Array([0xfe, 0xff, 0, 1]), /is 4 bytes of no form/],
  ];
  for (const [what, content, sentence] of mistaken)
    it(`with ${what} for Evidence says what it is`, () => {
      const { code, stderr } = fresh().run(0, 'auto', desk.put('mistaken', content));
      expect(code).toBe(1);
      expect(stderr).toMatch(sentence);
    });
  it('with a private key among the anchors leaves it out and says so', () => {
    fresh().put('anchors/device.pem', keyPairs.ES256.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const file = desk.put('token', makeSign1(encode(tokenWorld.psaClaims())));
    const said = desk.run(tokenWorld.now, 'psa', file, '--anchors', desk.at('anchors'));
    expect(said.code).toBe(3);
    expect(said.stderr).toContain('it is a private one');
  });
});

it('reads the standard input under the name -', () => {
  fresh().put('anchors/device.pem', key);
  const args = [
    join(import.meta.dirname, '../../../gateway/cli.ts'),
    'verify',
    'psa',
    '-',
    '--anchors',
    desk.at('anchors'),
    '--nonce',
    nonce,
  ];
  const { status, stdout } = spawnSync(process.execPath, args, { input: makeSign1(encode(tokenWorld.psaClaims())) });
  expect([status, stdout.toString()]).toEqual([2, expect.stringContaining('[REFERENCE_MISSING]') as string]);
});

it('is a verb of the command line, with help', () => {
  const cli = join(import.meta.dirname, '../../../gateway/cli.ts');
  expect(execFileSync(process.execPath, [cli, 'verify', '--help']).toString()).toContain('Usage: sallyport verify KIND FILE');
});
