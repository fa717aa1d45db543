import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReferenceKey } from '../../gateway/attestation/reference-values.ts';
import * as schemas from '../../gateway/api/reference-schemas.ts';
import { keyPairs } from '../vectors/tokens.ts';
import { makeReferenceFile } from '../vectors/pki.ts';
import { suitEnvelope, suitManifest } from '../attestation/suit-world.ts';
import { type Called, callVerb } from './call-verb.ts';
import { fileList } from './fixture-trust.ts';
import { type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
let folder: string;
const path = (name: string): string => join(folder, name);
const modelOf = (digest: string) => [
  {
    model: 'TempSense-2',
    minSvn: '3',
    components: [{ name: 'firmware', layer: 1, versions: [{ version: '1.0', alg: 'sha-256', digest: digest.repeat(32) }] }],
  },
];
beforeAll(async () => {
  open = await openPage();
  folder = mkdtempSync(join(tmpdir(), `sallyport-references-${process.pid}-`));
  const a = makeReferenceFile({ vendor: 'Acme', models: modelOf('ab') });
  const b = makeReferenceFile({ vendor: 'Acme', models: modelOf('cd'), keyPem: a.keyPem });
  const es256 = createPublicKey(keyPairs.ES256.privateKey).export({ type: 'spki', format: 'pem' }).toString();
  open.site.trusted.push(readReferenceKey('acme.refval.pem', a.publicKeyPem), readReferenceKey('fw.refval.pem', es256));
  writeFileSync(path('a.json'), a.file);
  writeFileSync(path('a.sig'), a.signature);
  writeFileSync(path('b.json'), b.file);
  writeFileSync(path('b.sig'), b.signature);
  writeFileSync(path('fw.suit'), suitEnvelope(suitManifest()));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await open.close();
});

const sallyport = (...args: readonly string[]): Promise<Called> => callVerb(open.controlSocket, 'reference', 'ann', args);
const why = ['--reason', 'from the vendor'] as const;

describe('sallyport reference', () => {
  it('says that nothing is known, with exit code 4', async () => expect(await sallyport()).toEqual({ code: 4, out: '', err: '' }));

  it('refuses an unsigned file and a wrong call, and says why', async () => {
    expect(await sallyport('add', path('a.json'), ...why)).toEqual({
      code: 1,
      out: '',
      err: 'Cannot trust a.json: a.json.sig is missing\n',
    });
    expect((await sallyport('add', path('a.json'), '--signature', path('b.sig'), ...why)).err).toContain('its signature is by none of 2');
    expect((await sallyport('add', path('none.json'), ...why)).err).toContain('there is no such file');
    expect((await sallyport('forget', 'x')).err).toContain('give list, show, diff, add, activate, expire, revoke, baseline');
    expect((await sallyport('revoke', 'x', '--beside', ...why)).err).toContain('it has no option --beside');
    expect((await sallyport('diff', 'x')).err).toContain('it takes 2 of them');
    expect(await sallyport('show', 'x')).toMatchObject({ code: 4 });
  });

  it('lists and shows the lists of files that devices may run, and makes no text of them dangerous', async () => {
    open.site.fileLists.push(fileList);
    const { code, out } = await sallyport('list');
    expect(code).toBe(2);
    expect(out).toContain('policies.d/reference-values/edge.ima.yaml:1  in force\n    files of Acme Edge EdgeBox-3');
    expect(out).toMatch(/, 1 file, all but \/var\/log\/.*; 3 devices judged by it, 1 not\n/);
    expect(out).not.toMatch(/[\u202e\u0000\u0007]/);
    for (const named of ['edge.ima.yaml', 'policies.d/reference-values/edge.ima.yaml:1']) {
      const shown = await sallyport('show', named);
      expect(shown.code).toBe(2);
      expect(shown.out).toMatch(/^ {4}\/usr\/bin\/plc sha256:ab\n {4}not judged: \/var\/log\//m);
    }
    expect(JSON.parse((await sallyport('list', '--json')).out)).toMatchObject({
      fileLists: [{ model: expect.any(String) as string, odd: 1 }],
    });
    expect((await sallyport('show', 'other.ima.yaml')).code).toBe(4);
    open.site.fileLists.pop();
  });

  it('takes files as long as CoRIMs are, and no longer', async () => {
    writeFileSync(path('long.corim'), Buffer.alloc(1_000_000, 0xd2));
    expect((await sallyport('add', path('long.corim'), ...why)).err).toMatch(/^Cannot use long\.corim: /);
    writeFileSync(path('longer.corim'), Buffer.alloc(1_200_000, 0xd2));
    expect((await sallyport('add', path('longer.corim'), ...why)).err).toContain('a file of reference values: 1 MB');
  });

  it('brings a file, stages it, puts it into force and shows who said so', async () => {
    expect(await sallyport('add', path('a.json'), '--signature', path('a.sig'), ...why)).toMatchObject({ code: 0 });
    const staged = await sallyport('show', 'a.json');
    expect(staged.code).toBe(2);
    expect(staged.out).toMatch(
      /^[0-9a-f]{24}\.1 {2}staged\n {4}Acme TempSense-2, 1 component \(1\.0\), 0 devices; a\.json#1, signed by acme\.refval\.pem\n {4}local:ann, .* UTC: from the vendor$/m,
    );
    expect(staged.out).toContain(`firmware layer 1: 1.0 sha-256:${'ab'.repeat(32)}`);
    expect((await sallyport('activate', 'a.json', ...why)).out).toMatch(/^[0-9a-f]{24}\.1 is active\n$/);
    expect((await sallyport('show', 'a.json')).code).toBe(0);
    expect((await sallyport('activate', 'a.json', ...why)).err).toContain('it is active');
  });

  it('opens a transition, and asks for a word where others of the class are in force', async () => {
    await sallyport('add', path('b.json'), '--signature', path('b.sig'), ...why);
    expect((await sallyport('activate', 'b.json', ...why)).err).toMatch(
      /\.1 is in force for its class; replace it, or say that both are to stay/,
    );
    const done = await sallyport('activate', 'b.json', '--replaces', 'a.json', '--for', '7d', ...why);
    expect(done.out).toMatch(/^\S+\.1 is active; \S+\.1 is accepted for 7d more\n$/);
    expect((await sallyport('list')).out).toMatch(/superseded, by \S+\.1, accepted until /);
    const list: unknown = JSON.parse((await sallyport('--json')).out);
    expect(
      schemas.referenceList
        .parse(list)
        .sets.map(s => `${s.state} ${s.accepted}`)
        .toSorted(),
    ).toEqual(['active true', 'superseded true']);
  });

  it('says what one lists and the other does not', async () => {
    const { code, out } = await sallyport('diff', 'a.json', 'b.json');
    expect(code).toBe(2);
    expect(out.split('\n').map(line => line.slice(0, 40))).toEqual([
      '- firmware layer 1: 1.0 sha-256:abababab',
      '+ firmware layer 1: 1.0 sha-256:cdcdcdcd',
      '',
    ]);
    expect(await sallyport('diff', 'a.json', 'a.json')).toEqual({ code: 0, out: '', err: '' });
  });

  it('expires and revokes, and a revoked one is shown with exit code 3', async () => {
    expect((await sallyport('expire', 'a.json', ...why)).out).toContain('is superseded');
    expect((await sallyport('revoke', 'a.json', ...why)).out).toContain('is revoked');
    const shown = await sallyport('show', 'a.json');
    expect(shown.code).toBe(3);
    expect(shown.out).toContain('  revoked\n');
    expect((await sallyport('activate', 'a.json', ...why)).err).toContain('it was revoked by local:ann (from the vendor)');
    expect((await sallyport('revoke', 'a.json')).err).toContain('--reason is missing');
  });

  it('takes an update as it comes', async () => {
    expect((await sallyport('add', path('fw.suit'), ...why)).code).toBe(0);
    expect((await sallyport('list')).out).toContain(', update 7, 1 component');
  });
});

describe('the API of reference values', () => {
  it('refuses unknown fields, bad names and bodies that are no base64', async () => {
    for (const body of [
      { file: 'a.json', content: '!!', reason: 'why not' },
      { file: '../a.json', content: 'AA==', reason: 'why not' },
      { file: 'a.exe', content: 'AA==', reason: 'why not' },
      { file: 'a.json', content: 'AA==', reason: 'why not', more: 1 },
      { file: 'a.json', content: 'AA==' },
    ])
      expect(schemas.addReferenceBody.safeParse(body).success, JSON.stringify(body)).toBe(false);
    expect(schemas.activateReferenceBody.safeParse({ hours: 24 * 91, reason: 'why not' }).success).toBe(false);
  });
  it('takes a baseline of a device that is there', async () => {
    expect((await sallyport('baseline', 'd99', ...why)).code).toBe(4);
    expect((await sallyport('baseline', 'd1', ...why)).err).toContain('there is no such device');
  });
});
