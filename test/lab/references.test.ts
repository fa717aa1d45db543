import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReferenceFile, sha256Hex } from '../vectors/pki.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const cli = fileURLToPath(new URL('../../dist/gateway/cli.js', import.meta.url));

describe.skipIf(missing)('reference values that a person revokes while devices run', () => {
  let site: Standing;
  /** The verb as a person types it; exit codes other than 0 are told by the output. */
  const sallyport = (...args: readonly string[]): string => {
    try {
      return execFileSync(process.execPath, [cli, ...args, '--data', site.gateway.data], { encoding: 'utf8' });
    } catch (error) {
      if (error instanceof Error && 'stdout' in error) return String(error.stdout);
      throw error;
    }
  };
  beforeAll(async () => {
    site = await Standing.make('spref');
    await site.start('sensor');
  });
  afterAll(() => site?.close());

  it('are listed with the device that leans on them', () => {
    const list = sallyport('reference');
    expect(list).toMatch(
      / {2}active\n {4}Acme Sensors TempSense-2, 1 component \(1\.0\.0\), 1 device; acme\.json#1, signed by acme\.refval\.pem/,
    );
  });

  it('give way to newer ones after a transition: until its end both are accepted, then the old firmware is too old', async () => {
    const { vendor, model, reference } = site.identities;
    const versions = [{ version: '2.0.0', alg: 'sha-256', digest: sha256Hex('fw-2.0.0') }];
    const models = [{ model, minSvn: '3', components: [{ name: 'firmware', layer: 1, versions }] }];
    const newer = makeReferenceFile({ vendor, models, keyPem: reference.keyPem });
    writeFileSync(`${site.folder}/acme-v2.json`, newer.file);
    writeFileSync(`${site.folder}/acme-v2.sig`, newer.signature);
    const brought = ['reference', 'add', `${site.folder}/acme-v2.json`, '--signature', `${site.folder}/acme-v2.sig`, '--reason', 'update'];
    expect(sallyport(...brought)).toContain('is staged');
    expect(sallyport('reference', 'activate', 'acme-v2.json', '--reason', 'update')).toBe('');
    const opened = Date.now();
    expect(sallyport('reference', 'activate', 'acme-v2.json', '--replaces', 'acme.json', '--for', '10s', '--reason', 'update')).toMatch(
      /is active; \S+ is accepted for 10s more/,
    );
    const during = await site.device('sensor');
    if (Date.now() - opened < 10_000) expect(during).toMatchObject({ admission: 'admitted', attestation: 'affirming' });
    const cut = await site.untilDevice('sensor', d => d.enforcement === 'quarantined');
    expect([cut.attestation, cut.reason]).toEqual(['contraindicated', 'VERSION_DENIED']);
    // The deadline is counted from when the gateway took the word, which was later than this.
    expect(Date.now() - opened).toBeGreaterThanOrEqual(10_000);
    expect(sallyport('reference', 'activate', 'acme.json', '--replaces', 'acme-v2.json', '--reason', 'the update is taken back')).toContain(
      'is active',
    );
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('cut it within seconds, and page and command line say why', async () => {
    const started = Date.now();
    expect(sallyport('reference', 'revoke', 'acme.json', '--reason', 'CVE in 1.0.0')).toMatch(/is revoked; 1 device leaned on it/);
    const cut = await site.untilDevice('sensor', d => d.enforcement === 'quarantined', 5_000);
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(`revoked by the verb to cut in the kernel, read back: ${seconds.toFixed(1)} s\n`);
    expect([cut.attestation, cut.reason]).toEqual(['contraindicated', 'REFERENCE_REVOKED']);
    const why = sallyport('why', cut.id);
    expect(why).toContain('REFERENCE_REVOKED');
    expect(why).toMatch(/acme\.json#1/);
  });

  it('judge kept Evidence again, and the device anew: it stays cut, and its time line says so', async () => {
    const texts = async (): Promise<readonly string[]> =>
      (await site.gateway.device((await site.device('sensor'))?.id ?? '')).timeline.map(({ text }) => text);
    // Once what is kept, as of when it was fresh; once what it shows when it is asked.
    await until(
      async () => (await texts()).filter(text => text.startsWith('Evidence judged contraindicated')).length >= 2,
      'it was judged twice',
      10_000,
    );
    expect((await texts()).some(text => text.includes('which is revoked by local:root: CVE in 1.0.0'))).toBe(true);
    expect(await site.device('sensor')).toMatchObject({ enforcement: 'quarantined', reason: 'REFERENCE_REVOKED' });
  });

  it('let it in again when newer ones vouch for what it runs', async () => {
    const { vendor, model, digests, reference } = site.identities;
    // Another file with the same firmware: the vendor was wrong about the CVE.
    const versions = [{ version: '1.0.0, second look', alg: 'sha-256', digest: digests.good }];
    const models = [{ model, minSvn: '3', components: [{ name: 'firmware', layer: 1, versions }] }];
    const newer = makeReferenceFile({ vendor, models, keyPem: reference.keyPem });
    const folder = `${site.gateway.data}/policies.d/reference-values`;
    writeFileSync(`${folder}/acme-2.json.sig`, newer.signature);
    writeFileSync(`${folder}/acme-2.json`, newer.file);
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });
});
