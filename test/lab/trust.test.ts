import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReferenceFile, sha256Hex } from '../vectors/pki.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('trust files that change under a live gateway', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('sptrust');
    await site.start('sensor', 'tampered');
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
  });
  afterAll(() => site?.close());

  const folder = () => `${site.gateway.data}/policies.d`;
  const put = (file: string, signature: string) => {
    writeFileSync(`${folder()}/reference-values/acme.json`, file);
    writeFileSync(`${folder()}/reference-values/acme.json.sig`, signature);
  };

  it('a list with a wrong signature is refused and named; the last good one stays', async () => {
    const good = readFileSync(`${folder()}/reference-values/acme.json`, 'utf8');
    const signature = readFileSync(`${folder()}/reference-values/acme.json.sig`, 'utf8');
    put(good.replace('1.0.0', '9.9.9'), signature);
    await until(async () => (await site.gateway.health()).policy.problems.length > 0, 'the problem is shown');
    expect((await site.gateway.health()).policy.problems.join()).toContain('acme.json');
    expect((await site.device('sensor'))?.admission).toBe('admitted');
    put(good, signature);
    await until(async () => (await site.gateway.health()).policy.problems.length === 0, 'the problem is gone');
  });

  it('a new signed list that knows the other firmware is used at once, and the device proves itself anew', async () => {
    const versions = ['fw-1.0.0', 'fw-1.0.0-evil'].map(name => ({ version: name, alg: 'sha-256', digest: sha256Hex(name) }));
    const models = [{ model: 'TempSense-2', minSvn: '3', components: [{ name: 'firmware', layer: 1, versions }] }];
    const next = makeReferenceFile({ vendor: 'Acme Sensors', models });
    writeFileSync(`${folder()}/anchors/acme.refval.pem`, next.publicKeyPem);
    put(next.file, next.signature);
    await site.untilDevice('tampered', d => d.admission === 'admitted' && d.enforcement === 'open');
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });
});
